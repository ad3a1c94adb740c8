//! Rule: no order without a book in sync that has both sides.

use super::case::Case;

pub(super) const fn breaks(case: &Case<'_>) -> bool {
    case.facts.touch.is_none()
}

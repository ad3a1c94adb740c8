//! Rule: no order that could not be written down.

use super::case::Case;

pub(super) const fn breaks(case: &Case<'_>) -> bool {
    case.switches.journal_stalled
}

//! Rule: no new order once the program is about to end.

use super::case::Case;

pub(super) const fn breaks(case: &Case<'_>) -> bool {
    case.switches.winding_down
}

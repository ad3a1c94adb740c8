//! Rule: nothing is sent while the kill switch is on, not even to reduce a position.

use super::case::Case;

pub(super) const fn breaks(case: &Case<'_>) -> bool {
    case.switches.killed
}

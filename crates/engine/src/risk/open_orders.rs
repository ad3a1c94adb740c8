//! Rule: not more open orders than there is room for.

use super::case::Case;

pub(super) const fn breaks(case: &Case<'_>) -> bool {
    case.facts.open_orders >= case.config.max_open_orders
}

//! Rule: not more open orders than there is room for, except those that may only reduce, for
//! which room is kept.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    !case.is_reduce_only() && case.facts.open_orders >= case.config.max_open_orders
}

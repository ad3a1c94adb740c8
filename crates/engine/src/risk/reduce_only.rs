//! Rule: an order that may only reduce is against the strategy's own position and not larger.
//!
//! In return it is exempt from the limits on what is at stake, on the size of an order, on
//! open orders, and from the collar: none of them may keep a position from being closed.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    let (order, held) = (case.order, case.facts.held);
    case.is_reduce_only()
        && (held.side() != Some(order.side.opposite()) || order.quantity > held.size())
}

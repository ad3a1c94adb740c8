//! Rule: a stop has a trigger above zero and no limit, and nothing else has a trigger.
//!
//! A trigger that the market has passed already is let through: such a stop executes at
//! once, which is what it is for. The collar says nothing about a stop, which may be far
//! from the market on purpose and takes at any price once it is triggered.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    let order = case.order;
    let has_trigger = order.trigger.is_some_and(|trigger| trigger.get() > 0);
    if order.order_type.has_trigger() {
        !has_trigger || order.limit.is_some()
    } else {
        order.trigger.is_some()
    }
}

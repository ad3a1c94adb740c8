//! Rule: no limit far from the middle price, on either side, except of an order that may only
//! reduce: a target is far away on purpose.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    if case.is_reduce_only() {
        return false;
    }
    let (Some(limit), Some(touch)) = (case.order.limit, case.facts.touch) else { return false };
    case.collar.excludes(limit.get(), touch.bid.get(), touch.ask.get())
}

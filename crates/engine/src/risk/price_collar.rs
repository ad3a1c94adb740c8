//! Rule: no limit far from the middle price, on either side.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    let (Some(limit), Some(touch)) = (case.order.limit, case.facts.touch) else { return false };
    case.collar.excludes(limit.get(), touch.bid.get(), touch.ask.get())
}

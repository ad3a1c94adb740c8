//! Rule: the order is worth at least the venue's minimum. A market order is measured at
//! the best bid, the lowest it should fetch, a stop at its trigger. On a perpetual an order that only reduces the
//! position is exempt, as it is at the venues: a small rest can always be closed.

use domain::Market;

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    if case.facts.instrument.spec().market != Market::Spot && case.is_reducing() {
        return false;
    }
    let at_market = || case.facts.touch.map(|touch| touch.bid);
    let Some(price) = case.order.limit.or(case.order.trigger).or_else(at_market) else {
        return false;
    };
    let value = case.facts.instrument.notional(price, case.order.quantity);
    value.map_or(true, |value| value < case.facts.instrument.spec().min_notional)
}

//! Rule: no single order is worth more than its limit, and all positions and open orders
//! together are worth no more than theirs, at worst. Orders that only reduce are exempt.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    let Some(price) = case.price else { return false };
    if case.is_reducing() {
        return false;
    }
    let config = case.config;
    let Ok(value) = case.facts.instrument.notional(price, case.order.quantity) else { return true };
    let after = case.facts.exposure.with(case.order.side, case.order.quantity, value);
    value > config.max_order_notional.unwrap_or(config.max_notional_exposure)
        || after
            .and_then(|exposure| exposure.worst_total())
            .is_none_or(|worst| worst > config.max_notional_exposure)
}

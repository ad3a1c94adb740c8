//! Rule: the position, with every open order of the order's side done, stays within the
//! limit. Signed: an order toward zero is measured by where it may lead, so a position
//! beyond the limit can always be brought back. An order that may only reduce is exempt.

use domain::Side;

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    if case.is_reduce_only() {
        return false;
    }
    let worst = case.facts.exposure.worst_position(case.order.side, case.order.quantity);
    let limit = case.limits.max_position.get();
    worst.is_none_or(|worst| match case.order.side {
        Side::Buy => worst.get() > limit,
        Side::Sell => worst.get() < -limit,
    })
}

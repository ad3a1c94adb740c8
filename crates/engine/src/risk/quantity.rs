//! Rule: the quantity is one the venue takes. Tick and lot hold by construction, because
//! prices and quantities are counts of them.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    let quantity = case.order.quantity;
    quantity.get() <= 0
        || quantity < case.limits.venue_min
        || case.limits.venue_max.is_some_and(|max| quantity > max)
}

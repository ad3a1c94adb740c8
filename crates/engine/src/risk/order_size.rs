//! Rule: no single order is larger than the limit.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    case.order.quantity > case.limits.max_order
}

//! Rule: no single order is larger than the limit, except one that may only reduce.

use super::case::Case;

pub(super) fn breaks(case: &Case<'_>) -> bool {
    !case.is_reduce_only() && case.order.quantity > case.limits.max_order
}

//! Which state of an order may follow which.
//!
//! One table, so that the manager, the recovery and the tests cannot disagree. A final
//! state is left by nothing; `Unknown` is left only by what the venue says.

use domain::{OrderStatus, ReportKind};

/// Whether an order in state `from` may get into state `to`.
#[must_use]
pub const fn is_legal(from: OrderStatus, to: OrderStatus) -> bool {
    use OrderStatus::{
        Cancelled, Created, Expired, Filled, Open, PartlyFilled, Rejected, Sent, Unknown,
    };
    match from {
        Created => matches!(to, Sent),
        Sent => {
            matches!(to, Open | PartlyFilled | Filled | Cancelled | Rejected | Expired | Unknown)
        }
        Open | PartlyFilled => matches!(to, PartlyFilled | Filled | Cancelled | Expired | Unknown),
        Unknown => matches!(to, Open | PartlyFilled | Filled | Cancelled | Rejected | Expired),
        Filled | Cancelled | Rejected | Expired => false,
    }
}

/// The state a report asks for, `None` when it asks for none: an acknowledgement that
/// arrives after a fill, or a refused cancel of an order that is known to live.
pub(super) const fn asked_for(
    from: OrderStatus,
    report: &ReportKind,
    complete: bool,
) -> Option<OrderStatus> {
    match report {
        ReportKind::Accepted => match from {
            OrderStatus::Sent | OrderStatus::Unknown => Some(OrderStatus::Open),
            _ => None,
        },
        ReportKind::Filled(_) if complete => Some(OrderStatus::Filled),
        ReportKind::Filled(_) => Some(OrderStatus::PartlyFilled),
        ReportKind::Rejected(_) => Some(OrderStatus::Rejected),
        ReportKind::Cancelled => Some(OrderStatus::Cancelled),
        ReportKind::Expired(_) => Some(OrderStatus::Expired),
        ReportKind::CancelRejected(domain::Refusal::UnknownOrder) => match from {
            // The venue does not know it and no report said how it ended.
            OrderStatus::Sent | OrderStatus::Open | OrderStatus::PartlyFilled => {
                Some(OrderStatus::Unknown)
            }
            _ => None,
        },
        ReportKind::CancelRejected(_) => None,
    }
}

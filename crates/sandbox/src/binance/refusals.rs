//! The venue's codes and words for what its back office refuses.

use super::query::Complaint;
use crate::trading::Reject;

/// Which of the two interfaces answers; they use different codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Spot,
    Futures,
}

/// The complaint about a refused order.
pub(super) fn complaint(reject: &Reject, route: Route) -> Complaint {
    let (code, text): (i32, String) = match (reject, route) {
        (Reject::Closed, Route::Spot) => (-2010, "Market is closed.".into()),
        (Reject::Closed, Route::Futures) => (-4108, "Symbol is not trading.".into()),
        (Reject::CancelOnly, Route::Spot) => (-2010, "Only cancels are allowed for this symbol.".into()),
        (Reject::CancelOnly, Route::Futures) => {
            (-4109, "This symbol accepts cancellations only.".into())
        }
        (Reject::Duplicate, Route::Spot) => (-2010, "Duplicate order sent.".into()),
        (Reject::Duplicate, Route::Futures) => (-4116, "ClientOrderId is duplicated.".into()),
        (Reject::Filter(name), _) => (-1013, format!("Filter failure: {name}")),
        (Reject::Insufficient, _) => {
            (-2010, "Account has insufficient balance for requested action.".into())
        }
        (Reject::MarginInsufficient, _) => (-2019, "Margin is insufficient.".into()),
        (Reject::WouldTake, Route::Spot) => {
            (-2010, "Order would immediately match and take.".into())
        }
        (Reject::WouldTake, Route::Futures) => (
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be rejected. \
             The order will not be recorded in the order history"
                .into(),
        ),
        (Reject::WouldTrigger, Route::Spot) => {
            (-2010, "Stop price would trigger immediately.".into())
        }
        (Reject::WouldTrigger, Route::Futures) => {
            (-2021, "Order would immediately trigger.".into())
        }
        (Reject::ReduceOnly, _) => (-2022, "ReduceOnly Order is rejected.".into()),
        (Reject::FokUnfilled, _) => (
            -5021,
            "Due to the order could not be filled immediately, the FOK order has been rejected. \
             The order will not be recorded in the order history"
                .into(),
        ),
        (Reject::Unknown, _) => (-2011, "Unknown order sent.".into()),
        (Reject::Missing, _) => (-2013, "Order does not exist.".into()),
        (Reject::OffTick, _) => (-4014, "Price not increased by tick size.".into()),
        (Reject::OffStep, _) => (-4023, "Qty not increased by step size.".into()),
        (Reject::PercentPrice, _) => (
            -4131,
            "The counterparty's best price does not meet the PERCENT_PRICE filter limit.".into(),
        ),
        (Reject::QuantityNotPositive, _) => (-4003, "Quantity less than or equal to zero.".into()),
        (Reject::QuantityTooLarge, _) => (-4005, "Quantity greater than max quantity.".into()),
        (Reject::NotionalTooSmall(least), _) => (
            -4164,
            format!("Order's notional must be no smaller than {least} (unless you choose reduce only)."),
        ),
        (Reject::TooManyOrders, _) => (-2025, "Reach max open order limit.".into()),
        (Reject::GoodTill, _) => (
            -5040,
            "The goodTillDate timestamp must be greater than the current time plus 600 seconds.".into(),
        ),
        (Reject::NoChange, Route::Spot) => (-2038, "The requested quantity is invalid for this order.".into()),
        (Reject::NoChange, Route::Futures) => (-5027, "No need to modify the order.".into()),
    };
    Complaint::new(code, text)
}

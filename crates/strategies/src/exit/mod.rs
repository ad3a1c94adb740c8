//! When a position ends, whatever the strategy that opened it thinks.
//!
//! An [`ExitPolicy`] looks at a [`Holding`] and gives a [`Verdict`]: prices at which orders
//! should stand at the venue, a wish to leave at once, or a reason to stay. A strategy whose
//! catalogue row includes [`PARAMETERS`] gets all of it without a line of its own: the
//! catalogue puts it into a [`Guarded`], which does nothing while every parameter is off.

mod guarded;
mod holding;
mod policies;
mod verdict;

#[cfg(test)]
mod tests;

pub use guarded::Guarded;
pub use holding::Holding;
pub use policies::{Composite, MinimumProfit, StopLoss, TakeProfit, TimeLimit, TrailingStop};
pub use verdict::Verdict;

use domain::Span;
use rust_decimal::Decimal;

use crate::parameter::{ParamValues, Parameter, Range};

/// Looks at an open position.
///
/// A policy keeps no memory: what it needs to know is in the holding.
pub trait ExitPolicy: std::fmt::Debug + Send {
    /// What has to happen to the position now.
    fn judge(&self, holding: &Holding) -> Verdict;
}

/// Shares that are counted exactly, to 1e-9.
const LOSS: Range = Range::below(0, 1, 9);
const GAIN: Range = Range::from(0, 100, 9);

const TEN_YEARS_MS: u64 = 315_576_000_000;

/// What every strategy with exits can be told.
pub const PARAMETERS: &[Parameter] = &[
    Parameter::rate(
        "stop_loss",
        LOSS,
        "0",
        "A stop order closes the position when it has lost this share of its cost; 0 for none.",
    ),
    Parameter::rate(
        "take_profit",
        GAIN,
        "0",
        "A limit order closes the position when it has gained this share of its cost; 0 for none.",
    ),
    Parameter::rate(
        "trailing_stop",
        LOSS,
        "0",
        "A stop order follows the best price since the entry at this distance, as a share of \
         it; 0 for none.",
    ),
    Parameter::milliseconds(
        "max_holding_ms",
        (0, TEN_YEARS_MS),
        "0",
        "The position is closed after this time, in milliseconds of event time; 0 for never.",
    ),
    Parameter::rate(
        "min_profit",
        GAIN,
        "0",
        "The strategy's own wish to leave waits until the position has gained this share of its \
         cost. Stops and the time limit do not wait. 0 leaves at once.",
    ),
];

/// The policies that these values turn on; `None` when there is none.
#[must_use]
pub fn read(params: &ParamValues) -> Option<Composite> {
    if !params.declares("stop_loss") {
        return None;
    }
    let rate = |name| Some(params.rate(name)).filter(|rate| rate.decimal() > Decimal::ZERO);
    let boxed = |policy: Option<Box<dyn ExitPolicy>>| policy;
    let limit = Some(params.span("max_holding_ms")).filter(|limit| *limit > Span::ZERO);
    let policies: Vec<Box<dyn ExitPolicy>> = [
        boxed(rate("stop_loss").map(|share| Box::new(StopLoss::new(share)) as _)),
        boxed(rate("take_profit").map(|share| Box::new(TakeProfit::new(share)) as _)),
        boxed(rate("trailing_stop").map(|share| Box::new(TrailingStop::new(share)) as _)),
        boxed(limit.map(|limit| Box::new(TimeLimit::new(limit)) as _)),
        boxed(rate("min_profit").map(|share| Box::new(MinimumProfit::new(share)) as _)),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!policies.is_empty()).then(|| Composite::new(policies))
}

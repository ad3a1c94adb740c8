//! Numbers that carry their meaning.
//!
//! At the borders a number is a decimal ([`Price`], [`Qty`]); inside the engine it
//! is a count of the instrument's own steps ([`Ticks`], [`Lots`]); money is a fixed
//! point integer ([`Money`]). All of them are exact: what does not fit is an error.
//! Price times quantity is money; price plus quantity does not compile.

mod bps;
mod lots;
mod money;
mod price;
mod qty;
mod scale;
mod ticks;

#[cfg(test)]
mod tests;

pub use bps::{Bps, Rate};
pub use lots::{Lots, NetLots};
pub use money::Money;
pub use price::Price;
pub use qty::Qty;
pub use scale::Scale;
pub use ticks::{Level, Ticks};

/// Why a number was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not a plain decimal number such as `61793.40`.
    #[error("{text:?} is not a plain decimal number")]
    NotDecimal {
        /// What was read, cut to 40 bytes.
        text: String,
    },
    /// The number has digits below the smallest step and would have to be rounded.
    #[error("{text} is finer than the step {step}")]
    TooFine {
        /// The number as read.
        text: String,
        /// The smallest step that can be represented.
        step: String,
    },
    /// The number does not fit.
    #[error("{what} overflows")]
    Overflow {
        /// Which number or operation.
        what: &'static str,
    },
    /// A price of zero or less.
    #[error("price {0} is not above zero")]
    PriceNotPositive(rust_decimal::Decimal),
    /// A quantity below zero.
    #[error("quantity {0} is below zero")]
    QuantityNegative(rust_decimal::Decimal),
    /// A step (tick or lot) of zero, below zero or finer than 18 decimals.
    #[error("step {0} must be above zero and have at most 18 decimals")]
    BadStep(rust_decimal::Decimal),
}

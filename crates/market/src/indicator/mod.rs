//! Technical indicators that follow a stream, one file each.
//!
//! Every indicator is a plain type that takes one value or one [`Candle`] and gives a
//! number or a struct of numbers, in constant time on average and without allocating.
//! [`catalogue`] names them all and builds any of them behind the trait [`Indicator`].
//! What to do about a number is decided elsewhere.
//!
//! # What is the same for all of them
//!
//! - **Warm-up.** `None` until every value of the first window was seen. The conventions
//!   (seeds, smoothing, what is defined when) are those of the library Skender
//!   Stock.Indicators, whose published results the tests compare with.
//! - **No drift.** Nothing is subtracted from a running sum: windows are made of partial
//!   summaries of a block and of the block before it (see `window.rs`). A result depends on
//!   the values of its window alone, also after millions of updates.
//! - **Unusable input** is a number that is not finite, or beyond 1e100 in size (its square
//!   would leave the range of floats). It gives `None` and starts the warm-up again, as if
//!   the indicator were new, because a hole makes everything that reaches across it wrong.
//!   [`Vwap`] leaves such a bar out instead: its anchor must not move.
//! - **Never NaN.** A quotient that has no value, such as a z-score of equal values, is
//!   `None`.

mod adapter;
mod atr;
mod bollinger;
mod candle;
pub mod catalogue;
mod ema;
mod error;
mod macd;
mod mean;
mod moments;
mod rsi;
mod sma;
mod standard_deviation;
mod stochastic;
mod true_range;
mod vwap;
mod wilder;
mod window;
mod z_score;

#[cfg(test)]
mod tests;

use std::fmt;

pub use atr::{Atr, AtrValue};
pub use bollinger::{BollingerBands, BollingerValue};
pub use candle::{Candle, CandleScale};
pub use catalogue::{CATALOGUE, IndicatorRow, Inputs, Parameter, ParameterKind, find};
pub use ema::Ema;
pub use error::{IndicatorError, MAX_PERIOD};
pub use macd::{Macd, MacdPeriods, MacdValue};
pub use rsi::Rsi;
pub use sma::Sma;
pub use standard_deviation::{DeviationValue, StandardDeviation};
pub use stochastic::{Stochastic, StochasticPeriods, StochasticValue};
pub use true_range::TrueRange;
pub use vwap::Vwap;
pub use z_score::ZScore;

/// Any indicator, for those who choose it by name.
pub trait Indicator: fmt::Debug + Send {
    /// Takes the next bar. The outputs are in the order of the catalogue row; one is `None`
    /// while it warms up and where it has no value.
    fn update(&mut self, candle: &Candle) -> &[Option<f64>];

    /// The outputs after the last bar.
    fn outputs(&self) -> &[Option<f64>];

    /// How many usable bars it takes until every output has had the chance of a value.
    fn warm_up(&self) -> u32;

    /// Forgets every bar.
    fn reset(&mut self);
}

/// Numbers of a larger size would overflow when they are squared and summed.
const LARGEST: f64 = 1e100;

/// Whether one can compute with it: false for NaN, infinities and absurd sizes.
#[inline]
const fn usable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// The quotient where it is a number.
#[inline]
fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    let quotient = numerator / denominator;
    quotient.is_finite().then_some(quotient)
}

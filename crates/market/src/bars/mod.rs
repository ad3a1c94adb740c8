//! From trades to bars, and from small bars to larger ones.
//!
//! [`BarBuilder`] collects the trades of one instrument by time, by count or by volume;
//! [`Resampler`] and [`resample`] merge bars into longer ones. Bars by time lie on a grid
//! that begins at the epoch in UTC and knows no sessions. An interval without trades makes
//! no bar. Everything is exact: ticks and lots, and no volume is lost without being told.

mod builder;
mod resampler;
mod rule;

#[cfg(test)]
mod tests;

pub use builder::{Arrival, BarBuilder, LateTrades, MAX_BARS_PER_TRADE};
pub use resampler::{Resampler, resample};
pub use rule::{BarError, BarRule};

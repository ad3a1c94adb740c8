//! Stochastic oscillator, with the J line of the KDJ index.

use super::{
    Candle, IndicatorError, Sma,
    adapter::Feed,
    error,
    window::{Range, Window},
};

/// Where the close lies in the recent range of prices.
///
/// Shape: a [`Candle`] in (high, low, close), a [`StochasticValue`] out, memory of three
/// windows. Units: 0 (at the lowest low) to 100 (at the highest high); J leaves that range.
/// Warm-up: `None` until `lookback + smooth - 1` bars were seen; D and J follow `signal - 1`
/// bars later. A range of nothing counts as 0, and a close outside the range of its own bar,
/// which is an error of the data, as the nearer end.
/// Source: Lane (1984), Technical Analysis of Stocks & Commodities 2(3).
///
/// ```
/// # use market::indicator::{Candle, IndicatorError, Stochastic, StochasticPeriods};
/// let mut stochastic = Stochastic::new(StochasticPeriods { lookback: 1, smooth: 1, signal: 1 })?;
/// let candle = Candle { high: 12.0, low: 8.0, close: 11.0, ..Candle::default() };
/// assert_eq!(stochastic.push(&candle).map(|value| value.k), Some(75.0));
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stochastic {
    periods: StochasticPeriods,
    range: Window<Range>,
    k: Sma,
    d: Sma,
}

/// How many bars each step spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StochasticPeriods {
    /// Of the range of prices.
    pub lookback: u32,
    /// Of the mean that makes K: 1 for the fast oscillator, 3 for the slow one.
    pub smooth: u32,
    /// Of the mean of K that makes D.
    pub signal: u32,
}

impl Default for StochasticPeriods {
    fn default() -> Self {
        Self { lookback: 14, smooth: 3, signal: 3 }
    }
}

/// The lines of the oscillator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StochasticValue {
    /// The smoothed place of the close in its range.
    pub k: f64,
    /// The mean of the latest K; `None` while it warms up.
    pub d: Option<f64>,
    /// `3 K - 2 D`; `None` while D warms up.
    pub j: Option<f64>,
}

impl Stochastic {
    /// An oscillator that has seen nothing.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD).
    pub fn new(periods: StochasticPeriods) -> Result<Self, IndicatorError> {
        let lookback = error::period("lookback", periods.lookback)?;
        Ok(Self {
            periods,
            range: Window::new(lookback),
            k: Sma::new(error::period("smooth", periods.smooth)?)?,
            d: Sma::new(error::period("signal", periods.signal)?)?,
        })
    }

    /// Takes the next bar. One with an unusable price starts the warm-up again.
    #[inline]
    pub fn push(&mut self, candle: &Candle) -> Option<StochasticValue> {
        if !candle.has_prices() {
            self.reset();
            return None;
        }
        let Candle { high, low, close, .. } = *candle;
        let range = self.range.push(Range { high, low })?;
        let k = self.k.push(place(close, range))?;
        let d = self.d.push(k);
        Some(StochasticValue { k, d, j: d.map(|d| 3.0 * k - 2.0 * d) })
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.range.clear();
        self.k.reset();
        self.d.reset();
    }
}

/// Where in the range, in percent.
#[inline]
fn place(close: f64, Range { high, low }: Range) -> f64 {
    if high <= low || close <= low {
        0.0
    } else if close >= high {
        100.0
    } else {
        100.0 * ((close - low) / (high - low))
    }
}

impl Feed<3> for Stochastic {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 3] {
        self.push(candle).map_or([None; 3], |value| [Some(value.k), value.d, value.j])
    }

    fn warm_up(&self) -> u32 {
        self.periods.lookback + self.periods.smooth + self.periods.signal - 2
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

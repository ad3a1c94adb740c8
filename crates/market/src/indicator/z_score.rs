//! Distance from the recent mean in standard deviations.

use super::{Candle, IndicatorError, StandardDeviation, adapter::Feed};

/// How unusual the newest value is among the latest `period` ones, itself included.
///
/// Shape: one `f64` in, one `f64` out, memory of one window. Units: standard deviations of
/// the population. Warm-up: `None` until `period` values were seen, and also later while all
/// of them are equal. The size is at most `sqrt(period - 1)`.
///
/// ```
/// # use market::indicator::{IndicatorError, ZScore};
/// let mut z_score = ZScore::new(2)?;
/// assert_eq!([1.0, 3.0, 3.0].map(|value| z_score.push(value)), [None, Some(1.0), None]);
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ZScore {
    spread: StandardDeviation,
}

impl ZScore {
    /// Over an empty window of `period` values.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD).
    pub fn new(period: u32) -> Result<Self, IndicatorError> {
        Ok(Self { spread: StandardDeviation::new(period)? })
    }

    /// Takes the next value. An unusable one starts the warm-up again.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        self.spread.moments(value)?.z_score(value)
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.spread.reset();
    }
}

impl Feed<1> for ZScore {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 1] {
        [self.push(candle.close)]
    }

    fn warm_up(&self) -> u32 {
        self.spread.period()
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

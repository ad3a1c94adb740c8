//! Simple moving average.

use super::{Candle, IndicatorError, adapter::Feed, error, mean::Mean, usable, window::Window};

/// The mean of the latest `period` values.
///
/// Shape: one `f64` in, one `f64` out, memory of one window. Units: those of the input.
/// Warm-up: `None` until `period` values were seen.
///
/// ```
/// # use market::indicator::{IndicatorError, Sma};
/// let mut sma = Sma::new(2)?;
/// assert_eq!([1.0, 2.0, 4.0].map(|value| sma.push(value)), [None, Some(1.5), Some(3.0)]);
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sma {
    period: u32,
    window: Window<Mean>,
}

impl Sma {
    /// An empty average over `period` values.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD).
    pub fn new(period: u32) -> Result<Self, IndicatorError> {
        let period = error::period("period", period)?;
        Ok(Self { period, window: Window::new(period) })
    }

    /// Takes the next value. An unusable one starts the warm-up again.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        if !usable(value) {
            self.reset();
            return None;
        }
        self.window.push(Mean::of(value)).map(Mean::value)
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.window.clear();
    }
}

impl Feed<1> for Sma {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 1] {
        [self.push(candle.close)]
    }

    fn warm_up(&self) -> u32 {
        self.period
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

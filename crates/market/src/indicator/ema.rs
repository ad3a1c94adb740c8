//! Exponential moving average.

use super::{Candle, IndicatorError, adapter::Feed, error, mean::Seed, usable};

/// Exponentially weighted mean with `alpha = 2 / (period + 1)`.
///
/// Shape: one `f64` in, one `f64` out, constant memory. Units: those of the input.
/// Warm-up: `None` until `period` values were seen; the first result is their simple mean,
/// from then on `previous + alpha * (value - previous)`.
/// Source: Roberts (1959), Technometrics 1(3).
///
/// ```
/// # use market::indicator::{Ema, IndicatorError};
/// let mut ema = Ema::new(2)?;
/// assert_eq!([1.0, 2.0, 3.0].map(|value| ema.push(value)), [None, Some(1.5), Some(2.5)]);
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ema {
    period: u32,
    alpha: f64,
    seed: Seed,
    average: Option<f64>,
}

impl Ema {
    /// An average that has seen nothing.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD).
    pub fn new(period: u32) -> Result<Self, IndicatorError> {
        Self::named("period", period)
    }

    /// With the name its period has in the errors of another indicator.
    pub(super) fn named(parameter: &'static str, period: u32) -> Result<Self, IndicatorError> {
        let period = error::period(parameter, period)?;
        let alpha = 2.0 / (f64::from(period) + 1.0);
        Ok(Self { period, alpha, seed: Seed::NONE, average: None })
    }

    /// Takes the next value. An unusable one starts the warm-up again.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        if !usable(value) {
            self.reset();
            return None;
        }
        self.average = match self.average {
            // Nothing of the previous value is left, so neither should its rounding be.
            Some(_) if self.period == 1 => Some(value),
            Some(previous) => Some(previous + self.alpha * (value - previous)),
            None => self.seed.push(value, f64::from(self.period)),
        };
        self.average
    }

    /// Forgets everything.
    pub const fn reset(&mut self) {
        (self.seed, self.average) = (Seed::NONE, None);
    }
}

impl Feed<1> for Ema {
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

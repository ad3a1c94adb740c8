//! Relative strength index.

use super::{Candle, IndicatorError, adapter::Feed, error, usable, wilder::Wilder};

/// Averages below this have decayed for thousands of flat bars. Further decay would only
/// reach the subnormal numbers, where their ratio is lost.
const DECAYED: f64 = 1e-290;

/// How much of the recent movement was upward.
///
/// Shape: one `f64` in, one `f64` out, constant memory. Units: 0 (only losses) to 100 (no
/// losses, which includes prices that do not move at all).
/// Warm-up: `None` until `period` changes, hence `period + 1` values, were seen. Gains and
/// losses are smoothed separately by Wilder's method, seeded with their simple means.
/// Source: Wilder (1978), New Concepts in Technical Trading Systems.
///
/// ```
/// # use market::indicator::{IndicatorError, Rsi};
/// let mut rsi = Rsi::new(2)?;
/// let prices = [10.0, 11.0, 10.0, 10.0];
/// assert_eq!(prices.map(|price| rsi.push(price)), [None, None, Some(50.0), Some(50.0)]);
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rsi {
    period: u32,
    gain: Wilder,
    loss: Wilder,
    previous: Option<f64>,
}

impl Rsi {
    /// An index that has seen nothing.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD).
    pub fn new(period: u32) -> Result<Self, IndicatorError> {
        let period = error::period("period", period)?;
        let (gain, loss) = (Wilder::new(period), Wilder::new(period));
        Ok(Self { period, gain, loss, previous: None })
    }

    /// Takes the next value. An unusable one starts the warm-up again.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<f64> {
        if !usable(value) {
            self.reset();
            return None;
        }
        let change = value - self.previous.replace(value)?;
        let (gain, loss) = self.averages(change)?;
        Some(if loss > 0.0 { 100.0 * (gain / (gain + loss)) } else { 100.0 })
    }

    /// Forgets everything.
    pub const fn reset(&mut self) {
        self.gain.clear();
        self.loss.clear();
        self.previous = None;
    }

    #[inline]
    fn averages(&mut self, change: f64) -> Option<(f64, f64)> {
        let before = self.gain.average().zip(self.loss.average());
        match before {
            Some((gain, loss)) if change == 0.0 && gain + loss < DECAYED => before,
            _ => self.gain.push(change.max(0.0)).zip(self.loss.push((-change).max(0.0))),
        }
    }
}

impl Feed<1> for Rsi {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 1] {
        [self.push(candle.close)]
    }

    fn warm_up(&self) -> u32 {
        self.period + 1
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

//! The range of a bar with the gap before it.

use super::{Candle, adapter::Feed};

/// The distance between the highest and the lowest of high, low and the close before.
///
/// Shape: a [`Candle`] in (high, low, close), one `f64` out, constant memory. Units: those of
/// the price. Warm-up: `None` for the first bar, which has no close before it.
/// Source: Wilder (1978), New Concepts in Technical Trading Systems.
///
/// ```
/// # use market::indicator::{Candle, TrueRange};
/// let bar = |high, low, close| Candle { high, low, close, ..Candle::default() };
/// let mut range = TrueRange::new();
/// assert_eq!(range.push(&bar(11.0, 9.0, 10.0)), None);
/// assert_eq!(range.push(&bar(14.0, 13.0, 13.0)), Some(4.0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrueRange {
    previous_close: Option<f64>,
}

impl TrueRange {
    /// One that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { previous_close: None }
    }

    /// Takes the next bar. One with an unusable price starts the warm-up again.
    #[inline]
    pub fn push(&mut self, candle: &Candle) -> Option<f64> {
        if !candle.has_prices() {
            self.reset();
            return None;
        }
        let Candle { high, low, close, .. } = *candle;
        let before = self.previous_close.replace(close)?;
        Some((high - low).max((high - before).abs()).max((low - before).abs()))
    }

    /// Forgets everything.
    pub const fn reset(&mut self) {
        self.previous_close = None;
    }
}

impl Feed<1> for TrueRange {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 1] {
        [self.push(candle)]
    }

    fn warm_up(&self) -> u32 {
        2
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

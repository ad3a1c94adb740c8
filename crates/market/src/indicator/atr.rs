//! Average true range.

use super::{Candle, IndicatorError, TrueRange, adapter::Feed, error, ratio, wilder::Wilder};

/// How far the price moves in a bar, smoothed.
///
/// Shape: a [`Candle`] in (high, low, close), an [`AtrValue`] out, constant memory. Units:
/// those of the price. Warm-up: `None` until `period` true ranges, hence `period + 1` bars,
/// were seen; the first average is their simple mean, then Wilder's method follows.
/// Source: Wilder (1978), New Concepts in Technical Trading Systems.
///
/// ```
/// # use market::indicator::{Atr, Candle, IndicatorError};
/// let mut atr = Atr::new(1)?;
/// let bar = Candle { high: 12.0, low: 8.0, close: 10.0, ..Candle::default() };
/// assert_eq!(atr.push(&bar), None);
/// assert_eq!(atr.push(&bar).map(|value| (value.atr, value.percent)), Some((4.0, Some(40.0))));
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Atr {
    period: u32,
    range: TrueRange,
    average: Wilder,
}

/// The average and what the newest bar added to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtrValue {
    /// The average true range.
    pub atr: f64,
    /// The true range of the newest bar.
    pub true_range: f64,
    /// The average in percent of the close; `None` for a close of zero.
    pub percent: Option<f64>,
}

impl Atr {
    /// An average that has seen nothing.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD).
    pub fn new(period: u32) -> Result<Self, IndicatorError> {
        let period = error::period("period", period)?;
        Ok(Self { period, range: TrueRange::new(), average: Wilder::new(period) })
    }

    /// Takes the next bar. One with an unusable price starts the warm-up again.
    #[inline]
    pub fn push(&mut self, candle: &Candle) -> Option<AtrValue> {
        if !candle.has_prices() {
            self.reset();
            return None;
        }
        let true_range = self.range.push(candle)?;
        let atr = self.average.push(true_range)?;
        let percent = ratio(100.0 * atr, candle.close);
        Some(AtrValue { atr, true_range, percent })
    }

    /// Forgets everything.
    pub const fn reset(&mut self) {
        self.range.reset();
        self.average.clear();
    }
}

impl Feed<3> for Atr {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 3] {
        self.push(candle)
            .map_or([None; 3], |value| [Some(value.atr), Some(value.true_range), value.percent])
    }

    fn warm_up(&self) -> u32 {
        self.period + 1
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

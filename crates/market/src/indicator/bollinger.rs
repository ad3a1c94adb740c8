//! Bollinger Bands.

use super::{Candle, IndicatorError, StandardDeviation, adapter::Feed, error, ratio};

/// A band of so many standard deviations on both sides of a moving average.
///
/// Shape: one `f64` in, a [`BollingerValue`] out, memory of one window. Units: those of the
/// input. Warm-up: `None` until `period` values were seen. Usual parameters are 20 and 2;
/// the deviation is that of a population.
/// Source: Bollinger (2001), Bollinger on Bollinger Bands.
///
/// ```
/// # use market::indicator::{BollingerBands, IndicatorError};
/// let mut bands = BollingerBands::new(2, 2.0)?;
/// bands.push(1.0);
/// let value = bands.push(3.0).expect("two values were seen");
/// assert_eq!((value.lower, value.middle, value.upper), (0.0, 2.0, 4.0));
/// assert_eq!(value.percent_b, Some(0.75));
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BollingerBands {
    multiplier: f64,
    spread: StandardDeviation,
}

/// The bands and where the newest value lies in them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BollingerValue {
    /// The simple moving average.
    pub middle: f64,
    /// So many deviations above it.
    pub upper: f64,
    /// So many deviations below it.
    pub lower: f64,
    /// Place of the newest value: 0 at the lower band, 1 at the upper one, beyond them
    /// outside; `None` when the bands coincide.
    pub percent_b: Option<f64>,
    /// The newest value's distance from the middle in deviations; `None` when all are equal.
    pub z_score: Option<f64>,
    /// Distance of the bands as a fraction of the middle; `None` when that is zero.
    pub width: Option<f64>,
}

impl BollingerBands {
    /// Bands `multiplier` deviations from the mean of `period` values.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD),
    /// and for a multiplier that is not above zero or beyond a million.
    pub fn new(period: u32, multiplier: f64) -> Result<Self, IndicatorError> {
        let multiplier = error::multiplier("multiplier", multiplier)?;
        Ok(Self { multiplier, spread: StandardDeviation::new(period)? })
    }

    /// Takes the next value. An unusable one starts the warm-up again.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<BollingerValue> {
        let moments = self.spread.moments(value)?;
        let middle = moments.mean.value();
        let half = self.multiplier * moments.deviation();
        let above_lower = moments.mean.distance_of(value) + half;
        Some(BollingerValue {
            middle,
            upper: middle + half,
            lower: middle - half,
            percent_b: ratio(above_lower, 2.0 * half),
            z_score: moments.z_score(value),
            width: ratio(2.0 * half, middle),
        })
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.spread.reset();
    }
}

impl Feed<6> for BollingerBands {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 6] {
        self.push(candle.close).map_or([None; 6], |value| {
            let BollingerValue { middle, upper, lower, percent_b, z_score, width } = value;
            [Some(middle), Some(upper), Some(lower), percent_b, z_score, width]
        })
    }

    fn warm_up(&self) -> u32 {
        self.spread.period()
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

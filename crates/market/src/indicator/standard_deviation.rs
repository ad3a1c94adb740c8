//! Standard deviation over a window.

use super::{
    Candle, IndicatorError, adapter::Feed, error, moments::Moments, usable, window::Window,
};

/// How widely the latest `period` values are spread.
///
/// Shape: one `f64` in, a [`DeviationValue`] out, memory of one window. Units: those of the
/// input. Warm-up: `None` until `period` values were seen. The deviation is that of a
/// population (divided by `period`), and exactly zero for equal values.
///
/// ```
/// # use market::indicator::{IndicatorError, StandardDeviation};
/// let mut spread = StandardDeviation::new(2)?;
/// spread.push(1.0);
/// let value = spread.push(3.0).expect("two values were seen");
/// assert_eq!((value.deviation, value.mean, value.z_score), (1.0, 2.0, Some(1.0)));
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StandardDeviation {
    period: u32,
    window: Window<Moments>,
}

/// Spread and centre of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviationValue {
    /// The standard deviation of the population.
    pub deviation: f64,
    /// The mean.
    pub mean: f64,
    /// The newest value's distance from the mean in deviations; `None` when all are equal.
    pub z_score: Option<f64>,
}

impl StandardDeviation {
    /// Over an empty window of `period` values.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD).
    pub fn new(period: u32) -> Result<Self, IndicatorError> {
        let period = error::period("period", period)?;
        Ok(Self { period, window: Window::new(period) })
    }

    /// Takes the next value. An unusable one starts the warm-up again.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<DeviationValue> {
        let moments = self.moments(value)?;
        Some(DeviationValue {
            deviation: moments.deviation(),
            mean: moments.mean.value(),
            z_score: moments.z_score(value),
        })
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.window.clear();
    }

    #[inline]
    pub(super) fn moments(&mut self, value: f64) -> Option<Moments> {
        if usable(value) {
            return self.window.push(Moments::of(value));
        }
        self.reset();
        None
    }

    pub(super) const fn period(&self) -> u32 {
        self.period
    }
}

impl Feed<3> for StandardDeviation {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 3] {
        self.push(candle.close)
            .map_or([None; 3], |value| [Some(value.deviation), Some(value.mean), value.z_score])
    }

    fn warm_up(&self) -> u32 {
        self.period
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

//! Wilder's smoothing, which RSI and ATR share.

use super::{mean::Mean, window::Summary as _};

/// Mean of the first `period` values, from then on `(previous * (period - 1) + value) / period`.
///
/// Source: Wilder (1978), New Concepts in Technical Trading Systems.
#[derive(Clone, Debug)]
pub(super) struct Wilder {
    period: f64,
    seed: Option<Mean>,
    average: Option<f64>,
}

impl Wilder {
    /// The period is checked by the indicator.
    pub(super) fn new(period: u32) -> Self {
        Self { period: f64::from(period), seed: None, average: None }
    }

    #[inline]
    pub(super) fn push(&mut self, value: f64) -> Option<f64> {
        self.average = match self.average {
            Some(previous) => Some((previous * (self.period - 1.0) + value) / self.period),
            None => self.seed(value),
        };
        self.average
    }

    pub(super) const fn average(&self) -> Option<f64> {
        self.average
    }

    pub(super) const fn clear(&mut self) {
        (self.seed, self.average) = (None, None);
    }

    #[cold]
    fn seed(&mut self, value: f64) -> Option<f64> {
        let value = Mean::of(value);
        let seed = self.seed.map_or(value, |seed| seed.then(value));
        self.seed = Some(seed);
        (seed.count >= self.period).then(|| seed.value())
    }
}

//! Wilder's smoothing, which RSI and ATR share.

use super::mean::Seed;

/// Mean of the first `period` values, from then on `(previous * (period - 1) + value) / period`.
///
/// Source: Wilder (1978), New Concepts in Technical Trading Systems.
#[derive(Clone, Debug)]
pub(super) struct Wilder {
    period: f64,
    seed: Seed,
    average: Option<f64>,
}

impl Wilder {
    /// The period is checked by the indicator.
    pub(super) fn new(period: u32) -> Self {
        Self { period: f64::from(period), seed: Seed::NONE, average: None }
    }

    #[inline]
    pub(super) fn push(&mut self, value: f64) -> Option<f64> {
        self.average = match self.average {
            Some(previous) => Some((previous * (self.period - 1.0) + value) / self.period),
            None => self.seed.push(value, self.period),
        };
        self.average
    }

    pub(super) const fn average(&self) -> Option<f64> {
        self.average
    }

    pub(super) const fn clear(&mut self) {
        (self.seed, self.average) = (Seed::NONE, None);
    }
}

//! Mean and variance of values in a row.

use super::{mean::Mean, ratio, window::Summary};

/// A mean, and the sum of the squared distances from it.
///
/// The sum only grows by squares, so it is never negative, and exactly zero for equal
/// values. Source: Chan, Golub and `LeVeque` (1983), The American Statistician 37(3).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    pub(super) mean: Mean,
    squares: f64,
}

impl Moments {
    #[inline]
    pub(super) const fn of(value: f64) -> Self {
        Self { mean: Mean::of(value), squares: 0.0 }
    }

    /// The root of the mean squared distance: divided by the count, not by one less.
    #[inline]
    pub(super) fn deviation(self) -> f64 {
        (self.squares / self.mean.count).sqrt()
    }

    /// The distance of a value from the mean in deviations; `None` when there is none.
    #[inline]
    pub(super) fn z_score(self, value: f64) -> Option<f64> {
        ratio(self.mean.distance_of(value), self.deviation())
    }
}

impl Summary for Moments {
    #[inline]
    fn then(self, newer: Self) -> Self {
        let mean = self.mean.then(newer.mean);
        let distance = self.mean.distance_to(newer.mean);
        let weight = self.mean.count * (newer.mean.count / mean.count);
        let squares = self.squares + newer.squares + distance * distance * weight;
        Self { mean, squares }
    }
}

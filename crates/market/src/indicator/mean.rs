//! The mean of values in a row, kept as a distance from one of them.

use super::window::Summary;

/// The mean of `count` values is `anchor + offset`, where the anchor is one of the values.
///
/// Prices are large beside their differences. Because only differences are averaged, the
/// mean of equal values is exactly that value, and a mean never leaves the range of its
/// values by rounding.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mean {
    pub(super) count: f64,
    anchor: f64,
    offset: f64,
}

impl Mean {
    #[inline]
    pub(super) const fn of(value: f64) -> Self {
        Self { count: 1.0, anchor: value, offset: 0.0 }
    }

    #[inline]
    pub(super) const fn value(self) -> f64 {
        self.anchor + self.offset
    }

    /// How far a value is from the mean.
    #[inline]
    pub(super) const fn distance_of(self, value: f64) -> f64 {
        (value - self.anchor) - self.offset
    }

    /// How far the mean of `newer` is from this one.
    #[inline]
    pub(super) const fn distance_to(self, newer: Self) -> f64 {
        (newer.anchor - self.anchor) + (newer.offset - self.offset)
    }
}

impl Summary for Mean {
    #[inline]
    fn then(self, newer: Self) -> Self {
        let count = self.count + newer.count;
        let offset = self.offset + self.distance_to(newer) * (newer.count / count);
        Self { count, offset, ..self }
    }
}

/// What a smoothed average begins with: the mean of the first values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(Option<Mean>);

impl Seed {
    /// Before the first value.
    pub(super) const NONE: Self = Self(None);

    /// Takes the next value, and gives the mean with the one that completes the period.
    #[cold]
    pub(super) fn push(&mut self, value: f64, period: f64) -> Option<f64> {
        let value = Mean::of(value);
        let seed = self.0.map_or(value, |seed| seed.then(value));
        self.0 = Some(seed);
        (seed.count >= period).then(|| seed.value())
    }
}

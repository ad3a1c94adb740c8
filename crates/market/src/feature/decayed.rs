//! A sum over a sliding window in which older values weigh less.

/// Nothing beside any number that could matter, and far from the slow subnormal range.
const NEGLIGIBLE: f64 = 1e-32;

/// Sum of `decay^i x_i`, where `i` counts values back from the newest, which is 0.
///
/// A new value costs one multiplication; a value that leaves is subtracted with the
/// weight it has. The weights are computed once.
#[derive(Clone, Debug)]
pub(super) struct DecayedSum {
    decay: f64,
    /// The weight of each age, up to the first negligible one.
    powers: Box<[f64]>,
    /// The sum of all weights up to each age.
    totals: Box<[f64]>,
    sum: f64,
}

impl DecayedSum {
    /// For a window of at most `longest` values; `0 < decay <= 1`.
    pub(super) fn new(decay: f64, longest: usize) -> Self {
        let powers = std::iter::successors(Some(1.0), |power| Some(power * decay));
        let powers: Box<[f64]> =
            powers.take(longest).take_while(|&power| power > NEGLIGIBLE).collect();
        let running = |total: &mut f64, power: &f64| {
            *total += power;
            Some(*total)
        };
        let totals = powers.iter().scan(0.0, running).collect();
        Self { decay, powers, totals, sum: 0.0 }
    }

    #[inline]
    pub(super) fn push(&mut self, value: f64) {
        let older = self.decay * self.sum;
        self.sum = value + if older.abs() < NEGLIGIBLE { 0.0 } else { older };
    }

    /// Takes the oldest of `count` values away.
    #[inline]
    pub(super) fn remove_oldest(&mut self, value: f64, count: usize) {
        self.sum -= self.powers.get(count - 1).map_or(0.0, |power| power * value);
    }

    /// Starts again with exactly these values, oldest first.
    pub(super) fn recompute(&mut self, values: impl Iterator<Item = f64>) {
        self.sum = 0.0;
        values.for_each(|value| self.push(value));
    }

    pub(super) const fn sum(&self) -> f64 {
        self.sum
    }

    /// The mean of `count` values under the same weights; zero for none.
    #[inline]
    pub(super) fn mean(&self, count: usize) -> f64 {
        let oldest = count.min(self.totals.len());
        oldest.checked_sub(1).map_or(0.0, |oldest| self.sum / self.totals[oldest])
    }
}

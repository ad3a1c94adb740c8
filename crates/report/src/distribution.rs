//! How the profits of trades are spread: a histogram whose bins a person can read.

use serde::Serialize;

/// Bins aimed at.
const BINS: f64 = 24.0;

/// Bins of equal width, one of whose borders is zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Distribution {
    pub(crate) bins: Vec<Bin>,
    /// Whether the first bin also holds everything below it.
    pub(crate) open_below: bool,
    /// Whether the last bin also holds everything above it.
    pub(crate) open_above: bool,
}

/// Values from `from` up to but not including `to`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Bin {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) count: u64,
}

impl Distribution {
    /// Of any values; what is no number is left out. Of many values the outer per cent on each
    /// side share the outer bins, so that one freak does not flatten the picture.
    pub(crate) fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (Some(&lowest), Some(&highest)) = (sorted.first(), sorted.last()) else {
            return Self::default();
        };
        let outer = if sorted.len() >= 50 { sorted.len() / 100 } else { 0 };
        let (low, high) = (sorted[outer], sorted[sorted.len() - 1 - outer]);
        let spread = if high > low { (high - low) / BINS } else { low.abs().max(1.0) / 4.0 };
        let width = nice(spread);
        let (first, last) = ((low / width).floor(), (high / width).floor());
        let count = bin_count(first, last);
        let mut bins: Vec<Bin> = (0..count)
            .map(|place| {
                let from = first + f64::from(place);
                Bin { from: from * width, to: (from + 1.0) * width, count: 0 }
            })
            .collect();
        for value in &sorted {
            let above = bins.partition_point(|bin| bin.from <= *value);
            bins[above.saturating_sub(1)].count += 1;
        }
        let (open_below, open_above) = (lowest < first * width, highest >= (last + 1.0) * width);
        Self { bins, open_below, open_above }
    }

    /// The highest bin.
    pub(crate) fn highest(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).max().unwrap_or(0)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 100")]
fn bin_count(first: f64, last: f64) -> u32 {
    (last - first + 1.0).clamp(1.0, 100.0) as u32
}

/// The next of 1, 2, 5 times a power of ten, at least `value`.
pub(crate) fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let step = steps.iter().find(|step| **step * power >= value * (1.0 - 1e-9));
    step.copied().unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_are_one_two_or_five() {
        let seen = [0.9, 1.0, 1.1, 3.0, 6.0, 0.03].map(nice);
        let expected = [1.0, 1.0, 2.0, 5.0, 10.0, 0.05];
        for (seen, expected) in seen.iter().zip(expected) {
            assert!((seen / expected - 1.0).abs() < 1e-9, "{seen} instead of {expected}");
        }
    }

    #[test]
    fn nothing_has_no_bins_and_one_value_has_one() {
        assert!(Distribution::new([]).bins.is_empty());
        assert!(Distribution::new([f64::NAN]).bins.is_empty());
        let one = Distribution::new([12.5]);
        assert_eq!((one.bins.len(), one.highest()), (1, 1));
    }

    #[test]
    fn a_freak_shares_the_outer_bin_and_the_bin_says_so() {
        let mut values: Vec<f64> = (0..400).map(|value| f64::from(value % 40) - 20.0).collect();
        values.push(1e9);
        let found = Distribution::new(values);
        assert!(found.open_above && !found.open_below);
        assert!(found.bins.len() < 60, "{}", found.bins.len());
    }

    proptest! {
        #[test]
        fn every_value_is_counted_once_and_gains_never_mix_with_losses(
            values in prop::collection::vec(-1e6_f64..1e6, 1..300),
        ) {
            let found = Distribution::new(values.iter().copied());
            let counted: u64 = found.bins.iter().map(|bin| bin.count).sum();
            prop_assert_eq!(counted, values.len() as u64);
            prop_assert!(found.bins.len() <= 60);
            prop_assert!(found.bins.iter().all(|bin| bin.to <= 0.0 || bin.from >= 0.0));
            prop_assert!(found.bins.windows(2).all(|pair| (pair[0].to - pair[1].from).abs() < 1e-6));
        }
    }
}

//! Latency histograms: one writer, any number of readers, no locks.
//!
//! Log-linear: each power of two is split into 32 equal steps, so a percentile is exact
//! to about 3 %. The buckets that the metrics page publishes are counted exactly.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

const STEP_BITS: u32 = 5;
const STEPS: usize = 1 << STEP_BITS;
/// Values from 2^40 ns (18 minutes) on share the last bucket.
const OCTAVES: usize = 40 - STEP_BITS as usize;
const BUCKETS: usize = STEPS * (OCTAVES + 1);

/// Upper bounds of the published buckets in nanoseconds, as the documents list them.
pub const PUBLISHED_BOUNDS_NS: [u64; 6] = [1_000, 5_000, 10_000, 20_000, 50_000, 100_000];

/// A histogram of nanoseconds.
#[derive(Debug)]
pub struct Histogram {
    buckets: Box<[AtomicU64]>,
    published: [AtomicU64; PUBLISHED_BOUNDS_NS.len() + 1],
    sum: AtomicU64,
    max: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            published: Default::default(),
            sum: AtomicU64::new(0),
            max: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Counts one value. Only one thread may call this.
    pub fn record(&self, nanos: u64) {
        bump(&self.buckets[bucket_of(nanos)], 1);
        let place = PUBLISHED_BOUNDS_NS.iter().take_while(|bound| nanos > **bound).count();
        bump(&self.published[place], 1);
        bump(&self.sum, nanos);
        if nanos > self.max.load(Relaxed) {
            self.max.store(nanos, Relaxed);
        }
    }

    /// A consistent enough picture for people and percentiles.
    #[must_use]
    pub fn view(&self) -> HistogramView {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Relaxed)).collect();
        let count = counts.iter().sum();
        let max = self.max.load(Relaxed);
        let quantile = |share: f64| percentile(&counts, count, share).min(max);
        HistogramView { p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999), max, count }
    }

    /// Cumulative counts at [`PUBLISHED_BOUNDS_NS`] and at infinity, and the sum in nanoseconds.
    #[must_use]
    pub fn published(&self) -> ([u64; PUBLISHED_BOUNDS_NS.len() + 1], u64) {
        let mut total = 0;
        let cumulative = std::array::from_fn(|place| {
            total += self.published[place].load(Relaxed);
            total
        });
        (cumulative, self.sum.load(Relaxed))
    }
}

/// Percentiles in nanoseconds. All zero when nothing was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HistogramView {
    /// Half of the values are at or below this.
    pub p50: u64,
    /// 99 % are.
    pub p99: u64,
    /// 99.9 % are.
    pub p999: u64,
    /// The largest.
    pub max: u64,
    /// How many values.
    pub count: u64,
}

fn bump(counter: &AtomicU64, by: u64) {
    // One writer: a load and a store are enough and cheaper than a locked add.
    counter.store(counter.load(Relaxed).wrapping_add(by), Relaxed);
}

#[expect(clippy::cast_possible_truncation, reason = "both are below the number of buckets")]
const fn bucket_of(nanos: u64) -> usize {
    if nanos < STEPS as u64 {
        return nanos as usize;
    }
    let octave = nanos.ilog2() - STEP_BITS;
    if octave as usize >= OCTAVES {
        return BUCKETS - 1;
    }
    let step = (nanos >> octave) as usize - STEPS;
    STEPS * (octave as usize + 1) + step
}

/// The largest value that falls into a bucket.
const fn upper_bound(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let octave = bucket / STEPS - 1;
    (((bucket % STEPS + STEPS + 1) as u64) << octave) - 1
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank among counts far below 2^52"
)]
fn percentile(counts: &[u64], count: u64, share: f64) -> u64 {
    let rank = (count as f64 * share).ceil() as u64;
    let mut seen = 0;
    for (bucket, hits) in counts.iter().enumerate() {
        seen += hits;
        if *hits > 0 && seen >= rank {
            return upper_bound(bucket);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_falls_into_the_bucket_whose_bound_is_at_most_a_thirtysecond_above() {
        for exponent in 0..39_u32 {
            for offset in [0_u64, 1, 3] {
                let value = (1_u64 << exponent) + offset;
                let bound = upper_bound(bucket_of(value));
                assert!(bound >= value, "{value} is above its bound {bound}");
                assert!(bound - value <= value / 32 + 1, "{value} is far from {bound}");
            }
        }
    }

    #[test]
    fn bucket_bounds_grow() {
        assert!((1..BUCKETS).all(|bucket| upper_bound(bucket) > upper_bound(bucket - 1)));
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_of_the_first_thousand_numbers_are_near_their_ranks() {
        let histogram = Histogram::default();
        (1..=1_000).for_each(|value| histogram.record(value));
        let view = histogram.view();
        assert_eq!((view.count, view.max), (1_000, 1_000));
        assert!((500..=516).contains(&view.p50), "{view:?}");
        assert!((990..=1_000).contains(&view.p99), "{view:?}");
    }

    #[test]
    fn published_buckets_are_cumulative_and_exact_at_their_bounds() {
        let histogram = Histogram::default();
        for value in [1_000, 1_001, 100_000, 100_001] {
            histogram.record(value);
        }
        let (cumulative, sum) = histogram.published();
        assert_eq!(cumulative, [1, 2, 2, 2, 2, 3, 4]);
        assert_eq!(sum, 202_002);
    }

    #[test]
    fn an_empty_histogram_shows_zeros() {
        assert_eq!(Histogram::default().view(), HistogramView::default());
    }
}

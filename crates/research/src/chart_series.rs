//! A curve of any length in bounded memory, for charts.
//!
//! Values are put into buckets of equally many. When the buckets run out, neighbours are
//! merged, so a long history keeps first, last, lowest and highest of each stretch and loses
//! only what a chart could not show anyway.

use domain::Timestamp;

/// One stretch of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The time of its first value.
    pub from: Timestamp,
    /// The time of its last value.
    pub to: Timestamp,
    /// The first value.
    pub first: f64,
    /// The last value.
    pub last: f64,
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
}

impl Bucket {
    const fn of(time: Timestamp, value: f64) -> Self {
        Self { from: time, to: time, first: value, last: value, low: value, high: value }
    }

    fn absorb(&mut self, later: &Self) {
        (self.to, self.last) = (later.to, later.last);
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
    }
}

/// A curve in at most `capacity` buckets.
#[derive(Clone, Debug)]
pub struct ChartSeries {
    buckets: Vec<Bucket>,
    capacity: usize,
    /// Values in a full bucket.
    width: u64,
    /// Values in the last bucket.
    held: u64,
}

impl ChartSeries {
    /// An empty curve of at most `capacity` buckets, at least two.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(2) & !1;
        Self { buckets: Vec::with_capacity(capacity), capacity, width: 1, held: 0 }
    }

    /// Adds a value. Times do not go back; a value that is no number is left out.
    pub fn push(&mut self, time: Timestamp, value: f64) {
        self.push_bucket(&Bucket::of(time, value));
    }

    /// Adds a stretch as one value, such as a bar with its range.
    pub fn push_bucket(&mut self, bucket: &Bucket) {
        let numbers = [bucket.first, bucket.last, bucket.low, bucket.high];
        if !numbers.iter().all(|number| number.is_finite()) {
            return;
        }
        if self.held < self.width
            && let Some(last) = self.buckets.last_mut()
        {
            last.absorb(bucket);
            self.held += 1;
            return;
        }
        if self.buckets.len() == self.capacity {
            self.halve();
            // The last pair was complete, so a new bucket begins all the same.
        }
        self.buckets.push(*bucket);
        self.held = 1;
    }

    fn halve(&mut self) {
        let pairs = self.buckets.len() / 2;
        for pair in 0..pairs {
            let mut merged = self.buckets[2 * pair];
            merged.absorb(&self.buckets[2 * pair + 1]);
            self.buckets[pair] = merged;
        }
        self.buckets.truncate(pairs);
        self.width *= 2;
    }

    /// The stretches in order of time.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The last value; `None` before the first.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        self.buckets.last().map(|bucket| bucket.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(place: usize) -> Timestamp {
        Timestamp::from_millis(i64::try_from(place).unwrap())
    }

    fn series(values: &[f64], capacity: usize) -> ChartSeries {
        let mut series = ChartSeries::new(capacity);
        for (place, value) in values.iter().enumerate() {
            series.push(at(place), *value);
        }
        series
    }

    #[test]
    fn a_short_curve_is_kept_as_it_is() {
        let values = [3.0, 1.0, 2.0];
        let kept: Vec<f64> = series(&values, 8).buckets().iter().map(|one| one.last).collect();
        assert_eq!(kept, values);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        assert_eq!(series(&[1.0, f64::NAN, f64::INFINITY], 8).buckets().len(), 1);
    }

    proptest! {
        #[test]
        fn ends_and_extremes_survive_any_length(
            values in prop::collection::vec(-1e9_f64..1e9, 1..2_000),
            capacity in 2_usize..40,
        ) {
            let series = series(&values, capacity);
            let buckets = series.buckets();
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(buckets.len() <= capacity);
            let lowest = buckets.iter().map(|one| one.low).fold(f64::INFINITY, f64::min);
            let highest = buckets.iter().map(|one| one.high).fold(f64::NEG_INFINITY, f64::max);
            let kept = [buckets[0].first, series.last().unwrap(), lowest, highest];
            let given = [values[0], *values.last().unwrap(), low, high];
            prop_assert_eq!(kept.map(f64::to_bits), given.map(f64::to_bits));
            prop_assert!(buckets.windows(2).all(|pair| pair[0].to < pair[1].from));
        }
    }
}

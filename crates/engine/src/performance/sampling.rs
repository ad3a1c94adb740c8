//! Equity at the ends of equal periods, however long the history is.
//!
//! Periods are counted from the epoch in UTC. A period in which nothing happened has no sample,
//! so nights, weekends and outages are not returns of zero. When the samples run out of room,
//! the period grows to the next longer one, which holds a whole number of the shorter.

use domain::{Money, Timestamp};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The lengths a period may have, in ns, each a multiple of the one before.
pub(super) const PERIODS: [i64; 8] =
    [SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR, 7 * 24 * HOUR];
/// The longest period that returns are measured over.
const DAY: usize = 6;
/// Samples kept at most: a megabyte.
const CAPACITY: usize = 1 << 16;
/// Returns that a longer period must leave to be preferred.
const ENOUGH: usize = 30;

/// Equity at the end of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// The number of the period since the epoch.
    period: i64,
    equity: f64,
}

impl Sample {
    fn of((period, equity): (i64, Money)) -> Self {
        Self { period, equity: equity.to_f64() }
    }
}

/// The samples so far.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    opening: f64,
    rung: usize,
    kept: Vec<Sample>,
    /// The running period, not yet kept. Its equity becomes a float when it is over, not at
    /// every event.
    running: Option<(i64, Money)>,
    /// The last ns that belongs to the running period.
    running_ends: i64,
}

/// Returns of equal periods.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Returns {
    pub(super) values: Vec<f64>,
    /// The length of a period in ns.
    pub(super) period: i64,
}

impl Samples {
    pub(super) fn new(opening: f64) -> Self {
        // All the room at once: a tick must not pay for a list that grows.
        let kept = Vec::with_capacity(CAPACITY);
        Self { opening, rung: 0, kept, running: None, running_ends: i64::MIN }
    }

    /// Notes equity at a moment. A moment on the border belongs to the period that ends there.
    #[inline]
    pub(super) fn push(&mut self, time: Timestamp, equity: Money) {
        let nanos = time.as_nanos();
        if nanos <= self.running_ends
            && let Some((_, running)) = &mut self.running
        {
            *running = equity;
            return;
        }
        self.begin(nanos, equity);
    }

    fn begin(&mut self, nanos: i64, equity: Money) {
        self.kept.extend(self.running.take().map(Sample::of));
        if self.kept.len() >= CAPACITY && self.rung + 1 < PERIODS.len() {
            self.kept = coarser(&self.kept, PERIODS[self.rung + 1] / PERIODS[self.rung]);
            self.rung += 1;
        }
        let length = PERIODS[self.rung];
        let period = (nanos.saturating_sub(1)).div_euclid(length);
        self.running = Some((period, equity));
        self.running_ends = (period + 1).saturating_mul(length);
    }

    /// Returns over the longest period, a day at most, that leaves enough of them; of a short
    /// history those over its shortest period.
    pub(super) fn returns(&self) -> Returns {
        let mut samples = self.kept.clone();
        samples.extend(self.running.map(Sample::of));
        let mut chosen = (self.rung, samples.clone());
        for rung in self.rung + 1..=DAY.max(self.rung) {
            samples = coarser(&samples, PERIODS[rung] / PERIODS[rung - 1]);
            if samples.len() < ENOUGH {
                break;
            }
            chosen = (rung, samples.clone());
        }
        let (rung, samples) = chosen;
        let mut before = self.opening;
        let change = |sample: &Sample| {
            let change = sample.equity / before - 1.0;
            before = sample.equity;
            change
        };
        let values = samples.iter().map(change).filter(|change| change.is_finite()).collect();
        Returns { values, period: PERIODS[rung] }
    }
}

/// The last of the samples in each period that is `times` as long.
fn coarser(samples: &[Sample], times: i64) -> Vec<Sample> {
    let mut longer: Vec<Sample> = Vec::with_capacity(samples.len() / 2 + 1);
    for sample in samples {
        let next = Sample { period: sample.period.div_euclid(times), equity: sample.equity };
        match longer.last_mut() {
            Some(last) if last.period == next.period => last.equity = next.equity,
            _ => longer.push(next),
        }
    }
    longer
}

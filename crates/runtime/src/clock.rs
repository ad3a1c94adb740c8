//! The one place that reads a clock.
//!
//! Event time comes from here in live runs and from the data in replays; latency is
//! measured in raw stamps, which cost a few nanoseconds each.

use std::{
    sync::Arc,
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use domain::Timestamp;

/// A raw reading for measuring short distances; only differences mean something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u64);

/// Wall time and stamps.
pub trait Clock: Send {
    /// Now, as nanoseconds since the epoch.
    fn now(&self) -> Timestamp;
    /// A raw reading.
    fn stamp(&self) -> Stamp;
    /// Nanoseconds between two readings; zero when they are out of order.
    fn nanos_between(&self, from: Stamp, to: Stamp) -> u64;
    /// The reading that comes this long after another, for schedules.
    fn later(&self, from: Stamp, nanos: u64) -> Stamp;
}

/// The machine's clock: the cycle counter where it is invariant, else the monotonic clock.
///
/// Wall time is read once and then carried forward by the counter, so that it never goes
/// back when somebody sets the system clock.
#[derive(Clone, Debug)]
pub struct WallClock {
    counter: quanta::Clock,
    origin: u64,
    origin_time: Timestamp,
}

impl WallClock {
    /// Starts the clock; the first call in a process calibrates the cycle counter.
    #[must_use]
    pub fn start() -> Self {
        let counter = quanta::Clock::new();
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let nanos = i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX);
        let origin = counter.raw();
        Self { counter, origin, origin_time: Timestamp::from_nanos(nanos) }
    }

    fn nanos_since_start(&self) -> u64 {
        self.counter.delta_as_nanos(self.origin, self.counter.raw())
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.nanos_since_start()).unwrap_or(i64::MAX);
        self.origin_time + domain::Span::from_nanos(elapsed)
    }

    fn stamp(&self) -> Stamp {
        Stamp(self.counter.raw())
    }

    fn nanos_between(&self, from: Stamp, to: Stamp) -> u64 {
        self.counter.delta_as_nanos(from.0, to.0)
    }

    fn later(&self, from: Stamp, nanos: u64) -> Stamp {
        const READINGS: u64 = 1 << 32;
        let nanos_of_readings = self.counter.delta_as_nanos(0, READINGS).max(1);
        let readings = u128::from(nanos) * u128::from(READINGS) / u128::from(nanos_of_readings);
        Stamp(from.0 + u64::try_from(readings).unwrap_or(u64::MAX / 2))
    }
}

/// A clock that moves only when told to, for tests.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Moves to `now`.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_nanos(), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::Relaxed))
    }

    fn stamp(&self) -> Stamp {
        Stamp(self.0.load(Ordering::Relaxed).unsigned_abs())
    }

    fn nanos_between(&self, from: Stamp, to: Stamp) -> u64 {
        to.0.saturating_sub(from.0)
    }

    fn later(&self, from: Stamp, nanos: u64) -> Stamp {
        Stamp(from.0 + nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_agrees_with_the_measured_distance() {
        let clock = WallClock::start();
        let from = clock.stamp();
        for nanos in [1_000, 1_000_000, 3_600_000_000_000] {
            let measured = clock.nanos_between(from, clock.later(from, nanos));
            assert!(measured.abs_diff(nanos) <= 2 + nanos / 1_000_000, "{nanos}: {measured}");
        }
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::default();
        clock.set(Timestamp::from_millis(5));
        assert_eq!(clock.now(), Timestamp::from_millis(5));
        assert_eq!(clock.nanos_between(clock.stamp(), clock.later(clock.stamp(), 9)), 9);
    }
}

//! Performance of a running session: what the engine tells the tracker, and when.

use domain::{AccountEvent, AccountEventKind, Fill, Instruments, Money, StrategyId, Timestamp};

use super::{Performance, PerformanceTracker, RoundTrips};

/// Follows fills, account events and equity of one session.
#[derive(Clone, Debug)]
pub(crate) struct SessionPerformance {
    tracker: PerformanceTracker,
    trips: RoundTrips,
}

impl SessionPerformance {
    pub(crate) fn new(opening: Money, strategies: usize, instruments: usize) -> Self {
        let trips = RoundTrips::new(strategies, instruments);
        Self { tracker: PerformanceTracker::new(opening), trips }
    }

    /// A fill was booked. What does not fit the arithmetic was refused by the accounts before.
    pub(crate) fn filled(&mut self, strategy: StrategyId, fill: &Fill, all: &Instruments) {
        self.execution(strategy, fill, all, false);
    }

    /// The venue moved money or a position.
    pub(crate) fn moved(&mut self, event: &AccountEvent, all: &Instruments) {
        let (strategy, instrument) = (event.strategy, event.instrument);
        match event.kind {
            AccountEventKind::Liquidation { fill } => self.execution(strategy, &fill, all, true),
            AccountEventKind::Split { position } => {
                self.trips.carry(strategy, instrument, event.amount);
                self.trips.split(strategy, instrument, position);
            }
            AccountEventKind::Funding | AccountEventKind::Borrow | AccountEventKind::Dividend => {
                self.trips.carry(strategy, instrument, event.amount);
            }
        }
    }

    fn execution(&mut self, strategy: StrategyId, fill: &Fill, all: &Instruments, forced: bool) {
        if let Ok(value) = all.get(fill.instrument).notional(fill.price, fill.quantity) {
            self.tracker.traded(value);
        }
        if let Ok(Some(trip)) = self.trips.fill(strategy, fill, all, forced) {
            self.tracker.ended(&trip);
        }
    }

    /// The account after an event.
    #[inline]
    pub(crate) fn see(&mut self, time: Timestamp, equity: Money, invested: bool) {
        self.tracker.see(time, equity, invested);
    }

    pub(crate) fn performance(&self) -> Performance {
        self.tracker.performance()
    }

    pub(crate) fn returns(&self) -> (Vec<f64>, f64) {
        self.tracker.returns()
    }
}

//! Vital signs: what the hot thread tells the rest of the program, without locks.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use domain::{Money, NetLots, Ticks, Timestamp};
use engine::{Counters, Engine, performance::Performance};
use market::snapshot::MarketSnapshot;

use crate::Histogram;

/// How full a queue is.
#[derive(Debug, Default)]
pub struct QueueGauge {
    length: AtomicUsize,
    capacity: AtomicUsize,
}

impl QueueGauge {
    /// States the number of slots.
    pub fn set_capacity(&self, capacity: usize) {
        self.capacity.store(capacity, Relaxed);
    }

    /// States how many are taken.
    pub fn set_length(&self, length: usize) {
        self.length.store(length, Relaxed);
    }

    /// Taken slots.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length.load(Relaxed)
    }

    /// All slots; zero for a queue that this layout does not have.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity.load(Relaxed)
    }

    /// The share that is taken, from 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "queue sizes are far below 2^52")]
    pub fn utilization(&self) -> f64 {
        let capacity = self.capacity();
        if capacity == 0 { 0.0 } else { self.length() as f64 / capacity as f64 }
    }
}

/// One instrument as the outside sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstrumentPulse {
    /// Position over all strategies.
    pub position: NetLots,
    /// Whether its book is in sync.
    pub in_sync: bool,
    /// Best bid, `None` without one.
    pub bid: Option<Ticks>,
    /// Best ask, `None` without one.
    pub ask: Option<Ticks>,
}

/// A consistent picture of the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pulse {
    /// Event time.
    pub time: Timestamp,
    /// Records handed to the journal so far: this picture is true once they are written.
    pub records: u64,
    /// What happened so far.
    pub counters: Counters,
    /// Whether the kill switch is on.
    pub killed: bool,
    /// Orders that are not closed.
    pub open_orders: usize,
    /// Cash.
    pub cash: Money,
    /// Cash and positions.
    pub equity: Money,
    /// Profit of what is closed.
    pub realized_pnl: Money,
    /// Profit of what is open.
    pub unrealized_pnl: Money,
    /// Fees paid.
    pub fees: Money,
    /// Funding, interest, dividends and the like received.
    pub carry: Money,
    /// How well the account did, as of the last snapshot interval.
    pub performance: Performance,
    /// Each instrument in the order of the session.
    pub instruments: Vec<InstrumentPulse>,
}

/// What the hot thread shares. Written by one thread, read by any.
#[derive(Debug, Default)]
pub struct Vitals {
    /// From a frame's arrival to its order.
    pub tick_to_trade: Histogram,
    /// From a frame's arrival to the decision about it, order or not.
    pub tick_to_decision: Histogram,
    /// From a frame's arrival to the decoded event.
    pub decode: Histogram,
    /// One step of the engine.
    pub decide: Histogram,
    /// Features of one book change, within the step.
    pub features: Histogram,
    /// Market data to strategy; only in the pipelined layout.
    pub market_queue: QueueGauge,
    /// Strategy to execution; only in the pipelined layout.
    pub order_queue: QueueGauge,
    /// Market events merged into others because the strategy was slow.
    pub conflated: AtomicU64,
    beats: AtomicU64,
    /// Latest market of each instrument, for readers that want it now.
    pub markets: Vec<MarketSnapshot>,
    pulse: Mutex<Pulse>,
}

impl Vitals {
    /// Vital signs of a session with this many instruments.
    #[must_use]
    pub fn for_instruments(count: usize) -> Self {
        let instruments = vec![InstrumentPulse::default(); count];
        Self {
            markets: (0..count).map(|_| MarketSnapshot::default()).collect(),
            pulse: Mutex::new(Pulse { instruments, ..Pulse::default() }),
            ..Self::default()
        }
    }

    /// Shows that the trading thread is alive.
    pub fn beat(&self) {
        self.beats.store(self.beats.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// Shows the engine's state. Never waits: while somebody reads, the old picture stays,
    /// and the answer is `false`. Fresh figures are taken out when they are shown.
    pub fn publish(
        &self,
        engine: &Engine,
        time: Timestamp,
        records: u64,
        fresh: &mut Option<Performance>,
    ) -> bool {
        let Ok(mut pulse) = self.pulse.try_lock() else { return false };
        if let Some(performance) = fresh.take() {
            pulse.performance = performance;
        }
        let portfolio = engine.portfolio();
        pulse.time = time;
        pulse.records = records;
        pulse.counters.clone_from(engine.counters());
        pulse.killed = engine.kill_switch();
        pulse.open_orders = engine.open_orders().count();
        pulse.cash = portfolio.cash();
        pulse.equity = portfolio.equity();
        pulse.realized_pnl = portfolio.realized_pnl();
        pulse.unrealized_pnl = portfolio.unrealized_pnl();
        pulse.fees = portfolio.fees();
        pulse.carry = portfolio.carry();
        for (shown, instrument) in pulse.instruments.iter_mut().zip(engine.instruments().iter()) {
            let id = instrument.id();
            let book = engine.book(id);
            *shown = InstrumentPulse {
                position: portfolio.net(id),
                in_sync: engine.in_sync(id),
                bid: book.best_bid().map(|level| level.price),
                ask: book.best_ask().map(|level| level.price),
            };
        }
        true
    }

    /// A number that changes while the trading thread is alive.
    #[must_use]
    pub fn heartbeat(&self) -> u64 {
        self.beats.load(Relaxed)
    }

    /// The latest picture.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

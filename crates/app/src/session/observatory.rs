//! Everything the outside may see of a running session.
//!
//! The trading thread publishes; this turns it into readiness, metrics and status, and
//! shows nothing that is not yet in the journal.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use domain::{Instruments, record::MarketSource};
use runtime::{Vitals, vitals::Pulse};
use serde::Serialize;
use storage::StorageGauges;
use venues::{BookSync, FeedHealth};

use super::KillSwitch;

/// A trading thread that shows no sign of life for this long counts as dead.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(10);

/// How long a reader waits for the journal to have what it is about to be shown.
const JOURNAL_PATIENCE: Duration = Duration::from_millis(50);

/// What a session is, for banners and `/health`.
#[derive(Clone, Debug, Serialize)]
pub struct SessionFacts {
    /// The command, such as `demo`.
    pub command: &'static str,
    /// `paper`: nothing else exists yet.
    pub mode: &'static str,
    /// Where the market comes from.
    pub market: MarketSource,
    /// Seed of a simulated market.
    pub seed: Option<u64>,
    /// Which start in the data directory.
    pub run: u32,
    /// Program version.
    pub version: &'static str,
}

/// State of the feed, left here by the thread that reads it.
#[derive(Debug, Default)]
pub struct FeedBoard {
    health: Mutex<FeedHealth>,
    reconnects: AtomicU64,
    connected: AtomicBool,
}

impl FeedBoard {
    /// Leaves the latest state. Never waits: while somebody reads, the old state stays.
    pub fn post(&self, health: FeedHealth, reconnects: u64, connected: bool) {
        self.reconnects.store(reconnects, Ordering::Relaxed);
        self.connected.store(connected, Ordering::Relaxed);
        if let Ok(mut board) = self.health.try_lock() {
            *board = health;
        }
    }

    /// The latest state.
    #[must_use]
    pub fn health(&self) -> FeedHealth {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connections made again so far.
    #[must_use]
    pub fn reconnects(&self) -> u64 {
        self.reconnects.load(Ordering::Relaxed)
    }

    /// Whether every connection is open.
    #[must_use]
    pub fn connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }
}

/// The view from outside.
#[derive(Debug)]
pub struct Observatory {
    /// What the session is.
    pub facts: SessionFacts,
    /// The session's instruments.
    pub instruments: Instruments,
    /// What the trading thread shares.
    pub vitals: Arc<Vitals>,
    /// What the feed shares.
    pub feed: Arc<FeedBoard>,
    /// What journal and database share; `None` for a session that writes nothing.
    pub storage: Option<StorageGauges>,
    /// The kill switch of the data directory.
    pub kill_switch: Option<KillSwitch>,
    started: Instant,
    shown: Mutex<Pulse>,
    heartbeat: Mutex<(u64, Instant)>,
}

/// Answer of `/ready`.
#[derive(Debug, Serialize)]
pub struct Readiness {
    /// Whether orders could be placed now.
    pub ready: bool,
    /// What is missing.
    pub waiting_for: Vec<String>,
}

impl Observatory {
    /// Starts watching.
    #[must_use]
    pub fn new(
        facts: SessionFacts,
        instruments: Instruments,
        vitals: Arc<Vitals>,
        feed: Arc<FeedBoard>,
        storage: Option<StorageGauges>,
        kill_switch: Option<KillSwitch>,
    ) -> Self {
        let started = Instant::now();
        let shown = Mutex::new(vitals.pulse());
        let heartbeat = Mutex::new((0, started));
        Self { facts, instruments, vitals, feed, storage, kill_switch, started, shown, heartbeat }
    }

    /// How long the session runs.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// The latest picture of the engine whose records are all in the journal.
    ///
    /// Waits a moment for the journal, which is a few milliseconds behind; should it be
    /// further behind than that, the picture before is shown again.
    pub fn pulse(&self) -> Pulse {
        let latest = self.vitals.pulse();
        let is_written =
            || self.storage.as_ref().is_none_or(|gauges| gauges.written() >= latest.records);
        let deadline = Instant::now() + JOURNAL_PATIENCE;
        while !is_written() && Instant::now() < deadline {
            thread::sleep(Duration::from_micros(200));
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if is_written() {
            *shown = latest;
        }
        shown.clone()
    }

    /// Whether the trading thread still moves.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let beat = self.vitals.heartbeat();
        let mut last = self.heartbeat.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != beat {
            *last = (beat, Instant::now());
        }
        last.1.elapsed() < HEARTBEAT_LIMIT
    }

    /// Whether orders could be placed, and if not, why not.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let mut waiting_for = Vec::new();
        let pulse = self.vitals.pulse();
        if !self.is_alive() {
            waiting_for.push("the trading thread, which shows no sign of life".to_owned());
        }
        if pulse.killed || self.kill_switch.as_ref().is_some_and(KillSwitch::is_thrown) {
            waiting_for.push("an operator: the kill switch is thrown".to_owned());
        }
        if let Some(error) = self.storage.as_ref().and_then(StorageGauges::journal_failure) {
            waiting_for.push(format!("a journal that can be written: {error}"));
        }
        let health = self.feed.health();
        if health.instruments.is_empty() {
            waiting_for.push("the first message of the venue".to_owned());
        }
        for one in &health.instruments {
            let name = self.instruments.get(one.instrument);
            if one.book != BookSync::Synced {
                waiting_for.push(format!("the book of {name} to be in sync"));
            } else if one.silent {
                waiting_for.push(format!("{name}, whose stream is silent"));
            }
        }
        Readiness { ready: waiting_for.is_empty(), waiting_for }
    }
}

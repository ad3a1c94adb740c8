//! What status lines and metrics may show: only what the journal really has.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{DatabaseError, JournalError, journal::Shared};

/// How the recorders get on with the facts.
#[derive(Debug, Default)]
pub(crate) struct FactGauges {
    /// The number of the last fact in the journal.
    written: AtomicU64,
    /// The number of the last fact in the database.
    recorded: AtomicU64,
    /// Facts that found no room in the queue and are read from the journal instead.
    missed: AtomicU64,
    retries: AtomicU64,
    queued: AtomicU64,
    last_batch_nanos: AtomicU64,
    failure: OnceLock<DatabaseError>,
}

impl FactGauges {
    pub(crate) fn note_written(&self, number: u64) {
        self.written.store(number, Relaxed);
    }

    pub(crate) fn note_recorded(&self, number: u64) {
        self.recorded.store(number, Relaxed);
    }

    pub(crate) fn note_missed(&self) {
        self.missed.fetch_add(1, Relaxed);
    }

    pub(crate) fn note_retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn note_queued(&self, lines: usize) {
        self.queued.store(lines as u64, Relaxed);
    }

    pub(crate) fn note_batch(&self, took: Duration) {
        self.last_batch_nanos.store(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn note_failure(&self, error: DatabaseError) {
        tracing::error!(%error, "the database has stopped; the journal goes on");
        // Only the first failure is the cause of anything.
        let _ = self.failure.set(error);
    }

    pub(crate) fn written(&self) -> u64 {
        self.written.load(Relaxed)
    }

    pub(crate) fn lag(&self) -> u64 {
        self.written().saturating_sub(self.recorded.load(Relaxed))
    }

    pub(crate) fn failure(&self) -> Option<&DatabaseError> {
        self.failure.get()
    }

    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Relaxed)
    }
}

/// A view of the storage's counters that any thread may keep.
#[derive(Clone, Debug)]
pub struct StorageGauges {
    pub(crate) journal: Arc<Shared>,
    pub(crate) facts: Arc<FactGauges>,
    pub(crate) ring_bytes: usize,
    pub(crate) channel_size: usize,
}

impl StorageGauges {
    /// The place of the last record in a journal file.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.journal.written.load(Relaxed)
    }

    /// The place of the last record that would survive a loss of power.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.journal.durable.load(Relaxed)
    }

    /// Orders of this session in the journal.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.journal.orders.load(Relaxed)
    }

    /// Fills of this session in the journal.
    #[must_use]
    pub fn fills(&self) -> u64 {
        self.journal.fills.load(Relaxed)
    }

    /// Bytes of this session in the journal.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.journal.bytes.load(Relaxed)
    }

    /// How often the trading thread had to wait for the journal.
    #[must_use]
    pub fn stalls(&self) -> u64 {
        self.journal.stalls.load(Relaxed)
    }

    /// How full the ring to the journal was when its writer last looked, from 0 to 1.
    #[must_use]
    pub fn ring_utilization(&self) -> f64 {
        share(self.journal.queued.load(Relaxed), self.ring_bytes)
    }

    /// Why the journal has stopped, `None` while it runs.
    #[must_use]
    pub fn journal_failure(&self) -> Option<&JournalError> {
        self.journal.failure()
    }

    /// Facts that are in the journal and not yet in the database.
    #[must_use]
    pub fn database_lag(&self) -> u64 {
        self.facts.lag()
    }

    /// How long the database took for the last batch.
    #[must_use]
    pub fn database_batch(&self) -> Duration {
        Duration::from_nanos(self.facts.last_batch_nanos.load(Relaxed))
    }

    /// How often a batch had to be tried again.
    #[must_use]
    pub fn database_retries(&self) -> u64 {
        self.facts.retries()
    }

    /// Facts the database had to read from the journal because its queue was full.
    #[must_use]
    pub fn database_missed(&self) -> u64 {
        self.facts.missed.load(Relaxed)
    }

    /// How full the queue to the database was when its thread last looked, from 0 to 1.
    #[must_use]
    pub fn channel_utilization(&self) -> f64 {
        share(self.facts.queued.load(Relaxed), self.channel_size)
    }

    /// Why the database has stopped, `None` while it runs.
    #[must_use]
    pub fn database_failure(&self) -> Option<&DatabaseError> {
        self.facts.failure()
    }
}

#[expect(clippy::cast_precision_loss, reason = "queues are far below 2^52 entries")]
fn share(used: u64, capacity: usize) -> f64 {
    if capacity == 0 { 0.0 } else { used as f64 / capacity as f64 }
}

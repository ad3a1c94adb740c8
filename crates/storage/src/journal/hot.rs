//! The trading thread's end of the journal.
//!
//! A record is encoded into a fixed scratch and its bytes go into a ring: no allocation, no
//! lock, no system call. Only when the ring is full does the caller wait, because a record is
//! never dropped. What happened to the bytes is read from counters the writer publishes.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use domain::{Record, RecordSink};
use rtrb::Producer;

use super::{Durability, RecordKind, frame::MAX_PAYLOAD};
use crate::JournalError;

/// Length and kind in front of a payload in the ring.
pub(super) const MESSAGE_HEAD_BYTES: usize = 5;

/// What the writer and the trading thread tell each other and everybody else.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The last record in a file.
    pub(crate) written: AtomicU64,
    /// The last record that would survive a loss of power.
    pub(crate) durable: AtomicU64,
    /// Orders of this session in a file.
    pub(crate) orders: AtomicU64,
    /// Fills of this session in a file.
    pub(crate) fills: AtomicU64,
    /// Bytes of this session in files.
    pub(crate) bytes: AtomicU64,
    /// Bytes in the ring when the writer last looked.
    pub(crate) queued: AtomicU64,
    /// How often the trading thread had to wait for room.
    pub(crate) stalls: AtomicU64,
    /// Everything up to here should be made durable at once.
    pub(super) sync_wanted: AtomicU64,
    /// The session is over: write what is left and end.
    pub(crate) closing: AtomicBool,
    failure: OnceLock<JournalError>,
}

impl Shared {
    pub(crate) fn failure(&self) -> Option<&JournalError> {
        self.failure.get()
    }

    /// Publishes the end of the journal. The first cause stays.
    pub(super) fn fail(&self, error: JournalError) {
        if self.failure.set(error).is_ok()
            && let Some(error) = self.failure.get()
        {
            tracing::error!(%error, "the journal has stopped");
        }
    }
}

/// Where the trading thread puts its records. Dropping it ends the session's records.
pub struct HotJournal {
    ring: Producer<u8>,
    scratch: Vec<u8>,
    shared: Arc<Shared>,
    writer: Thread,
    /// The journal sequence of the last record pushed.
    pushed: u64,
    durability: Durability,
    stalled: bool,
}

impl HotJournal {
    pub(crate) fn new(
        ring: Producer<u8>,
        shared: Arc<Shared>,
        writer: Thread,
        durability: Durability,
    ) -> Self {
        let pushed = shared.written.load(Ordering::Acquire);
        // Fresh zeroed memory costs nothing until a record is large enough to touch it.
        let scratch = vec![0; MESSAGE_HEAD_BYTES + MAX_PAYLOAD];
        Self { ring, scratch, shared, writer, pushed, durability, stalled: false }
    }

    /// How full the ring is, from 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ring is far below 2^52 bytes")]
    pub fn utilization(&self) -> f64 {
        let capacity = self.ring.buffer().capacity();
        (capacity - self.ring.slots()) as f64 / capacity as f64
    }

    /// Whether a record had to wait for room and the ring is still more than half full.
    pub fn is_stalled(&mut self) -> bool {
        self.stalled = self.stalled && self.utilization() > 0.5;
        self.stalled
    }

    /// The place in the journal of the last record handed over.
    #[must_use]
    pub const fn pushed(&self) -> u64 {
        self.pushed
    }

    /// How often a record had to wait for room.
    #[must_use]
    pub fn stalls(&self) -> u64 {
        self.shared.stalls.load(Ordering::Relaxed)
    }

    /// Why nothing can be recorded any more, `None` while all is well.
    #[must_use]
    pub fn failed(&self) -> Option<&JournalError> {
        self.shared.failure()
    }

    /// When records of this journal are safe from a loss of power.
    #[must_use]
    pub const fn durability(&self) -> Durability {
        self.durability
    }

    /// Returns when everything recorded so far would survive a loss of power.
    ///
    /// # Errors
    /// [`JournalError`] when it never will.
    pub fn barrier(&mut self) -> Result<(), JournalError> {
        self.shared.sync_wanted.store(self.pushed, Ordering::Release);
        let mut patience = Patience::default();
        while self.shared.durable.load(Ordering::Acquire) < self.pushed {
            self.check_writer()?;
            patience.wait(&self.writer);
        }
        Ok(())
    }

    fn check_writer(&self) -> Result<(), JournalError> {
        if let Some(error) = self.failed() {
            return Err(error.clone());
        }
        if self.ring.is_abandoned() { Err(JournalError::WriterDied) } else { Ok(()) }
    }

    #[cold]
    fn push_slowly(&mut self, message: std::ops::Range<usize>) {
        self.shared.stalls.fetch_add(1, Ordering::Relaxed);
        self.stalled = true;
        let mut patience = Patience::default();
        let mut rest = &self.scratch[message];
        while !rest.is_empty() {
            if self.shared.failure().is_some() || self.ring.is_abandoned() {
                self.shared.fail(JournalError::WriterDied);
                return;
            }
            patience.wait(&self.writer);
            (_, rest) = self.ring.push_partial_slice(rest);
        }
    }
}

/// After a failure nothing is recorded any more: look at [`HotJournal::failed`] before anything
/// that needs a record leaves the program.
impl RecordSink for HotJournal {
    fn record(&mut self, record: &Record<'_>) {
        if self.shared.failure().is_some() {
            return;
        }
        let Some(length) = super::encode(record, &mut self.scratch[MESSAGE_HEAD_BYTES..]) else {
            self.shared.fail(JournalError::RecordTooLarge { limit: MAX_PAYLOAD });
            return;
        };
        let head = u32::try_from(length).expect("a payload is at most 1 MiB").to_le_bytes();
        self.scratch[..4].copy_from_slice(&head);
        self.scratch[4] = RecordKind::of(record) as u8;
        self.pushed += 1;
        let end = MESSAGE_HEAD_BYTES + length;
        let (pushed, rest) = self.ring.push_partial_slice(&self.scratch[..end]);
        if !rest.is_empty() {
            let done = pushed.len();
            self.push_slowly(done..end);
        }
    }
}

/// Waiting for the writer: first a little spinning, then sleeping in short pieces.
#[derive(Default)]
struct Patience {
    turns: u32,
}

impl Patience {
    fn wait(&mut self, writer: &Thread) {
        self.turns = self.turns.saturating_add(1);
        writer.unpark();
        match self.turns {
            0..=16 => std::hint::spin_loop(),
            17..=32 => thread::yield_now(),
            _ => thread::park_timeout(Duration::from_micros(100)),
        }
    }
}

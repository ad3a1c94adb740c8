//! The thread that writes the journal.
//!
//! It takes whatever the ring holds, frames it, hands it to the operating system in one
//! write, and only then tells the world: counters for status lines and metrics, facts for the
//! databases. The first error ends it for good.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;
use rtrb::Consumer;

use super::{
    Disk, Durability, JournalEnd, Position, RecordKind, Shared, appender::Appender,
    hot::MESSAGE_HEAD_BYTES,
};
use crate::{
    Fact, FactLine, JournalError,
    fact::Watermark,
    gauges::FactGauges,
    recovery::{Checkpoint, State},
};

/// How long an idle writer sleeps; it also bounds how stale the counters can be.
const IDLE: Duration = Duration::from_millis(1);
/// The longest a record stays unsynced in the modes that sync.
const SYNC_WINDOW: Duration = Duration::from_millis(5);
/// How much is taken from the ring at once, so that the buffers stay small.
const BATCH_BYTES: usize = 256 * 1024;

/// What a writer needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriterConfig {
    pub(crate) durability: Durability,
    pub(crate) segment_bytes: u64,
}

/// The writer's end of the journal.
pub(crate) struct Writer {
    config: WriterConfig,
    disk: Arc<dyn Disk>,
    appender: Appender,
    ring: Consumer<u8>,
    inbox: Vec<u8>,
    shared: Arc<Shared>,
    state: State,
    last: Option<Position>,
    facts: Option<Sender<FactLine>>,
    fact_gauges: Arc<FactGauges>,
    outgoing: Vec<FactLine>,
    unsynced_since: Option<Instant>,
    orders: u64,
    fills: u64,
}

impl Writer {
    /// A writer that goes on where `end` says, with the state found there.
    pub(crate) fn open(
        config: WriterConfig,
        disk: Arc<dyn Disk>,
        ring: Consumer<u8>,
        shared: Arc<Shared>,
        (end, state): (JournalEnd, State),
    ) -> Result<Self, JournalError> {
        let appender =
            Appender::open(Arc::clone(&disk), end, config.durability, config.segment_bytes)?;
        shared.written.store(appender.written(), Ordering::Release);
        shared.durable.store(appender.durable(), Ordering::Release);
        Ok(Self {
            config,
            disk,
            appender,
            ring,
            inbox: Vec::new(),
            shared,
            state,
            last: None,
            facts: None,
            fact_gauges: Arc::default(),
            outgoing: Vec::new(),
            unsynced_since: None,
            orders: 0,
            fills: 0,
        })
    }

    /// Also hands facts on, as far as there is room for them.
    pub(crate) fn tell(&mut self, facts: Sender<FactLine>, gauges: Arc<FactGauges>) {
        self.facts = Some(facts);
        self.fact_gauges = gauges;
    }

    /// Writes until the session is over or the disk fails.
    pub(crate) fn run(mut self) {
        let _alarm = DeathAlarm(Arc::clone(&self.shared));
        if let Err(error) = self.write_all() {
            self.shared.fail(error);
        }
    }

    fn write_all(&mut self) -> Result<(), JournalError> {
        loop {
            if self.shared.failure().is_some() {
                return Ok(());
            }
            // Looked at before the ring: what was pushed before closing is then still seen.
            let closing = self.shared.closing.load(Ordering::Acquire) || self.ring.is_abandoned();
            let busy = self.turn()?;
            if !busy && closing {
                self.appender.sync()?;
                self.publish();
                self.save_checkpoint();
                return Ok(());
            }
            if !busy {
                thread::park_timeout(IDLE);
            }
        }
    }

    /// Writes what is there, syncs when it is due. `false` when there was nothing to write.
    pub(super) fn turn(&mut self) -> Result<bool, JournalError> {
        let taken = self.take_from_ring();
        if taken {
            self.frame_messages()?;
            self.appender.write()?;
            self.unsynced_since.get_or_insert_with(Instant::now);
        }
        if self.sync_is_due() {
            self.appender.sync()?;
            self.unsynced_since = None;
        }
        if taken {
            self.publish();
            self.hand_on();
            if self.appender.is_full() {
                self.appender.roll()?;
                self.save_checkpoint();
            }
        } else {
            self.shared.durable.store(self.appender.durable(), Ordering::Release);
        }
        Ok(taken)
    }

    fn take_from_ring(&mut self) -> bool {
        let queued = self.ring.slots();
        self.shared.queued.store(queued as u64, Ordering::Relaxed);
        let Ok(chunk) = self.ring.read_chunk(queued.min(BATCH_BYTES)) else { return false };
        let (first, second) = chunk.as_slices();
        self.inbox.extend_from_slice(first);
        self.inbox.extend_from_slice(second);
        chunk.commit_all();
        queued > 0
    }

    /// Frames all whole messages of the inbox and keeps the rest for the next turn.
    fn frame_messages(&mut self) -> Result<(), JournalError> {
        let inbox = std::mem::take(&mut self.inbox);
        let mut rest = inbox.as_slice();
        while let Some((kind, payload, behind)) = split_message(rest) {
            self.frame(kind, payload)?;
            rest = behind;
        }
        let done = inbox.len() - rest.len();
        self.inbox = inbox;
        self.inbox.drain(..done);
        Ok(())
    }

    fn frame(&mut self, kind: u8, payload: &[u8]) -> Result<(), JournalError> {
        let kind = RecordKind::from_byte(kind).ok_or(JournalError::WriterDied)?;
        let position = self.appender.push(kind, payload);
        self.last = Some(position);
        if kind.is_input() {
            self.state.next_input();
        }
        self.orders += u64::from(kind == RecordKind::Placed);
        self.fills += u64::from(kind.is_execution());
        if !kind.is_fact() {
            return Ok(());
        }
        let record = super::decode(kind, payload).ok_or(JournalError::WriterDied)?;
        if let Some(fact) = Fact::of(record) {
            self.state.apply(&fact);
            if self.facts.is_some() {
                let Position { sequence, hash, .. } = position;
                let mark = Watermark { sequence, number: self.state.facts, hash };
                self.outgoing.push(FactLine { mark, fact });
            }
        }
        Ok(())
    }

    fn sync_is_due(&self) -> bool {
        let wanted = self.shared.sync_wanted.load(Ordering::Acquire).min(self.appender.written());
        if wanted > self.appender.durable() {
            return true;
        }
        self.config.durability != Durability::Buffered
            && self.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_WINDOW)
    }

    /// Tells how far the files are.
    fn publish(&self) {
        let shared = &self.shared;
        shared.orders.store(self.orders, Ordering::Relaxed);
        shared.fills.store(self.fills, Ordering::Relaxed);
        shared.bytes.store(self.appender.written_bytes(), Ordering::Relaxed);
        shared.durable.store(self.appender.durable(), Ordering::Release);
        shared.written.store(self.appender.written(), Ordering::Release);
    }

    /// Gives facts to the recorders. What finds no room they read from the journal.
    fn hand_on(&mut self) {
        let Some(facts) = &self.facts else { return };
        for line in self.outgoing.drain(..) {
            self.fact_gauges.note_written(line.mark.number);
            // A line without room is not lost: whoever misses it reads the journal.
            if facts.try_send(line).is_err() {
                self.fact_gauges.note_missed();
            }
        }
    }

    fn save_checkpoint(&self) {
        let Some(position) = self.last else { return };
        let checkpoint = Checkpoint::new(position, self.state.clone());
        if let Err(error) = checkpoint.save(self.disk.as_ref()) {
            tracing::warn!(%error, "no checkpoint saved: the next start reads more");
        }
    }
}

/// Kind and payload of the first message, and what follows it.
fn split_message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (&kind, rest) = rest.split_first()?;
    let (payload, behind) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    debug_assert_eq!(bytes.len(), MESSAGE_HEAD_BYTES + payload.len() + behind.len());
    Some((kind, payload, behind))
}

/// Tells the trading thread when the writer dies of a bug.
struct DeathAlarm(Arc<Shared>);

impl Drop for DeathAlarm {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail(JournalError::WriterDied);
        }
    }
}

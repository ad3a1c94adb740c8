//! The thread between the journal and a recorder.
//!
//! Facts come through a bounded queue. When it overflows, or the recorder was away, or the
//! program was stopped, facts are missing in it; they are then read from the journal. So the
//! journal never waits for a database and a database never misses anything.

#[cfg(test)]
mod tests;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::{
    DatabaseError, Fact, FactLine, Recorder,
    fact::Watermark,
    gauges::FactGauges,
    journal::{Disk, Reader, Shared},
    recovery,
};

/// A batch that is not full waits this long for more.
const LINGER: Duration = Duration::from_millis(100);
const FIRST_DELAY: Duration = Duration::from_millis(10);
const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// When a feeder must give up, shared with whoever ends the program.
#[derive(Debug, Default)]
pub(crate) struct Deadline {
    at: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Deadline {
    pub(crate) fn set(&self, at: Instant) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
        self.changed.notify_all();
    }

    fn has_passed(&self) -> bool {
        let at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        at.is_some_and(|at| Instant::now() >= at)
    }

    /// Sleeps, but not beyond the deadline, also when it is set meanwhile.
    fn sleep(&self, delay: Duration) {
        let wake = Instant::now() + delay;
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let until = at.map_or(wake, |at| at.min(wake));
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            at = self.changed.wait_timeout(at, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Why a feeder ended before it had fed everything.
enum Stop {
    OutOfTime,
    Failed(DatabaseError),
}

/// Feeds one recorder.
pub(crate) struct Feeder {
    recorder: Box<dyn Recorder>,
    facts: Receiver<FactLine>,
    disk: Arc<dyn Disk>,
    journal: Arc<Shared>,
    gauges: Arc<FactGauges>,
    deadline: Arc<Deadline>,
    batch_size: usize,
    batch: Vec<FactLine>,
    /// The last fact recorded or in the batch.
    taken: Watermark,
    /// Where the last reading of the journal ended.
    reader: Option<Reader>,
    jitter: u64,
}

impl Feeder {
    pub(crate) fn new(
        recorder: Box<dyn Recorder>,
        facts: Receiver<FactLine>,
        disk: Arc<dyn Disk>,
        journal: Arc<Shared>,
        gauges: Arc<FactGauges>,
        batch_size: usize,
    ) -> Self {
        let taken = recorder.watermark();
        gauges.note_recorded(taken.number);
        Self {
            recorder,
            facts,
            disk,
            journal,
            gauges,
            deadline: Arc::default(),
            batch_size: batch_size.max(1),
            batch: Vec::new(),
            taken,
            reader: None,
            jitter: RandomState::new().build_hasher().finish() | 1,
        }
    }

    /// Where the end of the program is announced.
    pub(crate) fn deadline(&self) -> Arc<Deadline> {
        Arc::clone(&self.deadline)
    }

    /// Feeds until the journal's writer has ended and everything is recorded.
    pub(crate) fn run(mut self) {
        match self.feed() {
            Ok(()) => {}
            Err(Stop::OutOfTime) => {
                let behind = self.gauges.lag();
                tracing::warn!(behind, "the database is behind; the next start catches up");
            }
            Err(Stop::Failed(error)) => {
                let error = self.save_for_people(error);
                self.gauges.note_failure(error);
            }
        }
    }

    fn feed(&mut self) -> Result<(), Stop> {
        self.catch_up()?;
        let mut flush_at = None;
        loop {
            self.gauges.note_queued(self.facts.len());
            let wait =
                flush_at.map_or(LINGER, |at: Instant| at.saturating_duration_since(Instant::now()));
            match self.facts.recv_timeout(wait) {
                Ok(line) => {
                    flush_at.get_or_insert_with(|| Instant::now() + LINGER);
                    self.take(line)?;
                    if self.batch.is_empty() {
                        flush_at = None;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.flush()?;
                    flush_at = None;
                    self.catch_up()?;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.flush()?;
                    return self.catch_up();
                }
            }
        }
    }

    fn take(&mut self, line: FactLine) -> Result<(), Stop> {
        if line.mark.number <= self.taken.number {
            return Ok(());
        }
        if line.mark.number > self.taken.number + 1 {
            self.flush()?;
            return self.catch_up();
        }
        self.taken = line.mark;
        self.batch.push(line);
        if self.batch.len() >= self.batch_size { self.flush() } else { Ok(()) }
    }

    /// Reads from the journal what the queue did not bring.
    fn catch_up(&mut self) -> Result<(), Stop> {
        let goal = self.gauges.written();
        if goal <= self.taken.number {
            return Ok(());
        }
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::near(Arc::clone(&self.disk), self.taken.sequence)
                .map_err(|source| self.unreadable(source))?,
        };
        reader.stop_after(self.journal.written.load(std::sync::atomic::Ordering::Acquire));
        while self.taken.number < goal {
            let line = match next_fact(&mut reader, self.taken) {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(source) => return Err(self.unreadable(source)),
            };
            self.taken = line.mark;
            self.batch.push(line);
            if self.batch.len() >= self.batch_size {
                self.flush()?;
            }
        }
        self.reader = Some(reader);
        self.flush()
    }

    fn unreadable(&self, source: crate::JournalError) -> Stop {
        Stop::Failed(DatabaseError::Journal { path: self.recorder.name().into(), source })
    }

    /// Writes the batch, again and again while the recorder is only away.
    fn flush(&mut self) -> Result<(), Stop> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let mut delay = FIRST_DELAY;
        loop {
            let began = Instant::now();
            match self.recorder.write(&self.batch) {
                Ok(()) => {
                    self.gauges.note_batch(began.elapsed());
                    self.gauges.note_recorded(self.taken.number);
                    self.batch.clear();
                    return Ok(());
                }
                Err(error @ DatabaseError::Unavailable { .. }) => {
                    self.gauges.note_retry();
                    if self.deadline.has_passed() {
                        return Err(Stop::OutOfTime);
                    }
                    tracing::debug!(%error, ?delay, "the database has to wait");
                    let jitter = self.next_jitter(delay);
                    self.deadline.sleep(delay + jitter);
                    delay = (delay * 2).min(LONGEST_DELAY);
                }
                Err(error) => return Err(Stop::Failed(error)),
            }
        }
    }

    /// Up to half of `delay`, so that two programs do not knock in step.
    fn next_jitter(&mut self, delay: Duration) -> Duration {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        let half = u64::try_from(delay.as_nanos() / 2).unwrap_or(u64::MAX).max(1);
        Duration::from_nanos(self.jitter % half)
    }

    /// Leaves positions and cash beside a database that is lost.
    fn save_for_people(&self, error: DatabaseError) -> DatabaseError {
        let DatabaseError::Corrupt { .. } = error else { return error };
        match recovery::recover(&self.disk) {
            Ok(found) => recovery::save_for_people(error, &found.state),
            Err(_) => error,
        }
    }
}

/// The fact after `taken`, `None` when the reader has come to its end.
pub(crate) fn next_fact(
    reader: &mut Reader,
    taken: Watermark,
) -> Result<Option<FactLine>, crate::JournalError> {
    while let Some(entry) = reader.next()? {
        if entry.sequence() <= taken.sequence || !entry.kind().is_fact() {
            continue;
        }
        let (sequence, hash) = (entry.sequence(), entry.hash());
        if let Some(fact) = Fact::of(entry.record()?) {
            let mark = Watermark { sequence, number: taken.number + 1, hash };
            return Ok(Some(FactLine { mark, fact }));
        }
    }
    Ok(None)
}

//! The storage of one data directory: opened, started, finished.
//!
//! Opening takes the lock and finds out where the last run ended. Starting hands out the
//! trading thread's end of the journal and sets the writer and the database to work on
//! threads of their own. Finishing writes everything down and says what there is.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use domain::{
    Record, RecordSink, RunNumber,
    record::{AccountRecord, SessionStarted},
};
use serde::Serialize;

use crate::{
    DatabaseError, Durability, HotJournal, Recorder, State, StorageError, StorageGauges, TornTail,
    feeder::{Deadline, Feeder},
    gauges::FactGauges,
    journal::{self, DirectoryLock, Disk, Folder, JournalEnd, Shared, Writer, WriterConfig},
    recovery::{self, Recovery},
    sqlite::{self, Database},
};

/// How long a start waits for a database that somebody else holds.
const OPEN_PATIENCE: Duration = Duration::from_secs(15);
const OPEN_PAUSE: Duration = Duration::from_millis(250);

/// How storage is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The folder that holds the journal, the lock and usually the database.
    pub data_dir: PathBuf,
    /// The database; `None` for a journal alone.
    pub database_path: Option<PathBuf>,
    /// When records are safe from a loss of power.
    pub durability: Durability,
    /// How many facts the database takes at once.
    pub batch_size: usize,
    /// How many facts may wait for the database before it has to read the journal.
    pub persist_channel_size: usize,
    /// Size at which a journal file is full.
    pub segment_bytes: u64,
    /// Bytes between the trading thread and the journal's writer.
    pub ring_bytes: usize,
}

impl StoreConfig {
    /// The defaults for a data directory.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        Self {
            database_path: Some(data_dir.join("strategy.db")),
            data_dir,
            durability: Durability::default(),
            batch_size: 100,
            persist_channel_size: 10_000,
            segment_bytes: 64 << 20,
            ring_bytes: 1 << 20,
        }
    }
}

/// What the last run left behind.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The number the next run must have.
    pub next_run: RunNumber,
    /// What a crash tore off the end of the journal, `None` after an orderly end.
    pub torn: Option<TornTail>,
    /// Accounts, open orders, kill switch and the last session.
    pub state: State,
    /// Records in the journal.
    pub records: u64,
    /// How many of them had to be read to know this.
    pub records_read: u64,
    /// How long that took.
    pub took: Duration,
}

/// What a run has written.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Records in the journal, over all runs.
    pub records: u64,
    /// Bytes this run added to the journal.
    pub bytes: u64,
    /// Orders this run added.
    pub orders: u64,
    /// Fills this run added.
    pub fills: u64,
    /// How often the trading thread had to wait for the journal.
    pub stalls: u64,
    /// The database, `None` when there is none.
    pub database: Option<DatabaseSummary>,
}

/// How the database stands at the end of a run.
#[derive(Clone, Debug, Serialize)]
pub struct DatabaseSummary {
    /// Where it is.
    pub path: PathBuf,
    /// Facts of the journal that are not in it yet; the next start catches up.
    pub lag: u64,
    /// How often a batch had to wait because somebody else held the database.
    pub retries: u64,
    /// Why it stopped, if it did.
    #[serde(serialize_with = "as_text")]
    pub error: Option<DatabaseError>,
}

#[expect(clippy::ref_option, reason = "serde asks for this signature")]
fn as_text<S: serde::Serializer>(
    error: &Option<DatabaseError>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    error.as_ref().map(ToString::to_string).serialize(serializer)
}

/// The storage of one data directory, held by this process alone.
pub struct Store {
    config: StoreConfig,
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    facts: Arc<FactGauges>,
    stage: Stage,
    // Dropped last: nobody else may come in while anything is still being written.
    _lock: DirectoryLock,
}

enum Stage {
    Opened { end: JournalEnd, state: Box<State>, next_run: RunNumber, database: Option<Database> },
    Running { writer: JoinHandle<()>, feeder: Option<(JoinHandle<()>, Arc<Deadline>)> },
    Finished,
}

impl Store {
    /// Opens a data directory and reads where the last run ended.
    ///
    /// # Errors
    /// [`StorageError::InUse`] when another process has it, [`StorageError::Journal`] when the
    /// journal is damaged, [`StorageError::Database`] when the database is.
    pub fn open(config: StoreConfig) -> Result<(Self, Recovered), StorageError> {
        let began = Instant::now();
        let lock = DirectoryLock::take(&config.data_dir)?;
        let folder = journal::folder(&config.data_dir);
        let disk: Arc<dyn Disk> = Arc::new(
            Folder::create(&folder).map_err(|error| StorageError::folder(&folder, error))?,
        );
        let Recovery { state, end, torn, records_read } = recovery::recover(&disk)?;
        let next_run = match &state.session {
            None => RunNumber::FIRST,
            Some(session) => session
                .run
                .next()
                .ok_or_else(|| StorageError::RunsUsedUp { data_dir: config.data_dir.clone() })?,
        };
        let database = open_database(&config, &disk, (&end, &state))?;

        let (shared, facts) = (Arc::<Shared>::default(), Arc::<FactGauges>::default());
        shared.written.store(end.sequence, Ordering::Release);
        facts.note_written(state.facts);
        facts.note_recorded(database.as_ref().map_or(state.facts, |one| one.watermark().number));
        let recovered = Recovered {
            next_run,
            torn,
            state: state.clone(),
            records: end.sequence,
            records_read,
            took: began.elapsed(),
        };
        let stage = Stage::Opened { end, state: Box::new(state), next_run, database };
        Ok((Self { config, disk, shared, facts, stage, _lock: lock }, recovered))
    }

    /// Begins a run: `session` becomes its first record and is on disk when this returns.
    ///
    /// # Errors
    /// [`StorageError::Journal`] when that fails.
    ///
    /// # Panics
    /// When the store was started before, or `session` has not the run number that
    /// [`Recovered`] asked for: its order ids would not be unique.
    pub fn start(&mut self, session: SessionStarted) -> Result<HotJournal, StorageError> {
        let Stage::Opened { end, state, next_run, database } =
            std::mem::replace(&mut self.stage, Stage::Finished)
        else {
            panic!("a store is started once");
        };
        assert_eq!(session.run, next_run, "each run has its own number");
        let (sender, ring) = rtrb::RingBuffer::new(self.config.ring_bytes.max(64));
        let writer_config = WriterConfig {
            durability: self.config.durability,
            segment_bytes: self.config.segment_bytes,
        };
        let unrecorded = unrecorded_accounts(&state, &session);
        let mut writer = Writer::open(
            writer_config,
            Arc::clone(&self.disk),
            ring,
            Arc::clone(&self.shared),
            (end, *state),
        )?;
        let feeder = match database {
            Some(database) => Some(self.start_feeder(database, &mut writer)?),
            None => None,
        };
        let writer = self.spawn("journal", move || writer.run())?;
        let thread = writer.thread().clone();
        self.stage = Stage::Running { writer, feeder };

        let durability = self.config.durability;
        let mut hot = HotJournal::new(sender, Arc::clone(&self.shared), thread, durability);
        hot.record(&Record::SessionStarted(Box::new(session)));
        for account in unrecorded {
            hot.record(&Record::Account(account));
        }
        // The run number must not be given twice, whatever happens next.
        hot.barrier()?;
        Ok(hot)
    }

    /// Counters that any thread may read.
    #[must_use]
    pub fn gauges(&self) -> StorageGauges {
        StorageGauges {
            journal: Arc::clone(&self.shared),
            facts: Arc::clone(&self.facts),
            ring_bytes: self.config.ring_bytes,
            channel_size: self.config.persist_channel_size,
        }
    }

    /// Ends the run: writes and syncs the journal, then gives the database `patience` to
    /// follow. A database that does not make it is reported, not an error.
    ///
    /// # Errors
    /// [`StorageError::Journal`] when the journal had stopped: what came after is not kept.
    pub fn finish(mut self, patience: Duration) -> Result<Summary, StorageError> {
        self.stop(patience);
        if let Some(error) = self.shared.failure() {
            return Err(error.clone().into());
        }
        let gauges = self.gauges();
        let database = self.config.database_path.clone().map(|path| DatabaseSummary {
            path,
            lag: gauges.database_lag(),
            retries: gauges.database_retries(),
            error: gauges.database_failure().cloned(),
        });
        Ok(Summary {
            records: gauges.written(),
            bytes: gauges.bytes(),
            orders: gauges.orders(),
            fills: gauges.fills(),
            stalls: gauges.stalls(),
            database,
        })
    }

    fn start_feeder(
        &self,
        database: Database,
        writer: &mut Writer,
    ) -> Result<(JoinHandle<()>, Arc<Deadline>), StorageError> {
        let (sender, receiver) =
            crossbeam_channel::bounded(self.config.persist_channel_size.max(1));
        writer.tell(sender, Arc::clone(&self.facts));
        let feeder = Feeder::new(
            Box::new(database),
            receiver,
            Arc::clone(&self.disk),
            Arc::clone(&self.shared),
            Arc::clone(&self.facts),
            self.config.batch_size,
        );
        let deadline = feeder.deadline();
        Ok((self.spawn("database", move || feeder.run())?, deadline))
    }

    fn spawn(
        &self,
        name: &str,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<JoinHandle<()>, StorageError> {
        thread::Builder::new()
            .name(name.into())
            .spawn(body)
            .map_err(|error: io::Error| StorageError::folder(&self.config.data_dir, error))
    }

    fn stop(&mut self, patience: Duration) {
        let Stage::Running { writer, feeder } = std::mem::replace(&mut self.stage, Stage::Finished)
        else {
            return;
        };
        self.shared.closing.store(true, Ordering::Release);
        writer.thread().unpark();
        if writer.join().is_err() {
            tracing::error!("the journal's writer panicked");
        }
        if let Some((feeder, deadline)) = feeder {
            deadline.set(Instant::now() + patience);
            if feeder.join().is_err() {
                tracing::error!("the database thread panicked; the next start catches up");
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(1));
    }
}

/// The accounts that a continuing session takes over and that no record states, because the
/// run before was stopped between a fill and its account.
fn unrecorded_accounts(state: &State, session: &SessionStarted) -> Vec<AccountRecord> {
    let taken_over = state.accounts.iter().filter(|one| session.continued && one.unrecorded);
    taken_over.filter_map(|account| account.record(session, session.opening_cash)).collect()
}

/// Opens the database and makes sure that it belongs to the journal.
///
/// A loss of power may take the end of a journal that was not synced, but not what the
/// database had made of it. Our own database is then made anew; another one is refused, and
/// so is one whose journal is gone: it may be the only memory of what was traded.
fn open_database(
    config: &StoreConfig,
    disk: &Arc<dyn Disk>,
    (end, state): (&JournalEnd, &State),
) -> Result<Option<Database>, StorageError> {
    let Some(path) = &config.database_path else { return Ok(None) };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| StorageError::folder(folder, error))?;
    }
    let saved = |error| StorageError::from(recovery::save_for_people(error, state));
    let database = open_patiently(path).map_err(saved)?;
    match database.check_origin(disk) {
        Ok(()) => Ok(Some(database)),
        Err(DatabaseError::OtherJournal { sequence, .. })
            if end.sequence > 0
                && sequence > end.sequence
                && path.starts_with(&config.data_dir) =>
        {
            tracing::warn!(
                sequence,
                journal = end.sequence,
                "the database is ahead: rebuilding it"
            );
            drop(database);
            sqlite::rebuild_locked(&config.data_dir, path)?;
            Ok(Some(Database::open(path)?))
        }
        Err(error) => Err(saved(error)),
    }
}

fn open_patiently(path: &Path) -> Result<Database, DatabaseError> {
    let give_up = Instant::now() + OPEN_PATIENCE;
    loop {
        match Database::open(path) {
            Err(error @ DatabaseError::Unavailable { .. }) if Instant::now() < give_up => {
                tracing::warn!(%error, "waiting for the database");
                thread::sleep(OPEN_PAUSE);
            }
            done => return done,
        }
    }
}

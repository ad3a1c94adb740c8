//! The database for people: a projection of the journal into SQLite.
//!
//! One connection on one thread, in WAL mode, so readers never wait. Every batch is one
//! transaction that also moves the watermark: the rows and the place in the journal they
//! come from are always of one piece. A kill of the program loses nothing, a loss of power
//! at most the last batches, which the next start writes again from the journal.

mod average;
mod load;
mod memory;
mod rebuild;
mod schema;
#[cfg(test)]
mod tests;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

pub use rebuild::{Rebuilt, rebuild};

pub(crate) use rebuild::rebuild_locked;

pub(crate) use write::liquidity_name;

use self::{
    load::Tables,
    memory::{Memory, RowError, Rows},
};
use crate::{
    DatabaseError, FactLine, JournalError, Recorder,
    fact::Watermark,
    journal::{Disk, Reader},
};

/// Larger databases are not read through at every start.
const CHECKED_BYTES: u64 = 64 << 20;
/// How long SQLite itself waits for a lock; the feeder waits longer and can be interrupted.
const LOCK_PATIENCE: Duration = Duration::from_millis(50);

/// An open database.
pub struct Database {
    connection: Connection,
    path: PathBuf,
    watermark: Watermark,
    memory: Memory,
}

impl Database {
    /// Opens a database, makes one where there is none.
    ///
    /// # Errors
    /// [`DatabaseError::Corrupt`], [`DatabaseError::OtherSchema`],
    /// [`DatabaseError::Unavailable`] when somebody holds a lock.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let failed = |error| DatabaseError::from_sqlite(path.to_path_buf(), error);
        let mut connection = Connection::open(path).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        match schema::version(&connection).map_err(failed)? {
            0 if is_empty(&connection).map_err(failed)? => {
                schema::create(&mut connection).map_err(failed)?;
            }
            schema::VERSION => check(&connection, path)?,
            found => {
                let (path, supported) = (path.to_path_buf(), schema::VERSION);
                return Err(DatabaseError::OtherSchema { path, found, supported });
            }
        }
        let watermark = load::watermark(&connection).map_err(failed)?;
        let memory = load::memory(&connection).map_err(failed)?;
        Ok(Self { connection, path: path.to_path_buf(), watermark, memory })
    }

    /// Checks that the database was made from this journal.
    ///
    /// # Errors
    /// [`DatabaseError::OtherJournal`] when it was not.
    pub(crate) fn check_origin(&self, disk: &Arc<dyn Disk>) -> Result<(), DatabaseError> {
        let path = || self.path.clone();
        let Watermark { sequence, hash, .. } = self.watermark;
        if sequence == 0 {
            return Ok(());
        }
        let unreadable = |source: JournalError| DatabaseError::Journal { path: path(), source };
        let mut reader = Reader::near(Arc::clone(disk), sequence).map_err(unreadable)?;
        reader.stop_after(sequence);
        while let Some(entry) = reader.next().map_err(unreadable)? {
            if entry.sequence() == sequence && entry.hash() == hash {
                return Ok(());
            }
        }
        Err(DatabaseError::OtherJournal { path: path(), sequence })
    }

    fn write_batch(&mut self, batch: &[FactLine], last: Watermark) -> Result<(), DatabaseError> {
        let path = self.path.clone();
        let failed = |error| DatabaseError::from_sqlite(path.clone(), error);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let mut memory = self.memory.clone();
        let mut rows = Rows::default();
        for line in batch {
            let applied = memory.apply(&line.fact, &Tables(&transaction), &mut rows);
            applied.map_err(|error| match error {
                RowError::Table(error) => failed(error),
                RowError::Unfit(what) => {
                    let (path, sequence) = (path.clone(), line.mark.sequence);
                    DatabaseError::Unfit { path, sequence, what }
                }
            })?;
        }
        write::write(&transaction, &rows, &memory.orders, last).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        memory.forget_finished();
        self.memory = memory;
        self.watermark = last;
        Ok(())
    }

    /// Puts everything into the main file, so that it can be moved.
    fn close(self) -> Result<(), DatabaseError> {
        let path = self.path;
        let moved = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let closed = self.connection.close().map_err(|(_, error)| error);
        moved.and(closed).map_err(|error| DatabaseError::from_sqlite(path, error))
    }
}

impl Recorder for Database {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn watermark(&self) -> Watermark {
        self.watermark
    }

    fn write(&mut self, batch: &[FactLine]) -> Result<(), DatabaseError> {
        match batch.last() {
            Some(last) => self.write_batch(batch, last.mark),
            None => Ok(()),
        }
    }
}

/// Opens an existing database to read it.
///
/// Nothing is changed, with one exception: a change that a killed program left half done in
/// the main file is taken back, because SQLite refuses to read past it.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, DatabaseError> {
    let failed = |error| DatabaseError::from_sqlite(path.to_path_buf(), error);
    let reading = || look(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let is_half_done = |error: &rusqlite::Error| {
        let code = error.sqlite_error().map(|error| error.extended_code);
        code == Some(rusqlite::ffi::SQLITE_READONLY_ROLLBACK)
    };
    match reading() {
        Err(error) if is_half_done(&error) => {
            look(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
            reading().map_err(failed)
        }
        done => done.map_err(failed),
    }
}

/// Opens a database and reads something, so that whatever is in the way shows now.
fn look(path: &Path, mode: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(LOCK_PATIENCE)?;
    is_empty(&connection)?;
    Ok(connection)
}

/// How far the database of a connection has come.
pub(crate) fn watermark_of(connection: &Connection) -> rusqlite::Result<Watermark> {
    load::watermark(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCK_PATIENCE)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -512)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

/// Whether nobody has made tables yet: a start that was killed leaves such a file.
pub(crate) fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

/// Reads a database of moderate size through, so that a bad page is found before trading.
fn check(connection: &Connection, path: &Path) -> Result<(), DatabaseError> {
    let failed = |error| DatabaseError::from_sqlite(path.to_path_buf(), error);
    if path.metadata().is_ok_and(|file| file.len() > CHECKED_BYTES) {
        return Ok(());
    }
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if verdict == "ok" {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(failed(rusqlite::Error::SqliteFailure(code, Some(verdict))))
}

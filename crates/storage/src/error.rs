//! What can go wrong while remembering, named for what the caller should do next.
//!
//! A journal that failed once is never written again by the same process: after a failed
//! write or sync nobody knows what the disk holds, so the next start finds out.

use std::{io, path::PathBuf, sync::Arc};

/// The journal cannot go on or cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// Stop, make room, start again.
    #[error(
        "no space left on the disk for {path}: free some space there and start again; \
         everything acknowledged so far is kept"
    )]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Stop and start again: the file's end is in doubt.
    #[error("cannot write {path}: {source}; the journal is stopped, start again to recover")]
    WriteFailed {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Stop and start again: data handed to the disk may be gone.
    #[error(
        "cannot make {path} durable: {source}; this is never retried, \
         check the disk and start again to recover"
    )]
    SyncFailed {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Check the permissions and the disk.
    #[error("cannot read {path}: {source}")]
    ReadFailed {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Restore the file from a backup: good records follow the bad place, so this is not the
    /// torn end of a crash.
    #[error("{path} is damaged at byte {offset}, where record {sequence} should be: {what}")]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the bad record begins.
        offset: u64,
        /// Its expected place in the journal.
        sequence: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Use the program version that wrote it.
    #[error("{path} has journal format {found}, this program reads format {supported}")]
    OtherFormat {
        /// The segment.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        supported: u32,
    },
    /// Stop: a record was offered that no limit allows.
    #[error("a record is larger than the limit of {limit} bytes")]
    RecordTooLarge {
        /// The limit.
        limit: usize,
    },
    /// Stop and start again: the writer thread died of a bug.
    #[error("the journal's writer thread ended unexpectedly, start again to recover")]
    WriterDied,
}

impl JournalError {
    pub(crate) fn from_write(path: PathBuf, source: io::Error) -> Self {
        let source = Arc::new(source);
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, source }
            }
            _ => Self::WriteFailed { path, source },
        }
    }

    pub(crate) fn from_read(path: PathBuf, source: io::Error) -> Self {
        Self::ReadFailed { path, source: Arc::new(source) }
    }

    pub(crate) fn from_sync(path: PathBuf, source: io::Error) -> Self {
        Self::SyncFailed { path, source: Arc::new(source) }
    }
}

/// The database cannot go on. The journal is not concerned.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Run `algopioneer rebuild`: the file is no longer a sound database.
    #[error(
        "the database {path} is corrupted ({source}); run `algopioneer rebuild` to make a new \
         one from the journal{}", saved_at(snapshot.as_ref())
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// Where positions and cash were written down for people.
        snapshot: Option<PathBuf>,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// Name another file, or run `algopioneer rebuild` to overwrite this one.
    #[error(
        "the database {path} does not belong to this journal (it has seen record {sequence}, \
         which is not the same here); run `algopioneer rebuild` or name another database"
    )]
    OtherJournal {
        /// The database.
        path: PathBuf,
        /// The last record it has seen.
        sequence: u64,
    },
    /// Use the program version that made it, or run `algopioneer rebuild`.
    #[error("the database {path} has schema {found}, this program knows {supported}")]
    OtherSchema {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        supported: i64,
    },
    /// Wait and try the same again: somebody holds a lock, or the disk is full.
    #[error("the database {path} cannot be used at the moment: {source}")]
    Unavailable {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// Report a bug: a record could not be turned into a row.
    #[error("record {sequence} does not fit the database {path}: {what}")]
    Unfit {
        /// The database.
        path: PathBuf,
        /// The record.
        sequence: u64,
        /// What is wrong.
        what: String,
    },
    /// Check the message.
    #[error("the database {path} failed: {source}")]
    Failed {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// Repair the journal first: the database could not catch up from it.
    #[error("the database {path} cannot catch up")]
    Journal {
        /// The database.
        path: PathBuf,
        /// What is wrong with the journal.
        source: JournalError,
    },
}

fn saved_at(snapshot: Option<&PathBuf>) -> String {
    snapshot.map_or_else(String::new, |path| {
        format!("; positions and cash were saved in {}", path.display())
    })
}

impl DatabaseError {
    pub(crate) fn from_sqlite(path: PathBuf, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let source = Arc::new(source);
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { path, snapshot: None, source }
            }
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen,
            ) => Self::Unavailable { path, source },
            _ => Self::Failed { path, source },
        }
    }
}

/// Everything the storage can refuse to do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// Stop the other process or name another folder.
    #[error("{data_dir} is in use by another process; stop it or choose another --data-dir")]
    InUse {
        /// The data directory.
        data_dir: PathBuf,
    },
    /// Check the folder and its permissions.
    #[error("cannot use {path}: {source}")]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Start a new data directory: this one has used up its run numbers.
    #[error("{data_dir} has used all run numbers; choose another --data-dir")]
    RunsUsedUp {
        /// The data directory.
        data_dir: PathBuf,
    },
    /// The journal is in the way.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database is in the way.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl StorageError {
    pub(crate) fn folder(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Folder { path: path.into(), source: Arc::new(source) }
    }
}

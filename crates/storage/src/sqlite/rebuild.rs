//! A new database from the journal, for when the old one is lost or not trusted.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;

use super::Database;
use crate::{
    FactLine, Recorder, StorageError,
    feeder::next_fact,
    journal::{self, DirectoryLock, Disk, Folder, Reader, TornTail},
};

const BATCH: usize = 1_000;

/// What a rebuild did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// The new database.
    pub database: PathBuf,
    /// Records of the journal that were read.
    pub records: u64,
    /// Facts that were written.
    pub facts: u64,
    /// The incomplete end a crash left in the journal, passed over.
    pub torn: Option<TornTail>,
}

/// Makes a new database from the journal of `data_dir` and puts it in the place of the old
/// one, all at once: a rebuild that is interrupted leaves the old one as it was.
///
/// # Errors
/// [`StorageError::InUse`] while a run is writing, [`StorageError::Journal`] for a damaged
/// journal, [`StorageError::Database`] and [`StorageError::Folder`] when writing fails.
pub fn rebuild(data_dir: &Path, database: &Path) -> Result<Rebuilt, StorageError> {
    let _lock = DirectoryLock::take(data_dir)?;
    rebuild_locked(data_dir, database)
}

/// The same for whoever holds the lock already.
pub(crate) fn rebuild_locked(data_dir: &Path, database: &Path) -> Result<Rebuilt, StorageError> {
    let draft = beside(database, ".rebuild");
    for leftover in [draft.clone(), beside(&draft, "-wal"), beside(&draft, "-shm")] {
        remove(&leftover)?;
    }
    let disk: Arc<dyn Disk> = Arc::new(Folder::at(&journal::folder(data_dir)));
    let mut reader = Reader::new(disk);
    let mut target = Database::open(&draft)?;
    fill(&mut target, &mut reader)?;
    let facts = target.watermark().number;
    target.close()?;

    let failed = |error| StorageError::folder(database, error);
    File::open(&draft).and_then(|file| file.sync_all()).map_err(failed)?;
    // A log of the old database must not be played into the new one.
    remove(&beside(database, "-wal"))?;
    remove(&beside(database, "-shm"))?;
    fs::rename(&draft, database).map_err(failed)?;
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    let torn = reader.torn().cloned();
    Ok(Rebuilt { database: database.to_path_buf(), records: reader.sequence(), facts, torn })
}

fn fill(target: &mut Database, reader: &mut Reader) -> Result<(), StorageError> {
    let mut batch: Vec<FactLine> = Vec::with_capacity(BATCH);
    let mut taken = target.watermark();
    while let Some(line) = next_fact(reader, taken)? {
        taken = line.mark;
        batch.push(line);
        if batch.len() == BATCH {
            target.write(&batch)?;
            batch.clear();
        }
    }
    Ok(target.write(&batch)?)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(path: &Path) -> Result<(), StorageError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StorageError::folder(path, error))
        }
        _ => Ok(()),
    }
}

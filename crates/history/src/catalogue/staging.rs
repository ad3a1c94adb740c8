//! Files that are put aside until an import is complete.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::error::{ImportError, ReadError};

/// Everything about a running import, below the catalogue.
const FOLDER: &str = "_import";
const STAGED: &str = "staged";
const RUNS: &str = "runs";
/// The list of files to move. Once it is there, the import has happened.
const LIST: &str = "commit.json";
const NEW_LIST: &str = "commit.json.new";

#[derive(Serialize, Deserialize)]
struct List {
    files: Vec<PathBuf>,
}

/// The right to change a catalogue, and a place for new files.
pub(crate) struct Staging {
    dir: PathBuf,
    files: Vec<PathBuf>,
    _lock: File,
}

impl Staging {
    /// Takes the lock of a catalogue and clears away what an earlier import left.
    pub(crate) fn begin(dir: &Path) -> Result<Self, ImportError> {
        let folder = dir.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| ImportError::write(&folder, error))?;
        let lock = lock_file(dir).map_err(|error| ImportError::write(&folder, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ImportError::Busy { path: folder }),
            Err(TryLockError::Error(error)) => return Err(ImportError::write(&folder, error)),
        }
        let cleared = finish_or_discard(dir).and_then(|()| fs::create_dir_all(folder.join(RUNS)));
        cleared.map_err(|error| ImportError::write(&folder, error))?;
        Ok(Self { dir: dir.to_owned(), files: Vec::new(), _lock: lock })
    }

    /// A place for rows that do not fit into memory.
    pub(crate) fn run(&self, number: usize) -> PathBuf {
        self.dir.join(FOLDER).join(RUNS).join(number.to_string())
    }

    /// Where a file of the catalogue is written first.
    pub(crate) fn place(&self, file: &Path) -> PathBuf {
        self.dir.join(FOLDER).join(STAGED).join(file)
    }

    /// The file at its first place is complete and belongs to the import.
    pub(crate) fn keep(&mut self, file: PathBuf) {
        self.files.push(file);
    }

    /// Moves all kept files into place, or none of them.
    pub(crate) fn commit(mut self) -> Result<(), ImportError> {
        let folder = self.dir.join(FOLDER);
        let files = std::mem::take(&mut self.files);
        if files.is_empty() {
            return Ok(());
        }
        sync(&folder)
            .and_then(|()| write_list(&folder, files))
            .and_then(|()| finish_or_discard(&self.dir))
            .map_err(|error| ImportError::write(&folder, error))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let folder = self.dir.join(FOLDER);
        // Without a list nothing has happened; what stays behind is cleared by the next import.
        if !folder.join(LIST).exists() {
            let _ = discard(&folder);
        }
    }
}

fn lock_file(dir: &Path) -> io::Result<File> {
    let path = dir.join(FOLDER).join("lock");
    File::options().create(true).truncate(false).write(true).open(path)
}

fn write_list(folder: &Path, files: Vec<PathBuf>) -> io::Result<()> {
    let new = folder.join(NEW_LIST);
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(&List { files })?)?;
    file.sync_all()?;
    fs::rename(new, folder.join(LIST))?;
    File::open(folder)?.sync_all()
}

/// Finishes an import whose list is there.
pub(super) fn recover(dir: &Path) -> Result<(), ReadError> {
    let list = dir.join(FOLDER).join(LIST);
    if !list.exists() {
        return Ok(());
    }
    let finish = || -> io::Result<()> {
        let lock = lock_file(dir)?;
        lock.lock()?;
        finish_or_discard(dir)
    };
    finish().map_err(|error| ReadError::open(&list, error))
}

fn finish_or_discard(dir: &Path) -> io::Result<()> {
    let folder = dir.join(FOLDER);
    let list = folder.join(LIST);
    match fs::read(&list) {
        Ok(text) => {
            let List { files } = serde_json::from_slice(&text)?;
            for file in &files {
                move_into_place(dir, &folder.join(STAGED).join(file), file)?;
            }
            sync(&folder)?;
            fs::remove_file(&list)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    discard(&folder)
}

/// Moves one file, unless that has been done already.
fn move_into_place(dir: &Path, staged: &Path, file: &Path) -> io::Result<()> {
    let target = dir.join(file);
    let folder = target.parent().unwrap_or(dir);
    fs::create_dir_all(folder)?;
    match fs::rename(staged, &target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && target.exists() => Ok(()),
        result => result,
    }
}

/// Brings everything that was written to the disk: once for thousands of files, of which each
/// alone would cost as much.
fn sync(folder: &Path) -> io::Result<()> {
    let folder = File::open(folder)?;
    #[cfg(target_os = "linux")]
    nix::unistd::syncfs(&folder)?;
    #[cfg(not(target_os = "linux"))]
    {
        drop(folder);
        nix::unistd::sync();
    }
    Ok(())
}

fn discard(folder: &Path) -> io::Result<()> {
    for name in [STAGED, RUNS] {
        match fs::remove_dir_all(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

//! One process at a time in a data directory.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::Path,
};

use crate::StorageError;

/// Held as long as this process may write. The operating system lifts it when the process
/// ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock of `data_dir`, which is made if necessary.
    pub(crate) fn take(data_dir: &Path) -> Result<Self, StorageError> {
        fs::create_dir_all(data_dir).map_err(|error| StorageError::folder(data_dir, error))?;
        let path = data_dir.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| StorageError::folder(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(StorageError::InUse { data_dir: data_dir.to_path_buf() })
            }
            Err(TryLockError::Error(error)) => Err(StorageError::folder(path, error)),
        }
    }
}

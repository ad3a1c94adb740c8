//! The folder of downloads: files appear in it complete or not at all.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::DownloadError;

/// Below the catalogue; readers of Parquet folders leave out names with this beginning.
const FOLDER: &str = "_downloads";

/// The folder, and the right to use it.
pub(crate) struct Shelf {
    dir: PathBuf,
    _lock: File,
}

impl Shelf {
    pub(crate) fn open(catalogue: &Path) -> Result<Self, DownloadError> {
        let dir = catalogue.join(FOLDER);
        let path = dir.join("lock");
        let open = || -> io::Result<File> {
            fs::create_dir_all(&dir)?;
            File::options().create(true).truncate(false).write(true).open(&path)
        };
        let lock = open().map_err(|error| DownloadError::disk(&path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DownloadError::Busy { path }),
            Err(TryLockError::Error(error)) => Err(DownloadError::disk(&path, error)),
        }
    }

    pub(crate) fn path(&self, file: &Path) -> PathBuf {
        self.dir.join(file)
    }

    /// Puts a small file in its place.
    pub(crate) fn put(&self, file: &Path, content: &[u8]) -> Result<(), DownloadError> {
        let mut part = self.part(file)?;
        part.write(content)?;
        part.finish()
    }

    /// A file that is being fetched.
    pub(crate) fn part(&self, file: &Path) -> Result<Part, DownloadError> {
        let target = self.path(file);
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let path = target.with_file_name(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| DownloadError::disk(folder, error))?;
        }
        let file = File::create(&path).map_err(|error| DownloadError::disk(&path, error))?;
        Ok(Part { file, path, target, hash: Sha256::new(), finished: false })
    }

    /// Deletes files that are in the catalogue now.
    pub(crate) fn clear(files: &[PathBuf]) -> Result<(), DownloadError> {
        files.iter().try_for_each(|path| {
            fs::remove_file(path).map_err(|error| DownloadError::disk(path, error))
        })
    }
}

/// A file that is not complete. Dropping it deletes it.
pub(crate) struct Part {
    file: File,
    path: PathBuf,
    target: PathBuf,
    hash: Sha256,
    finished: bool,
}

impl Part {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        self.hash.update(bytes);
        self.file.write_all(bytes).map_err(|error| DownloadError::disk(&self.path, error))
    }

    /// SHA-256 of what was written.
    pub(crate) fn sha256(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    /// Everything was written and is right: the file gets its name.
    pub(crate) fn finish(mut self) -> Result<(), DownloadError> {
        let rename = self.file.sync_all().and_then(|()| fs::rename(&self.path, &self.target));
        rename.map_err(|error| DownloadError::disk(&self.target, error))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.finished {
            // What stays behind is overwritten by the next attempt.
            let _ = fs::remove_file(&self.path);
        }
    }
}

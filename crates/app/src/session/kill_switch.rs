//! The kill switch as a file: it survives every restart, and `touch` can throw it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The switch of one data directory. Thrown while the file exists.
#[derive(Clone, Debug)]
pub struct KillSwitch {
    file: PathBuf,
}

impl KillSwitch {
    /// The switch of `data_dir`.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self { file: data_dir.join("KILL") }
    }

    /// Whether it is thrown. A file that cannot be looked at counts as thrown.
    #[must_use]
    pub fn is_thrown(&self) -> bool {
        self.file.try_exists().unwrap_or(true)
    }

    /// Throws it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn throw(&self, reason: &str) -> io::Result<()> {
        let text = format!("{reason}\nNothing is traded while this file exists.\n");
        fs::write(&self.file, text)?;
        // The word must not be lost with the power.
        fs::File::open(&self.file)?.sync_all()
    }

    /// Lifts it. Returns whether it was thrown.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn lift(&self) -> io::Result<bool> {
        match fs::remove_file(&self.file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_thrown_until_it_is_lifted() {
        let dir = tempfile::tempdir().unwrap();
        let switch = KillSwitch::of(dir.path());
        assert!(!switch.is_thrown());
        switch.throw("test").unwrap();
        assert!(KillSwitch::of(dir.path()).is_thrown(), "another process sees it");
        assert!(switch.lift().unwrap());
        assert!(!switch.lift().unwrap(), "lifting twice is no mistake");
        assert!(!switch.is_thrown());
    }
}

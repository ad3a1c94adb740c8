//! Puts files into a folder so that each appears whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::ReportError;

/// The name a file has until it is whole.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.unfinished"))
}

/// Makes a folder with all above it.
pub(crate) fn make(path: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(path)
        .map_err(|source| ReportError::Folder { path: path.to_path_buf(), source })
}

/// Gives a whole file its name; on an error the unfinished one is taken away.
pub(crate) fn publish(path: &Path) -> io::Result<()> {
    let unfinished = unfinished(path);
    fs::rename(&unfinished, path).inspect_err(|_| {
        // The first error is the one to tell; a file left over does no harm.
        let _ = fs::remove_file(&unfinished);
    })
}

/// A folder and what was put into it.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    files: Vec<PathBuf>,
}

impl Folder {
    pub(crate) fn open(root: &Path) -> Result<Self, ReportError> {
        make(root)?;
        Ok(Self { root: root.to_path_buf(), files: Vec::new() })
    }

    /// Writes a file; `name` may contain a folder, which is made.
    pub(crate) fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), ReportError> {
        let path = self.root.join(name);
        if let Some(parent) = path.parent() {
            make(parent)?;
        }
        let written = write_whole(&unfinished(&path), bytes).and_then(|()| publish(&path));
        written.map_err(|source| ReportError::File { path: path.clone(), source })?;
        self.files.push(path);
        Ok(())
    }

    pub(crate) fn into_files(self) -> Vec<PathBuf> {
        self.files
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let result = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    result.inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_named_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("report.json")).unwrap();
        let mut folder = Folder::open(dir.path()).unwrap();
        let error = folder.put("report.json", b"{}").unwrap_err();
        assert!(error.to_string().contains("report.json"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "only the folder in the way");
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        fs::write(&path, "x").unwrap();
        let error = Folder::open(&path).unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
    }

    #[test]
    fn an_older_file_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(dir.path()).unwrap();
        folder.put("charts/a.svg", b"a long first version").unwrap();
        folder.put("charts/a.svg", b"short").unwrap();
        assert_eq!(fs::read(dir.path().join("charts/a.svg")).unwrap(), b"short");
        assert_eq!(fs::read_dir(dir.path().join("charts")).unwrap().count(), 1);
    }
}

//! What can go wrong with recorded data, sorted by what a person does next.
//!
//! Every message names the file, and the row or the field where there is one.

use std::{fmt::Display, io, path::PathBuf};

/// Why data were not taken into the catalogue. Nothing of the import is kept then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be opened or read: correct the path or the rights.
    #[error("cannot read {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file ends too early or its compression is broken: fetch it again.
    #[error("{}: damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        reason: String,
    },
    /// The file holds no row: fetch it again or leave it out.
    #[error("{}: there is no row in it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Columns are missing or not understood: name them or choose another format.
    #[error("{}: {reason}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// Which columns.
        reason: String,
    },
    /// One value is wrong: correct the row or the option that explains it.
    #[error("{}: row {row}: {field}: {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line of the file, from 1.
        row: u64,
        /// The field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two rows say different things about the same moment: choose, or state `--replace`.
    #[error("{first} and {second} contradict each other about {moment}: {difference}")]
    Conflict {
        /// Where the first one is.
        first: String,
        /// Where the second one is.
        second: String,
        /// The moment.
        moment: String,
        /// In what they differ.
        difference: String,
    },
    /// What the file does not say must be said on the command line.
    #[error("{subject}: {reason}")]
    Unstated {
        /// The file or the instrument.
        subject: String,
        /// What to state.
        reason: String,
    },
    /// Another process is writing to the catalogue: try again later.
    #[error("{}: another import is running", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// The catalogue cannot be written: make room or correct the rights.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// What is in the catalogue already cannot be read.
    #[error(transparent)]
    Catalogue(#[from] ReadError),
}

/// Why the catalogue could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened: correct the path or the rights.
    #[error("cannot read {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what this program writes, or ends too early: import it again.
    #[error("{}: damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        reason: String,
    },
    /// One value is impossible: import the file again.
    #[error("{}: row {row}: {column}: {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, from 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing of that name: look at what the catalogue lists.
    #[error("{0}")]
    NotThere(String),
}

impl ReadError {
    pub(crate) fn damaged(path: &std::path::Path, reason: impl Into<Message>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into().0 }
    }

    pub(crate) fn open(path: &std::path::Path, source: io::Error) -> Self {
        Self::Open { path: path.to_owned(), source }
    }
}

impl ImportError {
    pub(crate) fn write(path: &std::path::Path, reason: impl Into<Message>) -> Self {
        Self::Write { path: path.to_owned(), reason: reason.into().0 }
    }

    pub(crate) fn unstated(subject: &dyn Display, reason: impl Into<Message>) -> Self {
        Self::Unstated { subject: subject.to_string(), reason: reason.into().0 }
    }
}

/// The words of an error, of whatever type it came.
pub(crate) struct Message(String);

impl<T: Display> From<T> for Message {
    fn from(error: T) -> Self {
        Self(error.to_string())
    }
}

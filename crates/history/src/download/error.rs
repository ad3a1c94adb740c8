//! What can go wrong with a download, sorted by what a person does next.

use std::{io, path::PathBuf};

use crate::error::{ImportError, ReadError};

/// Why a download did not succeed. What is complete stays, and the next run uses it.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The order cannot be carried out: correct it.
    #[error("{0}")]
    Order(String),
    /// The venue has nothing of all that was asked for: check symbol and days.
    #[error("nothing was found: {0}")]
    NothingFound(String),
    /// The venue refuses the request: correct it.
    #[error("{url} was refused with status {status}: {reason}")]
    Refused {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer.
        reason: String,
    },
    /// No answer after several attempts: try again later, the run carries on where it was.
    #[error("{url} could not be fetched in {attempts} attempts: {reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// How often it was tried.
        attempts: u32,
        /// What went wrong the last time.
        reason: String,
    },
    /// The venue asks for a pause that is too long to sit through: come back then.
    #[error("{url}: the venue asks us to stay away for {seconds} s; run this again after that")]
    SentAway {
        /// The address.
        url: String,
        /// How long.
        seconds: u64,
    },
    /// The file is not what the venue says it is, and was deleted: run this again.
    #[error("{url}: wrong checksum: {expected} was promised, {found} came; the file was deleted")]
    Checksum {
        /// The address.
        url: String,
        /// The published SHA-256.
        expected: String,
        /// The SHA-256 of what came.
        found: String,
    },
    /// The answer is not of the documented form: keep it and report it.
    #[error("{url}: the answer cannot be read: {reason}")]
    Unreadable {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be written or read: make room or correct the rights.
    #[error("cannot use {}: {}", path.display(), in_words(source))]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another download into the same catalogue runs: try again later.
    #[error("{}: another download is running", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// A person interrupted it.
    #[error("interrupted")]
    Stopped,
    /// What came cannot be taken into the catalogue.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalogue(#[from] ReadError),
}

impl DownloadError {
    pub(crate) fn disk(path: &std::path::Path, source: io::Error) -> Self {
        Self::Disk { path: path.to_owned(), source }
    }
}

fn in_words(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("the disk is full ({source}); make room and run this again")
        }
        _ => source.to_string(),
    }
}

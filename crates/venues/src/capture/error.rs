//! What can be wrong with a recording.

use std::{io, path::PathBuf};

/// A recording cannot be read or written. Every variant names the place.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// Check the name and the permissions.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Choose another name: recordings are never overwritten.
    #[error("{} exists already; recordings are never overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Check the disk.
    #[error("cannot read {} after line {line}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The last good line.
        line: u64,
        /// What the system or the decompressor said.
        #[source]
        source: io::Error,
    },
    /// Check the disk.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file ends in the middle: what is there can be used after cutting off the end.
    #[error("{} ends in the middle of line {line}: the recording was cut off there", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The incomplete line.
        line: u64,
    },
    /// The line is not `<receive time> <JSON>`.
    #[error("{}, line {line}: {reason}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing in the file tells what it is a recording of.
    #[error("{}: {reason}", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
}

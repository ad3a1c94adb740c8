//! The append-only log of everything that entered and left the engine: the source of truth.
//!
//! The trading thread encodes records into a ring ([`HotJournal`]); one writer thread frames,
//! checksums and chains them and appends them to segment files. Only what is in a file counts
//! as acknowledged. [`Reader`] verifies everything it reads. Databases are projections of
//! this log and live elsewhere.

mod appender;
mod codec;
mod disk;
#[cfg(test)]
mod fault_disk;
mod frame;
mod hot;
mod kind;
mod lock;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::codec::{decode, encode};

pub use hot::HotJournal;
pub use kind::RecordKind;
pub use reader::{Entry, Position, Reader, TornTail};

pub(crate) use disk::{Disk, Folder};
#[cfg(test)]
pub(crate) use fault_disk::FaultDisk;
pub(crate) use frame::Hash;
pub(crate) use hot::Shared;
pub(crate) use lock::DirectoryLock;
pub(crate) use reader::JournalEnd;
pub(crate) use writer::{Writer, WriterConfig};

/// When a record counts as safe from a loss of power. A crash of the program alone loses
/// nothing in any of them that was handed to the operating system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// When the operating system gets to it: for paper trading and replays.
    #[default]
    Buffered,
    /// After at most 5 ms.
    Grouped,
    /// When [`HotJournal::barrier`] returns; in between as `Grouped`.
    Durable,
}

/// The folder of a data directory that holds the journal.
#[must_use]
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}

fn segment_name(first_sequence: u64) -> String {
    format!("{first_sequence:020}.journal")
}

fn segment_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".journal")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

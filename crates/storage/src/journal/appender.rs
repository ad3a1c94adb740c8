//! The end of the journal that grows.
//!
//! Frames collect in a buffer and go to the file in one write. The first failure is final:
//! the appender refuses everything after it, because nobody knows what the disk holds.

use std::{collections::VecDeque, path::PathBuf, sync::Arc};

use super::{
    Durability, RecordKind,
    disk::{AppendFile, Disk},
    frame::{self, FrameHead, HEADER_BYTES, Hash, SegmentHeader},
    reader::{JournalEnd, Position},
    segment_name,
};
use crate::JournalError;

/// How many full segments may wait for the operating system to write them out. By then the
/// oldest one is long on disk, and syncing it takes no time.
const UNSYNCED_SEGMENTS: usize = 4;

/// Appends records to the last segment and begins a new one when it is full.
pub(super) struct Appender {
    disk: Arc<dyn Disk>,
    durability: Durability,
    segment_bytes: u64,
    segment: u64,
    path: PathBuf,
    file: Option<Box<dyn AppendFile>>,
    /// Full segments that were not synced yet, oldest first.
    unsynced: VecDeque<(PathBuf, Box<dyn AppendFile>)>,
    /// Bytes of the segment that are in the file.
    length: u64,
    pending: Vec<u8>,
    last: JournalLink,
    written: u64,
    written_bytes: u64,
    durable: u64,
}

/// A record's sequence and hash.
#[derive(Clone, Copy, Debug)]
struct JournalLink {
    sequence: u64,
    hash: Hash,
}

impl Appender {
    /// Goes on at `end`; what the last segment holds behind it is cut off.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        end: JournalEnd,
        durability: Durability,
        segment_bytes: u64,
    ) -> Result<Self, JournalError> {
        let last = JournalLink { sequence: end.sequence, hash: end.hash };
        let synced = durability != Durability::Buffered;
        // A segment's header says whether its writer synced, so another mode begins another.
        let (segment, length) = match end.segment {
            Some(segment) if segment.synced == synced => (segment.first, segment.length),
            _ => (end.sequence + 1, 0),
        };
        let mut appender = Self {
            disk,
            durability,
            segment_bytes,
            segment,
            path: PathBuf::new(),
            file: None,
            unsynced: VecDeque::new(),
            length: 0,
            pending: Vec::new(),
            last,
            written: end.sequence,
            written_bytes: 0,
            durable: 0,
        };
        appender.open_segment(segment, length)?;
        // What was found is made safe once, so that nothing built on it can outlive it.
        appender.sync()?;
        Ok(appender)
    }

    /// Adds a record to the next write: where it will be.
    pub(super) fn push(&mut self, kind: RecordKind, payload: &[u8]) -> Position {
        let offset = self.length + self.pending.len() as u64;
        let sequence = self.last.sequence + 1;
        let head = FrameHead { sequence, durable: self.durable, previous: self.last.hash, kind };
        let hash = frame::encode(&mut self.pending, head, payload);
        self.last = JournalLink { sequence, hash };
        Position { segment: self.segment, offset, sequence, hash }
    }

    /// Whether the segment is full: time for [`Self::roll`] before more is pushed.
    pub(super) const fn is_full(&self) -> bool {
        self.length >= self.segment_bytes
    }

    /// Hands everything pushed to the operating system, in one write.
    pub(super) fn write(&mut self) -> Result<(), JournalError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let path = self.path.clone();
        let mut file = self.healthy_file()?;
        file.append(&self.pending).map_err(|error| JournalError::from_write(path, error))?;
        self.file = Some(file);
        self.length += self.pending.len() as u64;
        self.written_bytes += self.pending.len() as u64;
        self.pending.clear();
        self.written = self.last.sequence;
        Ok(())
    }

    /// Returns when everything written would survive a loss of power.
    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        while !self.unsynced.is_empty() {
            self.sync_oldest()?;
        }
        let path = self.path.clone();
        let mut file = self.healthy_file()?;
        file.sync().map_err(|error| JournalError::from_sync(path, error))?;
        self.file = Some(file);
        self.durable = self.written;
        Ok(())
    }

    /// Begins a new segment. Everything pushed must be written.
    pub(super) fn roll(&mut self) -> Result<(), JournalError> {
        assert!(self.pending.is_empty(), "a segment ends at a written record");
        if self.durability == Durability::Buffered {
            let file = self.healthy_file()?;
            self.unsynced.push_back((self.path.clone(), file));
            if self.unsynced.len() > UNSYNCED_SEGMENTS {
                self.sync_oldest()?;
            }
        } else {
            self.sync()?;
        }
        self.open_segment(self.last.sequence + 1, 0)
    }

    /// The last record handed to the operating system.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// Bytes of records written since it was opened.
    pub(super) const fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// The last record that would survive a loss of power.
    pub(super) const fn durable(&self) -> u64 {
        self.durable
    }

    fn sync_oldest(&mut self) -> Result<(), JournalError> {
        match self.unsynced.pop_front() {
            Some((path, mut file)) => {
                file.sync().map_err(|error| JournalError::from_sync(path, error))
            }
            None => Ok(()),
        }
    }

    /// Takes the file out; it comes back only after success.
    fn healthy_file(&mut self) -> Result<Box<dyn AppendFile>, JournalError> {
        self.file.take().ok_or(JournalError::WriterDied)
    }

    fn open_segment(&mut self, segment: u64, length: u64) -> Result<(), JournalError> {
        self.file = None;
        let name = segment_name(segment);
        let path = self.disk.path(&name);
        let failed = |error| JournalError::from_write(path.clone(), error);
        let mut file = self.disk.append_to(&name).map_err(failed)?;
        file.truncate(length).map_err(failed)?;
        let mut good = length;
        if length == 0 {
            let header = SegmentHeader {
                first_sequence: segment,
                previous: self.last.hash,
                synced: self.durability != Durability::Buffered,
            };
            file.append(&header.encode()).map_err(failed)?;
            if header.synced {
                file.sync().map_err(|error| JournalError::from_sync(path.clone(), error))?;
            }
            good = HEADER_BYTES as u64;
        }
        (self.segment, self.length, self.path, self.file) = (segment, good, path, Some(file));
        Ok(())
    }
}

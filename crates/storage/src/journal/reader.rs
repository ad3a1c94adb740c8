//! Reading a journal from any place, verifying every byte on the way.
//!
//! Memory is constant: payloads are borrowed from one buffer that slides over the file. A
//! reader changes nothing on disk. What it finds wrong at the very end is a torn tail, the
//! normal trace of a crash; what it finds wrong anywhere else is an error.

use std::{
    io::{self, Read},
    path::PathBuf,
    sync::Arc,
};

use domain::Record;
use serde::{Deserialize, Serialize};

use super::{
    RecordKind,
    disk::Disk,
    frame::{self, BadHeader, FrameHead, GENESIS, HEADER_BYTES, Hash, Parsed, SegmentHeader},
    segment_name, segment_of,
};
use crate::JournalError;

const BUFFER_BYTES: usize = 64 * 1024;

/// The place of a record in the files of a journal, and its hash as proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The first sequence of the segment it is in.
    pub(crate) segment: u64,
    /// Where its frame begins in the segment's file.
    pub(crate) offset: u64,
    /// Its place in the journal, from 1.
    pub(crate) sequence: u64,
    /// Its hash.
    pub(crate) hash: Hash,
}

/// The incomplete end that a crash left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TornTail {
    /// The last segment's file.
    pub path: PathBuf,
    /// Where the first incomplete record begins.
    pub offset: u64,
    /// Its place in the journal.
    pub sequence: u64,
    /// How many bytes from there on belong to no complete record.
    pub bytes: u64,
}

/// Where a journal ends and the next record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JournalEnd {
    /// The last segment; `None` before the first.
    pub(crate) segment: Option<SegmentEnd>,
    /// The last record's sequence, zero before the first.
    pub(crate) sequence: u64,
    /// The last record's hash.
    pub(crate) hash: Hash,
}

/// The good part of the last segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentEnd {
    /// The sequence of its first record.
    pub(crate) first: u64,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// Whether its writer synced as it went.
    pub(crate) synced: bool,
}

/// One record of the journal, not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    kind: RecordKind,
    position: Position,
    payload: &'a [u8],
    path: &'a PathBuf,
}

impl<'a> Entry<'a> {
    /// Its place in the journal, from 1, without holes.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.position.sequence
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        self.kind
    }

    /// Where it is.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    pub(crate) const fn hash(&self) -> Hash {
        self.position.hash
    }

    /// Decodes it.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when the payload is not a record of this kind.
    pub fn record(&self) -> Result<Record<'a>, JournalError> {
        super::decode(self.kind, self.payload).ok_or_else(|| JournalError::Damaged {
            path: self.path.clone(),
            offset: self.position.offset,
            sequence: self.sequence(),
            what: "unreadable payload",
        })
    }
}

/// A verified walk through a journal.
pub struct Reader {
    disk: Arc<dyn Disk>,
    source: Box<dyn Read + Send>,
    path: PathBuf,
    segment: Option<u64>,
    synced: bool,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in the file `buffer[start]` is.
    offset: u64,
    last: Position,
    until: u64,
    torn: Option<TornTail>,
}

impl Reader {
    /// A reader of the journal in `data_dir`, from its first record on.
    #[must_use]
    pub fn open(data_dir: &std::path::Path) -> Self {
        Self::new(Arc::new(super::disk::Folder::at(&super::folder(data_dir))))
    }

    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        let last = Position { segment: 0, offset: 0, sequence: 0, hash: GENESIS };
        Self {
            disk,
            source: Box::new(io::empty()),
            path: PathBuf::new(),
            segment: None,
            synced: false,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            offset: 0,
            last,
            until: u64::MAX,
            torn: None,
        }
    }

    /// A reader that goes on right after `position`, `None` when that record is not there.
    ///
    /// # Errors
    /// [`JournalError`] when the files cannot be read.
    pub(crate) fn resume(
        disk: Arc<dyn Disk>,
        position: &Position,
    ) -> Result<Option<Self>, JournalError> {
        let mut reader = Self::new(disk);
        if !reader.segments()?.contains(&position.segment) {
            return Ok(None);
        }
        if reader.enter(position.segment)?.is_none() || position.offset < HEADER_BYTES as u64 {
            return Ok(None);
        }
        reader.seek(position.offset)?;
        // The record itself is read again; it links to the hash before it, which is taken
        // from its own head because nothing before it is read.
        reader.fill(frame::PREFIX_BYTES)?;
        if let Parsed::Incomplete { size } = frame::parse(reader.rest()) {
            reader.fill(size)?;
        }
        let size = match frame::parse(reader.rest()) {
            Parsed::Frame(frame)
                if frame.head.sequence == position.sequence && frame.hash() == position.hash =>
            {
                frame.size()
            }
            _ => return Ok(None),
        };
        reader.consume(size);
        reader.last = *position;
        Ok(Some(reader))
    }

    /// A reader that starts at the beginning of the segment that holds the record after
    /// `sequence`. The caller skips what it does not want.
    ///
    /// # Errors
    /// [`JournalError`] when the files cannot be read.
    pub(crate) fn near(disk: Arc<dyn Disk>, sequence: u64) -> Result<Self, JournalError> {
        let mut reader = Self::new(disk);
        let segments = reader.segments()?;
        if let Some(&segment) = segments.iter().rfind(|&&first| first <= sequence)
            && let Some(header) = reader.enter(segment)?
        {
            reader.last.sequence = header.first_sequence - 1;
            reader.last.hash = header.previous;
        }
        Ok(reader)
    }

    /// Stops after this record, however many follow. A writer may be at work behind it.
    pub(crate) const fn stop_after(&mut self, sequence: u64) {
        self.until = sequence;
    }

    /// The sequence of the last record read, zero at the beginning.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.last.sequence
    }

    /// The torn tail; known once the reader has come to the end.
    #[must_use]
    pub const fn torn(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    /// Where the next record goes; meaningful once the reader has come to the end.
    pub(crate) fn end(&self) -> JournalEnd {
        JournalEnd {
            segment: self.segment.map(|first| SegmentEnd {
                first,
                length: self.offset,
                synced: self.synced,
            }),
            sequence: self.last.sequence,
            hash: self.last.hash,
        }
    }

    /// The next record, `None` at the end.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] in the middle, [`JournalError::OtherFormat`],
    /// [`JournalError::ReadFailed`].
    #[expect(clippy::should_implement_trait, reason = "it lends from its buffer")]
    pub fn next(&mut self) -> Result<Option<Entry<'_>>, JournalError> {
        let Some((kind, size)) = self.find_frame()? else { return Ok(None) };
        let payload = self.start + frame::OVERHEAD_BYTES..self.start + size;
        self.consume(size);
        let payload = &self.buffer[payload];
        Ok(Some(Entry { kind, position: self.last, payload, path: &self.path }))
    }

    /// Makes sure that the next frame is whole, sound and in the buffer: its kind and size.
    fn find_frame(&mut self) -> Result<Option<(RecordKind, usize)>, JournalError> {
        loop {
            if self.torn.is_some() || self.last.sequence >= self.until {
                return Ok(None);
            }
            match frame::parse(self.rest()) {
                Parsed::Frame(frame) => {
                    let (head, size, hash) = (frame.head, frame.size(), frame.hash());
                    self.check_link(head)?;
                    self.last = Position {
                        segment: self.segment.unwrap_or_default(),
                        offset: self.offset,
                        sequence: head.sequence,
                        hash,
                    };
                    return Ok(Some((head.kind, size)));
                }
                Parsed::Incomplete { size } => {
                    if self.fill(size)? {
                        continue;
                    }
                    if self.start == self.end {
                        if !self.enter_next()? {
                            return Ok(None);
                        }
                        continue;
                    }
                    self.bad_place("incomplete record")?;
                }
                Parsed::Bad(what) => self.bad_place(what)?,
            }
        }
    }

    fn check_link(&self, head: FrameHead) -> Result<(), JournalError> {
        if head.sequence != self.last.sequence + 1 {
            return Err(self.damaged("wrong sequence"));
        }
        if head.previous != self.last.hash {
            return Err(self.damaged("it does not follow the record before it"));
        }
        Ok(())
    }

    /// Decides what bytes that are no record mean: the end that a crash left, or damage.
    fn bad_place(&mut self, what: &'static str) -> Result<(), JournalError> {
        if self.segments()?.last() != self.segment.as_ref() {
            return Err(self.damaged(what));
        }
        let mut tail = self.rest().to_vec();
        self.source
            .read_to_end(&mut tail)
            .map_err(|error| JournalError::from_read(self.path.clone(), error))?;
        let sequence = self.last.sequence + 1;
        let was_promised = match frame::later_frames(&tail, sequence) {
            None => false,
            Some(durable) => !self.synced || durable >= sequence,
        };
        if was_promised {
            return Err(self.damaged(what));
        }
        self.torn = Some(TornTail {
            path: self.path.clone(),
            offset: self.offset,
            sequence,
            bytes: tail.len() as u64,
        });
        Ok(())
    }

    fn damaged(&self, what: &'static str) -> JournalError {
        JournalError::Damaged {
            path: self.path.clone(),
            offset: self.offset,
            sequence: self.last.sequence + 1,
            what,
        }
    }

    /// Goes on to the segment after this one; `false` when there is none.
    fn enter_next(&mut self) -> Result<bool, JournalError> {
        let segments = self.segments()?;
        let next = match self.segment {
            None => segments.first(),
            Some(current) => segments.iter().find(|&&first| first > current),
        };
        let Some(&next) = next else { return Ok(false) };
        let Some(header) = self.enter(next)? else {
            self.bad_place("unreadable segment header")?;
            return Ok(true);
        };
        if header.first_sequence != self.last.sequence + 1 {
            return Err(self.damaged("records before this segment are missing"));
        }
        if header.previous != self.last.hash {
            return Err(self.damaged("it does not follow the segment before it"));
        }
        Ok(true)
    }

    /// Opens a segment and reads its header, `None` when that is not readable.
    fn enter(&mut self, segment: u64) -> Result<Option<SegmentHeader>, JournalError> {
        self.segment = Some(segment);
        self.path = self.disk.path(&segment_name(segment));
        self.synced = false;
        self.seek(0)?;
        self.fill(HEADER_BYTES)?;
        let Some(bytes) = self.rest().first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        match SegmentHeader::decode(bytes) {
            Ok(header) if header.first_sequence == segment => {
                self.synced = header.synced;
                self.consume(HEADER_BYTES);
                Ok(Some(header))
            }
            Ok(_) | Err(BadHeader::Unreadable) => Ok(None),
            Err(BadHeader::OtherFormat { found }) => Err(JournalError::OtherFormat {
                path: self.path.clone(),
                found,
                supported: SegmentHeader::FORMAT,
            }),
        }
    }

    fn seek(&mut self, offset: u64) -> Result<(), JournalError> {
        let name = segment_name(self.segment.unwrap_or_default());
        self.source = self
            .disk
            .read(&name, offset)
            .map_err(|error| JournalError::from_read(self.path.clone(), error))?;
        (self.start, self.end, self.offset) = (0, 0, offset);
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn consume(&mut self, size: usize) {
        self.start += size;
        self.offset += size as u64;
    }

    /// Reads until `size` bytes are at hand; `false` when nothing more was there.
    fn fill(&mut self, size: usize) -> Result<bool, JournalError> {
        let before = self.rest().len();
        if self.start + size > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, before);
            if size > self.buffer.len() {
                self.buffer.resize(size, 0);
            }
        }
        while self.rest().len() < size {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(JournalError::from_read(self.path.clone(), error)),
            }
        }
        Ok(self.rest().len() > before)
    }

    /// The first sequences of all segments, in order.
    fn segments(&self) -> Result<Vec<u64>, JournalError> {
        let names =
            self.disk.list().map_err(|error| JournalError::from_read(self.disk.path(""), error))?;
        let mut segments: Vec<u64> = names.iter().filter_map(|name| segment_of(name)).collect();
        segments.sort_unstable();
        Ok(segments)
    }
}

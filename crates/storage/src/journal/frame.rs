//! The bytes of the journal: segment headers and record frames.
//!
//! A frame is `length u32, crc u32, body`; the body is `sequence u64, durable u64, hash of
//! the record before [16], kind u8, payload`, all little endian. The CRC32C covers the
//! length and the body. The hash of a record is the first half of SHA-256 over its body,
//! and since the body holds the hash before it, the last hash vouches for all records.
//!
//! `durable` is the last record known to be on disk when the frame was written. It tells a
//! reader whether a hole in front of good records breaks a promise or not.

use sha2::{Digest, Sha256};

use super::RecordKind;

/// The largest payload.
pub(crate) const MAX_PAYLOAD: usize = 1 << 20;
/// Bytes of a segment header.
pub(crate) const HEADER_BYTES: usize = 44;
/// Bytes of length and checksum.
pub(crate) const PREFIX_BYTES: usize = 8;
const BODY_HEAD_BYTES: usize = 33;
/// Bytes of a frame in front of its payload.
pub(crate) const OVERHEAD_BYTES: usize = PREFIX_BYTES + BODY_HEAD_BYTES;
const MAGIC: [u8; 8] = *b"algojrnl";
const FORMAT: u32 = 2;
const SYNCED_FLAG: u32 = 1;

/// A record's link in the chain: half a SHA-256.
pub(crate) type Hash = [u8; 16];

/// What is in front of the first record.
pub(crate) const GENESIS: Hash = [0; 16];

/// The first bytes of a segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// The sequence of its first record.
    pub(crate) first_sequence: u64,
    /// The hash of the last record of the segment before.
    pub(crate) previous: Hash,
    /// Whether its writer synced as it went, so that `durable` can be relied upon.
    pub(crate) synced: bool,
}

/// Why a header cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadHeader {
    /// Not the bytes of a header.
    Unreadable,
    /// A sound header of another format.
    OtherFormat { found: u32 },
}

impl SegmentHeader {
    pub(crate) const FORMAT: u32 = FORMAT;

    pub(crate) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        let flags = if self.synced { SYNCED_FLAG } else { 0 };
        bytes[12..16].copy_from_slice(&flags.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[24..40].copy_from_slice(&self.previous);
        let crc = crc32c::crc32c(&bytes[..40]);
        bytes[40..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, BadHeader> {
        let sound = bytes[..8] == MAGIC && crc32c::crc32c(&bytes[..40]) == u32_at(bytes, 40);
        if !sound {
            return Err(BadHeader::Unreadable);
        }
        match u32_at(bytes, 8) {
            FORMAT => Ok(Self {
                first_sequence: u64_at(bytes, 16),
                previous: hash_at(bytes, 24),
                synced: u32_at(bytes, 12) & SYNCED_FLAG != 0,
            }),
            found => Err(BadHeader::OtherFormat { found }),
        }
    }
}

/// Everything of a frame but its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHead {
    pub(crate) sequence: u64,
    pub(crate) durable: u64,
    pub(crate) previous: Hash,
    pub(crate) kind: RecordKind,
}

/// Adds a frame to `buffer` and returns the hash of its record.
pub(crate) fn encode(buffer: &mut Vec<u8>, head: FrameHead, payload: &[u8]) -> Hash {
    let start = buffer.len();
    let length = u32::try_from(BODY_HEAD_BYTES + payload.len()).expect("payloads end at 1 MiB");
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&head.sequence.to_le_bytes());
    buffer.extend_from_slice(&head.durable.to_le_bytes());
    buffer.extend_from_slice(&head.previous);
    buffer.push(head.kind as u8);
    buffer.extend_from_slice(payload);
    let body = &buffer[start + PREFIX_BYTES..];
    let (crc, hash) = (checksum(length, body), hash_of(body));
    buffer[start + 4..start + PREFIX_BYTES].copy_from_slice(&crc.to_le_bytes());
    hash
}

/// A frame whose checksum is right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) head: FrameHead,
    body: &'a [u8],
}

impl Frame<'_> {
    /// Bytes it takes in the file.
    pub(crate) const fn size(&self) -> usize {
        PREFIX_BYTES + self.body.len()
    }

    /// The hash of its record.
    pub(crate) fn hash(&self) -> Hash {
        hash_of(self.body)
    }
}

/// What some bytes begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parsed<'a> {
    /// A frame with a right checksum.
    Frame(Frame<'a>),
    /// The beginning of a frame of this size.
    Incomplete { size: usize },
    /// Not a frame.
    Bad(&'static str),
}

/// Looks for a frame at the beginning of `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<'_> {
    if bytes.len() < PREFIX_BYTES {
        return Parsed::Incomplete { size: PREFIX_BYTES };
    }
    let length = u32_at(bytes, 0);
    let size = PREFIX_BYTES + length as usize;
    if !(BODY_HEAD_BYTES..=BODY_HEAD_BYTES + MAX_PAYLOAD).contains(&(length as usize)) {
        return Parsed::Bad("impossible length");
    }
    if bytes.len() < size {
        return Parsed::Incomplete { size };
    }
    let body = &bytes[PREFIX_BYTES..size];
    if checksum(length, body) != u32_at(bytes, 4) {
        return Parsed::Bad("wrong checksum");
    }
    let Some(kind) = RecordKind::from_byte(body[32]) else {
        return Parsed::Bad("unknown kind of record");
    };
    let head = FrameHead {
        sequence: u64_at(body, 0),
        durable: u64_at(body, 8),
        previous: hash_at(body, 16),
        kind,
    };
    Parsed::Frame(Frame { head, body })
}

/// Looks for sound frames of records after `sequence` anywhere in `bytes`: the furthest
/// record that any of them knows to be durable, `None` when there are none.
pub(crate) fn later_frames(bytes: &[u8], sequence: u64) -> Option<u64> {
    let furthest = sequence.saturating_add(bytes.len() as u64);
    let mut durable = None;
    let mut start = 0;
    while start + OVERHEAD_BYTES <= bytes.len() {
        let rest = &bytes[start..];
        // The sequence is looked at first: it rules out nearly every place at once.
        let claimed = u64_at(rest, PREFIX_BYTES);
        let plausible = claimed > sequence && claimed <= furthest;
        start += match plausible.then(|| parse(rest)) {
            Some(Parsed::Frame(frame)) => {
                durable = durable.max(Some(frame.head.durable));
                frame.size()
            }
            _ => 1,
        };
    }
    durable
}

fn checksum(length: u32, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length.to_le_bytes()), body)
}

fn hash_of(body: &[u8]) -> Hash {
    hash_at(&Sha256::digest(body), 0)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

fn hash_at(bytes: &[u8], at: usize) -> Hash {
    array_at(bytes, at)
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

//! Bytes on the wire and back, without any socket.
//!
//! A frame is one message: who sent it is known from the connection, everything else is in the
//! header. The parser never trusts a length, never allocates, and accepts exactly one encoding of
//! each frame. Whether a frame is the one that is due is for the channel to decide, and what its
//! payload means is for the protocol.
//!
//! Little endian: `u32` length of what follows; `u8` version; `u8` kind; `u64` session;
//! `u32` function; `u32` step; `u32` items; payload.

use super::{FrameKind, Step};

/// The only version of the wire format.
pub const VERSION: u8 = 1;

/// Bytes before the payload, with the length.
pub const HEADER_BYTES: usize = 26;

/// Largest value of the length field: 16 MiB.
pub const MAX_LENGTH: usize = 16 << 20;

/// Largest payload.
pub const MAX_PAYLOAD: usize = MAX_LENGTH - (HEADER_BYTES - LENGTH_BYTES);

const LENGTH_BYTES: usize = 4;

/// What stands before the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the payload is.
    pub kind: FrameKind,
    /// Which session this belongs to.
    pub session: u64,
    /// Which function is run.
    pub function: u32,
    /// Number of the frame in its direction.
    pub step: Step,
    /// How many values the payload holds.
    pub items: u32,
}

/// Why bytes are not a frame. The connection cannot be used any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than allowed.
    #[error("oversized frame: {length} bytes where {limit} are allowed")]
    Oversized {
        /// What the length field says, or the length that was asked for.
        length: u64,
        /// The largest length.
        limit: u64,
    },
    /// Too short to hold its own header.
    #[error("truncated frame: a length of {length} bytes cannot hold a header")]
    Truncated {
        /// What the length field says.
        length: u32,
    },
    /// Another version of the format.
    #[error("frame of wire version {found}, this node speaks {VERSION}")]
    Version {
        /// The version.
        found: u8,
    },
    /// A kind that does not exist.
    #[error("unknown frame kind {found}")]
    Kind {
        /// The number.
        found: u8,
    },
    /// A payload without values, or values without payload.
    #[error("frame announces {items} items in {payload} bytes")]
    Items {
        /// How many values it announces.
        items: u32,
        /// Bytes of the payload.
        payload: u64,
    },
}

/// What the first bytes of a stream are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// Not all of it is here: at least so many bytes are needed from the frame's first byte.
    Incomplete {
        /// Bytes from the start of the frame.
        needed: usize,
    },
    /// One whole frame.
    Complete {
        /// Its header.
        header: Header,
        /// Its payload.
        payload: &'a [u8],
        /// How many bytes it took.
        used: usize,
    },
}

/// Reads the frame at the start of `bytes`. What follows it is not looked at.
///
/// A frame that is wrong is refused as soon as its wrong part is here, so an announced length of
/// 4 GiB costs nothing.
///
/// # Errors
/// [`FrameError`].
pub fn parse(bytes: &[u8]) -> Result<Parsed<'_>, FrameError> {
    let Some(start) = bytes.first_chunk::<HEADER_BYTES>() else {
        check_start(bytes)?;
        return Ok(Parsed::Incomplete { needed: HEADER_BYTES });
    };
    let (header, length) = parse_header(start)?;
    let used = HEADER_BYTES + length;
    match bytes.get(HEADER_BYTES..used) {
        Some(payload) => Ok(Parsed::Complete { header, payload, used }),
        None => Ok(Parsed::Incomplete { needed: used }),
    }
}

/// Reads a header and how many bytes of payload follow it.
///
/// # Errors
/// [`FrameError`].
pub fn parse_header(bytes: &[u8; HEADER_BYTES]) -> Result<(Header, usize), FrameError> {
    let [l0, l1, l2, l3, version, kind, rest @ ..] = *bytes;
    let payload = payload_length(u32::from_le_bytes([l0, l1, l2, l3]))?;
    check_version(version)?;
    let [s0, s1, s2, s3, s4, s5, s6, s7, rest @ ..] = rest;
    let [f0, f1, f2, f3, t0, t1, t2, t3, i0, i1, i2, i3] = rest;
    let header = Header {
        kind: kind_of(kind)?,
        session: u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
        function: u32::from_le_bytes([f0, f1, f2, f3]),
        step: Step(u32::from_le_bytes([t0, t1, t2, t3])),
        items: u32::from_le_bytes([i0, i1, i2, i3]),
    };
    check_items(header.items, payload)?;
    Ok((header, payload))
}

/// Whatever can be said about the first bytes of a header.
fn check_start(bytes: &[u8]) -> Result<(), FrameError> {
    if let Some(length) = bytes.first_chunk() {
        payload_length(u32::from_le_bytes(*length))?;
    }
    if let Some(&version) = bytes.get(4) {
        check_version(version)?;
    }
    bytes.get(5).map_or(Ok(()), |&kind| kind_of(kind).map(|_| ()))
}

/// Appends a frame to `out`.
///
/// # Errors
/// [`FrameError`] when the payload is too large or does not fit the number of items; `out` is
/// unchanged then.
pub fn write(header: &Header, payload: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
    let length = HEADER_BYTES - LENGTH_BYTES + payload.len();
    if length > MAX_LENGTH {
        return Err(oversized(length as u64));
    }
    check_items(header.items, payload.len())?;
    out.reserve(HEADER_BYTES + payload.len());
    let length = u32::try_from(length).map_err(|_| oversized(length as u64))?;
    out.extend_from_slice(&length.to_le_bytes());
    out.push(VERSION);
    out.push(number_of(header.kind));
    out.extend_from_slice(&header.session.to_le_bytes());
    out.extend_from_slice(&header.function.to_le_bytes());
    out.extend_from_slice(&header.step.0.to_le_bytes());
    out.extend_from_slice(&header.items.to_le_bytes());
    out.extend_from_slice(payload);
    Ok(())
}

fn payload_length(length: u32) -> Result<usize, FrameError> {
    let length_usize = length as usize;
    if length_usize > MAX_LENGTH {
        return Err(oversized(u64::from(length)));
    }
    length_usize.checked_sub(HEADER_BYTES - LENGTH_BYTES).ok_or(FrameError::Truncated { length })
}

fn check_version(version: u8) -> Result<(), FrameError> {
    if version == VERSION { Ok(()) } else { Err(FrameError::Version { found: version }) }
}

fn oversized(length: u64) -> FrameError {
    FrameError::Oversized { length, limit: MAX_LENGTH as u64 }
}

/// Nothing announces values it does not carry, or carries bytes it does not announce.
fn check_items(items: u32, payload: usize) -> Result<(), FrameError> {
    if (items == 0) == (payload == 0) {
        Ok(())
    } else {
        Err(FrameError::Items { items, payload: payload as u64 })
    }
}

fn number_of(kind: FrameKind) -> u8 {
    match kind {
        FrameKind::Data => 1,
        FrameKind::Proof => 2,
        FrameKind::Challenge => 3,
        FrameKind::Open => 4,
        FrameKind::Hash => 5,
        FrameKind::Abort => 6,
        FrameKind::Hello => 7,
    }
}

fn kind_of(number: u8) -> Result<FrameKind, FrameError> {
    Ok(match number {
        1 => FrameKind::Data,
        2 => FrameKind::Proof,
        3 => FrameKind::Challenge,
        4 => FrameKind::Open,
        5 => FrameKind::Hash,
        6 => FrameKind::Abort,
        7 => FrameKind::Hello,
        found => return Err(FrameError::Kind { found }),
    })
}

//! The frame parser against random, mutated and hostile bytes.
//!
//! `MPC_FUZZ_SECONDS` sets how long the mutation test runs; the inputs are the same each time.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure is the test's answer, and small numbers stay small"
)]

use std::time::{Duration, Instant};

use mpc::net::{
    FrameKind, Step,
    frame::{self, FrameError, HEADER_BYTES, Header, MAX_LENGTH, MAX_PAYLOAD, Parsed},
};
use proptest::prelude::*;

const KINDS: [FrameKind; 7] = [
    FrameKind::Data,
    FrameKind::Proof,
    FrameKind::Challenge,
    FrameKind::Open,
    FrameKind::Hash,
    FrameKind::Abort,
    FrameKind::Hello,
];

fn encoded(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::write(header, payload, &mut out).expect("the test's frames are valid");
    out
}

fn header(kind: FrameKind, items: u32) -> Header {
    Header { kind, session: 0x0102_0304_0506_0708, function: 9, step: Step(3), items }
}

#[test]
fn the_layout_is_the_documented_one() {
    let expected =
        [24, 0, 0, 0, 1, 4, 8, 7, 6, 5, 4, 3, 2, 1, 9, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0xaa, 0xbb];
    assert_eq!(encoded(&header(FrameKind::Open, 2), &[0xaa, 0xbb]), expected);
}

#[test]
fn an_announced_length_above_the_limit_is_refused_from_four_bytes() {
    let length = MAX_LENGTH as u32 + 1;
    assert_eq!(
        frame::parse(&length.to_le_bytes()),
        Err(FrameError::Oversized { length: u64::from(length), limit: MAX_LENGTH as u64 })
    );
}

#[test]
fn a_payload_above_the_limit_is_not_written() {
    let mut out = Vec::new();
    let error = frame::write(&header(FrameKind::Data, 1), &vec![0; MAX_PAYLOAD + 1], &mut out);
    assert!(matches!(error, Err(FrameError::Oversized { .. })));
    assert!(out.is_empty());
    frame::write(&header(FrameKind::Data, 1), &vec![0; MAX_PAYLOAD], &mut out).unwrap();
    assert!(matches!(frame::parse(&out), Ok(Parsed::Complete { used, .. }) if used == out.len()));
}

#[test]
fn a_length_that_cannot_hold_a_header_is_refused() {
    assert_eq!(frame::parse(&[21, 0, 0, 0]), Err(FrameError::Truncated { length: 21 }));
}

#[test]
fn another_version_and_an_unknown_kind_are_refused_as_soon_as_they_are_seen() {
    assert_eq!(frame::parse(&[22, 0, 0, 0, 2]), Err(FrameError::Version { found: 2 }));
    assert_eq!(frame::parse(&[22, 0, 0, 0, 1, 0]), Err(FrameError::Kind { found: 0 }));
    assert_eq!(frame::parse(&[22, 0, 0, 0, 1, 8]), Err(FrameError::Kind { found: 8 }));
}

#[test]
fn items_and_payload_come_together_or_not_at_all() {
    let mut bytes = encoded(&header(FrameKind::Data, 1), &[7]);
    bytes[22] = 0;
    assert_eq!(frame::parse(&bytes), Err(FrameError::Items { items: 0, payload: 1 }));
    let mut out = Vec::new();
    let error = frame::write(&header(FrameKind::Data, 1), &[], &mut out);
    assert_eq!(error, Err(FrameError::Items { items: 1, payload: 0 }));
}

proptest! {
    #[test]
    fn reading_inverts_writing_and_every_shorter_piece_is_incomplete(
        kind in 0_usize..7,
        session: u64,
        function: u32,
        step: u32,
        items in 1_u32..,
        payload in prop::collection::vec(any::<u8>(), 1..300),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let header = Header { kind: KINDS[kind], session, function, step: Step(step), items };
        let mut bytes = encoded(&header, &payload);
        let used = bytes.len();
        for length in 0..used {
            let needed = if length < HEADER_BYTES { HEADER_BYTES } else { used };
            prop_assert_eq!(frame::parse(&bytes[..length]), Ok(Parsed::Incomplete { needed }));
        }
        bytes.extend(tail);
        prop_assert_eq!(
            frame::parse(&bytes),
            Ok(Parsed::Complete { header, payload: &payload, used })
        );
    }
}

/// A small generator with a fixed start (xorshift, Marsaglia 2003).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn mutate(bytes: &mut Vec<u8>, noise: &mut Noise) {
    match noise.below(6) {
        0 => bytes.truncate(noise.below(bytes.len() + 1)),
        1 => {
            let value = noise.next() as u8;
            bytes.insert(noise.below(bytes.len() + 1), value);
        }
        2 if !bytes.is_empty() => {
            bytes.remove(noise.below(bytes.len()));
        }
        3 if bytes.len() >= 4 => {
            // The length field is where a parser breaks.
            let length =
                [0, 21, 22, 23, MAX_LENGTH as u32, MAX_LENGTH as u32 + 1, u32::MAX][noise.below(7)];
            bytes[..4].copy_from_slice(&length.to_le_bytes());
        }
        _ if !bytes.is_empty() => {
            let at = noise.below(bytes.len());
            bytes[at] ^= 1 << noise.below(8);
        }
        _ => {}
    }
}

/// Whatever the parser accepts, it wrote itself: one encoding per frame.
fn is_accepted(bytes: &[u8]) -> bool {
    match frame::parse(bytes) {
        Ok(Parsed::Complete { header, payload, used }) => {
            assert_eq!(encoded(&header, payload), &bytes[..used]);
            true
        }
        Ok(Parsed::Incomplete { needed }) => {
            assert!(needed > bytes.len() && needed <= MAX_LENGTH + 4, "{needed}");
            false
        }
        Err(_) => false,
    }
}

#[test]
fn mutated_frames_never_panic_and_what_is_accepted_is_canonical() {
    let seconds = std::env::var("MPC_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(2));
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let (mut tried, mut accepted) = (0_u64, 0_u64);
    while Instant::now() < end {
        for _ in 0..10_000 {
            let payload: Vec<u8> = (0..noise.below(64)).map(|_| noise.next() as u8).collect();
            let items = if payload.is_empty() { 0 } else { noise.next() as u32 | 1 };
            let kind = KINDS[noise.below(7)];
            let mut bytes = encoded(&header(kind, items), &payload);
            for _ in 0..noise.below(5) {
                mutate(&mut bytes, &mut noise);
            }
            accepted += u64::from(is_accepted(&bytes));
            tried += 1;
        }
    }
    assert!(accepted > tried / 20 && accepted < tried, "{accepted} of {tried} accepted");
}

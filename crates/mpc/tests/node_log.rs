//! The log against changes, cuts and crashes; and the words of participants against noise.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure is the test's answer, and small numbers stay small"
)]

mod node_circle;

use std::fs;

use mpc::node::{
    exchange::{Reply, Request, Submission},
    log::{Event, Fate, Log, LogError, LogPlace, verify},
    program::{Secret, SharePair},
};
use node_circle::terms;
use proptest::prelude::*;

fn submitted(session: u64) -> Event {
    let commitment = "ab".repeat(32);
    Event::Submitted { session, participant: "anna".to_owned(), commitment }
}

fn opened(session: u64) -> Event {
    let terms = terms(session, &["anna", "bert"]);
    Event::Opened { terms_hash: hex::encode(terms.hash()), terms }
}

/// A log of five entries: its lines and where they stand.
fn example(folder: &std::path::Path) -> (Vec<String>, Vec<LogPlace>) {
    let mut log = Log::open(folder).unwrap();
    let events = [
        Event::Started { node: 1, certificate: "cd".repeat(32) },
        opened(7),
        opened(8),
        submitted(7),
        Event::Aborted { session: 7, reason: "a \"test\"\nwith two lines".to_owned() },
    ];
    let places = events.map(|event| log.append(1_000, event).unwrap()).to_vec();
    (log.lines(0, usize::MAX).unwrap(), places)
}

fn lines(text: &[String]) -> impl Iterator<Item = &str> {
    text.iter().map(String::as_str)
}

#[test]
fn a_log_is_read_again_and_continued() {
    let folder = tempfile::tempdir().unwrap();
    let (before, places) = example(folder.path());
    let mut log = Log::open(folder.path()).unwrap();
    assert_eq!(hex::encode(log.head()), places[4].hash);
    assert_eq!(log.fate(7), Some(Fate::Burnt));
    assert_eq!(log.fate(8), Some(Fate::Untouched));
    assert_eq!(log.fate(9), None);
    let place = log.append(2_000, submitted(8)).unwrap();
    assert_eq!((place.index, log.fate(8)), (5, Some(Fate::Burnt)));
    assert_eq!(log.lines(0, usize::MAX).unwrap()[..5], before);
    assert_eq!(log.lines(5, usize::MAX).unwrap().len(), 1);
    assert_eq!(log.lines(3, 1).unwrap(), before[3..4]);
    assert!(log.lines(6, usize::MAX).unwrap().is_empty());
    let entries = verify(lines(&log.lines(0, usize::MAX).unwrap()), &places).unwrap();
    assert_eq!(entries[5].event, submitted(8));
}

#[test]
fn every_changed_byte_breaks_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (text, _) = example(folder.path());
    let end = text.len() - 1;
    for line in 0..=end {
        for at in 0..text[line].len() {
            let mut changed = text.clone();
            let mut bytes = changed[line].clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            changed[line] = altered;
            assert!(verify(lines(&changed), &[]).is_err(), "byte {at} of line {line}");
        }
    }
}

#[test]
fn missing_swapped_and_repeated_entries_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (text, places) = example(folder.path());
    let mut missing = text.clone();
    missing.remove(2);
    let error = verify(lines(&missing), &[]).unwrap_err().to_string();
    assert_eq!(error, "line 3 of the log: its number is not the next one");
    let mut swapped = text.clone();
    swapped.swap(1, 2);
    assert!(verify(lines(&swapped), &[]).is_err());
    let mut repeated = text.clone();
    repeated.insert(1, text[0].clone());
    assert!(verify(lines(&repeated), &[]).is_err());
    // A cut at the end is a valid chain; only a promise shows it.
    assert!(verify(lines(&text[..3]), &places[..3]).is_ok());
    let error = verify(lines(&text[..3]), &places[3..4]).unwrap_err();
    assert!(matches!(error, LogError::Replaced { index: 3 }), "{error}");
}

#[test]
fn a_torn_last_line_is_cut_off_and_a_torn_middle_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (text, places) = example(folder.path());
    let path = folder.path().join("mpc.log");
    let whole = fs::read(&path).unwrap();
    for missing in 1..text[4].len() {
        fs::write(&path, &whole[..whole.len() - missing]).unwrap();
        let log = Log::open(folder.path()).unwrap();
        assert_eq!(hex::encode(log.head()), places[3].hash);
        assert_eq!(fs::read(&path).unwrap().len(), whole.len() - text[4].len() - 1);
    }
    let mut torn = whole.clone();
    torn.remove(10);
    fs::write(&path, &torn).unwrap();
    let error = Log::open(folder.path()).map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with("line 1 of the log:"), "{error}");
}

#[test]
fn two_processes_cannot_write_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Log::open(folder.path()).unwrap();
    let second = Log::open(folder.path()).map(|_| ()).unwrap_err();
    assert!(matches!(second, LogError::InUse { .. }), "{second}");
}

fn submission(first: Vec<u8>, second: Vec<u8>) -> Submission {
    Submission {
        session: 3,
        terms_hash: [4; 32],
        commitments: [[5; 32], [6; 32], [7; 32]],
        shares: SharePair { first: Secret::new(first), second: Secret::new(second) },
        nonces: [[8; 32], [9; 32]],
    }
}

proptest! {
    #[test]
    fn a_submission_survives_the_wire(
        first in prop::collection::vec(any::<u8>(), 0..100),
        second in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let sent = Request::Submit(Box::new(submission(first.clone(), second.clone())));
        let bytes = sent.encode();
        let Ok(Request::Submit(read)) = Request::decode(&bytes) else {
            return Err(TestCaseError::fail("not a submission"));
        };
        prop_assert_eq!(&*read.shares.first, &first);
        prop_assert_eq!(&*read.shares.second, &second);
        prop_assert_eq!((read.session, read.commitments[2], read.nonces[1]), (3, [7; 32], [9; 32]));
        for length in 0..bytes.len() {
            prop_assert!(Request::decode(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn noise_is_neither_a_request_nor_a_panic(
        tag in 0_u8..8,
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut message = vec![tag];
        message.extend(bytes);
        if let Ok(request) = Request::decode(&message) {
            prop_assert_eq!(&*request.encode(), &message);
        }
        let _not_a_panic = Reply::decode(&message);
    }
}

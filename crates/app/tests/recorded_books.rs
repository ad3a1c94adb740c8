//! Every recording through the binary: nothing unreadable, nothing missing, and a book that
//! equals the venue's own best prices after every change.

mod recorded;

use std::path::PathBuf;

use recorded::{ALL, EVENING, Replay, SPOT_ETH, Summary, USDM_ETH, journal, messages, recordings};

/// What holds for every undamaged recording.
fn assert_clean(summary: &Summary, captures: &[PathBuf]) {
    assert_eq!(summary.count("/frames"), messages(captures), "{captures:?}");
    let faults = ["/parse_errors", "/sequence_gaps", "/resyncs"].map(|name| summary.count(name));
    assert_eq!(faults, [0; 3], "{captures:?}");
    assert_eq!(summary.lost_books(), 0, "{captures:?}");
    let (compared, equal) =
        (summary.count("/verify_top/compared"), summary.count("/verify_top/equal"));
    assert_eq!(equal, compared, "{captures:?}");
    // A few changes at either end have no price of the venue beside them.
    let changes = summary.count("/book_updates");
    assert!(compared * 100 > changes * 95, "only {compared} of {changes} compared: {captures:?}");
}

#[test]
fn every_recording_alone_is_read_whole_and_its_book_equals_the_venues_best_prices() {
    for name in ALL {
        let Some(captures) = recordings(&[name]) else { return };
        let summary = Replay::of(&captures).with(&["--verify-top"]).run();
        assert_clean(&summary, &captures);
        let traded = name.contains("usdt");
        assert_eq!(summary.count("/fills") > 0, traded, "{name}");
    }
}

#[test]
fn six_recordings_at_once_are_read_whole_and_their_books_equal_the_venues_best_prices() {
    let Some(captures) = recordings(&EVENING) else { return };
    let summary = Replay::of(&captures).with(&["--verify-top"]).run();
    assert_clean(&summary, &captures);
}

#[test]
fn the_journal_of_a_merged_replay_holds_books_that_are_never_crossed_and_the_same_fills() {
    let Some(captures) = recordings(&[USDM_ETH, SPOT_ETH]) else { return };
    let dir = tempfile::tempdir().unwrap();
    let summary = Replay::of(&captures).into_dir(dir.path()).run();
    // The ledger refuses crossed books, orders on lost ones, and orders filled beyond their size.
    let ledger = journal::ledger(dir.path());
    assert_eq!((ledger.losses, ledger.resyncs), (0, 0));
    assert_eq!(ledger.placed.len() as u64, summary.count("/orders"));
    assert_eq!(ledger.fills, summary.count("/fills"));
    assert!(ledger.fills > 0);
}

//! A book is complete or not there at all.

use domain::{Market, event::BookLoss};

use super::{Session, at};
use crate::{BookSync, FetchError, MarketFeed};

const SPOT: Market = Market::Spot;
const USDM: Market = Market::LinearPerpetual;

/// A session whose book is in sync at update 120.
fn synced(market: Market) -> Session {
    let mut session = Session::new(market);
    session.diff(10, 101, 110, 90);
    session.snapshot(20, 110);
    session.diff(30, if market == SPOT { 111 } else { 115 }, 120, 110);
    session.said.take();
    session
}

fn state(session: &Session) -> BookSync {
    let id = session.instrument();
    let health = session.feed.health();
    health.instruments.iter().find(|one| one.instrument == id).unwrap().book
}

#[test]
fn spot_changes_up_to_the_snapshot_are_dropped_and_the_rest_follow_it() {
    let mut session = Session::new(SPOT);
    session.diff(10, 101, 110, 0);
    session.diff(20, 111, 120, 0);
    session.diff(30, 121, 130, 0);
    assert_eq!(session.requested(), 1);
    assert_eq!(session.said.take(), [""; 0]);
    session.snapshot(40, 115);
    assert_eq!(session.said.take(), ["snapshot 130 with 2 changes"]);
    session.diff(50, 131, 140, 0);
    assert_eq!(session.said.take(), ["diff 131..140"]);
}

#[test]
fn a_futures_change_that_ends_at_the_snapshot_is_applied_again() {
    let mut session = Session::new(USDM);
    session.diff(10, 95, 105, 90);
    session.diff(20, 108, 110, 105);
    session.diff(30, 115, 120, 110);
    session.snapshot(40, 110);
    assert_eq!(session.said.take(), ["snapshot 120 with 2 changes"]);
}

#[test]
fn a_snapshot_older_than_the_kept_changes_is_asked_for_again() {
    for (market, too_old, fits) in [(SPOT, 99, 100), (USDM, 89, 95)] {
        let mut session = Session::new(market);
        session.diff(10, 101, 110, 90);
        session.snapshot(20, too_old);
        assert_eq!((state(&session), session.requested()), (BookSync::Waiting, 1));
        session.clock(800);
        assert_eq!(session.requested(), 2);
        session.snapshot(900, fits);
        assert_eq!(session.said.take(), ["snapshot 110 with 1 changes"]);
        assert_eq!(session.feed.health().counters.snapshots_failed, 1);
    }
}

#[test]
fn a_snapshot_before_the_first_change_waits_for_it() {
    let mut session = Session::new(USDM);
    session.snapshot(5, 105);
    assert_eq!(session.said.take(), [""; 0]);
    session.diff(10, 101, 110, 90);
    assert_eq!(session.said.take(), ["snapshot 110 with 1 changes"]);
    assert_eq!(session.requested(), 0);
}

#[test]
fn a_snapshot_ahead_of_the_stream_swallows_what_it_contains() {
    let mut session = Session::new(SPOT);
    session.diff(10, 101, 110, 0);
    session.snapshot(20, 125);
    session.diff(30, 111, 120, 0);
    session.diff(40, 121, 130, 0);
    assert_eq!(session.said.take(), ["snapshot 125", "diff 121..130"]);
    assert_eq!(session.feed.health().counters.sequence_gaps, 0);
}

#[test]
fn futures_ignore_how_u_continues_and_heed_only_pu() {
    let mut session = synced(USDM);
    session.diff(40, 999, 1_010, 120);
    assert_eq!(session.said.take(), ["diff 999..1010"]);
    session.diff(50, 1_011, 1_020, 1_009);
    assert_eq!(session.said.take(), ["lost by a gap"]);
}

#[test]
fn a_gap_loses_the_book_once_and_the_next_snapshot_brings_it_back() {
    let mut session = synced(SPOT);
    session.diff(40, 122, 130, 0);
    assert_eq!(session.said.take(), ["lost by a gap"]);
    session.diff(50, 131, 140, 0);
    session.clock(600);
    assert_eq!(session.requested(), 2);
    session.snapshot(700, 135);
    assert_eq!(session.said.take(), ["snapshot 140 with 1 changes"]);
    let counters = session.feed.health().counters;
    assert_eq!((counters.sequence_gaps, counters.resyncs), (1, 1));
}

#[test]
fn breaks_while_waiting_are_counted_and_make_older_snapshots_useless() {
    let mut session = synced(USDM);
    session.diff(40, 140, 150, 130);
    session.diff(50, 170, 180, 160);
    assert_eq!(session.said.take(), ["lost by a gap"]);
    assert_eq!(session.feed.health().counters.sequence_gaps, 2);
    session.snapshot(60, 155);
    assert_eq!(state(&session), BookSync::Waiting);
    session.snapshot(70, 175);
    assert_eq!(session.said.take(), ["snapshot 180 with 1 changes"]);
    assert_eq!(session.feed.health().counters.resyncs, 1);
}

#[test]
fn repeated_and_old_changes_are_no_gaps() {
    for market in [SPOT, USDM] {
        let mut session = synced(market);
        session.diff(40, 111, 120, 110);
        session.diff(50, 101, 110, 90);
        assert_eq!(session.said.take(), [""; 0]);
        let counters = session.feed.health().counters;
        assert_eq!((counters.duplicates, counters.stale_diffs), (1, 1));
        assert_eq!((counters.sequence_gaps, state(&session)), (0, BookSync::Synced));
    }
}

#[test]
fn a_swapped_pair_is_one_gap() {
    for market in [SPOT, USDM] {
        let mut session = synced(market);
        session.diff(40, 131, 140, 130);
        session.diff(50, 121, 130, 120);
        session.diff(60, 141, 150, 140);
        let counters = session.feed.health().counters;
        assert_eq!((counters.sequence_gaps, counters.stale_diffs), (1, 1));
        session.snapshot(70, 145);
        assert_eq!(session.said.take(), ["lost by a gap", "snapshot 150 with 1 changes"]);
    }
}

#[test]
fn a_venue_that_counts_anew_is_believed_after_a_while() {
    let mut session = synced(USDM);
    for step in 0..101 {
        session.diff(40 + i64::try_from(step).unwrap(), step, step + 1, step);
    }
    assert_eq!(session.said.take(), ["lost by a gap"]);
    session.snapshot(700, 101);
    assert_eq!(state(&session), BookSync::Synced);
}

#[test]
fn of_too_many_kept_changes_the_oldest_are_dropped() {
    let mut session = Session::new(SPOT);
    for step in 0..6 {
        session.diff(10, 101 + 10 * step, 110 + 10 * step, 0);
    }
    // Four are kept, from 121 on, so a snapshot must reach 120.
    session.snapshot(20, 119);
    assert_eq!(session.said.take(), [""; 0]);
    session.snapshot(30, 120);
    assert_eq!(session.said.take(), ["snapshot 160 with 4 changes"]);
}

#[test]
fn a_hang_up_begins_a_new_chain_without_a_gap() {
    let mut session = synced(USDM);
    let connection = session.connection;
    session.feed.on_close(connection, at(40), &mut session.said);
    assert_eq!(session.said.take(), ["lost by a hang-up"]);
    session.feed.on_open(connection, at(900), &mut session.said);
    session.diff(1_000, 500, 510, 490);
    session.snapshot(1_100, 505);
    assert_eq!(session.said.take(), ["snapshot 510 with 1 changes"]);
    let counters = session.feed.health().counters;
    assert_eq!((counters.sequence_gaps, counters.resyncs), (0, 1));
}

#[test]
fn an_unreadable_change_of_a_book_loses_it_and_nothing_else_does() {
    for market in [SPOT, USDM] {
        let mut session = synced(market);
        assert!(session.frame(40, r#"{"stream":"btcusdt@trade","data":{"e":"tr"#).is_err());
        assert!(session.frame(41, "garbage").is_err());
        assert_eq!(session.said.take(), [""; 0]);
        let cut = r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":17"#;
        assert!(session.frame(42, cut).is_err());
        assert_eq!(session.said.take(), ["lost by an unreadable frame"]);
        session.diff(50, 131, 140, 130);
        session.clock(700);
        session.snapshot(800, 140);
        let counters = session.feed.health().counters;
        assert_eq!((counters.parse_errors, counters.sequence_gaps, counters.resyncs), (3, 0, 1));
    }
    let mut session = synced(USDM);
    let bare = r#"{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[["x","1"]]}"#;
    assert!(session.frame(40, bare).is_err());
    assert_eq!(session.said.take(), ["lost by an unreadable frame"]);
}

#[test]
fn a_book_somebody_found_crossed_is_fetched_again() {
    let mut session = synced(USDM);
    let instrument = session.instrument();
    session.feed.resync(instrument, BookLoss::Crossed, at(40), &mut session.said);
    assert_eq!(session.said.take(), ["lost by crossing"]);
    session.clock(600);
    assert_eq!(session.requested(), 2);
    // Nothing came since 120, so a snapshot of 120 is as good as a later one.
    session.snapshot(650, 119);
    assert_eq!(state(&session), BookSync::Waiting);
    session.snapshot(660, 120);
    assert_eq!(session.said.take(), ["snapshot 120"]);
    session.diff(670, 125, 130, 120);
    assert_eq!(session.said.take(), ["diff 125..130"]);
}

#[test]
fn an_answer_that_fails_or_cannot_be_read_is_asked_for_again() {
    let mut session = Session::new(SPOT);
    session.diff(10, 101, 110, 0);
    let request = session.depth_request();
    let error = Err(FetchError::Unanswered { reason: "time-out".into() });
    session.feed.on_response(&request, error, at(20), &mut session.said).unwrap();
    session.clock(600);
    let body = br#"{"code":-1121,"msg":"Invalid symbol."}"#;
    let answer = session.feed.on_response(&request, Ok(body), at(700), &mut session.said);
    assert_eq!(
        answer.unwrap_err().to_string(),
        "cannot read depth snapshot: missing field `lastUpdateId` at line 1 column 38"
    );
    session.clock(5_000);
    assert_eq!(session.requested(), 3);
    assert_eq!(session.feed.health().counters.snapshots_failed, 2);
}

#[test]
fn a_second_answer_changes_nothing() {
    let mut session = synced(SPOT);
    session.snapshot(40, 118);
    session.diff(50, 121, 130, 0);
    assert_eq!(session.said.take(), ["diff 121..130"]);
}

//! A database that is locked, deleted, cut off or damaged costs nothing but a rebuild.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt as _,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::Value;

use crate::support_process::{
    Place, Process, Venue,
    books::{Books, Rows},
    is_set, until,
};

const RECORDS: &str = "algopioneer_journal_records_total";
const LAG: &str = "algopioneer_database_lag_records";
const FILLS: &str = "algopioneer_fills_total";

/// Takes the database for itself, as a person with a database tool may.
fn lock(place: &Place) -> Connection {
    let connection = Connection::open(place.database()).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

fn assert_complete(place: &Place) {
    let report = place.assert_sound();
    assert_eq!(report["database"]["lag"], 0, "{report:#}");
    let books = Books::read(&place.path());
    let rows = Rows::read(&place.database()).unwrap();
    assert_eq!((rows.orders, rows.trades), (books.orders, books.trades));
}

/// A session that has traded and ended in order.
fn traded(venue: &Venue) -> Place {
    let place = Place::new();
    trade(&place, venue);
    place
}

fn trade(place: &Place, venue: &Venue) {
    let mut session = place.run(&venue.settings(), &[]);
    session.await_metric(FILLS, 1.0);
    session.stop().assert_code(0);
}

#[test]
fn a_session_goes_on_while_somebody_else_holds_the_database() {
    let venue = Venue::start(&[]);
    let place = Place::new();
    let mut session = place.run(&venue.settings(), &[]);
    session.await_metric(FILLS, 1.0);
    let lock = lock(&place);
    let held = Instant::now();
    let length = Duration::from_secs(if is_set("ALGOPIONEER_SLOW") { 10 } else { 2 });
    let before = session.await_metric(RECORDS, 1.0);
    // It trades on, the journal grows, the database falls behind.
    let orders = session.await_metric("strategy_orders_submitted_total", 1.0);
    session.await_metric("strategy_orders_submitted_total", orders + 1.0);
    until("the time of the lock", || (held.elapsed() > length).then_some(()));
    session.await_metric(RECORDS, before + 100.0);
    session.await_metric(LAG, 1.0);
    session.await_ready(true);
    drop(lock);
    until("the database to follow", || (session.metric(LAG)? == 0.0).then_some(()));
    session.stop().assert_code(0);
    assert_complete(&place);
}

#[test]
fn a_session_ends_in_time_beside_a_locked_database_and_the_next_one_catches_up() {
    let venue = Venue::start(&[]);
    let place = Place::new();
    let mut session = place.run(&venue.settings(), &[]);
    session.await_metric(FILLS, 1.0);
    let lock = lock(&place);
    session.await_metric(LAG, 1.0);
    let asked = Instant::now();
    let summary = session.stop().assert_code(0).json();
    assert!(asked.elapsed() < Duration::from_secs(5), "took {:?}", asked.elapsed());
    let notes = summary["notes"].to_string();
    assert!(notes.contains("behind the journal"), "{notes}");
    let behind = place.assert_sound()["database"]["lag"].as_u64().unwrap();
    assert!(behind > 0);
    drop(lock);
    trade(&place, &venue);
    assert_complete(&place);
}

#[test]
fn a_start_waits_for_a_database_that_somebody_holds() {
    let venue = Venue::start(&[]);
    let place = traded(&venue);
    // Exclusive locking keeps readers out too, so the start cannot even look into it.
    let lock = Connection::open(place.database()).unwrap();
    lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let mut session = place.run(&venue.settings(), &[]);
    until("a word about it", || {
        assert!(session.has_ended().is_none(), "{}", session.stderr());
        session.stderr().contains("waiting for the database").then_some(())
    });
    drop(lock);
    session.await_metric(FILLS, 1.0);
    session.stop().assert_code(0);
    assert_complete(&place);
}

#[test]
fn a_deleted_or_emptied_database_is_made_anew_at_the_next_start() {
    let venue = Venue::start(&[]);
    let place = traded(&venue);
    fs::remove_file(place.database()).unwrap();
    place.assert_sound();
    trade(&place, &venue);
    assert_complete(&place);
    fs::write(place.database(), b"").unwrap();
    assert!(place.assert_sound()["database"].is_null());
    trade(&place, &venue);
    assert_complete(&place);
}

/// The next session says how to repair the database, and that repairs it.
fn assert_repairable(place: &Place, venue: &Venue, before: &Value) {
    let refused = place.run(&venue.settings(), &["--seconds", "1"]).wait().assert_code(1);
    refused.assert_says(&["strategy.db", "algopioneer rebuild", "strategy.db.snapshot.json"]);
    let snapshot = place.path().join("strategy.db.snapshot.json");
    let saved: Value = serde_json::from_slice(&fs::read(snapshot).unwrap()).unwrap();
    assert!(saved["accounts"].is_array() && saved["cash"].is_string(), "{saved:#}");
    place.rebuild().assert_code(0);
    assert_eq!(place.assert_sound(), *before);
}

#[test]
fn a_cut_off_database_is_refused_until_it_is_rebuilt() {
    let venue = Venue::start(&[]);
    let place = traded(&venue);
    let before = place.assert_sound();
    let length = fs::metadata(place.database()).unwrap().len();
    for keep in [length / 2, 4_096, 100] {
        let file = OpenOptions::new().write(true).open(place.database()).unwrap();
        file.set_len(keep).unwrap();
        assert_repairable(&place, &venue, &before);
    }
    trade(&place, &venue);
    assert_complete(&place);
}

#[test]
fn a_damaged_page_is_refused_until_it_is_rebuilt() {
    let venue = Venue::start(&[]);
    let place = traded(&venue);
    let before = place.assert_sound();
    let pages = fs::metadata(place.database()).unwrap().len() / 4_096;
    assert!(pages > 5);
    // The header of the file, the schema, and the kind of a page in the middle.
    for place_in_file in [0, 105, (pages / 2) * 4_096] {
        let file = OpenOptions::new().read(true).write(true).open(place.database()).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, place_in_file).unwrap();
        file.write_all_at(&[byte[0] ^ 0xff], place_in_file).unwrap();
        assert_repairable(&place, &venue, &before);
    }
}

#[test]
fn a_changed_amount_in_the_database_is_found_by_the_audit() {
    let venue = Venue::start(&[]);
    let place = traded(&venue);
    let connection = Connection::open(place.database()).unwrap();
    let change = "UPDATE trades SET price = price || '1' WHERE trade_id = \
                  (SELECT max(trade_id) FROM trades)";
    assert_eq!(connection.execute(change, []).unwrap(), 1);
    drop(connection);
    let report = place.audit().assert_code(1).json();
    let what = report["first_difference"]["what"].as_str().unwrap();
    assert!(what.contains("price of trade"), "{report:#}");
    place.rebuild().assert_code(0);
    place.assert_sound();
}

#[test]
fn a_database_destroyed_while_it_is_written_does_not_stop_the_session() {
    let venue = Venue::start(&[]);
    let place = Place::new();
    let mut session = place.run(&venue.settings(), &[]);
    let fills = session.await_metric(FILLS, 1.0);
    for name in ["strategy.db", "strategy.db-wal"] {
        let path = place.path().join(name);
        let length = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&vec![0xa5; length], 0).unwrap();
    }
    session.await_metric(FILLS, fills + 2.0);
    session.await_ready(true);
    let ended = session.stop();
    // Whether it notices depends on what it still had in memory.
    if ended.code() == 0 {
        let next = place.run(&venue.settings(), &["--seconds", "1"]).wait().assert_code(1);
        next.assert_says(&["algopioneer rebuild"]);
    } else {
        ended.assert_code(1).assert_says(&["algopioneer rebuild"]);
    }
    place.rebuild().assert_code(0);
    assert_complete(&place);
    trade(&place, &venue);
    assert_complete(&place);
}

#[test]
fn one_data_directory_has_one_session() {
    let venue = Venue::start(&[]);
    let place = Place::new();
    let mut first = place.run(&venue.settings(), &[]);
    first.await_metric(FILLS, 1.0);
    let second = place.run(&venue.settings(), &["--seconds", "1"]).wait().assert_code(1);
    second.assert_says(&["in use by another process", "--data-dir"]);
    place.rebuild().assert_code(1).assert_says(&["in use by another process"]);
    // Looking is allowed.
    place.assert_sound();
    let seen = first.await_metric(FILLS, 1.0);
    first.await_metric(FILLS, seen + 1.0);
    first.stop().assert_code(0);
    assert_complete(&place);
    assert_eq!(Books::read(&place.path()).runs.len(), 1);
    Process::run(&["audit", "--data-dir", "/nonexistent"]).assert_code(2);
}

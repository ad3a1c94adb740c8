//! Starting, going on, and what is known at the start.

use std::{fs, path::PathBuf};

use domain::{Control, OrderStatus, Record, RunNumber, record::OrderChanged};
use storage::{
    Durability, JournalError, Reader, RecordKind, Recovered, StorageError, Store, StoreConfig,
};

use crate::{
    rig::{PATIENCE, Rig, begin},
    support::{Desk, record_all},
};

#[test]
fn a_new_directory_starts_with_run_one_and_nothing() {
    let rig = Rig::new();
    let (_store, recovered) = rig.open();
    assert_eq!(recovered.next_run, RunNumber::FIRST);
    assert_eq!((recovered.records, recovered.torn), (0, None));
    assert!(recovered.state.session.is_none() && recovered.state.accounts.is_empty());
}

#[test]
fn a_second_process_is_refused_by_name() {
    let rig = Rig::new();
    let (_store, _) = rig.open();
    let error = Store::open(rig.config()).err().unwrap();
    assert!(matches!(error, StorageError::InUse { .. }));
    assert!(error.to_string().contains(&rig.path().display().to_string()), "{error}");
}

#[test]
fn what_a_run_leaves_behind_is_what_the_next_one_finds() {
    let rig = Rig::new();
    let mut desk = Desk::new(1);
    let summary = rig.run(&mut desk, 400, false);
    assert_eq!((summary.orders, summary.fills), (desk.orders(), desk.fills()));
    assert!(rig.segments().len() > 1);

    let (_store, recovered) = rig.open();
    let state = &recovered.state;
    assert_eq!(recovered.records, summary.records);
    assert_eq!(recovered.next_run, RunNumber::new(2));
    assert_eq!(state.last_order.unwrap().counter(), desk.orders());
    assert_eq!(state.last_trade().unwrap().counter(), desk.fills());
    let session = state.session.as_ref().unwrap();
    assert_eq!((session.orders, session.fills), (desk.orders(), desk.fills()));
    assert_eq!(session.ended.as_ref().unwrap().orders, desk.orders());
    let report = rig.audit();
    assert_eq!(report.cash, state.cash.to_string());
    let realized = state.accounts.iter().map(|account| account.realized_pnl).sum::<domain::Money>();
    assert_eq!(report.realized_pnl, realized.to_string());
    assert!(state.open_orders.iter().all(|open| open.filled < open.order.quantity));
    assert!(!state.open_orders.is_empty());
}

#[test]
fn a_run_goes_on_with_its_positions_or_starts_afresh() {
    let rig = Rig::new();
    let mut desk = Desk::new(2);
    rig.run(&mut desk, 200, false);
    rig.run(&mut desk, 200, true);
    rig.assert_sound();
    let held = rig.open().1.state.accounts.len();
    assert!(held > 2);

    rig.abandon(&mut desk, &[], false);
    let (_store, recovered) = rig.open();
    assert!(recovered.state.accounts.is_empty() && recovered.state.open_orders.is_empty());
    assert_eq!(recovered.state.cash, "100000".parse().unwrap());
    assert_eq!(rig.ask("SELECT COUNT(*) FROM positions").unwrap(), "0");
    rig.assert_sound();
}

#[test]
fn the_kill_switch_stays_on_until_it_is_lifted() {
    let rig = Rig::new();
    let mut desk = Desk::new(3);
    let kill = desk.control(Control::Kill);
    rig.abandon(&mut desk, &kill, false);
    rig.run(&mut desk, 20, true);
    assert!(rig.open().1.state.kill_switch);
    let resume = Desk::new(3).control(Control::Resume);
    rig.abandon(&mut desk, &resume, true);
    assert!(!rig.open().1.state.kill_switch);
}

#[test]
fn a_start_reads_from_the_checkpoint_and_knows_the_same() {
    let rig = Rig::new();
    let mut desk = Desk::new(4);
    rig.run(&mut desk, 600, false);
    let (store, quick) = rig.open();
    drop(store);
    assert_eq!(quick.records_read, 0, "an orderly end leaves nothing to read");

    let checkpoint = rig.path().join("journal/checkpoint.json");
    let text = fs::read_to_string(&checkpoint).unwrap();
    for spoilt in ["", "x", &text[1..], &text.replacen("imbalance", "imbalanze", 1)] {
        fs::write(&checkpoint, spoilt).unwrap();
        let (_store, slow) = rig.open();
        assert_eq!(slow.records_read, quick.records);
        assert_eq!(slow.state, quick.state);
    }
}

#[test]
fn a_checkpoint_of_another_journal_is_passed_over() {
    let (one, other) = (Rig::new(), Rig::new());
    one.run(&mut Desk::new(5), 50, false);
    other.run(&mut Desk::new(6), 300, false);
    let name = "journal/checkpoint.json";
    fs::copy(one.path().join(name), other.path().join(name)).unwrap();
    let (_store, recovered) = other.open();
    assert_eq!(recovered.records_read, recovered.records);
    assert_eq!(recovered.state, {
        fs::remove_file(other.path().join(name)).unwrap();
        storage::read_state(other.path()).unwrap()
    });
}

/// A run in one file whose last record is then torn.
fn torn(rig: &Rig) -> (Store, Recovered, PathBuf) {
    let config = StoreConfig { segment_bytes: 1 << 30, ..rig.config() };
    let (mut store, recovered) = Store::open(config.clone()).unwrap();
    let mut desk = Desk::new(7);
    let mut hot = begin(&mut store, &recovered, &mut desk, false);
    record_all(&mut hot, &desk.trade(100));
    record_all(&mut hot, &[desk.end()]);
    drop(hot);
    store.finish(PATIENCE).unwrap();
    let file = rig.segments().remove(0);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 3]).unwrap();
    let (store, recovered) = Store::open(config).unwrap();
    (store, recovered, file)
}

#[test]
fn a_torn_tail_is_reported_and_cut_when_the_next_run_begins() {
    let rig = Rig::new();
    let (mut store, recovered, file) = torn(&rig);
    let torn = recovered.torn.as_ref().unwrap();
    assert_eq!((&torn.path, torn.sequence), (&file, recovered.records + 1));
    assert_eq!(torn.offset + torn.bytes, fs::metadata(&file).unwrap().len());
    assert!(recovered.state.session.as_ref().unwrap().ended.is_none());

    drop(begin(&mut store, &recovered, &mut Desk::new(8), true));
    store.finish(PATIENCE).unwrap();
    assert_eq!(rig.audit().torn, None);
    rig.assert_sound();
}

#[test]
fn a_database_that_knows_more_than_the_journal_is_made_anew() {
    let rig = Rig::new();
    drop(torn(&rig));
    rig.assert_sound();
    assert_eq!(rig.ask("SELECT ended_at FROM sessions"), None);
    assert!(rig.audit().torn.is_some());
}

#[test]
fn damage_in_the_middle_refuses_the_start_and_names_the_place() {
    let rig = Rig::new();
    rig.run(&mut Desk::new(8), 400, false);
    fs::remove_file(rig.path().join("journal/checkpoint.json")).unwrap();
    let first = rig.segments().remove(0);
    let mut bytes = fs::read(&first).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&first, bytes).unwrap();
    let error = Store::open(rig.config()).err().unwrap();
    let StorageError::Journal(JournalError::Damaged { path, offset, sequence, .. }) = &error else {
        panic!("{error}");
    };
    assert!(*path == first && *offset <= 5_000 && *sequence > 1);
    assert!(error.to_string().contains("damaged at byte"), "{error}");
    assert!(storage::audit(rig.path(), None).is_err());
}

#[test]
fn a_barrier_makes_everything_durable() {
    let rig = Rig::new();
    for durability in [Durability::Buffered, Durability::Grouped, Durability::Durable] {
        let (mut store, recovered) =
            Store::open(StoreConfig { durability, ..rig.config() }).unwrap();
        let mut desk = Desk::new(9);
        let mut hot = begin(&mut store, &recovered, &mut desk, false);
        let gauges = store.gauges();
        record_all(&mut hot, &desk.trade(50));
        hot.barrier().unwrap();
        assert!(gauges.durable() > 50 && gauges.durable() == gauges.written());
        assert!(hot.failed().is_none() && hot.durability() == durability);
        assert_eq!((gauges.orders(), gauges.fills()), (desk.orders(), desk.fills()));
        assert!(!hot.is_stalled() && gauges.bytes() > 1_000);
        drop(hot);
        store.finish(PATIENCE).unwrap();
    }
    rig.assert_sound();
}

#[test]
fn a_store_that_is_dropped_still_writes_everything() {
    let rig = Rig::new();
    let (mut store, recovered) = rig.open();
    let mut desk = Desk::new(10);
    let mut hot = begin(&mut store, &recovered, &mut desk, false);
    let records = desk.trade(300);
    record_all(&mut hot, &records);
    drop(store);
    let (_store, recovered) = rig.open();
    assert_eq!(recovered.records, records.len() as u64 + 1);
    assert!(recovered.state.session.unwrap().ended.is_none());
}

#[test]
fn readers_see_the_sessions_and_their_records() {
    let rig = Rig::new();
    let mut desk = Desk::new(11);
    rig.run(&mut desk, 30, false);
    rig.run(&mut desk, 30, true);
    let mut reader = Reader::open(rig.path());
    let mut runs = Vec::new();
    while let Some(entry) = reader.next().unwrap() {
        if let Record::SessionStarted(started) = entry.record().unwrap() {
            assert_eq!(entry.kind(), RecordKind::SessionStarted);
            runs.push((started.run.get(), started.continued));
        }
    }
    assert_eq!(runs, [(1, false), (2, true)]);
}

#[test]
fn recording_allocates_nothing() {
    let rig = Rig::new();
    let (mut store, recovered) = rig.open();
    let mut desk = Desk::new(12);
    let mut hot = begin(&mut store, &recovered, &mut desk, false);
    let records = desk.trade(300);
    let before = hot.pushed();
    let measured = allocation_counter::measure(|| record_all(&mut hot, &records));
    assert_eq!(measured.count_total, 0);
    assert_eq!(hot.pushed() - before, records.len() as u64);
    drop(hot);
    assert_eq!(store.finish(PATIENCE).unwrap().records, records.len() as u64 + 1);
}

#[test]
fn an_order_of_a_run_with_other_instruments_can_be_ended_later() {
    let rig = Rig::new();
    let mut desk = Desk::new(13);
    rig.run(&mut desk, 200, false);
    let (mut store, recovered) = rig.open();
    desk.next_run(recovered.next_run, false);
    let mut session = desk.session();
    session.instruments.truncate(1);
    let mut hot = store.start(session).unwrap();
    for open in &recovered.state.open_orders {
        record_all(
            &mut hot,
            &[Record::OrderChanged(OrderChanged {
                order: open.order.id,
                status: OrderStatus::Expired,
                filled: open.filled,
                time: open.order.created,
            })],
        );
    }
    drop(hot);
    store.finish(PATIENCE).unwrap();
    rig.assert_sound();
    let open = "SELECT COUNT(*) FROM orders WHERE status IN ('created', 'partly_filled')";
    assert_eq!(rig.ask(open).unwrap(), "0");
}

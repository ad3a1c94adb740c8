//! Databases: complete, exact, and able to wait, to catch up and to be made anew.

use std::{fs, io::Write as _, thread, time::Duration};

use domain::{Fill, Record, RecordSink as _};
use rusqlite::Connection;
use storage::{DatabaseError, RECORDERS, StorageError, Store, StoreConfig};

use crate::{
    rig::{PATIENCE, Rig, begin},
    support::{Desk, record_all},
};

fn lock(rig: &Rig) -> Connection {
    let connection = rig.connect();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[test]
fn a_locked_database_lags_and_then_has_everything() {
    let rig = Rig::new();
    let mut desk = Desk::new(1);
    rig.run(&mut desk, 20, false);
    let other = lock(&rig);
    let (mut store, recovered) = rig.open();
    let mut hot = begin(&mut store, &recovered, &mut desk, true);
    record_all(&mut hot, &desk.trade(500));
    hot.record(&desk.end());
    // The journal does not care: the barrier returns while the lock is held.
    hot.barrier().unwrap();
    let gauges = store.gauges();
    while gauges.database_retries() < 3 {
        thread::yield_now();
    }
    assert!(gauges.database_lag() > 100 && gauges.database_failure().is_none());
    other.execute_batch("COMMIT").unwrap();
    drop(hot);
    let summary = store.finish(PATIENCE).unwrap();
    let database = summary.database.unwrap();
    assert!(database.lag == 0 && database.retries >= 3 && database.error.is_none());
    rig.assert_sound();
}

#[test]
fn a_database_locked_to_the_end_is_reported_and_caught_up_next_time() {
    let rig = Rig::new();
    let mut desk = Desk::new(2);
    rig.run(&mut desk, 20, false);
    let other = lock(&rig);
    let (mut store, recovered) = rig.open();
    let mut hot = begin(&mut store, &recovered, &mut desk, true);
    record_all(&mut hot, &desk.trade(200));
    hot.record(&desk.end());
    drop(hot);
    let summary = store.finish(Duration::from_millis(20)).unwrap();
    let lag = summary.database.unwrap().lag;
    assert!(lag > 50);
    let report = rig.audit();
    assert_eq!((report.database_lag(), report.agrees()), (Some(lag), true), "{report}");

    drop(other);
    rig.run(&mut desk, 1, true);
    rig.assert_sound();
}

#[test]
fn a_queue_that_overflows_is_made_good_from_the_journal() {
    let rig = Rig::new();
    let config = StoreConfig { persist_channel_size: 2, ..rig.config() };
    let (mut store, recovered) = Store::open(config).unwrap();
    let gauges = store.gauges();
    let mut desk = Desk::new(3);
    let mut hot = begin(&mut store, &recovered, &mut desk, false);
    while gauges.database_missed() < 100 {
        record_all(&mut hot, &desk.trade(100));
    }
    hot.record(&desk.end());
    drop(hot);
    store.finish(PATIENCE).unwrap();
    rig.assert_sound();
    assert_eq!(rig.ask("SELECT COUNT(*) FROM trades").unwrap(), desk.fills().to_string());
}

#[test]
fn a_corrupted_page_refuses_the_start_saves_the_state_and_can_be_rebuilt() {
    let rig = Rig::new();
    let mut desk = Desk::new(4);
    rig.run(&mut desk, 600, false);
    let before = rig.dump();
    let mut bytes = fs::read(rig.database()).unwrap();
    for page in bytes.chunks_mut(4_096).skip(8) {
        page[..200].fill(0xa5);
    }
    fs::write(rig.database(), &bytes).unwrap();

    let error = Store::open(rig.config()).err().unwrap();
    let StorageError::Database(DatabaseError::Corrupt { snapshot: Some(snapshot), .. }) = &error
    else {
        panic!("{error}");
    };
    assert!(error.to_string().contains("algopioneer rebuild"), "{error}");
    let saved: serde_json::Value = serde_json::from_slice(&fs::read(snapshot).unwrap()).unwrap();
    let state = storage::read_state(rig.path()).unwrap();
    assert_eq!(saved["cash"], state.cash.to_string());
    assert_eq!(saved["accounts"].as_array().unwrap().len(), state.accounts.len());
    assert!(saved["facts"].as_u64().unwrap() > 100 && saved["time_ns"].as_i64().unwrap() > 0);

    let rebuilt = storage::rebuild(rig.path(), &rig.database()).unwrap();
    assert_eq!(rebuilt.records, rig.audit().records);
    assert_eq!(rig.dump(), before);
    rig.run(&mut desk, 10, true);
    rig.assert_sound();
}

#[test]
fn a_file_that_is_no_database_is_called_corrupted() {
    let rig = Rig::new();
    fs::File::create(rig.database()).unwrap().write_all(&[7; 9_000]).unwrap();
    let error = Store::open(rig.config()).err().unwrap();
    assert!(matches!(error, StorageError::Database(DatabaseError::Corrupt { .. })), "{error}");
}

#[test]
fn a_rebuilt_database_equals_the_one_written_live() {
    let rig = Rig::new();
    let mut desk = Desk::new(5);
    for round in 0..4 {
        rig.run(&mut desk, 150, round != 2);
    }
    let live = rig.dump();
    assert!(live.len() > 300);
    storage::rebuild(rig.path(), &rig.database()).unwrap();
    assert_eq!(rig.dump(), live);
    assert!(!rig.path().join("strategy.db.rebuild").exists());
}

#[test]
fn a_rebuild_is_refused_while_a_run_is_writing() {
    let rig = Rig::new();
    let (_store, _) = rig.open();
    let error = storage::rebuild(rig.path(), &rig.database()).unwrap_err();
    assert!(matches!(error, StorageError::InUse { .. }));
}

#[test]
fn a_database_of_another_journal_or_schema_is_refused() {
    let (one, other) = (Rig::new(), Rig::new());
    one.run(&mut Desk::new(6), 30, false);
    other.run(&mut Desk::new(7), 30, false);
    let config =
        StoreConfig { database_path: Some(one.database()), ..StoreConfig::new(other.path()) };
    let error = Store::open(config).err().unwrap();
    assert!(matches!(error, StorageError::Database(DatabaseError::OtherJournal { .. })), "{error}");

    one.connect().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(one.config()).err().unwrap();
    assert!(
        matches!(error, StorageError::Database(DatabaseError::OtherSchema { found: 99, .. })),
        "{error}"
    );
}

#[test]
fn a_store_without_a_database_keeps_only_the_journal() {
    let rig = Rig::new();
    let config = StoreConfig { database_path: None, ..rig.config() };
    let (mut store, recovered) = Store::open(config).unwrap();
    let mut desk = Desk::new(8);
    let mut hot = begin(&mut store, &recovered, &mut desk, false);
    record_all(&mut hot, &desk.trade(50));
    drop(hot);
    assert!(store.finish(PATIENCE).unwrap().database.is_none());
    let report = rig.audit();
    assert!(report.agrees() && report.database.is_none());
    assert!(!rig.database().exists());
}

#[test]
fn numbers_are_exact_text_and_the_views_make_them_real() {
    let rig = Rig::new();
    let mut desk = Desk::new(9);
    rig.run(&mut desk, 400, false);
    assert_eq!(rig.ask("SELECT journal_mode FROM pragma_journal_mode").as_deref(), Some("wal"));
    let pepe = "symbol = 'PEPEUSDT' LIMIT 1";
    let price = rig.ask(&format!("SELECT price FROM trades WHERE {pepe}")).unwrap();
    assert!(price.starts_with("0.0000") && price.parse::<f64>().unwrap() > 0.0, "{price}");
    for table in ["trades", "orders", "positions"] {
        let exact = rig.ask(&format!("SELECT typeof(quantity) FROM {table} LIMIT 1"));
        let real = rig.ask(&format!("SELECT typeof(quantity) FROM {table}_real LIMIT 1"));
        assert_eq!((exact.as_deref(), real.as_deref()), (Some("text"), Some("real")), "{table}");
    }
    let same_symbol = "SELECT COUNT(DISTINCT market) FROM positions WHERE symbol = 'BTCUSDT'";
    assert_eq!(rig.ask(same_symbol).unwrap(), "2");
    let ids = rig.ask("SELECT client_order_id FROM orders ORDER BY order_id LIMIT 1").unwrap();
    assert!(ids.ends_with("-1-1"), "{ids}");
}

#[test]
fn metrics_are_null_where_they_mean_nothing_and_right_where_they_do() {
    let rig = Rig::new();
    let mut desk = Desk::new(10);
    rig.run(&mut desk, 500, false);
    let undefined = "sharpe_ratio IS NULL AND annual_return IS NULL AND ulcer_index IS NULL";
    let defined = "total_return > 0 AND max_drawdown = 0.125 AND max_drawdown_seconds = 1.5
        AND exposure = 0.5 AND expectancy IS avg_trade_pnl AND typeof(max_drawdown_amount) = 'text'
        AND CAST(total_pnl AS REAL) = 0
        AND (num_trades = 0) = (win_rate IS NULL) AND (num_trades = 0) = (expectancy IS NULL)";
    assert_eq!(
        rig.ask(&format!(
            "SELECT COUNT(*) FROM performance_metrics WHERE NOT ({undefined} AND {defined})"
        )),
        Some("0".into())
    );
    let last = "FROM performance_metrics_real ORDER BY timestamp_ns DESC LIMIT 1";
    let trades: f64 = rig.ask(&format!("SELECT num_trades {last}")).unwrap().parse().unwrap();
    let wins: f64 =
        rig.ask(&format!("SELECT win_rate * num_trades {last}")).unwrap().parse().unwrap();
    let expected = "SELECT wins FROM strategy_snapshots ORDER BY timestamp_ns DESC LIMIT 1";
    let expected: f64 = rig.ask(expected).unwrap().parse().unwrap();
    assert!(trades > 0.0 && (wins - expected).abs() < 1e-9, "{wins} of {trades}");
    assert_eq!(
        rig.ask("SELECT COUNT(*) FROM performance_metrics"),
        rig.ask("SELECT COUNT(*) FROM strategy_snapshots")
    );
}

#[test]
fn a_fill_that_comes_twice_is_one_trade() {
    let rig = Rig::new();
    let mut desk = Desk::new(11);
    desk.next_run(domain::RunNumber::FIRST, false);
    let records = desk.trade(200);
    let fill = records.iter().find_map(|record| match record {
        Record::Input(stamped) => match &stamped.event {
            domain::Event::Report(report) => match report.kind {
                domain::ReportKind::Filled(fill) => Some((fill, *report)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let (fill, report): (Fill, _) = fill.unwrap();
    let inputs = records.iter().filter(|record| matches!(record, Record::Input(_))).count() as u64;
    let again = Record::Input(domain::Stamped {
        sequence: inputs + 1,
        time: fill.time,
        event: domain::Event::Report(report),
    });
    let mut all = records;
    all.push(again);
    rig.abandon(&mut Desk::new(11), &all, false);
    rig.assert_sound();
    assert_eq!(rig.audit().duplicate_fills, 1);
    assert_eq!(rig.ask("SELECT COUNT(*) FROM trades").unwrap(), desk.fills().to_string());
}

#[test]
fn the_catalogue_is_sorted_and_its_recorders_open() {
    assert!(RECORDERS.is_sorted_by_key(|entry| entry.name));
    for entry in RECORDERS {
        let rig = Rig::new();
        let recorder = (entry.open)(&rig.database()).unwrap();
        assert_eq!((recorder.name(), recorder.watermark().sequence), (entry.name, 0));
    }
}

//! What the journal costs: the trading thread, the writer, a start and the audit.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark that cannot go on has failed")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use domain::{Record, RecordSink as _};
use storage::{HotJournal, Store, StoreConfig};
use support::{Desk, record_all};
use tempfile::TempDir;

const RECORDS: u64 = 200_000;

fn start(dir: &TempDir, desk: &mut Desk) -> (Store, HotJournal) {
    let config = StoreConfig { database_path: None, ..StoreConfig::new(dir.path()) };
    let (mut store, recovered) = Store::open(config).unwrap();
    desk.next_run(recovered.next_run, false);
    let hot = store.start(desk.session()).unwrap();
    (store, hot)
}

/// Book changes as a feed sends them, without orders.
fn book_changes(desk: &mut Desk) -> Vec<Record<'static>> {
    let is_market =
        |record: &Record<'_>| storage::RecordKind::of(record) == storage::RecordKind::Market;
    desk.trade(2_000).into_iter().filter(is_market).take(256).collect()
}

/// 64 records into an empty ring: the trading thread's own cost.
fn record(bench: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::new(1);
    let (store, mut hot) = start(&dir, &mut desk);
    let changes = book_changes(&mut desk);
    let mut group = bench.benchmark_group("hot");
    group.throughput(Throughput::Elements(64));
    group.bench_function("record_64_book_changes", |bench| {
        bench.iter_batched(
            || while hot_is_busy(&store) {},
            |()| record_all(&mut hot, black_box(&changes[..64])),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    drop(hot);
    store.finish(Duration::from_secs(10)).unwrap();
}

fn hot_is_busy(store: &Store) -> bool {
    std::hint::spin_loop();
    store.gauges().ring_utilization() > 0.0
}

/// From the trading thread into the file, as fast as it goes.
fn write(bench: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::new(2);
    let (store, mut hot) = start(&dir, &mut desk);
    let changes = book_changes(&mut desk);
    let mut group = bench.benchmark_group("writer");
    group.sample_size(10).throughput(Throughput::Elements(51_200));
    group.bench_function("write_51200_book_changes", |bench| {
        bench.iter(|| {
            for _ in 0..200 {
                record_all(&mut hot, &changes);
            }
            while store.gauges().ring_utilization() > 0.0 {
                std::hint::spin_loop();
            }
        });
    });
    group.finish();
    drop(hot);
    store.finish(Duration::from_secs(10)).unwrap();
}

/// A start without a checkpoint and with one, and the audit.
fn start_again(bench: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::new(3);
    let (store, mut hot) = start(&dir, &mut desk);
    while store.gauges().written() < RECORDS {
        record_all(&mut hot, &desk.trade(1_000));
    }
    hot.record(&desk.end());
    drop(hot);
    let records = store.finish(Duration::from_secs(10)).unwrap().records;
    let mut group = bench.benchmark_group("start");
    group.sample_size(10).throughput(Throughput::Elements(records));
    group.bench_function("from_checkpoint", |bench| {
        bench.iter(|| storage::read_state(dir.path()).unwrap());
    });
    std::fs::remove_file(dir.path().join("journal/checkpoint.json")).unwrap();
    group.bench_function("from_the_beginning", |bench| {
        bench.iter(|| storage::read_state(dir.path()).unwrap());
    });
    group.bench_function("audit", |bench| {
        bench.iter(|| storage::audit(dir.path(), None).unwrap());
    });
    group.finish();
}

criterion_group!(benches, record, write, start_again);
criterion_main!(benches);

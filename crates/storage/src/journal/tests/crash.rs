//! Stopping at every step, and a disk that refuses.

use std::{
    io::ErrorKind,
    sync::{Arc, LazyLock, atomic::Ordering},
};

use domain::{Record, RecordSink as _};
use proptest::prelude::*;

use super::{Bench, recover};
use crate::{
    JournalError,
    journal::{
        Durability, Reader,
        disk::Disk,
        fault_disk::{Crash, FaultDisk},
        frame::Hash,
    },
    support::{Desk, record_all},
};

fn session(seed: u64, steps: usize) -> Vec<Record<'static>> {
    let mut desk = Desk::new(seed);
    let mut records = vec![Record::SessionStarted(Box::new(desk.session()))];
    records.extend(desk.trade(steps));
    records.push(desk.end());
    records
}

fn hashes(disk: &FaultDisk) -> Vec<Hash> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut reader = Reader::new(disk);
    let mut hashes = Vec::new();
    while let Some(entry) = reader.next().unwrap() {
        hashes.push(entry.hash());
    }
    hashes
}

/// How much was acknowledged after how many operations of the disk.
type Promises = Vec<(usize, u64)>;

fn promised(promises: &Promises, operations: usize) -> u64 {
    let kept = promises.iter().filter(|(done, _)| *done <= operations);
    kept.map(|(_, sequence)| *sequence).max().unwrap_or(0)
}

fn write_session(seed: u64, durability: Durability) -> (FaultDisk, Promises) {
    let mut bench = Bench::open(&FaultDisk::default(), durability);
    let mut promises = Promises::new();
    bench.write(&session(seed, 150), 3, |bench| {
        let shared = &bench.shared;
        let safe = match durability {
            Durability::Buffered => shared.written.load(Ordering::Acquire),
            Durability::Grouped | Durability::Durable => shared.durable.load(Ordering::Acquire),
        };
        promises.push((bench.disk.operations(), safe));
        if durability != Durability::Buffered && promises.len().is_multiple_of(4) {
            // What a barrier asks for; it is answered in the next turn.
            let written = shared.written.load(Ordering::Acquire);
            shared.sync_wanted.store(written, Ordering::Release);
        }
    });
    bench.shared.closing.store(true, Ordering::Release);
    bench.writer.run();
    (bench.disk, promises)
}

fn survives_every_step(durability: Durability, crash: Crash) {
    let (disk, promises) = write_session(7, durability);
    let whole = hashes(&disk);
    assert!(promised(&promises, usize::MAX) > 100, "the session promises something");
    for step in 0..=disk.operations() {
        let left = disk.after_crash(step, crash, step as u64 * 31 + 5);
        let found = recover(&left).unwrap_or_else(|error| panic!("step {step}: {error}"));
        let end = found.end.sequence;
        assert!(end >= promised(&promises, step), "step {step}: only {end} records are left");
        let last = usize::try_from(end).unwrap();
        assert!(last == 0 || whole[last - 1] == found.end.hash, "step {step}: not a prefix");
        if step % 5 == 0 {
            goes_on_after(&left, found.end.sequence, durability);
        }
    }
}

/// The next start cuts the tail and appends; both parts are then one journal.
fn goes_on_after(disk: &FaultDisk, end: u64, durability: Durability) {
    let records = session(8, 3);
    let mut bench = Bench::open(disk, durability);
    bench.write(&records, 100, |_| {});
    let found = recover(disk).unwrap();
    assert_eq!((found.end.sequence, found.torn), (end + records.len() as u64, None));
}

#[test]
fn a_killed_program_loses_nothing_it_has_written() {
    survives_every_step(Durability::Buffered, Crash::Process);
}

#[test]
fn a_killed_program_that_syncs_loses_nothing_either() {
    survives_every_step(Durability::Grouped, Crash::Process);
}

#[test]
fn a_loss_of_power_takes_nothing_that_was_synced() {
    survives_every_step(Durability::Durable, Crash::Power);
}

#[test]
fn a_crash_during_recovery_changes_nothing() {
    let (disk, promises) = write_session(9, Durability::Grouped);
    let step = disk.operations() * 2 / 3;
    let left = disk.after_crash(step, Crash::Power, 77);
    let end = recover(&left).unwrap().end;
    drop(Bench::open(&left, Durability::Grouped));
    assert!(left.operations() > 0, "there was a tail to cut");
    for step in 0..=left.operations() {
        let again = left.after_crash(step, Crash::Power, step as u64);
        assert_eq!(recover(&again).unwrap().end.sequence, end.sequence, "step {step}");
    }
    assert!(end.sequence >= promised(&promises, step));
}

#[test]
fn a_full_disk_stops_the_journal_and_keeps_what_was_acknowledged() {
    let records = session(3, 60);
    for room in 3..40 {
        let disk = FaultDisk::default();
        let mut bench = Bench::open(&disk, Durability::Buffered);
        disk.fail_after(room, ErrorKind::StorageFull);
        let mut written = 0;
        let error = records.chunks(2).find_map(|records| {
            record_all(&mut bench.hot, records);
            let failed = bench.writer.turn().err();
            if failed.is_none() {
                written = bench.shared.written.load(Ordering::Acquire);
            }
            failed
        });
        let Some(error) = error else { continue };
        assert!(matches!(error, JournalError::DiskFull { .. }), "{error}");
        assert!(error.to_string().contains("free some space"), "{error}");
        let found = recover(&disk).unwrap();
        assert!(found.end.sequence >= written, "room {room}");
        bench.hot.record(&records[0]);
        assert!(bench.writer.turn().is_err(), "a failed journal takes nothing more");
    }
}

#[test]
fn a_failed_sync_is_never_tried_again() {
    let disk = FaultDisk::default();
    let mut bench = Bench::open(&disk, Durability::Durable);
    bench.write(&session(4, 10), 5, |_| {});
    bench.hot.record(&session(4, 1)[1]);
    disk.fail_after(1, ErrorKind::Other);
    bench.shared.sync_wanted.store(u64::MAX, Ordering::Release);
    bench.shared.closing.store(true, Ordering::Release);
    bench.writer.run();
    let refused = disk.refusals();
    let error = bench.shared.failure().unwrap();
    assert!(matches!(error, JournalError::SyncFailed { .. }), "{error}");
    assert!(bench.hot.failed().is_some());
    assert!(matches!(bench.hot.barrier(), Err(JournalError::SyncFailed { .. })));
    assert_eq!((disk.refusals(), refused), (1, 1));
}

#[test]
fn a_flipped_bit_in_the_middle_is_fatal_and_named() {
    let (disk, _) = write_session(5, Durability::Buffered);
    let mut names: Vec<_> =
        disk.list().unwrap().into_iter().filter(|name| name.ends_with(".journal")).collect();
    names.sort();
    assert!(names.len() > 2, "the session fills several segments");
    for name in &names {
        let bytes = disk.bytes(name);
        for place in (0..bytes.len() - 200).step_by(97) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            let disk = disk.with_file(name, damaged).with_file("checkpoint.json", Vec::new());
            let error = recover(&disk).map(|found| found.end).unwrap_err();
            let JournalError::Damaged { path, offset, sequence, .. } = &error else {
                panic!("{error}");
            };
            assert!(path.ends_with(name), "{error}");
            assert!(*offset <= place as u64 && *sequence > 0, "{error}");
        }
    }
}

#[test]
fn damage_before_a_synced_record_is_fatal_and_behind_it_is_a_torn_tail() {
    let mut bench = Bench::open(&FaultDisk::default(), Durability::Durable);
    let records = session(6, 8);
    let mut sizes = Vec::new();
    let name = super::super::segment_name(1);
    bench.write(&records[..8], 1, |bench| {
        sizes.push(bench.disk.bytes(&name).len());
        bench.shared.sync_wanted.store(3, Ordering::Release);
    });
    drop(bench.hot);
    let bytes = bench.disk.bytes(&name);
    let damage = |record: usize| {
        let mut bytes = bytes.clone();
        bytes[sizes[record - 1] - 2] ^= 1;
        recover(&bench.disk.with_file(&name, bytes))
    };
    assert!(matches!(damage(2), Err(JournalError::Damaged { sequence: 2, .. })));
    let found = damage(6).unwrap();
    assert_eq!((found.end.sequence, found.torn.unwrap().sequence), (5, 6));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let disk = FaultDisk::default().with_file(&super::super::segment_name(1), bytes);
        if let Ok(found) = recover(&disk) {
            prop_assert_eq!(found.end.sequence, 0);
        }
    }

    #[test]
    fn a_journal_with_random_damage_yields_a_prefix_or_an_error(
        place in 0_usize..5_000, value in any::<u8>(), cut in 0_usize..6_000,
    ) {
        static WRITTEN: LazyLock<(FaultDisk, Vec<Hash>)> = LazyLock::new(|| {
            let (disk, _) = write_session(10, Durability::Buffered);
            let hashes = hashes(&disk);
            (disk.with_file("checkpoint.json", Vec::new()), hashes)
        });
        let (disk, whole) = &*WRITTEN;
        let name = super::super::segment_name(1);
        let mut bytes = disk.bytes(&name);
        bytes.truncate(cut);
        if let Some(byte) = bytes.get_mut(place) {
            *byte = value;
        }
        let one_segment = FaultDisk::default().with_file(&name, bytes);
        if let Ok(found) = recover(&one_segment) {
            let end = usize::try_from(found.end.sequence).unwrap();
            prop_assert!(end == 0 || whole[end - 1] == found.end.hash);
        }
    }
}

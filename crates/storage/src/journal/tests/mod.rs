//! The journal on a disk that can do anything to it.

mod crash;
mod format;

use std::{sync::Arc, thread};

use domain::{Record, RecordSink};

use super::{
    Durability, HotJournal, Shared, Writer, WriterConfig, disk::Disk, fault_disk::FaultDisk,
};
use crate::{
    FactLine,
    recovery::{self, Recovery},
    support::{Desk, record_all},
};

/// Small, so that a short session fills several.
const SEGMENT_BYTES: u64 = 6_000;

/// A journal whose writer takes its turns when the test says so.
struct Bench {
    disk: FaultDisk,
    shared: Arc<Shared>,
    hot: HotJournal,
    writer: Writer,
}

impl Bench {
    fn open(disk: &FaultDisk, durability: Durability) -> Self {
        let shared_disk: Arc<dyn Disk> = Arc::new(disk.clone());
        let Recovery { end, state, .. } = recovery::recover(&shared_disk).unwrap();
        let shared = Arc::<Shared>::default();
        let (sender, ring) = rtrb::RingBuffer::new(1 << 16);
        let config = WriterConfig { durability, segment_bytes: SEGMENT_BYTES };
        let writer =
            Writer::open(config, shared_disk, ring, Arc::clone(&shared), (end, state)).unwrap();
        let hot = HotJournal::new(sender, Arc::clone(&shared), thread::current(), durability);
        Self { disk: disk.clone(), shared, hot, writer }
    }

    /// Records and writes in pieces of up to `piece` records, and tells after each.
    fn write(&mut self, records: &[Record<'_>], piece: usize, mut after: impl FnMut(&Self)) {
        for records in records.chunks(piece) {
            for record in records {
                self.hot.record(record);
            }
            assert!(self.writer.turn().unwrap());
            after(self);
        }
    }
}

fn recover(disk: &FaultDisk) -> Result<Recovery, crate::JournalError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    recovery::recover(&disk)
}

#[test]
fn the_trading_thread_waits_for_room_and_loses_nothing() {
    let disk = FaultDisk::default();
    let shared_disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let Recovery { end, state, .. } = recovery::recover(&shared_disk).unwrap();
    let shared = Arc::<Shared>::default();
    let (sender, ring) = rtrb::RingBuffer::new(64);
    let config = WriterConfig { durability: Durability::Buffered, segment_bytes: 1 << 20 };
    let writer =
        Writer::open(config, shared_disk, ring, Arc::clone(&shared), (end, state)).unwrap();
    let writer = thread::spawn(move || writer.run());

    let mut trader = Desk::new(1);
    let session = Record::SessionStarted(Box::new(trader.session()));
    let mut hot =
        HotJournal::new(sender, Arc::clone(&shared), writer.thread().clone(), Durability::Durable);
    hot.record(&session);
    let records = trader.trade(200);
    record_all(&mut hot, &records);
    hot.barrier().unwrap();
    assert!(hot.stalls() > 0, "64 bytes are less than one record");
    assert_eq!(recover(&disk).unwrap().end.sequence, records.len() as u64 + 1);
    drop(hot);
    writer.join().unwrap();
}

#[test]
fn facts_are_counted_without_holes() {
    let mut bench = Bench::open(&FaultDisk::default(), Durability::Buffered);
    let (sender, receiver) = crossbeam_channel::unbounded::<FactLine>();
    bench.writer.tell(sender, Arc::default());
    let mut desk = Desk::new(2);
    let mut records = vec![Record::SessionStarted(Box::new(desk.session()))];
    records.extend(desk.trade(100));
    bench.write(&records, 7, |_| {});
    let lines: Vec<_> = receiver.try_iter().collect();
    let numbers = lines.iter().map(|line| line.mark.number);
    assert!(numbers.eq(1..=lines.len() as u64));
    assert!(lines.len() > 20 && lines.len() < records.len());
    assert!(lines.iter().all(|line| records.len() as u64 >= line.mark.sequence));
}

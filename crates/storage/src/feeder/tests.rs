//! A recorder that is away, slow or lost, and a queue that overflows.

use std::{
    io,
    sync::{Arc, Mutex},
    thread,
};

use domain::Record;

use super::*;
use crate::{
    journal::{Durability, FaultDisk, HotJournal, Writer, WriterConfig},
    recovery::recover,
    support::{Desk, record_all},
};

/// What a recorder got, and what it answers next.
#[derive(Default)]
struct Inside {
    numbers: Vec<u64>,
    batches: Vec<usize>,
    answers: Vec<DatabaseError>,
}

#[derive(Clone, Default)]
struct Notebook(Arc<Mutex<Inside>>);

impl Recorder for Notebook {
    fn name(&self) -> &'static str {
        "notebook"
    }

    fn watermark(&self) -> Watermark {
        Watermark::default()
    }

    fn write(&mut self, batch: &[FactLine]) -> Result<(), DatabaseError> {
        let mut inside = self.0.lock().unwrap();
        if let Some(error) = inside.answers.pop() {
            return Err(error);
        }
        inside.batches.push(batch.len());
        inside.numbers.extend(batch.iter().map(|line| line.mark.number));
        Ok(())
    }
}

fn sqlite_error(code: i32) -> DatabaseError {
    let error = rusqlite::ffi::Error::new(code);
    let path = std::env::temp_dir().join("missing-folder").join("a.db");
    DatabaseError::from_sqlite(path, rusqlite::Error::SqliteFailure(error, None))
}

fn away() -> DatabaseError {
    sqlite_error(rusqlite::ffi::SQLITE_BUSY)
}

/// A session written through a real journal into `recorder`; `room` lines fit the queue.
fn feed(recorder: &Notebook, room: usize) -> (u64, Arc<FactGauges>, Arc<dyn Disk>) {
    let disk: Arc<dyn Disk> = Arc::new(FaultDisk::default());
    let found = recover(&disk).unwrap();
    let (shared, gauges) = (Arc::<Shared>::default(), Arc::<FactGauges>::default());
    let (sender, ring) = rtrb::RingBuffer::new(1 << 16);
    let config = WriterConfig { durability: Durability::Buffered, segment_bytes: 9_000 };
    let begin = (found.end, found.state);
    let mut writer =
        Writer::open(config, Arc::clone(&disk), ring, Arc::clone(&shared), begin).unwrap();
    let (facts, lines) = crossbeam_channel::bounded(room);
    writer.tell(facts, Arc::clone(&gauges));
    let feeder = Feeder::new(
        Box::new(recorder.clone()),
        lines,
        Arc::clone(&disk),
        Arc::clone(&shared),
        Arc::clone(&gauges),
        10,
    );
    let feeder = thread::spawn(move || feeder.run());
    let writer = thread::spawn(move || writer.run());
    let mut hot = HotJournal::new(sender, shared, writer.thread().clone(), Durability::Buffered);
    let mut trader = Desk::new(1);
    record_all(&mut hot, &[Record::SessionStarted(Box::new(trader.session()))]);
    record_all(&mut hot, &trader.trade(400));
    drop(hot);
    writer.join().unwrap();
    feeder.join().unwrap();
    let facts = recover(&disk).unwrap().state.facts;
    (facts, gauges, disk)
}

#[test]
fn every_fact_arrives_once_and_in_order_in_batches() {
    let notebook = Notebook::default();
    let (facts, gauges, _) = feed(&notebook, 10_000);
    let inside = notebook.0.lock().unwrap();
    assert!(inside.numbers.iter().copied().eq(1..=facts));
    assert!(inside.batches.iter().all(|&size| size <= 10));
    assert_eq!((gauges.lag(), gauges.retries()), (0, 0));
}

#[test]
fn what_found_no_room_is_read_from_the_journal() {
    let notebook = Notebook::default();
    let (facts, gauges, _) = feed(&notebook, 1);
    assert!(notebook.0.lock().unwrap().numbers.iter().copied().eq(1..=facts));
    assert_eq!(gauges.lag(), 0);
}

#[test]
fn a_recorder_that_is_away_gets_the_same_batch_later() {
    let notebook = Notebook::default();
    notebook.0.lock().unwrap().answers = vec![away(), away(), away()];
    let (facts, gauges, _) = feed(&notebook, 10_000);
    assert!(notebook.0.lock().unwrap().numbers.iter().copied().eq(1..=facts));
    assert_eq!((gauges.lag(), gauges.retries()), (0, 3));
}

#[test]
fn a_recorder_that_is_lost_does_not_stop_the_journal() {
    let notebook = Notebook::default();
    notebook.0.lock().unwrap().answers = vec![sqlite_error(rusqlite::ffi::SQLITE_CORRUPT)];
    let (facts, gauges, disk) = feed(&notebook, 10_000);
    assert!(notebook.0.lock().unwrap().numbers.is_empty());
    assert_eq!(gauges.lag(), facts);
    assert!(matches!(gauges.failure(), Some(DatabaseError::Corrupt { .. })));
    assert!(recover(&disk).unwrap().records_read < 400, "the checkpoint was saved as well");
}

#[test]
fn a_deadline_ends_the_waiting() {
    let deadline = Deadline::default();
    assert!(!deadline.has_passed());
    deadline.set(Instant::now());
    assert!(deadline.has_passed());
    let began = Instant::now();
    deadline.sleep(Duration::from_hours(1));
    assert!(began.elapsed() < Duration::from_mins(1));
}

#[test]
fn errors_that_pass_are_told_from_errors_that_stay() {
    use rusqlite::ffi;
    for code in [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED, ffi::SQLITE_FULL, ffi::SQLITE_IOERR] {
        assert!(matches!(sqlite_error(code), DatabaseError::Unavailable { .. }), "{code}");
    }
    for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB] {
        let error = sqlite_error(code);
        assert!(matches!(error, DatabaseError::Corrupt { .. }), "{code}");
        assert!(error.to_string().contains("algopioneer rebuild"));
    }
    assert!(matches!(sqlite_error(ffi::SQLITE_CONSTRAINT), DatabaseError::Failed { .. }));
    let full = crate::JournalError::from_write("x".into(), io::ErrorKind::StorageFull.into());
    assert!(matches!(full, crate::JournalError::DiskFull { .. }));
}

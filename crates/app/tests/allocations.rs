//! Heap allocations of the trading thread on recorded frames: none after warm-up.
//!
//! Counted is all that happens between a frame's bytes and the next frame: decoding, book,
//! features, strategy, risk gate, the paper broker's look at the market, the journal's hot
//! end. Limits that allow nothing keep orders away, so that only ticks are measured. The
//! counter counts per thread, so that the journal's and the database's own threads do not
//! matter.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod recorded;

use std::{path::Path, time::Duration};

use algopioneer::session::Completed;
use domain::{InstrumentId, MarketEvent, Timestamp};
use recorded::{USDM_BTC, recordings, session::Session};
use runtime::{Activity, Clock as _, Intake, Source, Stamp, WallClock};
use venues::{
    ConnectionId, MarketFeed, MarketSink, Request,
    binance::BinanceFeed,
    capture::{CaptureReader, Merge},
};

/// Frames before the counting starts: the snapshot and every kind of frame are among them.
const WARM_UP: usize = 20_000;
/// Frames that are counted at least.
const COUNTED: u64 = 20_000;
const BTC: InstrumentId = InstrumentId::new(0);

/// Recorded frames in memory, and the allocations while they are handled.
struct Frames {
    feed: BinanceFeed,
    connection: ConnectionId,
    all: Vec<(Timestamp, Vec<u8>)>,
    next: usize,
    clock: WallClock,
    counted: u64,
    allocations: u64,
    /// The first frames that allocated, for whoever has to find out why.
    culprits: Vec<String>,
}

impl Frames {
    fn of(session: &Session, path: &Path) -> Self {
        let feed = session.feed();
        let market = session.instruments.get(BTC).spec().market;
        let connection = feed.connection_of(market).unwrap();
        let mut lines = Merge::new(vec![CaptureReader::open(path).unwrap()]).unwrap();
        let (mut all, mut text) = (Vec::new(), Vec::new());
        while let Some((_, time)) = lines.next_into(&mut text).unwrap() {
            all.push((time, text.clone()));
        }
        Self {
            feed,
            connection,
            all,
            next: 0,
            clock: WallClock::start(),
            counted: 0,
            allocations: 0,
            culprits: Vec::new(),
        }
    }

    fn play(&mut self, intake: &mut dyn Intake) {
        let (now, text) = &self.all[self.next];
        let mut sink = Arriving { intake, now: *now, arrival: self.clock.stamp() };
        if self.next == 0 {
            self.feed.on_open(self.connection, *now, &mut sink);
        }
        self.feed.on_clock(*now, &mut sink);
        if text.starts_with(br#"{"stream""#) {
            self.feed.on_frame(self.connection, text, *now, &mut sink).unwrap();
        } else {
            let request = Request::DepthSnapshot { instrument: BTC, url: String::new() };
            self.feed.on_response(&request, Ok(text), *now, &mut sink).unwrap();
        }
    }
}

impl Source for Frames {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        if self.next == self.all.len() {
            return Activity::Finished;
        }
        let counts = allocation_counter::measure(|| self.play(intake));
        if self.next >= WARM_UP {
            self.counted += 1;
            self.allocations += counts.count_total;
            if counts.count_total > 0 && self.culprits.len() < 3 {
                let text = String::from_utf8_lossy(&self.all[self.next].1);
                let start: String = text.chars().take(120).collect();
                self.culprits.push(format!("{} times at {start}", counts.count_total));
            }
        }
        self.next += 1;
        Activity::Busy
    }

    fn wait(&mut self, _limit: Duration) {}

    fn resync(&mut self, instrument: InstrumentId, _intake: &mut dyn Intake) {
        panic!("an undamaged book of {instrument:?} is never crossed");
    }
}

struct Arriving<'a> {
    intake: &'a mut dyn Intake,
    now: Timestamp,
    arrival: Stamp,
}

impl MarketSink for Arriving<'_> {
    fn event(&mut self, event: MarketEvent<'_>) {
        self.intake.market(&event, self.now, self.arrival);
    }

    fn request(&mut self, _request: Request) {}
}

/// A session over the largest recording, under these limits.
fn trade(settings: &[&str], data_dir: Option<&Path>) -> Option<Completed<Frames>> {
    let captures = recordings(&[USDM_BTC])?;
    let session = Session::of(&captures, settings);
    let frames = Frames::of(&session, &captures[0]);
    Some(session.run(frames, data_dir))
}

/// Every wish for a position is refused: it would be worth more than one dollar.
/// Figures of performance are made once in a snapshot interval, not for each tick, and need room.
const NOTHING_ALLOWED: [&str; 3] = [
    "strategy.risk_limits.max_notional_exposure=1",
    "strategy.params.imbalance_threshold=0.1",
    "strategy.persistence.snapshot_interval_ms=86400000",
];

fn assert_no_allocations(done: &Completed<Frames>) {
    let (source, counters) = (&done.source, done.engine.counters());
    assert!(source.counted >= COUNTED, "only {} frames were counted", source.counted);
    assert!(counters.signals > 500, "only {} signals", counters.signals);
    assert!(counters.rejected_total() > 100, "only {} refusals", counters.rejected_total());
    assert_eq!(counters.orders, 0);
    assert_eq!(source.allocations, 0, "allocations: {:#?}", source.culprits);
}

#[test]
fn a_tick_allocates_nothing_from_its_bytes_to_the_risk_gates_answer() {
    let Some(done) = trade(&NOTHING_ALLOWED, None) else { return };
    assert_no_allocations(&done);
}

#[test]
fn a_tick_that_is_written_to_the_journal_allocates_nothing_either() {
    let dir = tempfile::tempdir().unwrap();
    let Some(done) = trade(&NOTHING_ALLOWED, Some(dir.path())) else { return };
    assert_no_allocations(&done);
    let records = recorded::journal::read(dir.path(), |_| {});
    assert!(records > done.source.counted, "{records} records");
}

#[test]
fn the_counter_sees_what_is_allocated() {
    let counts = allocation_counter::measure(|| drop(std::hint::black_box(vec![1_u8; 100])));
    assert_eq!(counts.count_total, 1);
}

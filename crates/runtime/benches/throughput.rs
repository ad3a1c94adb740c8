//! How many frames a second one core can work on, and which stage costs what.
//!
//! A whole recording is worked on again and again, each time with one stage more: decode,
//! book, features, the engine's step (signal, risk, orders), and the trading loop around it
//! with the paper broker. Each frame lies in a receive buffer when its clock starts, as
//! after a read from a socket; its cost is the median over the passes, and a class's cost is
//! the mean over its frames, so that what others do on the machine is left out but rare
//! expensive frames are not. Two readings of the clock per frame are part of every figure.
//! The goal is for a stream of book changes; in the whole stream a dozen quotes lie between
//! two of them, and caches and predictors are colder.
//! `cargo bench -p runtime --bench throughput`.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![allow(clippy::unwrap_used, reason = "a recording is well-formed and settings are sound")]

mod session;

use std::{hint::black_box, ops::RangeInclusive, process::ExitCode, time::Duration};

use domain::{Event, InstrumentId, MarketData, MarketEvent, Stamped, Timestamp};
use engine::{Engine, Outputs};
use market::{FeatureCalculator, FeatureConfig, OrderBook};
use runtime::{
    Activity, Clock as _, InlineExecution, Intake, MEASURE_EVERY, Source, TradingLoop, WallClock,
};
use session::{BTC, CONNECTION, Manner, Recording};
use venues::{MarketFeed as _, MarketSink, Request, binance::BinanceFeed};

const PASSES: usize = 9;
/// Frames a second for frames with about twenty changes.
const GOAL: f64 = 1_500_000.0;
/// A gate fails below the goal divided by this: the machine is shared.
const SLACK: f64 = 1.25;

/// What is done with an event.
trait Stage {
    fn event(&mut self, event: MarketEvent<'_>, now: Timestamp);
}

/// Nothing: what remains is decoding.
struct Decode;

impl Stage for Decode {
    fn event(&mut self, event: MarketEvent<'_>, _now: Timestamp) {
        black_box(&event);
    }
}

struct Book(OrderBook);

impl Book {
    /// Whether the event moved it.
    fn take(&mut self, event: &MarketEvent<'_>) -> bool {
        match &event.data {
            MarketData::BookSnapshot { bids, asks, .. } => self.0.load(bids, asks),
            MarketData::BookDiff { bids, asks, .. } => self.0.apply(bids, asks),
            _ => return false,
        }
        true
    }
}

impl Stage for Book {
    fn event(&mut self, event: MarketEvent<'_>, _now: Timestamp) {
        self.take(&event);
        black_box((self.0.best_bid(), self.0.best_ask()));
    }
}

struct Features(Book, FeatureCalculator);

impl Stage for Features {
    fn event(&mut self, event: MarketEvent<'_>, now: Timestamp) {
        if self.0.take(&event) {
            black_box(self.1.on_book(now, &self.0.0));
            black_box(self.1.vector());
        } else if let MarketData::Trade(trade) = &event.data {
            self.1.on_trade(now, trade);
        }
    }
}

/// Features, signal, risk, orders; nobody carries the orders out.
struct Step {
    engine: Engine,
    outputs: Outputs,
    sequence: u64,
    time: Timestamp,
}

impl Stage for Step {
    fn event(&mut self, event: MarketEvent<'_>, now: Timestamp) {
        self.sequence += 1;
        self.time = self.time.max(now);
        let stamped =
            Stamped { sequence: self.sequence, time: self.time, event: Event::Market(event) };
        self.engine.step(&stamped, &mut self.outputs);
        black_box(&self.outputs);
        self.outputs.clear();
    }
}

struct Forward<'a> {
    stage: &'a mut dyn Stage,
    now: Timestamp,
}

impl MarketSink for Forward<'_> {
    fn event(&mut self, event: MarketEvent<'_>) {
        self.stage.event(event, self.now);
    }

    fn request(&mut self, _request: Request) {}
}

/// Nanoseconds of each frame.
type Pass = Vec<u64>;

fn pass(recording: &Recording, stage: &mut dyn Stage, clock: &WallClock) -> Pass {
    let mut feed = recording.feed(&mut Forward { stage, now: recording.frames[0].time });
    let mut buffer = Vec::with_capacity(1 << 20);
    let mut nanos = Vec::with_capacity(recording.frames.len());
    for (next, frame) in recording.frames.iter().enumerate() {
        let mut sink = Forward { stage, now: frame.time };
        recording.answer(next, &mut feed, &mut sink);
        buffer.clear();
        buffer.extend_from_slice(&frame.text);
        let began = clock.stamp();
        feed.on_frame(CONNECTION, &buffer, frame.time, &mut sink).unwrap();
        nanos.push(clock.nanos_between(began, clock.stamp()));
    }
    nanos
}

/// The recording as the source of a trading loop.
struct TimedSource<'a> {
    recording: &'a Recording,
    feed: Option<BinanceFeed>,
    buffer: Vec<u8>,
    nanos: Pass,
    clock: WallClock,
}

struct Passing<'a> {
    intake: &'a mut dyn Intake,
    now: Timestamp,
    arrival: runtime::Stamp,
}

impl MarketSink for Passing<'_> {
    fn event(&mut self, event: MarketEvent<'_>) {
        self.intake.market(&event, self.now, self.arrival);
    }

    fn request(&mut self, _request: Request) {}
}

impl Source for TimedSource<'_> {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        for _ in 0..64 {
            let next = self.nanos.len();
            let Some(frame) = self.recording.frames.get(next) else { return Activity::Finished };
            let mut sink = Passing { intake, now: frame.time, arrival: self.clock.stamp() };
            let feed = self.feed.get_or_insert_with(|| self.recording.feed(&mut sink));
            self.recording.answer(next, feed, &mut sink);
            self.buffer.clear();
            self.buffer.extend_from_slice(&frame.text);
            sink.arrival = self.clock.stamp();
            feed.on_frame(CONNECTION, &self.buffer, frame.time, &mut sink).unwrap();
            self.nanos.push(self.clock.nanos_between(sink.arrival, self.clock.stamp()));
        }
        Activity::Busy
    }

    fn wait(&mut self, _limit: Duration) {}

    fn resync(&mut self, _instrument: InstrumentId, _intake: &mut dyn Intake) {}
}

fn whole_loop(recording: &Recording, clock: &WallClock) -> Pass {
    let source = TimedSource {
        recording,
        feed: None,
        buffer: Vec::with_capacity(1 << 20),
        nanos: Vec::with_capacity(recording.frames.len()),
        clock: clock.clone(),
    };
    let parts = session::parts(source, &recording.instruments, Manner::Usual, MEASURE_EVERY);
    let finished = TradingLoop::new(parts.map_execution(InlineExecution::new)).run();
    let counters = finished.engine.counters();
    assert!(counters.book_losses == 0 && counters.orders > 10, "it must trade: {counters:?}");
    finished.source.nanos
}

/// One pass of each stage.
fn round(recording: &Recording, clock: &WallClock) -> [Pass; 5] {
    let features = || {
        let instrument = recording.instruments.get(BTC);
        FeatureCalculator::new(FeatureConfig::default(), instrument).unwrap()
    };
    let mut step = Step {
        engine: session::engine(&recording.instruments, Manner::Usual),
        outputs: Outputs::default(),
        sequence: 0,
        time: Timestamp::EPOCH,
    };
    let book = || Book(OrderBook::new());
    [
        pass(recording, &mut Decode, clock),
        pass(recording, &mut book(), clock),
        pass(recording, &mut Features(book(), features()), clock),
        pass(recording, &mut step, clock),
        whole_loop(recording, clock),
    ]
}

const STAGES: [&str; 5] = ["decode", "+ book", "+ features", "+ signal, risk", "+ loop, broker"];
const TO_RISK: usize = 3;

/// Frames of one kind.
struct Class {
    name: &'static str,
    frames: Vec<usize>,
}

impl Class {
    fn of(name: &'static str, recording: &Recording, changes: RangeInclusive<usize>) -> Self {
        let frames = recording.frames.iter().enumerate();
        let frames = frames.filter(|(_, frame)| changes.contains(&frame.changes));
        Self { name, frames: frames.map(|(place, _)| place).collect() }
    }

    fn changes(&self, recording: &Recording) -> f64 {
        let changes = self.frames.iter().map(|frame| recording.frames[*frame].changes as u64);
        ratio(changes.sum(), self.frames.len() as u64)
    }

    /// Mean over the frames, each by its value of a rank among the rounds: 0 is the fastest.
    fn mean(&self, rounds: &[[Pass; 5]], stage: usize, rank: usize) -> f64 {
        let ranked = |frame: &usize| {
            let mut nanos: Vec<u64> = rounds.iter().map(|round| round[stage][*frame]).collect();
            nanos.sort_unstable();
            nanos[rank]
        };
        ratio(self.frames.iter().map(ranked).sum(), self.frames.len() as u64)
    }

    /// Prints one line and gives the frames a second up to the risk gate.
    fn print(&self, recording: &Recording, rounds: &[[Pass; 5]]) -> f64 {
        let (frames, changes) = (self.frames.len(), self.changes(recording));
        print!("{:<20} {frames:>7} {changes:>8.1}", self.name);
        for stage in 0..STAGES.len() {
            print!(" {:>15.0}", self.mean(rounds, stage, PASSES / 2));
        }
        let usual = 1e9 / self.mean(rounds, TO_RISK, PASSES / 2);
        let fastest = 1e9 / self.mean(rounds, TO_RISK, 0);
        println!(" {usual:>18.0} {fastest:>14.0}");
        usual
    }
}

#[expect(clippy::cast_precision_loss, reason = "sums of nanoseconds are far below 2^52")]
fn ratio(sum: u64, count: u64) -> f64 {
    sum as f64 / count.max(1) as f64
}

/// Works on a recording and gives the frames a second with about twenty changes.
fn measure(recording: &Recording, others: &[Class]) -> f64 {
    let clock = WallClock::start();
    let rounds: Vec<_> = (0..PASSES).map(|_| round(recording, &clock)).collect();
    print!("{:<20} {:>7} {:>8}", "", "frames", "changes");
    for stage in STAGES {
        print!(" {stage:>15}");
    }
    println!(" {:>18} {:>14}", "frames/s to risk", "fastest pass");
    for class in others {
        class.print(recording, &rounds);
    }
    Class::of("15 to 25 changes", recording, 15..=25).print(recording, &rounds)
}

fn main() -> ExitCode {
    let Some(path) = testkit::recorded(session::FILE) else { return ExitCode::SUCCESS };
    let whole = Recording::read(&path);
    println!("ns a frame: mean over frames of the median of {PASSES} passes");
    println!("the whole stream, as it was recorded:");
    let classes = [
        Class::of("quotes and trades", &whole, 0..=0),
        Class::of("35 to 45 changes", &whole, 35..=45),
        Class::of("every book change", &whole, 1..=usize::MAX),
        Class::of("everything", &whole, 0..=usize::MAX),
    ];
    measure(&whole, &classes);
    println!("the book changes alone, one after the other:");
    let changes = whole.of_changes();
    let classes = [
        Class::of("35 to 45 changes", &changes, 35..=45),
        Class::of("every book change", &changes, 1..=usize::MAX),
    ];
    let per_second = measure(&changes, &classes);
    println!("goal with about 20 changes: {GOAL} frames/s; reached: {per_second:.0}");
    if per_second < GOAL / SLACK { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

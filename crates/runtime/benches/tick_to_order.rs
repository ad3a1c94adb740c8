//! From a frame's scheduled arrival to its order, in process, in both thread layouts.
//!
//! Frames of a recording arrive evenly at a given rate whatever the loop does, so a stall
//! shows in every frame that had to wait. Nearly every book change makes an order, which
//! counts as made when the execution takes it. Two views of the same runs: all orders of all
//! runs, where a busy machine shows, and each frame's median over the runs, where it does
//! not. An empty loop on the same schedule beside each run says how busy it was.
//! `cargo bench -p runtime --bench tick_to_order`.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![allow(clippy::unwrap_used, reason = "a recording is well-formed and settings are sound")]

mod session;

use std::{
    process::ExitCode,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{Event, InstrumentId, MarketEvent, Timestamp};
use engine::{Command, Engine};
use runtime::{
    Activity, Clock as _, Execution, Histogram, HistogramView, InlineExecution, Intake, Source,
    Stamp, TradingLoop, Vitals, WallClock,
    pipeline::{self, PipelineConfig},
};
use session::{CONNECTION, Manner, REPORT_LATENCY, Recording};
use venues::{MarketFeed as _, MarketSink, Request, binance::BinanceFeed};

const RUNS: usize = 5;
/// Frames a second, `None` for one after the other without a schedule, and how many frames
/// of the recording are played at that rate.
const RATES: [(Option<u64>, usize); 3] =
    [(None, 90_000), (Some(10_000), 10_000), (Some(50_000), 50_000)];
const BURST: usize = 64;

/// When each frame is due, and which one is being worked on.
struct Schedule {
    clock: WallClock,
    start: OnceLock<Stamp>,
    /// `None` when a frame is due as soon as it is looked for.
    nanos_apart: Option<u64>,
    frame: AtomicUsize,
    /// The frame's arrival in nanoseconds after the start.
    arrival: AtomicU64,
}

impl Schedule {
    fn new(rate: Option<u64>) -> Arc<Self> {
        Arc::new(Self {
            clock: WallClock::start(),
            start: OnceLock::new(),
            nanos_apart: rate.map(|rate| 1_000_000_000 / rate),
            frame: AtomicUsize::new(0),
            arrival: AtomicU64::new(0),
        })
    }

    /// The first call is when it begins.
    fn start(&self) -> Stamp {
        *self.start.get_or_init(|| self.clock.stamp())
    }

    fn elapsed(&self) -> u64 {
        self.clock.nanos_between(self.start(), self.clock.stamp())
    }

    /// The scheduled arrival of a frame once it is due.
    fn due(&self, frame: usize) -> Option<Stamp> {
        let elapsed = self.elapsed();
        let arrival = self.nanos_apart.map_or(elapsed, |apart| apart * frame as u64);
        self.frame.store(frame, Relaxed);
        self.arrival.store(arrival, Relaxed);
        (arrival <= elapsed).then(|| self.clock.later(self.start(), arrival))
    }

    /// Nanoseconds since the current frame's arrival.
    fn age(&self) -> u64 {
        self.elapsed().saturating_sub(self.arrival.load(Relaxed))
    }
}

/// Notes when the first order of each frame was taken.
struct TimedExecution {
    inner: InlineExecution,
    schedule: Arc<Schedule>,
    /// By frame, zero for none.
    nanos: Vec<u64>,
}

impl Execution for TimedExecution {
    fn submit(&mut self, command: &Command, time: Timestamp, engine: &Engine) {
        let frame = self.schedule.frame.load(Relaxed);
        if self.nanos[frame] == 0 && matches!(command, Command::Place(_)) {
            self.nanos[frame] = self.schedule.age();
        }
        self.inner.submit(command, time, engine);
    }

    fn before_time(&mut self, time: Timestamp, engine: &Engine) {
        self.inner.before_time(time, engine);
    }

    fn before_market(&mut self, event: &MarketEvent<'_>, time: Timestamp, engine: &Engine) {
        self.inner.before_market(event, time, engine);
    }

    fn after_market(&mut self, event: &MarketEvent<'_>, time: Timestamp, engine: &Engine) {
        self.inner.after_market(event, time, engine);
    }

    fn next_answer(&mut self, time: Timestamp) -> Option<(Timestamp, Event<'static>)> {
        self.inner.next_answer(time)
    }
}

/// A socket that receives by schedule.
struct Paced<'a> {
    recording: &'a Recording,
    feed: Option<BinanceFeed>,
    schedule: Arc<Schedule>,
    limit: usize,
    next: usize,
    /// The frame that is next, as a read from a socket would leave it.
    buffer: Vec<u8>,
    is_staged: bool,
}

impl<'a> Paced<'a> {
    fn new(recording: &'a Recording, schedule: Arc<Schedule>, limit: usize) -> Self {
        Self {
            recording,
            feed: None,
            schedule,
            limit: limit.min(recording.frames.len()),
            next: 0,
            buffer: Vec::with_capacity(1 << 20),
            is_staged: false,
        }
    }

    /// Copying is the kernel's work; while there is time it is done beforehand.
    fn stage(&mut self) {
        if !self.is_staged {
            self.buffer.clear();
            self.buffer.extend_from_slice(&self.recording.frames[self.next].text);
            self.is_staged = true;
        }
    }
}

struct Passing<'a> {
    intake: &'a mut dyn Intake,
    now: Timestamp,
    arrival: Stamp,
}

impl MarketSink for Passing<'_> {
    fn event(&mut self, event: MarketEvent<'_>) {
        self.intake.market(&event, self.now, self.arrival);
    }

    fn request(&mut self, _request: Request) {}
}

impl Source for Paced<'_> {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        for delivered in 0..BURST {
            if self.next == self.limit {
                return Activity::Finished;
            }
            self.stage();
            let Some(arrival) = self.schedule.due(self.next) else {
                return if delivered == 0 { Activity::Idle } else { Activity::Busy };
            };
            let now = self.recording.frames[self.next].time;
            let mut sink = Passing { intake, now, arrival };
            let feed = self.feed.get_or_insert_with(|| self.recording.feed(&mut sink));
            self.recording.answer(self.next, feed, &mut sink);
            feed.on_frame(CONNECTION, &self.buffer, now, &mut sink).unwrap();
            self.next += 1;
            self.is_staged = false;
        }
        Activity::Busy
    }

    /// A measurement never sleeps: the next frame may be due in a microsecond.
    fn wait(&mut self, _limit: Duration) {
        std::hint::spin_loop();
    }

    fn resync(&mut self, _instrument: InstrumentId, _intake: &mut dyn Intake) {}
}

/// The same schedule with nothing to do.
fn empty_loop(rate: Option<u64>, frames: usize) -> HistogramView {
    let (histogram, schedule) = (Histogram::default(), Schedule::new(rate));
    for index in 0..frames {
        while schedule.due(index).is_none() {
            std::hint::spin_loop();
        }
        histogram.record(schedule.age());
    }
    histogram.view()
}

fn fused(recording: &Recording, rate: Option<u64>, frames: usize) -> (Arc<Vitals>, Vec<u64>) {
    let schedule = Schedule::new(rate);
    let source = Paced::new(recording, Arc::clone(&schedule), frames);
    let parts = session::parts(source, &recording.instruments, Manner::Eager, 1);
    let seen = Arc::clone(&parts.vitals);
    let parts = parts.map_execution(|broker| {
        let inner = InlineExecution::new(broker);
        TimedExecution { inner, schedule, nanos: vec![0; frames] }
    });
    let finished = TradingLoop::new(parts).run();
    assert!(finished.ended.orders > 100, "there must be something to measure");
    (seen, finished.execution.nanos)
}

fn pipelined(recording: &Recording, rate: Option<u64>, frames: usize) -> Arc<Vitals> {
    let source = Paced::new(recording, Schedule::new(rate), frames);
    let parts = session::parts(source, &recording.instruments, Manner::Eager, 1);
    let seen = Arc::clone(&parts.vitals);
    let channels = PipelineConfig {
        market_channel_size: 10_000,
        order_channel_size: 1_000,
        report_latency: REPORT_LATENCY,
    };
    let ended = pipeline::run(parts, channels).unwrap().ended;
    assert!(ended.orders > 100, "there must be something to measure");
    seen
}

/// The distribution over frames of each frame's median over the runs.
fn typical(runs: &[Vec<u64>]) -> HistogramView {
    let histogram = Histogram::default();
    for frame in 0..runs[0].len() {
        let mut nanos: Vec<u64> = runs.iter().map(|run| run[frame]).collect();
        nanos.sort_unstable();
        if nanos[0] > 0 {
            histogram.record(nanos[nanos.len() / 2]);
        }
    }
    histogram.view()
}

/// The median of several runs, percentile by percentile.
fn median(views: &[HistogramView]) -> HistogramView {
    let middle = |of: &dyn Fn(&HistogramView) -> u64| {
        let mut values: Vec<u64> = views.iter().map(of).collect();
        values.sort_unstable();
        values[values.len() / 2]
    };
    HistogramView {
        p50: middle(&|view| view.p50),
        p99: middle(&|view| view.p99),
        p999: middle(&|view| view.p999),
        max: middle(&|view| view.max),
        count: middle(&|view| view.count),
    }
}

fn row(name: &str, view: HistogramView) {
    let HistogramView { p50, p99, p999, max, count } = view;
    println!("  {name:<34} {p50:>10} {p99:>10} {p999:>10} {max:>12} {count:>8}");
}

fn table(vitals: &[Arc<Vitals>], empty: &[HistogramView]) {
    let of = |histogram: &dyn Fn(&Vitals) -> &Histogram| -> HistogramView {
        median(&vitals.iter().map(|one| histogram(one).view()).collect::<Vec<_>>())
    };
    row("tick to order, median run", of(&|one| &one.tick_to_trade));
    row("tick to decision, median run", of(&|one| &one.tick_to_decision));
    row("  until decoded", of(&|one| &one.decode));
    row("  decided", of(&|one| &one.decide));
    row("    features", of(&|one| &one.features));
    row("empty loop", median(empty));
}

fn main() -> ExitCode {
    let Some(path) = testkit::recorded(session::FILE) else { return ExitCode::SUCCESS };
    let recording = Recording::read(&path);
    println!("goal on a quiet machine, fused, tick to order: p50 <= 1000 ns, p99 <= 2000 ns");
    for (rate, frames) in RATES {
        let (mut vitals, mut empty, mut nanos) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            empty.push(empty_loop(rate, frames / 10));
            let (seen, taken) = fused(&recording, rate, frames);
            vitals.push(seen);
            nanos.push(taken);
        }
        header("fused", rate);
        row("tick to order taken, each frame", typical(&nanos));
        table(&vitals, &empty);
        first_orders(&nanos, &recording);

        if rate.is_none() {
            // Without a schedule the queue between the threads would be full all the time.
            continue;
        }
        let (mut vitals, mut empty) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            empty.push(empty_loop(rate, frames / 10));
            vitals.push(pipelined(&recording, rate, frames));
        }
        header("pipelined", rate);
        table(&vitals, &empty);
    }
    ExitCode::SUCCESS
}

fn header(layout: &str, rate: Option<u64>) {
    let rate = rate.map_or("one after the other".into(), |rate| format!("{rate} frames/s"));
    println!(
        "{:<36} {:>10} {:>10} {:>10} {:>12} {:>8}",
        format!("{layout}, {rate}, ns"),
        "p50",
        "p99",
        "p99.9",
        "max",
        "count"
    );
}

/// What the first orders after the start cost, which is not what later ones cost.
fn first_orders(runs: &[Vec<u64>], recording: &Recording) {
    let frames = (0..runs[0].len()).filter(|frame| runs[0][*frame] > 0).take(6);
    for frame in frames {
        let mut nanos: Vec<u64> = runs.iter().map(|run| run[frame]).collect();
        nanos.sort_unstable();
        let changes = recording.frames[frame].changes;
        println!("  order at frame {frame} ({changes} changes), each run: {nanos:?}");
    }
}

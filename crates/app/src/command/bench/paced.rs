//! Frames that arrive by a schedule, and the loop that does nothing with them.

use std::{sync::Arc, time::Duration};

use domain::{InstrumentId, MarketEvent, Timestamp};
use runtime::{Activity, Clock, Histogram, HistogramView, Intake, Source, Stamp, WallClock};
use venues::{ConnectionId, MarketFeed, MarketSink, Request, binance::BinanceFeed};

use super::{
    super::venue,
    frames::{Frame, Frames},
};
use crate::{cli::Rate, config::Config};

/// Frames handed over in one poll at most.
const BURST: usize = 64;

/// When each frame should arrive.
struct Schedule {
    start: Stamp,
    nanos_apart: Option<u64>,
}

impl Schedule {
    fn new(rate: Rate, clock: &WallClock) -> Self {
        let nanos_apart = match rate {
            Rate::PerSecond(rate) => Some(1_000_000_000 / u64::from(rate)),
            Rate::Max => None,
        };
        Self { start: clock.stamp(), nanos_apart }
    }

    /// The arrival of the frame at `index`, `None` when it is not due yet.
    fn arrival(&self, index: usize, clock: &WallClock) -> Option<Stamp> {
        let now = clock.stamp();
        let Some(nanos_apart) = self.nanos_apart else { return Some(now) };
        let due = clock.later(self.start, nanos_apart.saturating_mul(index as u64));
        (due <= now).then_some(due)
    }
}

/// Decodes scheduled frames as if a socket had brought them.
pub(super) struct PacedSource {
    feed: BinanceFeed,
    connection: ConnectionId,
    frames: Arc<[Frame]>,
    snapshot: (usize, Vec<u8>),
    instrument: InstrumentId,
    clock: WallClock,
    rate: Rate,
    schedule: Option<Schedule>,
    next: usize,
}

impl PacedSource {
    pub(super) fn new(config: &Config, frames: &Frames, rate: Rate, clock: WallClock) -> Self {
        let feed = venue::feed(config, frames.instruments());
        let instrument = InstrumentId::new(0);
        let market = frames.instruments().get(instrument).spec().market;
        let connection = feed.connection_of(market).unwrap_or(ConnectionId::new(0));
        let copy = |frame: &Frame| Frame { time: frame.time, text: frame.text.clone() };
        Self {
            feed,
            connection,
            frames: frames.all.iter().map(copy).collect(),
            snapshot: frames.snapshot.clone(),
            instrument,
            clock,
            rate,
            schedule: None,
            next: 0,
        }
    }

    fn answer(&mut self, now: Timestamp, sink: &mut Stamping<'_>) {
        let request =
            Request::DepthSnapshot { instrument: self.instrument, url: "recording".into() };
        let body = std::mem::take(&mut self.snapshot.1);
        if let Err(error) = self.feed.on_response(&request, Ok(&body), now, sink) {
            tracing::warn!(%error, "the snapshot cannot be read");
        }
    }
}

impl Source for PacedSource {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        let frames = Arc::clone(&self.frames);
        if self.schedule.is_none() {
            let mut sink = Stamping { intake, arrival: self.clock.stamp(), now: frames[0].time };
            self.feed.on_open(self.connection, frames[0].time, &mut sink);
            self.schedule = Some(Schedule::new(self.rate, &self.clock));
        }
        for delivered in 0..BURST {
            let Some(frame) = frames.get(self.next) else { return Activity::Finished };
            let due = self.schedule.as_ref().and_then(|one| one.arrival(self.next, &self.clock));
            let Some(arrival) = due else {
                return if delivered == 0 { Activity::Idle } else { Activity::Busy };
            };
            let mut sink = Stamping { intake, arrival, now: frame.time };
            if self.next == self.snapshot.0 {
                self.answer(frame.time, &mut sink);
            }
            self.next += 1;
            let read = self.feed.on_frame(self.connection, &frame.text, frame.time, &mut sink);
            if let Err(error) = read {
                tracing::warn!(%error, "a frame cannot be read");
            }
        }
        Activity::Busy
    }

    /// A measurement never sleeps: the next frame may be due in a microsecond.
    fn wait(&mut self, _limit: Duration) {
        std::hint::spin_loop();
    }

    fn resync(&mut self, _instrument: InstrumentId, _intake: &mut dyn Intake) {}
}

struct Stamping<'a> {
    intake: &'a mut dyn Intake,
    arrival: Stamp,
    now: Timestamp,
}

impl MarketSink for Stamping<'_> {
    fn event(&mut self, event: MarketEvent<'_>) {
        self.intake.market(&event, self.now, self.arrival);
    }

    fn request(&mut self, _request: Request) {}
}

/// The same schedule with nothing to do: what the machine itself costs.
pub(super) struct EmptyLoop;

impl EmptyLoop {
    pub(super) fn run(frames: usize, rate: Rate, clock: &WallClock) -> HistogramView {
        let histogram = Histogram::default();
        let schedule = Schedule::new(rate, clock);
        let mut next = 0;
        // A tenth is enough for percentiles of a loop that does nothing.
        while next < frames / 10 {
            if let Some(arrival) = schedule.arrival(next, clock) {
                histogram.record(clock.nanos_between(arrival, clock.stamp()));
                next += 1;
            } else {
                std::hint::spin_loop();
            }
        }
        histogram.view()
    }
}

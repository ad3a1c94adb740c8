//! Recordings as a source of events, paced like they were recorded or not at all.

use std::{
    thread,
    time::{Duration, Instant},
};

use domain::{InstrumentId, Instruments, MarketEvent, Timestamp, event::BookLoss};
use runtime::{Activity, Clock, Intake, Source, Stamp, WallClock};
use venues::{
    FeedHealth,
    capture::{CaptureError, EventSink, FaultCounts, Played, Player},
};

use super::top_check::{Checked, TopChecker};
use crate::{cli::Speed, report::summary::TopCheck};

/// Lines played in one poll.
const BURST: usize = 256;
/// Longest wait between two lines that is still kept to.
const FOREVER: Duration = Duration::from_hours(24 * 365);

/// What is to be played and how.
pub struct Recording {
    /// The recordings and their translator.
    pub player: Player,
    /// How fast.
    pub speed: Speed,
    /// The session's instruments, for the comparison of best prices.
    pub instruments: Instruments,
    /// Whether best prices are compared.
    pub verify_top: bool,
    /// The clock of the session.
    pub clock: WallClock,
}

/// Plays recordings into the engine.
pub struct RecordingSource {
    player: Player,
    speed: Speed,
    clock: WallClock,
    checker: Option<TopChecker>,
    /// Recorded and wall time of the first line.
    start: Option<(Timestamp, Instant)>,
    last: Timestamp,
    failure: Option<CaptureError>,
}

/// What a finished recording leaves behind.
pub struct PlayedRecording {
    /// What the translator has counted.
    pub health: FeedHealth,
    /// The comparison of best prices.
    pub verify_top: Option<TopCheck>,
    /// Damage done on purpose.
    pub faults: FaultCounts,
    /// Why it could not be played to its end.
    pub failure: Option<CaptureError>,
}

impl RecordingSource {
    /// A source at the beginning of its recordings.
    #[must_use]
    pub fn new(recording: Recording) -> Self {
        Self {
            player: recording.player,
            speed: recording.speed,
            clock: recording.clock,
            checker: recording.verify_top.then(|| TopChecker::new(recording.instruments)),
            start: None,
            last: Timestamp::EPOCH,
            failure: None,
        }
    }

    /// Sums up.
    #[must_use]
    pub fn finish(self) -> PlayedRecording {
        PlayedRecording {
            health: self.player.health(),
            verify_top: self.checker.map(TopChecker::finish),
            faults: self.player.fault_counts(),
            failure: self.failure,
        }
    }

    /// How long until the next line is due, when the recording sets the pace.
    fn time_left(&mut self) -> Duration {
        let (Speed::Times(times), Some(next)) = (self.speed, self.player.next_time()) else {
            return Duration::ZERO;
        };
        let (first, began) = *self.start.get_or_insert_with(|| (next, Instant::now()));
        let recorded = next.since(first).as_secs_f64().max(0.0);
        let due = began + Duration::try_from_secs_f64(recorded / times).unwrap_or(FOREVER);
        due.saturating_duration_since(Instant::now())
    }
}

impl Source for RecordingSource {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        for played in 0..BURST {
            if !self.time_left().is_zero() {
                return if played == 0 { Activity::Idle } else { Activity::Busy };
            }
            let arrival = self.clock.stamp();
            let mut checked = Checked { intake, checker: self.checker.as_mut() };
            let mut sink = Stamping { intake: &mut checked, arrival };
            match self.player.play(&mut sink) {
                Ok(Played::Line(time)) => self.last = time,
                Ok(Played::Finished) => return Activity::Finished,
                Err(error) => {
                    self.failure = Some(error);
                    return Activity::Finished;
                }
            }
        }
        Activity::Busy
    }

    fn wait(&mut self, limit: Duration) {
        thread::sleep(self.time_left().min(limit));
    }

    fn resync(&mut self, instrument: InstrumentId, intake: &mut dyn Intake) {
        let mut sink = Stamping { intake, arrival: self.clock.stamp() };
        self.player.resync(instrument, BookLoss::Crossed, self.last, &mut sink);
    }
}

struct Stamping<'a> {
    intake: &'a mut dyn Intake,
    arrival: Stamp,
}

impl EventSink for Stamping<'_> {
    fn event(&mut self, received: Timestamp, event: MarketEvent<'_>) {
        self.intake.market(&event, received, self.arrival);
    }
}

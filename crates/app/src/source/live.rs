//! A venue's sockets as a source of events.

use std::{sync::Arc, time::Duration};

use domain::{InstrumentId, MarketEvent, Span, Timestamp, event::BookLoss};
use runtime::{Activity, Clock, Intake, Source, Stamp, WallClock};
use venues::{
    FeedHealth,
    wire::{ConnectionState, Raw, ReceiveClock, WireDriver, WireError, WireSink},
};

use crate::session::FeedBoard;

/// How often the state of the feed is shown to the outside.
const POST_EVERY: Span = Span::from_millis(500);

/// The clock that stamps received frames: the same one the trading loop uses.
#[must_use]
pub fn network_clock(clock: &WallClock) -> ReceiveClock {
    let clock = clock.clone();
    Box::new(move || clock.now())
}

/// Polls a venue's sockets on the trading thread.
pub struct LiveSource {
    driver: WireDriver,
    clock: WallClock,
    board: Arc<FeedBoard>,
    next_post: Timestamp,
    failure: Option<WireError>,
}

impl LiveSource {
    /// Wraps a driver; its state is left on `board` twice a second.
    #[must_use]
    pub fn new(driver: WireDriver, clock: WallClock, board: Arc<FeedBoard>) -> Self {
        Self { driver, clock, board, next_post: Timestamp::EPOCH, failure: None }
    }

    /// What happened on the wire so far.
    #[must_use]
    pub fn health(&self) -> FeedHealth {
        self.driver.feed().health()
    }

    /// Closes the sockets politely and says why the source ended, if it failed.
    #[must_use]
    pub fn close(self) -> Option<WireError> {
        self.driver.shutdown(Duration::from_millis(500));
        self.failure
    }

    fn post(&mut self) {
        let now = self.clock.now();
        if now < self.next_post {
            return;
        }
        self.next_post = now + POST_EVERY;
        let (mut reconnects, mut connected) = (0, true);
        for connection in self.driver.connections() {
            reconnects += connection.reconnects;
            connected &= connection.state == ConnectionState::Open;
        }
        self.board.post(self.driver.feed().health(), reconnects, connected);
    }
}

impl Source for LiveSource {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        self.post();
        let mut stamping = Stamping { intake, clock: &self.clock, arrival: Stamp::default() };
        match self.driver.poll(&mut stamping) {
            Ok(activity) if activity.frames > 0 || activity.more => Activity::Busy,
            Ok(_) => Activity::Idle,
            Err(error) => {
                self.failure = Some(error);
                Activity::Finished
            }
        }
    }

    fn wait(&mut self, limit: Duration) {
        if let Err(error) = self.driver.wait(limit) {
            self.failure = Some(error);
        }
    }

    fn resync(&mut self, instrument: InstrumentId, intake: &mut dyn Intake) {
        let mut stamping = Stamping { intake, clock: &self.clock, arrival: self.clock.stamp() };
        self.driver.resync(instrument, BookLoss::Crossed, &mut stamping);
    }
}

/// Gives each event the stamp of its frame.
struct Stamping<'a> {
    intake: &'a mut dyn Intake,
    clock: &'a WallClock,
    arrival: Stamp,
}

impl WireSink for Stamping<'_> {
    fn event(&mut self, received: Timestamp, event: MarketEvent<'_>) {
        self.intake.market(&event, received, self.arrival);
    }

    fn raw(&mut self, _received: Timestamp, _raw: Raw<'_>) {
        self.arrival = self.clock.stamp();
    }
}

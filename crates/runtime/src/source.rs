//! Where market events come from: sockets, a recording, or another thread.

use std::time::Duration;

use domain::{InstrumentId, MarketEvent, Timestamp};

use crate::Stamp;

/// What a poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Events were delivered; poll again at once.
    Busy,
    /// Nothing to do right now.
    Idle,
    /// There will never be anything again.
    Finished,
}

/// Takes events from a source.
pub trait Intake {
    /// One event, received at `time`; `arrival` is when its bytes were there, for latency.
    fn market(&mut self, event: &MarketEvent<'_>, time: Timestamp, arrival: Stamp);
}

/// A stream of market events.
pub trait Source: Send {
    /// Delivers what is there, a bounded amount, without waiting.
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity;

    /// Sleeps until something may be there, at most `limit`.
    fn wait(&mut self, limit: Duration);

    /// Asks for a fresh book: the engine found this one crossed.
    fn resync(&mut self, instrument: InstrumentId, intake: &mut dyn Intake);
}

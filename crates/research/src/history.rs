//! Where a back-test gets its events from: something that can be read once, in order.

use domain::{MarketEvent, Timestamp};

/// Market events in order of time. Whoever makes them has read files or made them up; here
/// they only arrive.
pub trait History {
    /// Why reading failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Moves to the next event; `false` when there is none left.
    ///
    /// # Errors
    /// When what follows cannot be read.
    fn advance(&mut self) -> Result<bool, Self::Error>;

    /// The event moved to last, and when it was received.
    ///
    /// # Panics
    /// May panic before the first [`Self::advance`] and after the end.
    fn current(&self) -> (Timestamp, &MarketEvent<'_>);
}

/// Nothing can go wrong: the events are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Infallible {}

/// Events in memory.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    events: &'a [(Timestamp, MarketEvent<'a>)],
    place: usize,
}

impl<'a> Slice<'a> {
    /// All of `events`, which are in order of time.
    #[must_use]
    pub const fn new(events: &'a [(Timestamp, MarketEvent<'a>)]) -> Self {
        Self { events, place: 0 }
    }
}

impl History for Slice<'_> {
    type Error = Infallible;

    fn advance(&mut self) -> Result<bool, Infallible> {
        let more = self.place < self.events.len();
        self.place += usize::from(more);
        Ok(more)
    }

    fn current(&self) -> (Timestamp, &MarketEvent<'_>) {
        let (time, event) = &self.events[self.place - 1];
        (*time, event)
    }
}

/// A history that ends early, as if nothing had happened since.
#[derive(Clone, Debug)]
pub struct Cut<H> {
    whole: H,
    left: u64,
}

impl<H> Cut<H> {
    /// The first `events` events of `whole`.
    #[must_use]
    pub const fn new(whole: H, events: u64) -> Self {
        Self { whole, left: events }
    }
}

impl<H: History> History for Cut<H> {
    type Error = H::Error;

    fn advance(&mut self) -> Result<bool, H::Error> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        self.whole.advance()
    }

    fn current(&self) -> (Timestamp, &MarketEvent<'_>) {
        self.whole.current()
    }
}

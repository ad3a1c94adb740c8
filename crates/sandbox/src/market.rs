//! What a market says and what can be asked of it, whether simulated or recorded.

use domain::{InstrumentId, Span, Timestamp, event::MarkPrice};
use rust_decimal::Decimal;

/// A kind of stream of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Changed levels of the book, collected for so many milliseconds. Zero is used where
    /// a recording decides the pace.
    Depth {
        /// The length of a batch.
        millis: u16,
    },
    /// Each trade.
    Trade,
    /// Each taker order's trades at one price as one.
    AggregateTrade,
    /// Best bid and ask, on each change.
    BookTicker,
    /// Mark price and funding.
    MarkPrice {
        /// Seconds between two frames.
        seconds: u8,
    },
}

/// One stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    /// Whose.
    pub instrument: InstrumentId,
    /// What.
    pub channel: Channel,
}

/// Where a market puts its frames.
pub trait Outlet {
    /// Whether anybody listens; a frame nobody wants need not be written.
    fn wants(&self, stream: Stream) -> bool;
    /// Takes one frame: the JSON text of a raw stream.
    fn publish(&mut self, stream: Stream, frame: &str);
}

/// The book as the REST interface tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// The venue's number of this state.
    pub last_update_id: u64,
    /// When.
    pub time: Timestamp,
    /// Bids, best first.
    pub bids: Vec<DepthLevel>,
    /// Asks, best first.
    pub asks: Vec<DepthLevel>,
}

/// A level in decimals: recordings hold quantities finer than today's steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthLevel {
    /// The price.
    pub price: Decimal,
    /// The whole quantity at that price.
    pub quantity: Decimal,
}

/// How far a market came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing happens before this distance from the start.
    NextAt(Span),
    /// It has no more to say.
    Finished,
    /// It begins again; its time is zero and its numbers go back.
    Again,
    /// It cannot go on, for this reason.
    Failed(String),
}

/// A market that runs in its own time, from zero.
pub trait Market: Send {
    /// Lets everything happen up to `elapsed` after the start.
    fn run_until(&mut self, elapsed: Span, outlet: &mut dyn Outlet) -> Progress;
    /// The book right now, `None` as long as it is unknown.
    fn depth(&self, instrument: InstrumentId, levels: usize) -> Option<Depth>;
    /// The mark price right now, `None` where there is none.
    fn mark(&self, instrument: InstrumentId) -> Option<MarkPrice>;
    /// The market's own time.
    fn now(&self) -> Timestamp;
}

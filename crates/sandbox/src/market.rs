//! What a market says and what can be asked of it, whether simulated or recorded.

use domain::{InstrumentId, Lots, Side, Span, Ticks, Timestamp, event::MarkPrice};
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

impl Channel {
    /// What its frames are called where faults are chosen.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Depth { .. } => "depth",
            Self::Trade => "trade",
            Self::AggregateTrade => "aggTrade",
            Self::BookTicker => "bookTicker",
            Self::MarkPrice { .. } => "markPrice",
        }
    }
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

/// Nobody listens.
pub(crate) struct Nobody;

impl Outlet for Nobody {
    fn wants(&self, _: Stream) -> bool {
        false
    }

    fn publish(&mut self, _: Stream, _: &str) {}
}

/// Whether an order of `side` limited to `limit` may trade at `price`.
pub(crate) fn reaches<P: PartialOrd + Copy>(side: Side, limit: P, price: P) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
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

/// The order a taker would meet first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its price.
    pub price: Ticks,
    /// What is left of it.
    pub quantity: Lots,
    /// The order of an account, `None` for one of the crowd.
    pub owner: Option<u64>,
}

/// Two orders met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deal {
    /// Where.
    pub instrument: InstrumentId,
    /// The public number of the trade.
    pub trade_id: u64,
    /// The resting order's price.
    pub price: Ticks,
    /// How much.
    pub quantity: Lots,
    /// The side of the order that came second.
    pub aggressor: Side,
    /// The account's order that rested, `None` for one of the crowd.
    pub maker: Option<u64>,
}

/// Where an order of an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// In which market.
    pub instrument: InstrumentId,
    /// Bid or ask.
    pub side: Side,
    /// At which price.
    pub price: Ticks,
    /// Names the order.
    pub owner: u64,
}

/// A market in which accounts can trade among the crowd.
pub trait Floor: Market {
    /// The order of `side` that is first in line.
    fn front(&self, instrument: InstrumentId, side: Side) -> Option<Offer>;
    /// A taker of `side` trades with the order in front of the other side, `most` at most.
    fn take(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        most: Lots,
        outlet: &mut dyn Outlet,
    ) -> Option<Deal>;
    /// Lets an order stand, behind all others of its price.
    fn rest(&mut self, standing: Standing, quantity: Lots, outlet: &mut dyn Outlet);
    /// Takes a standing order away, or a part of it; the rest keeps its place.
    fn withdraw(&mut self, owner: u64, quantity: Lots, outlet: &mut dyn Outlet);
    /// What was traded by others since the last call, oldest first.
    fn deals(&mut self) -> Vec<Deal>;
}

//! What happens in a market.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{InstrumentId, Level, Lots, Money, Price, Rate, Side, Ticks, Timestamp};

/// Something that happened to one instrument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketEvent<'a> {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The venue's own time, where it sends one. May be before or after our receive time.
    pub exchange_time: Option<Timestamp>,
    /// What happened.
    #[serde(borrow)]
    pub data: MarketData<'a>,
}

/// The kinds of market data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MarketData<'a> {
    /// The whole book, from which changes follow. The book is in sync from here on.
    BookSnapshot {
        /// The venue's number of this state.
        update_id: u64,
        /// Bids, best first or not.
        #[serde(borrow)]
        bids: Cow<'a, [Level]>,
        /// Asks, best first or not.
        #[serde(borrow)]
        asks: Cow<'a, [Level]>,
    },
    /// Changed levels with their new absolute quantities. Only sent while in sync.
    BookDiff {
        /// The venue's number of the state before, plus one.
        first_update_id: u64,
        /// The venue's number of the state after.
        last_update_id: u64,
        /// Changed bids.
        #[serde(borrow)]
        bids: Cow<'a, [Level]>,
        /// Changed asks.
        #[serde(borrow)]
        asks: Cow<'a, [Level]>,
    },
    /// The book can no longer be trusted; nothing may be decided on it until a snapshot.
    BookLost(BookLoss),
    /// The venue's own best bid and ask, faster than the book on some venues.
    Quote(Quote),
    /// A trade between others.
    Trade(Trade),
    /// Several trades of one taker order at one price, reported as one.
    AggregateTrade(Trade),
    /// Mark price, index and funding of a perpetual.
    Mark(MarkPrice),
    /// A span of trading is over; this is what happened in it.
    Bar(Bar),
    /// Funding of a perpetual is settled now.
    Funding(FundingSettlement),
    /// Each share or coin became several, or several became one, before the next trade.
    Split(Split),
    /// Whoever held the instrument at the last close is paid.
    Dividend(Dividend),
    /// No byte arrived on this instrument's stream for longer than allowed.
    FeedSilent,
    /// Bytes arrive again.
    FeedLive,
}

/// Why a book was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookLoss {
    /// A change is missing in the sequence.
    Gap,
    /// The connection ended.
    Disconnected,
    /// Best bid at or above best ask after an update.
    Crossed,
    /// A change could not be read.
    Unreadable,
}

/// Best bid and ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The venue's number of the book state it belongs to.
    pub update_id: u64,
    /// Best bid.
    pub bid: Level,
    /// Best ask.
    pub ask: Level,
}

/// A trade between others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The venue's trade id.
    pub id: u64,
    /// The price.
    pub price: Ticks,
    /// The quantity.
    pub quantity: Lots,
    /// The side of the order that took.
    pub aggressor: Side,
}

/// Mark price, index price and funding of a perpetual.
///
/// These have more decimals than the tick and are rare, so they stay decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkPrice {
    /// The price positions are valued at.
    pub mark: Price,
    /// The underlying index; `None` where the venue sends zero or nothing.
    pub index: Option<Price>,
    /// The funding rate of the running interval; `None` where there is none.
    pub funding_rate: Option<Rate>,
    /// When funding is next settled.
    pub next_funding: Option<Timestamp>,
}

/// What happened in one span of trading. A span without trades has no bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// When the span began; trades at this moment belong to it.
    pub start: Timestamp,
    /// When the span ended; trades at this moment belong to the next one.
    pub end: Timestamp,
    /// The first price.
    pub open: Ticks,
    /// The highest price.
    pub high: Ticks,
    /// The lowest price.
    pub low: Ticks,
    /// The last price.
    pub close: Ticks,
    /// The quantity traded.
    pub volume: Lots,
}

/// One settlement of funding: a long pays `quantity * price * rate`, a short receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingSettlement {
    /// The rate of the interval that ends now; negative when shorts pay.
    pub rate: Rate,
    /// The price that positions are valued at; `None` for the last known one.
    pub price: Option<Price>,
}

/// A change of the number of shares or coins without a change of their worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// New units for each old one, such as 7 or 0.1; above zero.
    pub ratio: Rate,
}

/// A payment on each unit held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dividend {
    /// In quote currency, per unit; shorts pay it.
    pub per_unit: Money,
}

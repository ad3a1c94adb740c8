//! What a Binance frame says, once its text was taken apart.
//!
//! The fast and the slow reader find the pieces; what the pieces mean is decided here, once.

use domain::{
    Instrument, InstrumentId, Level, Lots, MarketData, MarketEvent, NumberError, Price, Rate, Side,
    Ticks, Timestamp,
    event::{MarkPrice, Quote, Trade},
};
use rust_decimal::Decimal;

use crate::FrameError;

/// One frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Changes of a book. The levels are in the decoder's buffers.
    Depth(DepthDiff),
    /// A quote, a trade or a mark price.
    Market(MarketEvent<'static>),
    /// The venue confirms something we sent.
    Reply,
    /// The venue refuses something we sent.
    Refused {
        /// Binance's code.
        code: i64,
        /// Binance's words.
        reason: String,
    },
    /// The venue is about to close the connection.
    Shutdown,
    /// Readable, but nothing we asked for or can use.
    Ignored,
}

/// The frame around the levels of a change of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthDiff {
    /// Whose book.
    pub instrument: InstrumentId,
    /// The venue's time.
    pub exchange_time: Timestamp,
    /// `U`: the first update in it.
    pub first: u64,
    /// `u`: the last update in it.
    pub last: u64,
    /// `pu`: the last update of the change before. Futures only.
    pub previous: Option<u64>,
}

/// Changed levels of both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Changed bids.
    pub bids: Vec<Level>,
    /// Changed asks.
    pub asks: Vec<Level>,
    /// How many more were off the tick, or are here with their quantity rounded.
    pub off_grid: usize,
}

impl Levels {
    /// Changes of one message in the busiest markets; a larger one takes more room once.
    const ROOM: usize = 1_024;

    /// Empty, with room for what a message brings, so that reading one does not allocate.
    pub(super) fn with_room() -> Self {
        let side = || Vec::with_capacity(Self::ROOM);
        Self { bids: side(), asks: side(), off_grid: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.off_grid = 0;
    }

    pub(super) fn push(&mut self, side: Side, level: OnGrid) {
        self.off_grid += usize::from(!matches!(level, OnGrid::Exact(_)));
        match side {
            Side::Buy => self.bids.extend(level.level()),
            Side::Sell => self.asks.extend(level.level()),
        }
    }
}

/// Why the pieces of a frame make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Nonsense {
    #[error(transparent)]
    Number(#[from] NumberError),
    #[error("{0}")]
    Rule(&'static str),
}

impl Nonsense {
    pub(super) fn in_channel(&self, channel: &'static str) -> FrameError {
        FrameError { channel, reason: self.to_string() }
    }
}

/// The numbers of a change of a book, as sent.
pub(super) struct DepthParts {
    pub(super) event_time: u64,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) previous: Option<u64>,
}

impl DepthParts {
    pub(super) fn read(&self, instrument: &Instrument) -> Result<DepthDiff, Nonsense> {
        let futures = instrument.spec().market != domain::Market::Spot;
        if self.first > self.last {
            return Err(Nonsense::Rule("U is above u"));
        }
        if futures && self.previous.is_none() {
            return Err(Nonsense::Rule("pu is missing"));
        }
        Ok(DepthDiff {
            instrument: instrument.id(),
            exchange_time: time(self.event_time),
            first: self.first,
            last: self.last,
            previous: self.previous.filter(|_| futures),
        })
    }
}

/// One level from its two texts, and whether it had to be bent to the instrument's grid.
///
/// When a venue makes its steps coarser, orders from before stay in the book. Nobody can
/// trade at a price between two ticks now: such a level is left out. A quantity finer than
/// the lot is rounded down to whole lots, since the rest cannot be traded, but not to
/// nothing, since the order does stand at its price.
pub(super) fn level(
    instrument: &Instrument,
    price: &[u8],
    quantity: &[u8],
) -> Result<OnGrid, Nonsense> {
    let wrong = Nonsense::Rule("a level without price or below zero");
    let checked = |price, quantity| checked_level(price, quantity).ok_or(wrong);
    let price = match instrument.price_scale().parse(price) {
        Err(NumberError::TooFine { .. }) => return Ok(OnGrid::OffTick),
        price => price?,
    };
    match instrument.quantity_scale().parse(quantity) {
        Err(NumberError::TooFine { .. }) => {
            let lots = instrument.quantity_scale().count_floor(decimal(quantity)?)?;
            checked(price, if lots == 0 { 1 } else { lots }).map(OnGrid::OddLot)
        }
        quantity => checked(price, quantity?).map(OnGrid::Exact),
    }
}

/// How a level fits the instrument's grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnGrid {
    /// As sent.
    Exact(Level),
    /// Its quantity was rounded to whole lots.
    OddLot(Level),
    /// Its price lies between two ticks.
    OffTick,
}

impl OnGrid {
    const fn level(self) -> Option<Level> {
        match self {
            Self::Exact(level) | Self::OddLot(level) => Some(level),
            Self::OffTick => None,
        }
    }
}

/// A level is above zero in price and not below zero in quantity.
#[inline]
pub(super) fn checked_level(price: i64, quantity: i64) -> Option<Level> {
    (price > 0 && quantity >= 0).then_some(Level::new(price, quantity))
}

/// The parts of a quote, as sent.
pub(super) struct QuoteParts<'f> {
    /// Spot sends none.
    pub(super) event_time: Option<u64>,
    pub(super) update_id: u64,
    pub(super) bid: [&'f [u8]; 2],
    pub(super) ask: [&'f [u8]; 2],
}

impl QuoteParts<'_> {
    /// A side without orders has price zero: such a quote is ignored, and so is one between
    /// two ticks.
    pub(super) fn read(&self, instrument: &Instrument) -> Result<Message, Nonsense> {
        let empty = |side: [&[u8]; 2]| side[0].iter().all(|byte| matches!(byte, b'0' | b'.'));
        if empty(self.bid) || empty(self.ask) {
            return Ok(Message::Ignored);
        }
        let bid = level(instrument, self.bid[0], self.bid[1])?.level();
        let ask = level(instrument, self.ask[0], self.ask[1])?.level();
        let (Some(bid), Some(ask)) = (bid, ask) else { return Ok(Message::Ignored) };
        let quote = Quote { update_id: self.update_id, bid, ask };
        Ok(market(instrument, self.event_time.map(time), MarketData::Quote(quote)))
    }
}

/// How many trades a trade frame stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TradeKind {
    Single,
    Aggregate,
}

/// The parts of a trade, as sent.
pub(super) struct TradeParts<'f> {
    pub(super) kind: TradeKind,
    pub(super) event_time: u64,
    pub(super) id: u64,
    pub(super) price: &'f [u8],
    pub(super) quantity: &'f [u8],
    pub(super) buyer_is_maker: bool,
    /// `X`: how the trade came about, where the venue says so.
    pub(super) cause: Option<&'f [u8]>,
}

impl TradeParts<'_> {
    /// Take-overs by the insurance fund and the like (`X` other than `MARKET`) did not
    /// happen in the book and are ignored.
    pub(super) fn read(&self, instrument: &Instrument) -> Result<Message, Nonsense> {
        if self.cause.is_some_and(|cause| cause != b"MARKET") {
            return Ok(Message::Ignored);
        }
        let level = level(instrument, self.price, self.quantity)?.level();
        let Some(Level { price, quantity }) = level else { return Ok(Message::Ignored) };
        if quantity.is_zero() {
            return Err(Nonsense::Rule("a trade of nothing"));
        }
        let trade = self.trade(price, quantity);
        let data = match self.kind {
            TradeKind::Single => MarketData::Trade(trade),
            TradeKind::Aggregate => MarketData::AggregateTrade(trade),
        };
        Ok(market(instrument, Some(time(self.event_time)), data))
    }

    const fn trade(&self, price: Ticks, quantity: Lots) -> Trade {
        let aggressor = if self.buyer_is_maker { Side::Sell } else { Side::Buy };
        Trade { id: self.id, price, quantity, aggressor }
    }
}

/// The parts of a mark price, as sent.
pub(super) struct MarkParts<'f> {
    pub(super) event_time: u64,
    pub(super) mark: &'f [u8],
    pub(super) index: Option<&'f [u8]>,
    pub(super) rate: Option<&'f [u8]>,
    pub(super) next_funding: u64,
}

impl MarkParts<'_> {
    /// Dated futures have no funding: their next time is zero and their rate empty or zero.
    pub(super) fn read(&self, instrument: &Instrument) -> Result<Message, Nonsense> {
        let next_funding = (self.next_funding > 0).then(|| time(self.next_funding));
        let rate = match self.rate.filter(|text| !text.is_empty() && next_funding.is_some()) {
            Some(text) => Some(Rate::new(decimal(text)?)),
            None => None,
        };
        let index = match self.index.filter(|text| !text.is_empty()) {
            Some(text) => Some(decimal(text)?).filter(|index| !index.is_zero()),
            None => None,
        };
        let mark = MarkPrice {
            mark: Price::new(decimal(self.mark)?)?,
            index: index.map(Price::new).transpose()?,
            funding_rate: rate,
            next_funding,
        };
        Ok(market(instrument, Some(time(self.event_time)), MarketData::Mark(mark)))
    }
}

fn market(
    instrument: &Instrument,
    exchange_time: Option<Timestamp>,
    data: MarketData<'static>,
) -> Message {
    Message::Market(MarketEvent { instrument: instrument.id(), exchange_time, data })
}

/// Milliseconds as sent; beyond the year 2262 time stands still.
fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn decimal(text: &[u8]) -> Result<Decimal, Nonsense> {
    let shown = || String::from_utf8_lossy(&text[..text.len().min(40)]).into_owned();
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| Decimal::from_str_exact(text).ok())
        .ok_or_else(|| NumberError::NotDecimal { text: shown() }.into())
}

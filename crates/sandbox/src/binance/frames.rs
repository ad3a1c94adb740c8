//! Public frames as Binance writes them.
//!
//! Spot and futures differ in keys and in decimals; numbers are exact decimal text. Each
//! function replaces the content of a buffer, so that a busy market allocates little.

use std::fmt::Write as _;

use domain::{
    Instrument, Level, Lots, Market as Kind, Side, Ticks, Timestamp,
    event::{MarkPrice, Quote, Trade},
};
use rust_decimal::Decimal;

use crate::market::DepthLevel;

/// One depth batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The number of the first change in it.
    pub(crate) first_id: u64,
    /// The number of the last change in it.
    pub(crate) last_id: u64,
    /// The number of the last change of the batch before.
    pub(crate) previous_last_id: u64,
    /// Changed bids.
    pub(crate) bids: Vec<Level>,
    /// Changed asks.
    pub(crate) asks: Vec<Level>,
}

/// The trades of one taker order at one price. The trade's id is the aggregate's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AggregateTrade {
    /// Price, whole quantity and side.
    pub(crate) trade: Trade,
    /// Id of the first trade in it.
    pub(crate) first_id: u64,
    /// Id of the last trade in it.
    pub(crate) last_id: u64,
}

fn is_spot(instrument: &Instrument) -> bool {
    instrument.spec().market == Kind::Spot
}

/// Spot shows eight decimals, futures at least two.
fn price_decimals(instrument: &Instrument) -> u32 {
    if is_spot(instrument) { 8 } else { instrument.price_scale().decimals().max(2) }
}

fn quantity_decimals(instrument: &Instrument) -> u32 {
    if is_spot(instrument) { 8 } else { instrument.quantity_scale().decimals() }
}

fn price(instrument: &Instrument, ticks: Ticks) -> Fixed {
    Fixed { value: instrument.price(ticks), decimals: price_decimals(instrument) }
}

fn quantity(instrument: &Instrument, lots: Lots) -> Fixed {
    Fixed { value: instrument.quantity(lots), decimals: quantity_decimals(instrument) }
}

/// A decimal padded to a number of decimals, never cut.
struct Fixed {
    value: Decimal,
    decimals: u32,
}

impl std::fmt::Display for Fixed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let decimals = self.decimals.max(self.value.scale());
        write!(f, "{:.*}", decimals as usize, self.value)
    }
}

/// Writes the levels of a depth batch.
fn write_levels(text: &mut String, instrument: &Instrument, levels: &[Level]) {
    for (index, level) in levels.iter().enumerate() {
        let (price, quantity) =
            (price(instrument, level.price), quantity(instrument, level.quantity));
        write_pair(text, index, &price, &quantity);
    }
}

/// Writes the levels of a REST book.
pub(crate) fn write_depth_levels(
    text: &mut String,
    instrument: &Instrument,
    levels: &[DepthLevel],
) {
    for (index, level) in levels.iter().enumerate() {
        let (price, quantity) = (level.price.normalize(), level.quantity.normalize());
        let price = Fixed { value: price, decimals: price_decimals(instrument) };
        let quantity = Fixed { value: quantity, decimals: quantity_decimals(instrument) };
        write_pair(text, index, &price, &quantity);
    }
}

fn write_pair(text: &mut String, index: usize, price: &Fixed, quantity: &Fixed) {
    let comma = if index == 0 { "" } else { "," };
    put(text, format_args!("{comma}[\"{price}\",\"{quantity}\"]"));
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string cannot fail");
}

/// A diff depth frame.
pub(crate) fn depth_update(
    text: &mut String,
    instrument: &Instrument,
    batch: &Batch,
    now: Timestamp,
) {
    text.clear();
    let (millis, symbol) = (now.as_millis(), instrument.symbol());
    put(text, format_args!("{{\"e\":\"depthUpdate\",\"E\":{millis},"));
    if !is_spot(instrument) {
        put(text, format_args!("\"T\":{millis},"));
    }
    let Batch { first_id, last_id, previous_last_id, .. } = batch;
    put(text, format_args!("\"s\":\"{symbol}\",\"U\":{first_id},\"u\":{last_id},"));
    if !is_spot(instrument) {
        put(text, format_args!("\"pu\":{previous_last_id},"));
    }
    text.push_str("\"b\":[");
    write_levels(text, instrument, &batch.bids);
    text.push_str("],\"a\":[");
    write_levels(text, instrument, &batch.asks);
    text.push_str("]}");
}

/// A trade frame.
pub(crate) fn trade(text: &mut String, instrument: &Instrument, trade: &Trade, now: Timestamp) {
    text.clear();
    let (millis, symbol) = (now.as_millis(), instrument.symbol());
    let (id, seller_takes) = (trade.id, trade.aggressor == Side::Sell);
    let (price, quantity) = (price(instrument, trade.price), quantity(instrument, trade.quantity));
    put(text, format_args!("{{\"e\":\"trade\",\"E\":{millis},"));
    if is_spot(instrument) {
        put(
            text,
            format_args!(
                "\"s\":\"{symbol}\",\"t\":{id},\"p\":\"{price}\",\"q\":\"{quantity}\",\
                 \"T\":{millis},\"m\":{seller_takes},\"M\":true}}"
            ),
        );
    } else {
        put(
            text,
            format_args!(
                "\"T\":{millis},\"s\":\"{symbol}\",\"t\":{id},\"p\":\"{price}\",\
                 \"q\":\"{quantity}\",\"X\":\"MARKET\",\"m\":{seller_takes}}}"
            ),
        );
    }
}

/// An aggregate trade frame.
pub(crate) fn aggregate_trade(
    text: &mut String,
    instrument: &Instrument,
    aggregate: &AggregateTrade,
    now: Timestamp,
) {
    text.clear();
    let AggregateTrade { trade, first_id, last_id } = aggregate;
    let (millis, symbol, id) = (now.as_millis(), instrument.symbol(), trade.id);
    let (price, quantity) = (price(instrument, trade.price), quantity(instrument, trade.quantity));
    let seller_takes = trade.aggressor == Side::Sell;
    put(
        text,
        format_args!(
            "{{\"e\":\"aggTrade\",\"E\":{millis},\"s\":\"{symbol}\",\"a\":{id},\
             \"p\":\"{price}\",\"q\":\"{quantity}\",\"f\":{first_id},\"l\":{last_id},\
             \"T\":{millis},\"m\":{seller_takes}"
        ),
    );
    text.push_str(if is_spot(instrument) { ",\"M\":true}" } else { "}" });
}

/// A best bid and ask frame; on spot it has neither a type nor a time.
pub(crate) fn book_ticker(
    text: &mut String,
    instrument: &Instrument,
    quote: &Quote,
    now: Timestamp,
) {
    text.clear();
    let (id, symbol) = (quote.update_id, instrument.symbol());
    if is_spot(instrument) {
        put(text, format_args!("{{\"u\":{id},"));
    } else {
        let millis = now.as_millis();
        put(text, format_args!("{{\"e\":\"bookTicker\",\"u\":{id},\"E\":{millis},\"T\":{millis},"));
    }
    let (bid, ask) = (price(instrument, quote.bid.price), price(instrument, quote.ask.price));
    let bid_quantity = quantity(instrument, quote.bid.quantity);
    let ask_quantity = quantity(instrument, quote.ask.quantity);
    put(
        text,
        format_args!(
            "\"s\":\"{symbol}\",\"b\":\"{bid}\",\"B\":\"{bid_quantity}\",\
             \"a\":\"{ask}\",\"A\":\"{ask_quantity}\"}}"
        ),
    );
}

/// A mark price frame.
pub(crate) fn mark_price(
    text: &mut String,
    instrument: &Instrument,
    mark: &MarkPrice,
    now: Timestamp,
) {
    text.clear();
    let (millis, symbol) = (now.as_millis(), instrument.symbol());
    let index = mark.index.map_or(Decimal::ZERO, domain::Price::decimal);
    let rate = mark.funding_rate.map_or(Decimal::ZERO, domain::Rate::decimal);
    let next = mark.next_funding.map_or(0, Timestamp::as_millis);
    let price = mark.mark.decimal();
    put(
        text,
        format_args!(
            "{{\"e\":\"markPriceUpdate\",\"E\":{millis},\"s\":\"{symbol}\",\"p\":\"{price:.8}\",\
             \"P\":\"{price:.8}\",\"i\":\"{index:.8}\",\"r\":\"{rate:.8}\",\"T\":{next}}}"
        ),
    );
}

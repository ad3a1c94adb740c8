//! Writes what happened in one market as public streams.
//!
//! One update counter numbers every change of the book. Changes are collected for each batch
//! length; a batch tells the newest quantity of each changed level. Spot batches follow each
//! other without a hole (`U` = previous `u` + 1); on futures the counter skips numbers, so
//! that only `pu` tells continuity.

use std::collections::BTreeMap;

use domain::{
    Instrument, Level, Lots, Market as Kind, Side, Ticks, Timestamp,
    event::{MarkPrice, Quote, Trade},
};

use crate::{
    binance::frames::{self, AggregateTrade, Batch},
    exchange::{MatchingBook, Report},
    market::{Channel, Outlet, Stream},
};

/// Changes since the last batch of one length.
#[derive(Debug)]
struct Pending {
    millis: u16,
    first: Option<u64>,
    previous_last: u64,
    bids: BTreeMap<Ticks, Lots>,
    asks: BTreeMap<Ticks, Lots>,
}

/// The public record of one instrument.
#[derive(Debug)]
pub(super) struct Tape {
    pub(super) instrument: Instrument,
    update_id: u64,
    trade_id: u64,
    aggregate_id: u64,
    pending: Vec<Pending>,
    quote: Option<(Level, Level)>,
    text: String,
}

impl Tape {
    pub(super) fn new(instrument: Instrument, first_id: u64) -> Self {
        let batches: &[u16] = match instrument.spec().market {
            Kind::Spot => &[100, 1000],
            Kind::LinearPerpetual | Kind::InversePerpetual => &[100, 250, 500],
        };
        let pending = |millis: &u16| Pending {
            millis: *millis,
            first: None,
            previous_last: first_id,
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
        };
        Self {
            instrument,
            update_id: first_id,
            trade_id: first_id / 10,
            aggregate_id: first_id / 20,
            pending: batches.iter().map(pending).collect(),
            quote: None,
            text: String::new(),
        }
    }

    pub(super) const fn update_id(&self) -> u64 {
        self.update_id
    }

    pub(super) const fn trade_id(&self) -> u64 {
        self.trade_id
    }

    fn stream(&self, channel: Channel) -> Stream {
        Stream { instrument: self.instrument.id(), channel }
    }

    /// Writes what one trader's action caused.
    pub(super) fn record(
        &mut self,
        reports: &[Report],
        book: &MatchingBook,
        now: Timestamp,
        outlet: &mut dyn Outlet,
    ) {
        for report in reports {
            match *report {
                Report::Level { side, level } => self.change(side, level),
                Report::Trade { .. } => self.trade_id += 1,
            }
        }
        self.write_trades(reports, now, outlet);
        self.write_quote(book, now, outlet);
    }

    fn change(&mut self, side: Side, level: Level) {
        // Futures skip numbers, by a rule of thumb that needs no randomness.
        let skip = match self.instrument.spec().market {
            Kind::Spot => 1,
            _ => 2 + self.update_id % 5,
        };
        self.update_id += skip;
        for pending in &mut self.pending {
            pending.first.get_or_insert(self.update_id);
            let levels = if side == Side::Buy { &mut pending.bids } else { &mut pending.asks };
            levels.insert(level.price, level.quantity);
        }
    }

    fn write_trades(&mut self, reports: &[Report], now: Timestamp, outlet: &mut dyn Outlet) {
        let each = self.stream(Channel::Trade);
        let grouped = self.stream(Channel::AggregateTrade);
        let trade = |report: &Report| match *report {
            Report::Trade { price, quantity, aggressor, .. } => Some((price, quantity, aggressor)),
            Report::Level { .. } => None,
        };
        let trades: Vec<_> = reports.iter().filter_map(trade).collect();
        let mut id = self.trade_id - trades.len() as u64;
        for group in trades.chunk_by(|left, right| left.0 == right.0 && left.2 == right.2) {
            let first_id = id + 1;
            for &(price, quantity, aggressor) in group {
                id += 1;
                if outlet.wants(each) {
                    let trade = Trade { id, price, quantity, aggressor };
                    frames::trade(&mut self.text, &self.instrument, &trade, now);
                    outlet.publish(each, &self.text);
                }
            }
            self.aggregate_id += 1;
            if outlet.wants(grouped) {
                let (price, _, aggressor) = group[0];
                let quantity = Lots::new(group.iter().map(|(_, part, _)| part.get()).sum());
                let trade = Trade { id: self.aggregate_id, price, quantity, aggressor };
                let aggregate = AggregateTrade { trade, first_id, last_id: id };
                frames::aggregate_trade(&mut self.text, &self.instrument, &aggregate, now);
                outlet.publish(grouped, &self.text);
            }
        }
    }

    fn write_quote(&mut self, book: &MatchingBook, now: Timestamp, outlet: &mut dyn Outlet) {
        let (Some(bid), Some(ask)) = (book.best(Side::Buy), book.best(Side::Sell)) else { return };
        if self.quote.replace((bid, ask)) == Some((bid, ask)) {
            return;
        }
        let stream = self.stream(Channel::BookTicker);
        if outlet.wants(stream) {
            let quote = Quote { update_id: self.update_id, bid, ask };
            frames::book_ticker(&mut self.text, &self.instrument, &quote, now);
            outlet.publish(stream, &self.text);
        }
    }

    /// Ends the batch of this length.
    pub(super) fn end_batch(&mut self, millis: u16, now: Timestamp, outlet: &mut dyn Outlet) {
        let stream = self.stream(Channel::Depth { millis });
        let Some(pending) = self.pending.iter_mut().find(|pending| pending.millis == millis) else {
            return;
        };
        let Some(first) = pending.first.take() else { return };
        let levels = |side: &BTreeMap<Ticks, Lots>| {
            side.iter()
                .map(|(price, quantity)| Level { price: *price, quantity: *quantity })
                .collect()
        };
        if outlet.wants(stream) {
            let batch = Batch {
                first_id: first,
                last_id: self.update_id,
                previous_last_id: pending.previous_last,
                bids: levels(&pending.bids),
                asks: levels(&pending.asks),
            };
            frames::depth_update(&mut self.text, &self.instrument, &batch, now);
            outlet.publish(stream, &self.text);
        }
        pending.previous_last = self.update_id;
        pending.bids.clear();
        pending.asks.clear();
    }

    /// Writes the mark price.
    pub(super) fn write_mark(
        &mut self,
        mark: &MarkPrice,
        seconds: u8,
        now: Timestamp,
        outlet: &mut dyn Outlet,
    ) {
        let stream = self.stream(Channel::MarkPrice { seconds });
        if outlet.wants(stream) {
            frames::mark_price(&mut self.text, &self.instrument, mark, now);
            outlet.publish(stream, &self.text);
        }
    }
}

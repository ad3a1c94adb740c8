//! What happens to market data when the strategy cannot keep up.
//!
//! A live feed cannot be slowed down, so a full queue conflates: changes of one book are
//! merged level by level (the latest absolute quantity wins, never half a change), trades
//! at one price and side are added up, of quotes and marks the latest stays. Order within
//! an instrument is kept: book first, then trades, then quote and mark. Everything merged
//! away is counted.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
};

use domain::{
    InstrumentId, Level, Lots, MarketData, MarketEvent, Ticks, Timestamp,
    event::{BookLoss, MarkPrice, Quote, Trade},
};

use crate::Stamp;

/// Latest states that wait for room in the queue, per instrument.
#[derive(Debug, Default)]
pub struct Conflator {
    waiting: BTreeMap<InstrumentId, Waiting>,
    merged: u64,
}

#[derive(Debug, Default)]
struct Waiting {
    time: Timestamp,
    arrival: Stamp,
    exchange_time: Option<Timestamp>,
    lost: Option<BookLoss>,
    /// The state a waiting snapshot starts from.
    snapshot: bool,
    first_update_id: Option<u64>,
    last_update_id: u64,
    bids: BTreeMap<Ticks, Lots>,
    asks: BTreeMap<Ticks, Lots>,
    trades: VecDeque<(Trade, bool)>,
    quote: Option<Quote>,
    mark: Option<MarkPrice>,
    silent: Option<bool>,
    /// What moves money or closes a span: rare, and never merged.
    kept: VecDeque<MarketData<'static>>,
}

impl Conflator {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Events that were merged into another so far.
    #[must_use]
    pub const fn merged(&self) -> u64 {
        self.merged
    }

    /// Merges one event into what waits for its instrument.
    pub fn push(&mut self, event: &MarketEvent<'_>, time: Timestamp, arrival: Stamp) {
        self.merged += 1;
        let waiting = self.waiting.entry(event.instrument).or_insert_with(|| Waiting {
            arrival, // latency counts from the oldest event that waits
            ..Waiting::default()
        });
        waiting.time = time;
        waiting.exchange_time = event.exchange_time;
        waiting.merge(&event.data);
    }

    /// Hands out everything that waits, one instrument after the other, while `send` accepts.
    ///
    /// `send` returns whether there was room; what was refused stays.
    pub fn flush(&mut self, mut send: impl FnMut(&MarketEvent<'_>, Timestamp, Stamp) -> bool) {
        while let Some((instrument, mut waiting)) = self.waiting.pop_first() {
            while let Some(data) = waiting.next() {
                let (time, arrival) = (waiting.time, waiting.arrival);
                let exchange_time = waiting.exchange_time;
                let event = MarketEvent { instrument, exchange_time, data };
                if !send(&event, time, arrival) {
                    waiting.put_back(event.data);
                    self.waiting.insert(instrument, waiting);
                    return;
                }
            }
        }
    }
}

impl Waiting {
    fn merge(&mut self, data: &MarketData<'_>) {
        match data {
            MarketData::BookSnapshot { update_id, bids, asks } => {
                self.forget_book();
                self.snapshot = true;
                self.last_update_id = *update_id;
                self.set_levels(bids, asks);
            }
            MarketData::BookDiff { first_update_id, last_update_id, bids, asks } => {
                self.first_update_id.get_or_insert(*first_update_id);
                self.last_update_id = *last_update_id;
                self.set_levels(bids, asks);
            }
            MarketData::BookLost(loss) => {
                self.forget_book();
                self.lost = Some(*loss);
            }
            MarketData::Trade(trade) => self.add_trade(*trade, false),
            MarketData::AggregateTrade(trade) => self.add_trade(*trade, true),
            MarketData::Quote(quote) => self.quote = Some(*quote),
            MarketData::Mark(mark) => self.mark = Some(*mark),
            MarketData::Bar(bar) => self.kept.push_back(MarketData::Bar(*bar)),
            MarketData::Funding(funding) => self.kept.push_back(MarketData::Funding(*funding)),
            MarketData::Split(split) => self.kept.push_back(MarketData::Split(*split)),
            MarketData::Dividend(dividend) => self.kept.push_back(MarketData::Dividend(*dividend)),
            MarketData::FeedSilent => self.silent = Some(true),
            MarketData::FeedLive => self.silent = Some(false),
        }
    }

    fn forget_book(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.snapshot = false;
        self.first_update_id = None;
    }

    fn set_levels(&mut self, bids: &[Level], asks: &[Level]) {
        self.bids.extend(bids.iter().map(|level| (level.price, level.quantity)));
        self.asks.extend(asks.iter().map(|level| (level.price, level.quantity)));
    }

    fn add_trade(&mut self, trade: Trade, aggregate: bool) {
        if let Some((last, kind)) = self.trades.back_mut()
            && *kind == aggregate
            && (last.price, last.aggressor) == (trade.price, trade.aggressor)
            && let Some(sum) = last.quantity.checked_add(trade.quantity)
        {
            last.quantity = sum;
            last.id = trade.id;
            return;
        }
        self.trades.push_back((trade, aggregate));
        if self.trades.len() > MAX_TRADES {
            self.fold_oldest_trades();
        }
    }

    /// Keeps the list bounded: the two oldest become one at the later price, volume kept.
    fn fold_oldest_trades(&mut self) {
        let Some((first, _)) = self.trades.pop_front() else { return };
        if let Some((second, _)) = self.trades.front_mut() {
            let kept = second.quantity.checked_add(first.quantity);
            second.quantity = kept.unwrap_or(second.quantity);
        }
    }

    /// The next event to send, removed from what waits.
    fn next(&mut self) -> Option<MarketData<'static>> {
        if let Some(silent) = self.silent.take() {
            return Some(if silent { MarketData::FeedSilent } else { MarketData::FeedLive });
        }
        if let Some(loss) = self.lost.take() {
            return Some(MarketData::BookLost(loss));
        }
        if self.snapshot || self.first_update_id.is_some() {
            return Some(self.take_book());
        }
        if let Some((trade, aggregate)) = self.trades.pop_front() {
            let kind = if aggregate { MarketData::AggregateTrade } else { MarketData::Trade };
            return Some(kind(trade));
        }
        let quote = self.quote.take().map(MarketData::Quote);
        let mark = || self.mark.take().map(MarketData::Mark);
        quote.or_else(mark).or_else(|| self.kept.pop_front())
    }

    fn take_book(&mut self) -> MarketData<'static> {
        let snapshot = std::mem::take(&mut self.snapshot);
        let first_update_id = self.first_update_id.take();
        let levels = |side: &mut BTreeMap<Ticks, Lots>| {
            let all = std::mem::take(side).into_iter();
            let kept = all.filter(|(_, quantity)| !snapshot || !quantity.is_zero());
            Cow::Owned(kept.map(|(price, quantity)| Level { price, quantity }).collect())
        };
        let (bids, asks) = (levels(&mut self.bids), levels(&mut self.asks));
        let last_update_id = self.last_update_id;
        if snapshot {
            return MarketData::BookSnapshot { update_id: last_update_id, bids, asks };
        }
        let first_update_id = first_update_id.unwrap_or(last_update_id);
        MarketData::BookDiff { first_update_id, last_update_id, bids, asks }
    }

    fn put_back(&mut self, data: MarketData<'_>) {
        match data {
            MarketData::Trade(trade) => self.trades.push_front((trade, false)),
            MarketData::AggregateTrade(trade) => self.trades.push_front((trade, true)),
            MarketData::BookLost(loss) => self.lost = Some(loss),
            MarketData::Bar(bar) => self.kept.push_front(MarketData::Bar(bar)),
            MarketData::Funding(funding) => self.kept.push_front(MarketData::Funding(funding)),
            MarketData::Split(split) => self.kept.push_front(MarketData::Split(split)),
            MarketData::Dividend(dividend) => self.kept.push_front(MarketData::Dividend(dividend)),
            other => self.merge(&other),
        }
    }
}

/// Distinct trades that may wait for one instrument; more are folded together.
const MAX_TRADES: usize = 1_024;

#[cfg(test)]
mod tests;

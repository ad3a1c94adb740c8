//! What we know about one instrument's market: prices, sync, features, bars.
//!
//! Where prices come from is the session's choice ([`PriceSource`]); whoever asks for the
//! touch, the price or whether one may decide gets the answer of that source.

mod prices;

use domain::{
    Instrument, Level, Lots, MarketData, Span, Ticks, Timestamp,
    event::{Bar, BookLoss, Dividend, Quote, Split, Trade},
};
use market::{
    adjustment::Adjustment,
    bars::{Arrival, BarBuilder},
    book::OrderBook,
    feature::FeatureCalculator,
    indicator::Candle,
    snapshot::SnapshotView,
};

pub(crate) use self::prices::moved_by_split;
use self::prices::{Scales, less_dividend};
use crate::{PriceSource, counters::Counters, probe::Probe, risk::Touch};

/// What a market event means for whoever trades the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The price moved, or may have.
    Price,
    /// The book is in sync again.
    Synced,
    /// Something else happened that a strategy may act on.
    Other,
    /// The units changed: what was wished for and what rests are in old ones.
    Split,
    /// The prices were lost or the feed fell silent: what rests there must go.
    Lost,
    /// The feed came back.
    Live,
}

/// Whether the book can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sync {
    /// No book was seen yet.
    Never,
    /// Yes.
    Held,
    /// It was held once, and changes are missing since.
    Lost,
}

/// After so many bars of the session without one of its own, and so many of its own lengths,
/// an instrument that is priced by bars counts as stale.
///
/// Bars are as old as they are long, and markets close for nights and weekends, so seconds
/// say nothing here. An instrument that trades rarely has no bar where it had no trade.
const STALE_AFTER_BARS: u32 = 5;

/// So many bars may end with one trade before their list has to grow.
const BARS_AT_ONCE: usize = 16;

/// One instrument's market.
#[derive(Debug)]
pub(crate) struct InstrumentState {
    source: PriceSource,
    scales: Scales,
    book: OrderBook,
    features: Option<FeatureCalculator>,
    view: Option<SnapshotView>,
    /// The touch that a view can be made of, where no features are made; most are never asked for.
    pictured: Option<(Timestamp, Level, Level)>,
    views: u64,
    sync: Sync,
    silent: bool,
    /// Whether single trades were seen, so that aggregated ones would count twice.
    has_single_trades: bool,
    last_data: Option<Timestamp>,
    /// The last quote, moved along by splits and dividends.
    quote: Option<Quote>,
    /// The close of the last bar, moved along by splits and dividends.
    close: Option<Ticks>,
    last_bar: Option<Bar>,
    /// The session's count of bar times at the last bar.
    bar_round: u64,
    adjustment: Adjustment,
    builder: Option<BarBuilder>,
    /// Bars that the last trade has completed and nobody has heard of yet.
    built: Vec<Bar>,
}

impl InstrumentState {
    pub(crate) fn new(
        source: PriceSource,
        instrument: &Instrument,
        features: Option<FeatureCalculator>,
        builder: Option<BarBuilder>,
    ) -> Self {
        Self {
            source,
            scales: Scales::new(instrument),
            book: OrderBook::new(),
            features,
            view: None,
            pictured: None,
            views: 0,
            sync: Sync::Never,
            silent: false,
            has_single_trades: false,
            last_data: None,
            quote: None,
            close: None,
            last_bar: None,
            bar_round: 0,
            adjustment: Adjustment::new(),
            built: Vec::with_capacity(if builder.is_some() { BARS_AT_ONCE } else { 0 }),
            builder,
        }
    }

    /// Takes a market event in.
    #[inline]
    pub(crate) fn apply(
        &mut self,
        data: &MarketData<'_>,
        time: Timestamp,
        counters: &mut Counters,
        probe: &mut impl Probe,
    ) -> Change {
        match data {
            MarketData::BookSnapshot { bids, asks, .. } => {
                self.last_data = Some(time);
                self.book.load(bids, asks);
                if let Some(features) = &mut self.features {
                    features.reset();
                }
                counters.resyncs += u64::from(self.sync == Sync::Lost);
                self.sync = Sync::Held;
                match self.book_moved(time, counters, probe) {
                    Change::Price => Change::Synced,
                    other => other,
                }
            }
            MarketData::BookDiff { bids, asks, .. } => {
                self.last_data = Some(time);
                if !self.in_sync() {
                    counters.ignored_changes += 1;
                    return Change::Other;
                }
                self.book.apply(bids, asks);
                self.book_moved(time, counters, probe)
            }
            MarketData::BookLost(loss) => self.lost(*loss, counters),
            MarketData::Trade(trade) => {
                self.has_single_trades = true;
                self.traded(trade, time, counters)
            }
            MarketData::AggregateTrade(_) if self.has_single_trades => {
                self.last_data = Some(time);
                counters.trades += 1;
                Change::Other
            }
            MarketData::AggregateTrade(trade) => self.traded(trade, time, counters),
            MarketData::Quote(quote) => self.quoted(quote, time, counters),
            MarketData::Mark(_) => {
                counters.marks += 1;
                Change::Other
            }
            MarketData::Bar(bar) => self.bar_ended(*bar, time, counters),
            MarketData::Funding(_) => Change::Other,
            MarketData::Split(split) => self.split(*split, counters),
            MarketData::Dividend(dividend) => self.dividend(*dividend, counters),
            MarketData::FeedSilent => {
                self.silent = true;
                counters.silences += 1;
                Change::Lost
            }
            MarketData::FeedLive => {
                self.silent = false;
                self.last_data = Some(time);
                Change::Live
            }
        }
    }

    #[inline]
    fn book_moved(
        &mut self,
        time: Timestamp,
        counters: &mut Counters,
        probe: &mut impl Probe,
    ) -> Change {
        counters.book_updates += 1;
        if self.book.is_crossed() {
            return self.lost(BookLoss::Crossed, counters);
        }
        if let Some(features) = &mut self.features {
            probe.features_started();
            self.view = features.on_book(time, &self.book);
            probe.features_done();
        }
        if self.source != PriceSource::Book {
            return Change::Other;
        }
        if self.features.is_none() {
            self.picture(time);
        }
        Change::Price
    }

    /// Leaves the levels as they are, for whoever looks into the loss; nothing is decided
    /// on them.
    #[cold]
    fn lost(&mut self, loss: BookLoss, counters: &mut Counters) -> Change {
        if self.in_sync() {
            counters.book_losses += 1;
            counters.sequence_gaps += u64::from(loss == BookLoss::Gap);
            counters.crossed_books += u64::from(loss == BookLoss::Crossed);
            self.sync = Sync::Lost;
        }
        if self.source != PriceSource::Book {
            return Change::Other;
        }
        (self.view, self.pictured) = (None, None);
        Change::Lost
    }

    fn traded(&mut self, trade: &Trade, time: Timestamp, counters: &mut Counters) -> Change {
        self.last_data = Some(time);
        counters.trades += 1;
        if let Some(features) = &mut self.features
            && self.sync == Sync::Held
        {
            features.on_trade(time, trade);
        }
        if let Some(builder) = &mut self.builder {
            let arrival = builder.push(time, trade.price, trade.quantity, &mut self.built);
            counters.trades_outside_bars += u64::from(arrival != Ok(Arrival::Counted));
        }
        Change::Other
    }

    #[inline(never)]
    fn quoted(&mut self, quote: &Quote, time: Timestamp, counters: &mut Counters) -> Change {
        self.last_data = Some(time);
        counters.quotes += 1;
        if self.source != PriceSource::Quotes {
            return Change::Other;
        }
        self.quote = Some(*quote);
        if quote.bid.price >= quote.ask.price {
            // Nothing is decided on it; the next quote ends it, so what rests may stay.
            (self.view, self.pictured) = (None, None);
            return Change::Other;
        }
        self.picture(time);
        Change::Price
    }

    #[inline(never)]
    fn bar_ended(&mut self, bar: Bar, time: Timestamp, counters: &mut Counters) -> Change {
        counters.bars += 1;
        self.last_bar = Some(bar);
        if self.source != PriceSource::Bars {
            return Change::Other;
        }
        self.last_data = Some(time);
        self.close = Some(bar.close);
        self.picture(time);
        Change::Price
    }

    #[cold]
    fn split(&mut self, split: Split, counters: &mut Counters) -> Change {
        let adjusted = self.adjustment.split(prices::float_of(split.ratio));
        counters.alarms += u64::from(adjusted.is_err());
        if let Some(close) = &mut self.close {
            *close = moved_by_split(*close, split.ratio);
        }
        if let Some(quote) = &mut self.quote {
            quote.bid.price = moved_by_split(quote.bid.price, split.ratio);
            quote.ask.price = moved_by_split(quote.ask.price, split.ratio);
        }
        Change::Split
    }

    /// One before any price changes nothing: no adjusted price was given yet.
    #[cold]
    fn dividend(&mut self, dividend: Dividend, counters: &mut Counters) -> Change {
        if let Some(close) = self.price() {
            self.adjustment.adjust(&Candle { close, ..Candle::default() });
            let adjusted = self.adjustment.dividend(dividend.per_unit.to_f64());
            counters.alarms += u64::from(adjusted.is_err());
        }
        let tick = self.scales.atto_per_tick();
        if let Some(close) = &mut self.close {
            *close = less_dividend(*close, dividend.per_unit, tick);
        }
        if let Some(quote) = &mut self.quote {
            quote.bid.price = less_dividend(quote.bid.price, dividend.per_unit, tick);
            quote.ask.price = less_dividend(quote.ask.price, dividend.per_unit, tick);
        }
        if self.source == PriceSource::Book { Change::Other } else { Change::Price }
    }

    /// The touch for other threads, where no features are made beside it.
    #[inline(never)]
    fn picture(&mut self, time: Timestamp) {
        let levels = self.best_levels();
        self.views += u64::from(levels.is_some());
        self.view = None;
        self.pictured = levels.map(|(bid, ask)| (time, bid, ask));
    }

    fn best_levels(&self) -> Option<(Level, Level)> {
        if self.source == PriceSource::Bars {
            let level = Level { price: self.close?, quantity: Lots::ZERO };
            return Some((level, level));
        }
        Some((self.best_bid()?, self.best_ask()?))
    }

    /// A bar of the own builder that the last trade or the passing of time has ended, once.
    pub(crate) fn built_by(&mut self, now: Timestamp) -> Option<Bar> {
        if self.built.is_empty() {
            return self.builder.as_mut()?.pass_time(now);
        }
        Some(self.built.remove(0))
    }

    /// Takes in a bar that was built here.
    pub(crate) fn note_built(&mut self, bar: Bar, counters: &mut Counters) {
        counters.bars += 1;
        self.last_bar = Some(bar);
    }

    /// Notes which of the session's bar times the last bar belongs to.
    pub(crate) const fn note_round(&mut self, round: u64) {
        self.bar_round = round;
    }

    pub(crate) const fn book(&self) -> &OrderBook {
        &self.book
    }

    pub(crate) const fn in_sync(&self) -> bool {
        matches!(self.sync, Sync::Held)
    }

    /// Whether a strategy may decide on the prices: there are some, they can be trusted, and
    /// the feed is not silent.
    #[inline]
    pub(crate) fn is_usable(&self) -> bool {
        !self.silent
            && match self.source {
                PriceSource::Book => self.in_sync(),
                PriceSource::Quotes => self.touch().is_some(),
                PriceSource::Bars => self.close.is_some(),
            }
    }

    pub(crate) fn view(&self) -> Option<SnapshotView> {
        let (time, bid, ask) = match (self.view, self.pictured) {
            (None, Some(pictured)) => pictured,
            (view, _) => return view,
        };
        Some(self.scales.view(time, bid, ask, self.views))
    }

    #[inline]
    pub(crate) fn features(&self) -> Option<&FeatureCalculator> {
        if self.in_sync() { self.features.as_ref() } else { None }
    }

    pub(crate) const fn last_bar(&self) -> Option<&Bar> {
        self.last_bar.as_ref()
    }

    /// Best prices, `None` when out of sync, one-sided or crossed.
    #[inline]
    pub(crate) fn touch(&self) -> Option<Touch> {
        match self.source {
            PriceSource::Book if !self.in_sync() => None,
            PriceSource::Book => {
                let (bid, ask) = (self.book.best_bid()?, self.book.best_ask()?);
                Some(Touch { bid: bid.price, ask: ask.price })
            }
            PriceSource::Quotes => {
                let quote = self.quote.filter(|quote| quote.bid.price < quote.ask.price)?;
                Some(Touch { bid: quote.bid.price, ask: quote.ask.price })
            }
            PriceSource::Bars => self.close.map(|close| Touch { bid: close, ask: close }),
        }
    }

    /// The best bid of usable prices; bars have none.
    pub(crate) fn best_bid(&self) -> Option<Level> {
        match self.source {
            PriceSource::Book if self.is_usable() => self.book.best_bid(),
            PriceSource::Quotes if self.is_usable() => self.quote.map(|quote| quote.bid),
            _ => None,
        }
    }

    /// The best ask of usable prices; bars have none.
    pub(crate) fn best_ask(&self) -> Option<Level> {
        match self.source {
            PriceSource::Book if self.is_usable() => self.book.best_ask(),
            PriceSource::Quotes if self.is_usable() => self.quote.map(|quote| quote.ask),
            _ => None,
        }
    }

    /// The middle price in quote currency.
    pub(crate) fn price(&self) -> Option<f64> {
        let touch = self.touch()?;
        Some(f64::midpoint(self.scales.price(touch.bid), self.scales.price(touch.ask)))
    }

    /// A price as traded now, without the jumps of splits and dividends before.
    pub(crate) fn adjusted(&self, price: Ticks) -> f64 {
        self.scales.price(price) * self.adjustment.price_factor()
    }

    /// A quantity as traded now, in the units of the beginning.
    pub(crate) fn adjusted_volume(&self, volume: Lots) -> f64 {
        self.scales.quantity(volume) * self.adjustment.volume_factor()
    }

    pub(crate) const fn adjustment(&self) -> f64 {
        self.adjustment.price_factor()
    }

    /// How old what is known is, as a time: the last book change, trade or quote; `None`
    /// before the first and while silent. A mark price does not count: it comes from another
    /// stream. Where bars are the prices they are as good as new until they are stale by
    /// [`STALE_AFTER_BARS`]; `round` is the session's count of bar times.
    #[inline]
    pub(crate) fn last_data(&self, now: Timestamp, round: u64) -> Option<Timestamp> {
        if self.silent {
            return None;
        }
        if self.source == PriceSource::Bars {
            let bar = self.last_bar.as_ref()?;
            let bars = i64::from(STALE_AFTER_BARS);
            let length = bar.end.since(bar.start).as_nanos().saturating_mul(bars);
            let is_late = now.since(bar.end) > Span::from_nanos(length);
            if !is_late || round.saturating_sub(self.bar_round) <= u64::from(STALE_AFTER_BARS) {
                return Some(now);
            }
        }
        self.last_data
    }
}

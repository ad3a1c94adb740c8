//! What we know about one instrument's market: book, sync, features.

use domain::{
    MarketData, Timestamp,
    event::{BookLoss, Trade},
};
use market::{
    book::OrderBook,
    feature::{FeatureCalculator, FeatureVector},
    snapshot::SnapshotView,
};

use crate::{counters::Counters, probe::Probe, risk::Touch};

/// What a market event means for whoever trades the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The book moved.
    Book,
    /// The book is in sync again.
    Synced,
    /// Something else happened that a strategy may act on.
    Other,
    /// The book was lost or the feed fell silent: what rests there must go.
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

/// One instrument's market.
#[derive(Debug)]
pub(crate) struct InstrumentState {
    book: OrderBook,
    features: FeatureCalculator,
    view: Option<SnapshotView>,
    sync: Sync,
    silent: bool,
    /// Whether single trades were seen, so that aggregated ones would count twice.
    has_single_trades: bool,
    last_data: Option<Timestamp>,
}

impl InstrumentState {
    pub(crate) fn new(features: FeatureCalculator) -> Self {
        Self {
            book: OrderBook::new(),
            features,
            view: None,
            sync: Sync::Never,
            silent: false,
            has_single_trades: false,
            last_data: None,
        }
    }

    /// Takes a market event in.
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
                self.features.reset();
                counters.resyncs += u64::from(self.sync == Sync::Lost);
                self.sync = Sync::Held;
                match self.book_moved(time, counters, probe) {
                    Change::Book => Change::Synced,
                    crossed => crossed,
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
            MarketData::Quote(_) => {
                self.last_data = Some(time);
                counters.quotes += 1;
                Change::Other
            }
            MarketData::Mark(_) => {
                counters.marks += 1;
                Change::Other
            }
            MarketData::Bar(_)
            | MarketData::Funding(_)
            | MarketData::Split(_)
            | MarketData::Dividend(_) => Change::Other,
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
        probe.features_started();
        self.view = self.features.on_book(time, &self.book);
        probe.features_done();
        Change::Book
    }

    /// Leaves the levels as they are, for whoever looks into the loss; nothing is decided
    /// on them.
    fn lost(&mut self, loss: BookLoss, counters: &mut Counters) -> Change {
        if self.in_sync() {
            counters.book_losses += 1;
            counters.sequence_gaps += u64::from(loss == BookLoss::Gap);
            counters.crossed_books += u64::from(loss == BookLoss::Crossed);
            self.sync = Sync::Lost;
        }
        self.view = None;
        Change::Lost
    }

    fn traded(&mut self, trade: &Trade, time: Timestamp, counters: &mut Counters) -> Change {
        self.last_data = Some(time);
        counters.trades += 1;
        if self.in_sync() {
            self.features.on_trade(time, trade);
        }
        Change::Other
    }

    pub(crate) const fn book(&self) -> &OrderBook {
        &self.book
    }

    pub(crate) const fn in_sync(&self) -> bool {
        matches!(self.sync, Sync::Held)
    }

    /// Whether a strategy may decide on it: in sync and not silent.
    pub(crate) const fn is_usable(&self) -> bool {
        self.in_sync() && !self.silent
    }

    pub(crate) const fn view(&self) -> Option<SnapshotView> {
        self.view
    }

    pub(crate) fn features(&self) -> Option<FeatureVector> {
        if self.in_sync() { self.features.vector() } else { None }
    }

    /// Best prices, `None` when out of sync or one-sided.
    pub(crate) fn touch(&self) -> Option<Touch> {
        if !self.in_sync() {
            return None;
        }
        let (bid, ask) = (self.book.best_bid()?, self.book.best_ask()?);
        Some(Touch { bid: bid.price, ask: ask.price })
    }

    /// The last book change, trade or quote; `None` before the first and while silent.
    /// A mark price does not count: it comes from another stream.
    pub(crate) fn last_data(&self) -> Option<Timestamp> {
        if self.silent { None } else { self.last_data }
    }
}

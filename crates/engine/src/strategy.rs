//! What a strategy is, and what it may see.

use domain::{
    Event, Instrument, InstrumentId, Instruments, Level, Lots, Money, NetLots, StrategyId, Ticks,
    Timestamp, event::Bar,
};
use market::{book::OrderBook, feature::FeatureVector};

use crate::{
    desk::Desk, instrument_state::InstrumentState, intent::Intents, order::Pending,
    portfolio::Position,
};

/// Memory inside, wishes out. Risk and execution are somebody else's job.
///
/// A strategy is called with the market events of its instruments while their prices can be
/// trusted and their feeds are alive, with the bars that the engine builds of their trades,
/// with the reports on its own orders and what the venue does to its account, and with every
/// [`Event::Clock`]. It may keep state, but takes time only from the view.
pub trait Strategy: Send {
    /// Its place among the strategies of the session.
    fn id(&self) -> StrategyId;

    /// Its name in files and logs.
    fn name(&self) -> &str;

    /// The instruments it must hear about, fixed for its lifetime.
    fn instruments(&self) -> &[InstrumentId];

    /// Handles one event. Pushing nothing means "no change". Must not allocate after
    /// warm-up.
    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents);
}

/// What a strategy sees: the market, its own positions, its own orders.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) now: Timestamp,
    pub(crate) strategy: StrategyId,
    pub(crate) instruments: &'a Instruments,
    pub(crate) markets: &'a [InstrumentState],
    pub(crate) desk: &'a Desk,
}

impl View<'_> {
    /// Event time.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.now
    }

    /// The facts about an instrument.
    #[must_use]
    pub fn instrument(&self, id: InstrumentId) -> &Instrument {
        self.instruments.get(id)
    }

    /// Whether an instrument's prices can be trusted and its feed is alive.
    #[must_use]
    pub fn in_sync(&self, id: InstrumentId) -> bool {
        self.markets[id.index()].is_usable()
    }

    /// The book, `None` while it is out of sync.
    #[must_use]
    pub fn book(&self, id: InstrumentId) -> Option<&OrderBook> {
        let market = &self.markets[id.index()];
        (market.is_usable() && market.in_sync()).then(|| market.book())
    }

    /// The features now, `None` while out of sync or warming up, and where none are made.
    #[must_use]
    pub fn features(&self, id: InstrumentId) -> Option<FeatureVector> {
        self.markets[id.index()].features()?.vector()
    }

    /// The best bid of the book in sync or of the last quote, whichever prices come from.
    /// Bars have none.
    #[must_use]
    pub fn best_bid(&self, id: InstrumentId) -> Option<Level> {
        self.markets[id.index()].best_bid()
    }

    /// The best ask of the book in sync or of the last quote, whichever prices come from.
    /// Bars have none.
    #[must_use]
    pub fn best_ask(&self, id: InstrumentId) -> Option<Level> {
        self.markets[id.index()].best_ask()
    }

    /// The last bar, as traded then.
    #[must_use]
    pub fn last_bar(&self, id: InstrumentId) -> Option<&Bar> {
        self.markets[id.index()].last_bar()
    }

    /// The middle of the best prices, or the last close, in quote currency as traded now.
    #[must_use]
    pub fn price(&self, id: InstrumentId) -> Option<f64> {
        let market = &self.markets[id.index()];
        if market.is_usable() { market.price() } else { None }
    }

    /// A price as traded now, in quote currency, times the running adjustment for splits and
    /// dividends: a series of it has no jump where one of them took place.
    #[must_use]
    pub fn adjusted(&self, id: InstrumentId, price: Ticks) -> f64 {
        self.markets[id.index()].adjusted(price)
    }

    /// A quantity as traded now, in the units from before all splits.
    #[must_use]
    pub fn adjusted_volume(&self, id: InstrumentId, volume: Lots) -> f64 {
        self.markets[id.index()].adjusted_volume(volume)
    }

    /// The running adjustment: 1 before the first split or dividend.
    #[must_use]
    pub fn adjustment(&self, id: InstrumentId) -> f64 {
        self.markets[id.index()].adjustment()
    }

    /// Cash of the whole account plus the worth of everything held.
    #[must_use]
    pub fn equity(&self) -> Money {
        self.desk.portfolio().equity()
    }

    /// Cash of the whole account.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.desk.portfolio().cash()
    }

    /// The strategy's own position.
    #[must_use]
    pub fn position(&self, id: InstrumentId) -> NetLots {
        self.account(id).quantity
    }

    /// The strategy's own position with its money.
    #[must_use]
    pub fn account(&self, id: InstrumentId) -> &Position {
        self.desk.portfolio().position(self.strategy, id)
    }

    /// The unfilled rest of the strategy's own orders, except those of a protection.
    #[must_use]
    pub fn pending(&self, id: InstrumentId) -> Pending {
        self.desk.orders().pending(self.strategy, id)
    }
}

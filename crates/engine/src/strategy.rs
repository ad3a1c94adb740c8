//! What a strategy is, and what it may see.

use domain::{Event, Instrument, InstrumentId, Instruments, Level, NetLots, StrategyId, Timestamp};
use market::{book::OrderBook, feature::FeatureVector};

use crate::{
    desk::Desk, instrument_state::InstrumentState, intent::Intents, order::Pending,
    portfolio::Position,
};

/// Memory inside, wishes out. Risk and execution are somebody else's job.
///
/// A strategy is called with the market events of its instruments while their books are in
/// sync and their feeds alive, with the reports on its own orders, and with every
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

    /// Whether an instrument's book is in sync and its feed alive.
    #[must_use]
    pub fn in_sync(&self, id: InstrumentId) -> bool {
        self.markets[id.index()].is_usable()
    }

    /// The book, `None` while it is out of sync.
    #[must_use]
    pub fn book(&self, id: InstrumentId) -> Option<&OrderBook> {
        let market = &self.markets[id.index()];
        market.is_usable().then(|| market.book())
    }

    /// The features now, `None` while out of sync or warming up.
    #[must_use]
    pub fn features(&self, id: InstrumentId) -> Option<FeatureVector> {
        self.markets[id.index()].features()
    }

    /// The best bid of a book in sync.
    #[must_use]
    pub fn best_bid(&self, id: InstrumentId) -> Option<Level> {
        self.book(id)?.best_bid()
    }

    /// The best ask of a book in sync.
    #[must_use]
    pub fn best_ask(&self, id: InstrumentId) -> Option<Level> {
        self.book(id)?.best_ask()
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

    /// The unfilled rest of the strategy's own orders.
    #[must_use]
    pub fn pending(&self, id: InstrumentId) -> Pending {
        self.desk.orders().pending(self.strategy, id)
    }
}

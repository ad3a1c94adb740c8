//! Book imbalance: follow the side with more quantity at the best price, for a moment.
//!
//! One signal opens a position, signals of the same side renew it, signals of the other
//! side are held back until it ends. An entry that is not filled within `signal_decay_ms`
//! is withdrawn; what was filled until then is held. When the holding period ends without
//! renewal the position is closed at the best price of the other side, again and again
//! until it is gone.

mod generator;
mod params;
mod sizing;

#[cfg(test)]
mod tests;

pub use generator::ImbalanceSignalGenerator;
pub use params::{EntryStyle, ImbalanceParams, StrengthMode};
pub use sizing::Sizing;

use domain::{Event, InstrumentId, MarketData, NetLots, Side, Span, StrategyId, Timestamp};
use engine::{Intents, OrderStyle, Strategy, View};
use market::signal::{Signal, SignalGenerator as _, SignalResult, Suppression};

use crate::{InstrumentCount, Setup, SetupError, StrategyRow};

/// Its place in the catalogue.
pub(crate) const ROW: StrategyRow = StrategyRow {
    name: "imbalance",
    purpose: "follows the side of the book with more quantity at the best price",
    instruments: InstrumentCount::AtLeastOne,
    parameters: &[params::PARAMETERS],
    needs: params::needs,
    build: |setup| {
        let strategy = ImbalanceStrategy::new(setup, &ImbalanceParams::read(setup.params))?;
        Ok(Box::new(strategy))
    },
};

/// What goes on in one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is wanted.
    Idle,
    /// A signal is acted on.
    Holding {
        side: Side,
        /// The end, unless it is renewed.
        until: Timestamp,
        /// When the unfilled rest of the entry is withdrawn; `None` once it was.
        entry_ends: Option<Timestamp>,
    },
}

/// One traded instrument.
#[derive(Debug)]
struct Follower {
    instrument: InstrumentId,
    generator: ImbalanceSignalGenerator,
    sizing: Sizing,
    phase: Phase,
}

/// The strategy. One generator and one phase per instrument.
#[derive(Debug)]
pub struct ImbalanceStrategy {
    id: StrategyId,
    name: String,
    instruments: Vec<InstrumentId>,
    followers: Vec<Follower>,
    entry_style: OrderStyle,
    decay: Span,
}

impl ImbalanceStrategy {
    /// A strategy that has seen nothing yet.
    ///
    /// # Errors
    /// [`SetupError`] for a setting outside its range or a size that does not fit.
    pub fn new(setup: &Setup<'_>, params: &ImbalanceParams) -> Result<Self, SetupError> {
        params.check()?;
        let follower = |&instrument: &InstrumentId| -> Result<Follower, SetupError> {
            Ok(Follower {
                instrument,
                generator: ImbalanceSignalGenerator::new(setup.name, setup.id, instrument, params),
                sizing: Sizing::new(params, setup.instruments.get(instrument))?,
                phase: Phase::Idle,
            })
        };
        Ok(Self {
            id: setup.id,
            name: setup.name.to_owned(),
            instruments: setup.trades.to_vec(),
            followers: setup.trades.iter().map(follower).collect::<Result<_, _>>()?,
            entry_style: match params.order_style {
                EntryStyle::Aggressive => OrderStyle::AGGRESSIVE,
                EntryStyle::Passive => OrderStyle::PASSIVE,
            },
            decay: params.signal_decay(),
        })
    }
}

impl Strategy for ImbalanceStrategy {
    fn id(&self) -> StrategyId {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn instruments(&self) -> &[InstrumentId] {
        &self.instruments
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        let entry = Entry { style: self.entry_style, decay: self.decay };
        let (about, book_moved) = match event {
            Event::Market(market) => (Some(market.instrument), moves_book(&market.data)),
            Event::Report(report) => (Some(report.instrument), false),
            Event::Account(account) => (Some(account.instrument), false),
            Event::Control(_) | Event::Clock => (None, false),
        };
        for follower in &mut self.followers {
            if about.is_some_and(|instrument| instrument != follower.instrument) {
                continue;
            }
            follower.pass_time(view, out);
            if book_moved {
                follower.look(entry, view, out);
            }
            follower.close_leftovers(view, out);
        }
    }
}

/// How entries are made.
#[derive(Clone, Copy, Debug)]
struct Entry {
    style: OrderStyle,
    decay: Span,
}

impl Follower {
    /// Ends what has had its time: the entry, then the holding.
    fn pass_time(&mut self, view: &View<'_>, out: &mut Intents) {
        let now = view.time();
        let Phase::Holding { side, until, entry_ends } = self.phase else { return };
        if now >= until {
            out.withdraw(self.instrument);
            self.phase = Phase::Idle;
        } else if entry_ends.is_some_and(|end| now >= end) {
            out.withdraw(self.instrument);
            self.phase = Phase::Holding { side, until, entry_ends: None };
        } else if entry_ends.is_none() && self.is_flat(view) {
            // The entry came to nothing and is gone: there is nothing to hold.
            self.phase = Phase::Idle;
        }
    }

    fn look(&mut self, entry: Entry, view: &View<'_>, out: &mut Intents) {
        let Some(features) = view.features(self.instrument) else {
            return out.suppressed(Suppression::WarmingUp);
        };
        match self.generator.generate(&features, view.time()) {
            SignalResult::NoSignal => {}
            SignalResult::Suppressed(reason) => out.suppressed(reason),
            SignalResult::Signal(signal) => self.act(&signal, entry, view, out),
        }
    }

    fn act(&mut self, signal: &Signal, entry: Entry, view: &View<'_>, out: &mut Intents) {
        let Some(bid) = view.best_bid(self.instrument) else { return };
        let instrument = view.instrument(self.instrument);
        let wanted = self.sizing.position(signal.strength, instrument, bid.price);
        let Some(wanted_side) = wanted.side() else { return };
        let ends = signal.timestamp + signal.holding_period;
        match self.phase {
            Phase::Idle => {
                out.signal();
                out.target(self.instrument, wanted, entry.style);
                let entry_ends = Some(signal.timestamp + entry.decay);
                self.phase = Phase::Holding { side: wanted_side, until: ends, entry_ends };
            }
            Phase::Holding { side, until, entry_ends } if side == wanted_side => {
                out.signal();
                self.phase = Phase::Holding { side, until: until.max(ends), entry_ends };
            }
            Phase::Holding { .. } => out.suppressed(Suppression::Holding),
        }
    }

    /// While nothing is wanted, whatever is held is closed.
    fn close_leftovers(&self, view: &View<'_>, out: &mut Intents) {
        if self.phase == Phase::Idle && !view.position(self.instrument).is_zero() {
            out.target(self.instrument, NetLots::ZERO, OrderStyle::IMMEDIATE);
        }
    }

    fn is_flat(&self, view: &View<'_>) -> bool {
        let pending = view.pending(self.instrument);
        view.position(self.instrument).is_zero()
            && pending.buys.is_zero()
            && pending.sells.is_zero()
    }
}

const fn moves_book(data: &MarketData<'_>) -> bool {
    matches!(data, MarketData::BookSnapshot { .. } | MarketData::BookDiff { .. })
}

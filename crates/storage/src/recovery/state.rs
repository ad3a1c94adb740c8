//! What a program must know to go on where the last one ended.
//!
//! The writer keeps this state while it writes and the recovery builds it while it reads,
//! from the same facts by the same code: the path of a start is the path of a recovery.

use std::collections::VecDeque;

use domain::{
    AccountEvent, AccountEventKind, Control, Fill, Lots, Money, NewOrder, OrderId, OrderStatus,
    RunNumber, StrategyId, Timestamp, TradeId,
    instrument::InstrumentSpec,
    record::{AccountRecord, MarketSource, OrderChanged, SessionEnded, SessionStarted},
};
use serde::{Deserialize, Serialize};

use super::{account::Account, trade_ids::TradeIds};
use crate::Fact;

/// Finished orders that are remembered for fills that come late.
const REMEMBERED_ORDERS: usize = 64;

/// The last run a journal knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSession {
    /// Its number.
    pub run: RunNumber,
    /// When it began.
    pub started: Timestamp,
    /// The command that started it.
    pub command: String,
    /// Where its market data came from.
    pub source: MarketSource,
    /// Hash of its configuration.
    pub config_sha256: String,
    /// Its instruments in the order of their ids.
    pub instruments: Vec<InstrumentSpec>,
    /// Its strategies in the order of their ids.
    pub strategies: Vec<String>,
    /// Orders it placed.
    pub orders: u64,
    /// Fills it booked.
    pub fills: u64,
    /// How it ended; `None` after a crash.
    pub ended: Option<SessionEnded>,
}

/// An order that was not finished when the journal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// The order as placed; its small ids are those of the run in its own id.
    pub order: NewOrder,
    /// Whose.
    pub strategy: String,
    /// In what.
    pub instrument: InstrumentSpec,
    /// How far it came.
    pub status: OrderStatus,
    /// How much of it is done.
    pub filled: Lots,
}

/// Something that moves an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Unbooked {
    Fill(Fill),
    Event(AccountEvent),
}

/// Everything the journal says about the present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last run, `None` in a new data directory.
    pub session: Option<LastSession>,
    /// What is held. Empty after the start of a run that does not continue the one before.
    pub accounts: Vec<Account>,
    /// Cash of the whole account.
    pub cash: Money,
    /// Orders that are not finished.
    pub open_orders: Vec<OpenOrder>,
    /// Whether the kill switch is on.
    pub kill_switch: bool,
    /// The highest order id ever given.
    pub last_order: Option<OrderId>,
    trades: TradeIds,
    finished: VecDeque<OpenOrder>,
    /// What the account record that must be next is about.
    unbooked: Option<Unbooked>,
    /// How many facts were taken in: the number of the last one.
    pub(crate) facts: u64,
}

impl State {
    /// The highest trade id ever seen.
    #[must_use]
    pub fn last_trade(&self) -> Option<TradeId> {
        self.trades.last()
    }

    /// Notes that the engine got another input: the one before is dealt with.
    pub(crate) const fn next_input(&mut self) {
        self.unbooked = None;
    }

    /// Takes in a fact. Facts come in the journal's order, each once.
    pub(crate) fn apply(&mut self, fact: &Fact) {
        self.facts += 1;
        match fact {
            Fact::SessionStarted(started) => self.start(started),
            Fact::Filled { fill, .. } => self.fill(fill),
            Fact::Control(Control::Kill) => self.kill_switch = true,
            Fact::Control(Control::Resume) => self.kill_switch = false,
            Fact::AccountEvent(event) => self.account_event(event),
            Fact::Control(_) | Fact::StrategySnapshot(_) | Fact::Performance(_) => {}
            Fact::Placed(order) => self.place(order),
            Fact::OrderChanged(change) => self.change(change),
            Fact::Account(account) => self.account(account),
            Fact::SessionEnded(ended) => {
                if let Some(session) = &mut self.session {
                    session.ended = Some(ended.clone());
                }
            }
        }
    }

    /// Books what reached the journal without its account record, because the program was
    /// stopped between the two.
    pub(crate) fn settle(&mut self) {
        match self.unbooked.take() {
            Some(Unbooked::Fill(fill)) => self.settle_fill(&fill),
            Some(Unbooked::Event(event)) => self.settle_event(&event),
            None => {}
        }
    }

    fn settle_event(&mut self, event: &AccountEvent) {
        let Some(session) = &self.session else { return };
        let strategy = strategy_name(session, event.strategy);
        let Some(spec) = session.instruments.get(event.instrument.index()).cloned() else {
            return;
        };
        let cash = self.cash;
        match self.account_of(&strategy, &spec).book_event(event, &spec, cash) {
            Ok(cash) => self.cash = cash,
            Err(error) => tracing::error!(%error, "an account event cannot be booked"),
        }
    }

    fn settle_fill(&mut self, fill: &Fill) {
        let known = self.open_orders.iter().chain(&self.finished);
        let Some(order) = known.rev().find(|known| known.order.id == fill.order).cloned() else {
            tracing::warn!(order = %fill.order, trade = %fill.trade, "a fill of an unknown order");
            return;
        };
        let cash = self.cash;
        let account = self.account_of(&order.strategy, &order.instrument);
        match account.book(fill, &order.instrument, cash) {
            Ok(cash) => self.cash = cash,
            Err(error) => tracing::error!(trade = %fill.trade, %error, "a fill cannot be booked"),
        }
    }

    fn start(&mut self, started: &SessionStarted) {
        self.settle();
        if !started.continued {
            self.accounts.clear();
            self.open_orders.clear();
            self.finished.clear();
        }
        self.cash = started.opening_cash;
        self.session = Some(LastSession {
            run: started.run,
            started: started.time,
            command: started.command.clone(),
            source: started.source,
            config_sha256: started.config_sha256.clone(),
            instruments: started.instruments.clone(),
            strategies: started.strategies.clone(),
            orders: 0,
            fills: 0,
            ended: None,
        });
    }

    fn place(&mut self, order: &NewOrder) {
        self.last_order = self.last_order.max(Some(order.id));
        let Some(session) = &mut self.session else { return };
        session.orders += 1;
        let strategy = strategy_name(session, order.strategy);
        let Some(instrument) = session.instruments.get(order.instrument.index()) else { return };
        self.open_orders.push(OpenOrder {
            order: *order,
            strategy,
            instrument: instrument.clone(),
            status: OrderStatus::Created,
            filled: Lots::ZERO,
        });
    }

    fn change(&mut self, change: &OrderChanged) {
        let Some(place) = self.open_orders.iter().position(|open| open.order.id == change.order)
        else {
            return;
        };
        let open = &mut self.open_orders[place];
        open.status = change.status;
        open.filled = change.filled;
        if change.status.is_final() {
            self.finish(place);
        }
    }

    fn fill(&mut self, fill: &Fill) {
        self.unbooked = None;
        if !self.trades.insert(fill.trade) {
            return;
        }
        if let Some(session) = &mut self.session {
            session.fills += 1;
        }
        self.unbooked = Some(Unbooked::Fill(*fill));
        let Some(place) = self.open_orders.iter().position(|open| open.order.id == fill.order)
        else {
            return;
        };
        let open = &mut self.open_orders[place];
        open.filled = Lots::new(open.filled.get().saturating_add(fill.quantity.get()));
        open.status = OrderStatus::PartlyFilled;
        if open.filled >= open.order.quantity {
            open.status = OrderStatus::Filled;
            self.finish(place);
        }
    }

    fn account_event(&mut self, event: &AccountEvent) {
        self.unbooked = None;
        if let AccountEventKind::Liquidation { fill } = &event.kind {
            if !self.trades.insert(fill.trade) {
                return;
            }
            if let Some(session) = &mut self.session {
                session.fills += 1;
            }
        }
        self.unbooked = Some(Unbooked::Event(*event));
    }

    fn finish(&mut self, place: usize) {
        if self.finished.len() == REMEMBERED_ORDERS {
            self.finished.pop_front();
        }
        self.finished.push_back(self.open_orders.remove(place));
    }

    fn account(&mut self, record: &AccountRecord) {
        self.unbooked = None;
        self.cash = record.cash;
        let Some(session) = &self.session else { return };
        let strategy = strategy_name(session, record.strategy);
        let Some(spec) = session.instruments.get(record.instrument.index()).cloned() else {
            return;
        };
        let account = self.account_of(&strategy, &spec);
        *account = Account {
            strategy,
            instrument: spec,
            position: record.position,
            cost_basis: record.cost_basis,
            realized_pnl: record.realized_pnl,
            fees: record.fees,
            carry: record.carry,
            updated: record.time,
            unrecorded: false,
        };
    }

    fn account_of(&mut self, strategy: &str, spec: &InstrumentSpec) -> &mut Account {
        let place = self.accounts.iter().position(|account| account.is_of(strategy, spec));
        let place = place.unwrap_or_else(|| {
            self.accounts.push(Account::empty(strategy, spec));
            self.accounts.len() - 1
        });
        &mut self.accounts[place]
    }
}

fn strategy_name(session: &LastSession, id: StrategyId) -> String {
    session.strategies.get(id.index()).cloned().unwrap_or_else(|| format!("#{}", id.index()))
}

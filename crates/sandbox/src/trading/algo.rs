//! Conditional orders: those of spot wait among the orders, those of USD-M are algo orders.

use domain::{InstrumentId, Side};
use rust_decimal::Decimal;

use super::{
    Event, Exchange, Reject,
    order::{Algo, Ticket},
    rules::MAX_ALGO_ORDERS,
    words::{AlgoStatus, Type, Working},
};
use crate::market::Outlet;

impl Exchange {
    fn working_price(&self, ticket: &Ticket) -> Option<Decimal> {
        match ticket.working {
            Working::Contract => self.reference(ticket.instrument),
            Working::Mark => Some(self.mark(ticket.instrument)),
        }
    }

    /// Whether the price has reached the trigger; a trailing stop brings its own.
    pub(super) fn is_triggered(&self, ticket: &Ticket, trailing: Option<Decimal>) -> bool {
        let Some(price) = self.working_price(ticket) else { return false };
        let trigger = trailing.unwrap_or(ticket.stop_price);
        if trigger.is_zero() {
            return false;
        }
        // A stop buys when the price rises and sells when it falls; taking profit does the
        // opposite.
        if (ticket.side == Side::Buy) == ticket.kind.is_stop() {
            price >= trigger
        } else {
            price <= trigger
        }
    }

    /// Lets whatever has reached its price become an ordinary order.
    pub(super) fn trigger(&mut self, outlet: &mut dyn Outlet) {
        let ready = |id: &u64| {
            let order = self.state.orders.get(id)?;
            let waits = !order.working && order.status.is_open();
            (waits && self.is_triggered(&order.ticket, None)).then_some(*id)
        };
        let ready: Vec<u64> = self.open.iter().filter_map(ready).collect();
        let now = self.now();
        for id in ready {
            if let Some(order) = self.state.orders.get_mut(&id) {
                order.working = true;
                order.working_since = now;
                self.announce(id, super::words::Execution::New, None, None);
                self.work(id, outlet);
            }
        }
        for id in self.open_algos.clone() {
            self.watch(id, outlet);
        }
    }

    fn watch(&mut self, id: u64, outlet: &mut dyn Outlet) {
        let Some(algo) = self.state.algos.get(&id) else { return };
        let trailing = algo.ticket.kind == Type::TrailingStopMarket;
        let turn = if trailing { self.trail(id) } else { None };
        let Some(algo) = self.state.algos.get(&id) else { return };
        if trailing && turn.is_none() {
            return;
        }
        if self.is_triggered(&algo.ticket, turn) {
            self.fire(id, outlet);
        }
    }

    /// Follows the price with a trailing stop. Returns where it would trigger.
    fn trail(&mut self, id: u64) -> Option<Decimal> {
        let algo = self.state.algos.get(&id)?;
        let price = self.working_price(&algo.ticket)?;
        let (side, activation) = (algo.ticket.side, algo.ticket.stop_price);
        let active = activation.is_zero()
            || match side {
                Side::Sell => price >= activation,
                Side::Buy => price <= activation,
            };
        let algo = self.state.algos.get_mut(&id)?;
        if algo.extreme.is_none() && !active {
            return None;
        }
        let best = algo.extreme.get_or_insert(price);
        *best = if side == Side::Sell { (*best).max(price) } else { (*best).min(price) };
        let share = algo.callback_rate / Decimal::ONE_HUNDRED;
        let turn = if side == Side::Sell { Decimal::ONE - share } else { Decimal::ONE + share };
        Some(*best * turn)
    }

    /// The ordinary order that a conditional one becomes.
    fn fire(&mut self, id: u64, outlet: &mut dyn Outlet) {
        let Some(algo) = self.state.algos.get(&id) else { return };
        let mut ticket = algo.ticket.clone();
        ticket.original = ticket.kind;
        ticket.kind = if ticket.kind.takes_any_price() { Type::Market } else { Type::Limit };
        ticket.stop_price = Decimal::ZERO;
        if ticket.kind == Type::Market {
            ticket.price = Decimal::ZERO;
        }
        if ticket.close_position {
            ticket.quantity = self.reducible(ticket.account, ticket.instrument, ticket.side);
            ticket.reduce_only = true;
            ticket.close_position = false;
        }
        self.tell_algo(id, AlgoStatus::Triggered, None);
        let (account, instrument) = (ticket.account, ticket.instrument);
        match self.place(ticket, outlet) {
            Ok(order) => self.tell_algo(id, AlgoStatus::Finished, Some(order)),
            Err(reject) => {
                self.tell_algo(id, AlgoStatus::Rejected, None);
                let reason = format!("{reject:?}");
                self.events.push(Event::TriggerRejected { account, instrument, order: id, reason });
            }
        }
    }

    fn tell_algo(&mut self, id: u64, status: AlgoStatus, order: Option<u64>) {
        let now = self.now();
        let Some(algo) = self.state.algos.get_mut(&id) else { return };
        algo.status = status;
        algo.updated = now;
        algo.order = order.or(algo.order);
        self.changes.algos.insert(id);
        if status != AlgoStatus::New {
            self.open_algos.remove(&id);
        }
        self.events.push(Event::Algo(Box::new(algo.clone())));
    }

    /// Accepts a conditional order of USD-M. Returns its id.
    pub(crate) fn place_algo(
        &mut self,
        mut ticket: Ticket,
        callback_rate: Decimal,
    ) -> Result<u64, Reject> {
        let trailing = ticket.kind == Type::TrailingStopMarket;
        self.check_filters(&ticket)?;
        let open = self.algos_of(ticket.account, Some(ticket.instrument));
        if open.len() >= MAX_ALGO_ORDERS[1] {
            return Err(Reject::TooManyOrders);
        }
        let named = |id: &u64| {
            self.state.algos.get(id).is_some_and(|algo| algo.ticket.client_id == ticket.client_id)
        };
        if !ticket.client_id.is_empty() && open.iter().any(named) {
            return Err(Reject::Duplicate);
        }
        if !trailing && self.is_triggered(&ticket, None) {
            return Err(Reject::WouldTrigger);
        }
        let (id, now) = (self.next_id(), self.now());
        if ticket.client_id.is_empty() {
            ticket.client_id = format!("sandbox{id}");
        }
        let algo = Algo {
            id,
            ticket,
            status: AlgoStatus::New,
            order: None,
            callback_rate,
            extreme: None,
            created: now,
            updated: now,
        };
        self.state.algos.insert(id, algo);
        self.open_algos.insert(id);
        self.tell_algo(id, AlgoStatus::New, None);
        Ok(id)
    }

    /// Open conditional orders of an account.
    pub(crate) fn algos_of(&self, account: usize, instrument: Option<InstrumentId>) -> Vec<u64> {
        let algos = self.open_algos.iter().filter_map(|id| self.state.algos.get(id));
        let ours = |algo: &&Algo| {
            algo.ticket.account == account
                && instrument.is_none_or(|wanted| algo.ticket.instrument == wanted)
        };
        algos.filter(ours).map(|algo| algo.id).collect()
    }

    /// Cancels a conditional order.
    pub(crate) fn cancel_algo(&mut self, id: u64) -> Result<(), Reject> {
        if !self.open_algos.contains(&id) {
            return Err(Reject::Unknown);
        }
        self.tell_algo(id, AlgoStatus::Canceled, None);
        Ok(())
    }
}

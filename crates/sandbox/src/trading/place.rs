//! Accepting, cancelling and changing orders.

use domain::{Market, Side};
use rust_decimal::Decimal;

use super::{
    Exchange, Phase, Reject,
    order::{Order, Ticket},
    words::{Execution, Force, Status, Type},
};
use crate::market::{Outlet, reaches};

/// Shortest life of an order that is good till a date.
const SHORTEST_LIFE_MILLIS: i64 = 600_000;

impl Exchange {
    /// Checks an order without placing it.
    pub(crate) fn check(&self, ticket: &Ticket) -> Result<(), Reject> {
        match self.phase {
            Phase::Trading => {}
            Phase::CancelOnly => return Err(Reject::CancelOnly),
            Phase::Halted => return Err(Reject::Closed),
        }
        self.check_filters(ticket)?;
        self.check_counts(ticket)?;
        if self.is_duplicate(ticket) {
            return Err(Reject::Duplicate);
        }
        if ticket.force == Force::Gtd && ticket.good_till <= self.now() + SHORTEST_LIFE_MILLIS {
            return Err(Reject::GoodTill);
        }
        let post_only = ticket.kind == Type::LimitMaker || ticket.force == Force::Gtx;
        if post_only && self.would_take(ticket) {
            return Err(Reject::WouldTake);
        }
        if ticket.kind.is_conditional() && self.is_triggered(ticket, None) {
            return Err(Reject::WouldTrigger);
        }
        if ticket.market == Market::Spot {
            self.check_funds(ticket)
        } else {
            self.check_margin(ticket)
        }
    }

    /// Places an order and lets it take what it reaches. Returns its id.
    pub(crate) fn place(
        &mut self,
        mut ticket: Ticket,
        outlet: &mut dyn Outlet,
    ) -> Result<u64, Reject> {
        self.check(&ticket)?;
        if ticket.market != Market::Spot && ticket.force == Force::Fok && !self.fillable(&ticket) {
            return Err(Reject::FokUnfilled);
        }
        let id = self.next_id();
        if ticket.client_id.is_empty() {
            ticket.client_id = format!("sandbox{id}");
        }
        let locked = self.set_aside(&ticket);
        let (account, market) = (ticket.account, ticket.market);
        let waits = ticket.kind.is_conditional();
        self.accept(id, ticket, locked);
        if market == Market::Spot && !locked.is_zero() {
            let asset = self.locked_asset(id);
            self.tell_balances(account, &[&asset]);
        }
        if !waits {
            self.work(id, outlet);
        }
        Ok(id)
    }

    /// An order is the venue's from here on, and its account is told.
    pub(super) fn accept(&mut self, id: u64, ticket: Ticket, locked: Decimal) {
        let (now, waits) = (self.now(), ticket.kind.is_conditional());
        let order = Order {
            id,
            ticket,
            status: Status::New,
            executed: Decimal::ZERO,
            value: Decimal::ZERO,
            locked,
            working: !waits,
            created: now,
            updated: now,
            working_since: if waits { -1 } else { now },
            prevented: Decimal::ZERO,
        };
        self.state.orders.insert(id, order);
        self.open.insert(id);
        self.announce(id, Execution::New, None, None);
    }

    fn is_duplicate(&self, ticket: &Ticket) -> bool {
        !ticket.client_id.is_empty()
            && self.open.iter().filter_map(|id| self.state.orders.get(id)).any(|order| {
                order.ticket.account == ticket.account
                    && order.ticket.market == ticket.market
                    && order.ticket.instrument == ticket.instrument
                    && order.ticket.client_id == ticket.client_id
            })
    }

    fn would_take(&self, ticket: &Ticket) -> bool {
        let limit = self.ticks(ticket.instrument, ticket.price);
        let front = self.floor.front(ticket.instrument, ticket.side.opposite());
        limit.zip(front).is_some_and(|(limit, offer)| reaches(ticket.side, limit, offer.price))
    }

    /// Whether the book holds enough for all of an order right now.
    pub(super) fn fillable(&self, ticket: &Ticket) -> bool {
        let Some(depth) = self.floor.depth(ticket.instrument, usize::MAX) else { return false };
        let levels = if ticket.side == Side::Buy { depth.asks } else { depth.bids };
        let reached = levels.iter().take_while(|level| {
            ticket.price.is_zero() || reaches(ticket.side, ticket.price, level.price)
        });
        reached.map(|level| level.quantity).sum::<Decimal>() >= ticket.quantity
    }

    /// Spot: whether the account can pay.
    fn check_funds(&self, ticket: &Ticket) -> Result<(), Reject> {
        let spec = self.instrument(ticket.instrument).spec();
        let account = &self.state.accounts[ticket.account];
        let (asset, needed) = match ticket.side {
            Side::Buy if ticket.price.is_zero() => (&spec.quote, self.estimate(ticket)),
            Side::Buy => (&spec.quote, ticket.price * ticket.quantity),
            Side::Sell => (&spec.base, ticket.quantity),
        };
        if account.free(asset) < needed { Err(Reject::Insufficient) } else { Ok(()) }
    }

    /// What a market order to buy will cost.
    fn estimate(&self, ticket: &Ticket) -> Decimal {
        if !ticket.quote_quantity.is_zero() {
            return ticket.quote_quantity;
        }
        let Some(depth) = self.floor.depth(ticket.instrument, usize::MAX) else {
            return Decimal::ZERO;
        };
        let (mut left, mut cost) = (ticket.quantity, Decimal::ZERO);
        for level in depth.asks {
            let part = left.min(level.quantity);
            cost += part * level.price;
            left -= part;
            if left.is_zero() {
                break;
            }
        }
        cost
    }

    /// Spot: sets money aside for an order. Returns how much.
    fn set_aside(&mut self, ticket: &Ticket) -> Decimal {
        if ticket.market != Market::Spot {
            return Decimal::ZERO;
        }
        let spec = self.instrument(ticket.instrument).spec();
        let (asset, amount) = match ticket.side {
            Side::Buy => (spec.quote.clone(), ticket.price * ticket.quantity),
            Side::Sell => (spec.base.clone(), ticket.quantity),
        };
        let balance = self.state.accounts[ticket.account].balance(&asset);
        balance.free -= amount;
        balance.locked += amount;
        amount
    }

    /// Finds an order by its number or by its client id; an open one first, then the latest.
    pub(crate) fn find(
        &self,
        account: usize,
        instrument: domain::InstrumentId,
        name: (Option<u64>, Option<&str>),
    ) -> Option<u64> {
        let ours = |order: &&Order| {
            order.ticket.account == account && order.ticket.instrument == instrument
        };
        if let Some(id) = name.0 {
            return self.state.orders.get(&id).filter(ours).map(|order| order.id);
        }
        let client_id = name.1?;
        let named = |order: &&Order| ours(order) && order.ticket.client_id == client_id;
        let open = self.open.iter().filter_map(|id| self.state.orders.get(id)).find(named);
        open.or_else(|| self.state.orders.values().rev().find(named)).map(|order| order.id)
    }

    /// Cancels an open order.
    pub(crate) fn cancel(
        &mut self,
        id: u64,
        cancel_id: Option<String>,
        outlet: &mut dyn Outlet,
    ) -> Result<(), Reject> {
        if self.phase == Phase::Halted {
            return Err(Reject::Closed);
        }
        let open = self.open.contains(&id);
        if !open {
            return Err(Reject::Unknown);
        }
        self.close(id, Status::Canceled, cancel_id, outlet);
        Ok(())
    }

    /// Open orders of an account, oldest first.
    pub(crate) fn open_orders(
        &self,
        account: usize,
        market: Market,
        instrument: Option<domain::InstrumentId>,
    ) -> Vec<u64> {
        let ours = |order: &&Order| {
            order.ticket.account == account
                && order.ticket.market == market
                && instrument.is_none_or(|wanted| order.ticket.instrument == wanted)
        };
        let orders = self.open.iter().filter_map(|id| self.state.orders.get(id));
        orders.filter(ours).map(|order| order.id).collect()
    }

    /// Spot: makes an order smaller; it keeps its place.
    pub(crate) fn amend(
        &mut self,
        id: u64,
        quantity: Decimal,
        outlet: &mut dyn Outlet,
    ) -> Result<(), Reject> {
        let order = self.state.orders.get(&id).filter(|order| order.status.is_open());
        let order = order.ok_or(Reject::Unknown)?;
        let instrument = order.ticket.instrument;
        let less = order.ticket.quantity - quantity;
        if less <= Decimal::ZERO || quantity <= order.executed {
            return Err(Reject::NoChange);
        }
        let lots = self.lots(instrument, less).ok_or(Reject::Filter("LOT_SIZE"))?;
        self.check_filters(&Ticket { quantity, ..order.ticket.clone() })?;
        let unlocked = match order.ticket.side {
            Side::Buy => order.ticket.price * less,
            Side::Sell => less,
        };
        self.floor.withdraw(id, lots, outlet);
        let asset = self.locked_asset(id);
        let Some(order) = self.state.orders.get_mut(&id) else { return Err(Reject::Unknown) };
        order.ticket.quantity = quantity;
        order.locked -= unlocked;
        let account = order.ticket.account;
        let balance = self.state.accounts[account].balance(&asset);
        balance.locked -= unlocked;
        balance.free += unlocked;
        self.announce(id, Execution::Replaced, None, None);
        self.tell_balances(account, &[&asset]);
        Ok(())
    }

    /// USD-M: gives an order another price or quantity; it goes to the end of the queue.
    pub(crate) fn modify(
        &mut self,
        id: u64,
        price: Decimal,
        quantity: Decimal,
        outlet: &mut dyn Outlet,
    ) -> Result<(), Reject> {
        let order = self.state.orders.get(&id).filter(|order| order.status.is_open());
        let order = order.ok_or(Reject::Missing)?.clone();
        if order.ticket.price == price && order.ticket.quantity == quantity {
            return Err(Reject::NoChange);
        }
        let ticket = Ticket { quantity, price, ..order.ticket.clone() };
        self.check_filters(&ticket)?;
        if ticket.force == Force::Gtx && self.would_take(&ticket) {
            return Err(Reject::WouldTake);
        }
        if quantity > order.ticket.quantity {
            let more = Ticket { quantity: quantity - order.ticket.quantity, ..ticket.clone() };
            self.check_margin(&more)?;
        }
        let lots = self.lots(ticket.instrument, order.left()).ok_or(Reject::OffStep)?;
        self.floor.withdraw(id, lots, outlet);
        if quantity <= order.executed {
            self.end(id, Status::Canceled, None);
            return Ok(());
        }
        if let Some(order) = self.state.orders.get_mut(&id) {
            order.ticket = ticket;
        }
        self.announce(id, Execution::Amendment, None, None);
        self.work(id, outlet);
        Ok(())
    }
}

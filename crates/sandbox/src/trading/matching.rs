//! Lets an order take what it reaches, stand, or end; keeps an account from trading with itself.

use domain::{InstrumentId, Lots, Market, Qty, Side};
use rust_decimal::Decimal;

use super::{
    Exchange,
    order::Order,
    words::{Force, SelfTrade, Status, Type},
};
use crate::market::{Offer, Outlet, Standing, reaches};

/// What remains to be done after an own order was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    GoOn,
    TakerEnded,
}

impl Exchange {
    /// Works an open order that is not in the market: it takes, and stands or ends.
    pub(super) fn work(&mut self, id: u64, outlet: &mut dyn Outlet) {
        while let Some((order, offer)) = self.next_counterpart(id) {
            let own = offer.owner.filter(|maker| self.prevents(&order, *maker));
            if let Some(maker) = own {
                match self.meet_own(&order, maker, offer, outlet) {
                    Met::GoOn => continue,
                    Met::TakerEnded => return,
                }
            }
            let instrument = order.ticket.instrument;
            let most = self.affordable(&order, offer);
            if most.is_zero() {
                break;
            }
            let side = order.ticket.side;
            let Some(deal) = self.floor.take(instrument, side, most, outlet) else { break };
            let spec = self.instrument(instrument);
            let (price, quantity) = (spec.price(deal.price), spec.quantity(deal.quantity));
            self.last.insert(instrument, price);
            self.fill(id, price, quantity, false, deal.trade_id);
            if let Some(maker) = deal.maker {
                self.fill(maker, price, quantity, true, deal.trade_id);
            }
            self.trim_reduce_only(order.ticket.account, instrument, outlet);
        }
        self.settle_down(id, outlet);
    }

    /// The order as it is now and what it would meet, `None` when it cannot go on taking.
    fn next_counterpart(&self, id: u64) -> Option<(Order, Offer)> {
        let order = self.state.orders.get(&id).filter(|order| order.status.is_open())?;
        let ticket = &order.ticket;
        let by_value = !ticket.quote_quantity.is_zero();
        if order.left().is_zero() && !by_value {
            return None;
        }
        // A fill-or-kill order takes nothing unless it gets everything.
        if ticket.force == Force::Fok && order.executed.is_zero() && !self.fillable(ticket) {
            return None;
        }
        let offer = self.floor.front(ticket.instrument, ticket.side.opposite())?;
        if !ticket.price.is_zero() {
            let limit = self.ticks(ticket.instrument, ticket.price)?;
            if !reaches(ticket.side, limit, offer.price) {
                return None;
            }
        }
        Some((order.clone(), offer))
    }

    fn prevents(&self, taker: &Order, maker: u64) -> bool {
        let maker = self.state.orders.get(&maker);
        taker.ticket.self_trade != SelfTrade::None
            && maker.is_some_and(|maker| maker.ticket.account == taker.ticket.account)
    }

    fn meet_own(
        &mut self,
        taker: &Order,
        maker: u64,
        offer: Offer,
        outlet: &mut dyn Outlet,
    ) -> Met {
        match taker.ticket.self_trade {
            SelfTrade::ExpireMaker => {
                self.close(maker, Status::ExpiredInMatch, None, outlet);
                Met::GoOn
            }
            SelfTrade::ExpireTaker | SelfTrade::None => {
                self.end(taker.id, Status::ExpiredInMatch, None);
                Met::TakerEnded
            }
            SelfTrade::ExpireBoth => {
                self.close(maker, Status::ExpiredInMatch, None, outlet);
                self.end(taker.id, Status::ExpiredInMatch, None);
                Met::TakerEnded
            }
            // Within one account there is nothing to transfer: both become smaller.
            SelfTrade::Decrement | SelfTrade::Transfer => {
                let spec = self.instrument(taker.ticket.instrument);
                let price = spec.price(offer.price);
                let left = if taker.ticket.quote_quantity.is_zero() {
                    taker.left()
                } else {
                    let value = taker.ticket.quote_quantity - taker.value;
                    spec.quantity(lots_of(self, taker.ticket.instrument, value / price))
                };
                let part = left.min(spec.quantity(offer.quantity));
                let lots = lots_of(self, taker.ticket.instrument, part);
                if lots.is_zero() {
                    return Met::TakerEnded;
                }
                self.floor.withdraw(maker, lots, outlet);
                self.prevent(maker, part);
                self.prevent(taker.id, part);
                let ended =
                    self.state.orders.get(&taker.id).is_none_or(|one| !one.status.is_open());
                if ended { Met::TakerEnded } else { Met::GoOn }
            }
        }
    }

    /// Takes a quantity from an order without a trade; ends it when nothing is left.
    fn prevent(&mut self, id: u64, part: Decimal) {
        let Some(order) = self.state.orders.get_mut(&id) else { return };
        order.prevented += part;
        if order.left().is_zero() {
            self.end(id, Status::ExpiredInMatch, None);
        } else {
            self.changes.orders.insert(id);
        }
    }

    /// How much of an offer an order may take: what is left of it, and what can be paid.
    fn affordable(&self, order: &Order, offer: Offer) -> Lots {
        let ticket = &order.ticket;
        let spec = self.instrument(ticket.instrument);
        let price = spec.price(offer.price);
        let mut most = order.left();
        if !ticket.quote_quantity.is_zero() {
            most = (ticket.quote_quantity - order.value) / price;
        }
        if ticket.market == Market::Spot && order.locked.is_zero() {
            let account = &self.state.accounts[ticket.account];
            most = most.min(match ticket.side {
                Side::Buy => account.free(&spec.spec().quote) / price,
                Side::Sell => account.free(&spec.spec().base),
            });
        }
        if ticket.reduce_only {
            most = most.min(self.reducible(ticket.account, ticket.instrument, ticket.side));
        }
        lots_of(self, ticket.instrument, most).min(offer.quantity)
    }

    /// What an order of a side could close of a position.
    pub(super) fn reducible(
        &self,
        account: usize,
        instrument: InstrumentId,
        side: Side,
    ) -> Decimal {
        let held = self.state.accounts[account].positions.get(&instrument);
        let amount = held.map(|held| held.amount).unwrap_or_default();
        match side {
            Side::Buy => (-amount).max(Decimal::ZERO),
            Side::Sell => amount.max(Decimal::ZERO),
        }
    }

    /// What is left of an order that took all it could: it stands, or it ends.
    fn settle_down(&mut self, id: u64, outlet: &mut dyn Outlet) {
        let Some(order) = self.state.orders.get(&id).filter(|order| order.status.is_open()) else {
            return;
        };
        let ticket = &order.ticket;
        if !ticket.quote_quantity.is_zero() {
            let status = if order.executed.is_zero() { Status::Expired } else { Status::Filled };
            let executed = order.executed;
            if let Some(order) = self.state.orders.get_mut(&id) {
                order.ticket.quantity = executed;
            }
            return if status == Status::Filled {
                self.finish(id);
            } else {
                self.end(id, status, None);
            };
        }
        let stands = matches!(ticket.force, Force::Gtc | Force::Gtx | Force::Gtd)
            && !ticket.price.is_zero()
            && ticket.kind != Type::Liquidation;
        let (Some(lots), Some(price)) = (
            self.lots(ticket.instrument, order.left()),
            self.ticks(ticket.instrument, ticket.price),
        ) else {
            return self.end(id, Status::Expired, None);
        };
        if !stands {
            return self.end(id, Status::Expired, None);
        }
        let standing =
            Standing { instrument: ticket.instrument, side: ticket.side, price, owner: id };
        self.floor.rest(standing, lots, outlet);
        self.trim_reduce_only_of(id, outlet);
    }

    /// Ends a market order by value: the last fill was already told as the last one.
    fn finish(&mut self, id: u64) {
        let Some(order) = self.state.orders.get_mut(&id) else { return };
        order.status = Status::Filled;
        order.working = false;
        self.open.remove(&id);
        self.changes.orders.insert(id);
    }

    /// Reduce-only orders never exceed the position.
    pub(super) fn trim_reduce_only(
        &mut self,
        account: usize,
        instrument: InstrumentId,
        outlet: &mut dyn Outlet,
    ) {
        let standing = |id: &u64| {
            let order = self.state.orders.get(id)?;
            let ours = order.ticket.account == account && order.ticket.instrument == instrument;
            (ours && order.ticket.reduce_only && order.working).then_some(*id)
        };
        let ids: Vec<u64> = self.open.iter().filter_map(standing).collect();
        for id in ids {
            self.trim_reduce_only_of(id, outlet);
        }
    }

    fn trim_reduce_only_of(&mut self, id: u64, outlet: &mut dyn Outlet) {
        let Some(order) = self.state.orders.get(&id).filter(|order| order.status.is_open()) else {
            return;
        };
        if !order.ticket.reduce_only {
            return;
        }
        let ticket = &order.ticket;
        let most = self.reducible(ticket.account, ticket.instrument, ticket.side);
        let excess = order.left() - most;
        if most.is_zero() {
            self.close(id, Status::Expired, None, outlet);
        } else if excess > Decimal::ZERO {
            let lots = lots_of(self, ticket.instrument, excess);
            self.floor.withdraw(id, lots, outlet);
            self.prevent(id, excess);
        }
    }
}

/// Whole lots of a quantity, rounded down.
fn lots_of(exchange: &Exchange, id: InstrumentId, quantity: Decimal) -> Lots {
    let quantity = Qty::new(quantity.max(Decimal::ZERO)).ok();
    quantity
        .and_then(|quantity| exchange.instrument(id).lots_floor(quantity).ok())
        .unwrap_or(Lots::new(0))
}

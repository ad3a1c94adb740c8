//! What time and prices do to positions: funding, liquidation, expiry, the dead-man's switch.

use domain::{InstrumentId, Market, Side};
use rust_decimal::Decimal;

use super::{
    Event, Exchange,
    account::cut,
    order::Ticket,
    words::{Force, IncomeType, Status, Type},
};
use crate::market::Outlet;

/// What the venue keeps of a liquidated position's value.
const LIQUIDATION_FEE: Decimal = Decimal::from_parts(125, 0, 0, false, 4);
/// A margin call comes when this share of the margin balance must be maintained.
const MARGIN_CALL: Decimal = Decimal::from_parts(8, 0, 0, false, 1);

impl Exchange {
    /// Everything that waits for a time.
    pub(super) fn keep_time(&mut self, outlet: &mut dyn Outlet) {
        let now = self.now();
        let expired = |id: &u64| {
            let ticket = &self.state.orders.get(id)?.ticket;
            (ticket.good_till > 0 && ticket.good_till <= now).then_some(*id)
        };
        let expired: Vec<u64> = self.open.iter().filter_map(expired).collect();
        for id in expired {
            self.close(id, Status::Expired, None, outlet);
        }
        for account in 0..self.state.accounts.len() {
            self.keep_time_of(account, now, outlet);
        }
        self.settle_funding(now);
    }

    fn keep_time_of(&mut self, account: usize, now: i64, outlet: &mut dyn Outlet) {
        let owner = &mut self.state.accounts[account];
        if owner.listen_key.as_ref().is_some_and(|(_, until)| *until <= now)
            && let Some((key, _)) = owner.listen_key.take()
        {
            self.changes.accounts.insert(account);
            self.events.push(Event::ListenKeyExpired { account, key });
        }
        let due = |(id, at): (&InstrumentId, &i64)| (*at <= now).then_some(*id);
        let due: Vec<InstrumentId> =
            self.state.accounts[account].countdowns.iter().filter_map(due).collect();
        for instrument in due {
            self.state.accounts[account].countdowns.remove(&instrument);
            for id in self.open_orders(account, Market::LinearPerpetual, Some(instrument)) {
                self.close(id, Status::Canceled, None, outlet);
            }
        }
    }

    fn settle_funding(&mut self, now: i64) {
        let ids: Vec<InstrumentId> = self.instruments.iter().map(domain::Instrument::id).collect();
        for id in ids {
            let Some(mark) = self.floor.mark(id) else { continue };
            let Some(next) = mark.next_funding else { continue };
            let due = self.funding_due.insert(id, next.as_millis());
            if due.is_some_and(|due| due <= now && due < next.as_millis())
                && let Some(rate) = mark.funding_rate
            {
                self.pay_funding(id, rate.decimal());
            }
        }
    }

    /// Longs pay shorts when the rate is above zero.
    pub(crate) fn pay_funding(&mut self, id: InstrumentId, rate: Decimal) {
        let mark = self.mark(id);
        let asset = self.instrument(id).spec().quote.clone();
        for account in 0..self.state.accounts.len() {
            let held = self.state.accounts[account].positions.get(&id);
            let amount = held.map(|held| held.amount).unwrap_or_default();
            if amount.is_zero() {
                continue;
            }
            let paid = cut(-amount * mark * rate);
            self.pay(account, Some(id), (&asset, paid, IncomeType::FundingFee));
            self.tell_wallet(account, "FUNDING_FEE", id, paid);
        }
    }

    /// Closes positions that are not covered any more.
    pub(super) fn liquidate(&mut self, outlet: &mut dyn Outlet) {
        for account in 0..self.state.accounts.len() {
            let held = |(id, held): (&InstrumentId, &super::Position)| {
                (!held.amount.is_zero()).then_some((*id, held.clone()))
            };
            let positions: Vec<_> =
                self.state.accounts[account].positions.iter().filter_map(held).collect();
            for (id, position) in positions {
                let asset = self.instrument(id).spec().quote.clone();
                let (balance, needed) = if position.isolated {
                    let own = position.isolated_wallet + position.unrealized(self.mark(id));
                    (own, self.needs(account, id, None).maintenance)
                } else {
                    let sum = self.summary(account, &asset);
                    (sum.cross_wallet + sum.cross_unrealized, sum.cross_maintenance)
                };
                if balance < needed {
                    self.liquidate_position(account, id, outlet);
                } else if needed > balance * MARGIN_CALL {
                    self.call_for_margin(account, id, asset);
                }
            }
        }
    }

    fn call_for_margin(&mut self, account: usize, id: InstrumentId, asset: String) {
        let owner = &self.state.accounts[account];
        let (wallet, position) = (owner.wallet(&asset), owner.positions.get(&id).cloned());
        let Some(position) = position else { return };
        // Once until the position changes is enough.
        let told = self.events.iter().any(
            |event| matches!(event, Event::MarginCall { account: told, .. } if *told == account),
        );
        if !told {
            let position = (id, position);
            self.events.push(Event::MarginCall { account, asset, wallet, position });
        }
    }

    /// Cancels what is open, closes the position in the market and takes the fee.
    pub(crate) fn liquidate_position(
        &mut self,
        account: usize,
        id: InstrumentId,
        outlet: &mut dyn Outlet,
    ) {
        for order in self.open_orders(account, Market::LinearPerpetual, Some(id)) {
            self.close(order, Status::Expired, None, outlet);
        }
        let asset = self.instrument(id).spec().quote.clone();
        let value = {
            let held = self.state.accounts[account].positions.get(&id);
            (held.map(|held| held.amount).unwrap_or_default() * self.mark(id)).abs()
        };
        let name = format!("autoclose-{}", self.now());
        self.force_order(account, id, name, outlet);
        let fee = cut(value * LIQUIDATION_FEE);
        self.pay(account, Some(id), (&asset, -fee, IncomeType::InsuranceClear));
        let wallet = self.state.accounts[account].wallet(&asset);
        if wallet < Decimal::ZERO {
            // The insurance fund covers what the account cannot.
            self.pay(account, Some(id), (&asset, -wallet, IncomeType::InsuranceClear));
        }
        self.tell_wallet(account, "INSURANCE_CLEAR", id, -fee);
    }

    /// Closes a position against the crowd at the mark price: auto-deleveraging.
    pub(crate) fn deleverage(&mut self, account: usize, id: InstrumentId) {
        let mark = self.mark(id);
        let tick = self.instrument(id).spec().tick_size.decimal();
        let price = (mark / tick).round() * tick;
        let Some((order, quantity)) = self.forced(account, id, "adl_autoclose".into()) else {
            return;
        };
        let trade_id = self.next_id();
        self.fill(order, price, quantity, false, (1 << 41) + trade_id);
    }

    fn force_order(
        &mut self,
        account: usize,
        id: InstrumentId,
        name: String,
        outlet: &mut dyn Outlet,
    ) {
        if let Some((order, _)) = self.forced(account, id, name) {
            self.work(order, outlet);
        }
    }

    /// An order of the venue that closes an account's position.
    fn forced(&mut self, account: usize, id: InstrumentId, name: String) -> Option<(u64, Decimal)> {
        let amount = self.state.accounts[account].positions.get(&id)?.amount;
        if amount.is_zero() {
            return None;
        }
        let side = if amount.is_sign_negative() { Side::Buy } else { Side::Sell };
        let ticket = Ticket {
            client_id: name,
            force: Force::Ioc,
            quantity: amount.abs(),
            reduce_only: true,
            original: Type::Liquidation,
            ..Ticket::new(account, self.instrument(id), side, Type::Market)
        };
        let order = self.next_id();
        self.accept(order, ticket, Decimal::ZERO);
        Some((order, amount.abs()))
    }
}

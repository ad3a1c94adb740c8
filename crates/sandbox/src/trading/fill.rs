//! Books a fill: money, position, commission, and what the account is told.

use domain::{Market, Side};
use rust_decimal::Decimal;

use super::{
    Exchange,
    account::cut,
    fees,
    order::{Fill, Order},
    words::{Execution, IncomeType, Status},
};

impl Exchange {
    /// Books one trade of an account's order.
    pub(super) fn fill(
        &mut self,
        id: u64,
        price: Decimal,
        quantity: Decimal,
        maker: bool,
        trade_id: u64,
    ) {
        let now = self.now();
        let Some(instrument) = self.state.orders.get(&id).map(|order| order.ticket.instrument)
        else {
            return;
        };
        let lot = self.instrument(instrument).spec().lot_size.decimal();
        let Some(order) = self.state.orders.get_mut(&id) else { return };
        order.executed += quantity;
        order.value += price * quantity;
        let by_value = !order.ticket.quote_quantity.is_zero();
        if by_value {
            order.ticket.quantity = order.executed + order.prevented;
        }
        // An order by value is done when what is left buys no further lot.
        let done = order.left().is_zero()
            && (!by_value || order.ticket.quote_quantity - order.value < price * lot);
        order.status = match (done, order.prevented.is_zero()) {
            // A late fill does not open an order again.
            _ if !order.status.is_open() => order.status,
            (true, true) => Status::Filled,
            (true, false) => Status::ExpiredInMatch,
            (false, _) => Status::PartiallyFilled,
        };
        if done {
            order.working = false;
        }
        let order = order.clone();
        let ticket = &order.ticket;
        let mut fill = Fill {
            order: id,
            account: ticket.account,
            instrument: ticket.instrument,
            market: ticket.market,
            trade_id,
            side: ticket.side,
            price,
            quantity,
            commission: Decimal::ZERO,
            commission_asset: String::new(),
            realized: Decimal::ZERO,
            maker,
            time: now,
        };
        if ticket.market == Market::Spot {
            self.fill_spot(&order, &mut fill);
        } else {
            self.fill_futures(&mut fill);
        }
        self.state.fills.push(fill.clone());
        let (account, instrument) = (fill.account, fill.instrument);
        self.announce(id, Execution::Trade, Some(fill), None);
        if order.ticket.market == Market::Spot {
            let spec = self.instrument(instrument).spec();
            let assets = [spec.base.clone(), spec.quote.clone()];
            self.tell_balances(account, &[&assets[0], &assets[1]]);
        } else {
            self.tell_wallet(account, "ORDER", instrument, Decimal::ZERO);
        }
    }

    /// Books one more lot for an order that has ended: a fault.
    pub(crate) fn fill_late(&mut self, id: u64) {
        let Some(order) = self.state.orders.get(&id) else { return };
        let instrument = order.ticket.instrument;
        let lot = self.instrument(instrument).spec().lot_size.decimal();
        let asked = order.ticket.price;
        let price =
            if asked.is_zero() { self.reference(instrument).unwrap_or_default() } else { asked };
        let trade_id = (1 << 42) + self.next_id();
        self.fill(id, price, lot, true, trade_id);
    }

    fn fill_spot(&mut self, order: &Order, fill: &mut Fill) {
        let spec = self.instrument(fill.instrument).spec();
        let (base, quote) = (spec.base.clone(), spec.quote.clone());
        let value = fill.price * fill.quantity;
        let fees = fees(Market::Spot);
        let rate = if fill.maker { fees.maker } else { fees.taker };
        let secured = !order.locked.is_zero();
        let account = &mut self.state.accounts[fill.account];
        let (taken, given) = match fill.side {
            Side::Buy => {
                fill.commission = cut(fill.quantity * rate);
                fill.commission_asset.clone_from(&base);
                let set_aside = if secured { order.ticket.price * fill.quantity } else { value };
                let balance = account.balance(&quote);
                if secured {
                    balance.locked -= set_aside;
                    balance.free += set_aside - value;
                } else {
                    balance.free -= value;
                }
                account.balance(&base).free += fill.quantity - fill.commission;
                (set_aside, [(base, fill.commission - fill.quantity), (quote, value)])
            }
            Side::Sell => {
                fill.commission = cut(value * rate);
                fill.commission_asset.clone_from(&quote);
                let balance = account.balance(&base);
                if secured {
                    balance.locked -= fill.quantity;
                } else {
                    balance.free -= fill.quantity;
                }
                account.balance(&quote).free += value - fill.commission;
                (fill.quantity, [(base, fill.quantity), (quote, fill.commission - value)])
            }
        };
        for (asset, amount) in given {
            *self.state.house.entry(asset).or_default() += amount;
        }
        if let Some(order) = self.state.orders.get_mut(&fill.order)
            && secured
        {
            order.locked -= taken;
        }
    }

    fn fill_futures(&mut self, fill: &mut Fill) {
        let spec = self.instrument(fill.instrument).spec();
        let asset = spec.quote.clone();
        let fees = fees(fill.market);
        let rate = if fill.maker { fees.maker } else { fees.taker };
        fill.commission = cut(fill.price * fill.quantity * rate);
        fill.commission_asset.clone_from(&asset);
        let signed = if fill.side == Side::Buy { fill.quantity } else { -fill.quantity };
        let account = &mut self.state.accounts[fill.account];
        let position = account.positions.entry(fill.instrument).or_default();
        let before = position.amount;
        fill.realized = position.trade(signed, fill.price);
        position.updated = fill.time;
        if position.isolated {
            let leverage = Decimal::from(position.leverage.max(1));
            let opened = (position.amount.abs() - before.abs()).max(Decimal::ZERO);
            let flipped = !before.is_zero()
                && !position.amount.is_zero()
                && before.is_sign_negative() != position.amount.is_sign_negative();
            if flipped {
                position.isolated_wallet = cut(position.amount.abs() * fill.price / leverage);
            } else if opened.is_zero() {
                let kept = position.amount.checked_div(before).unwrap_or_default();
                position.isolated_wallet = cut(position.isolated_wallet * kept);
            } else {
                position.isolated_wallet += cut(opened * fill.price / leverage);
            }
        }
        let (account, instrument) = (fill.account, Some(fill.instrument));
        self.pay(account, instrument, (&asset, -fill.commission, IncomeType::Commission));
        self.pay(account, instrument, (&asset, fill.realized, IncomeType::RealizedPnl));
    }
}

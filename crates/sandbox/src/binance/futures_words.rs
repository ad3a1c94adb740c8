//! USD-M orders, fills and positions as the venue writes them.

use domain::{Instrument, InstrumentId, Side};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::spot_words::{eight, side};
use crate::trading::{
    Exchange,
    account::Position,
    order::{Algo, Fill, Income, Order},
    words::Type,
};

/// A price with the decimals of the instrument, two at least.
pub(super) fn price(instrument: &Instrument, number: Decimal) -> String {
    let decimals =
        instrument.price_scale().decimals().max(2).max(number.normalize().scale().min(8));
    format!("{number:.*}", decimals as usize)
}

pub(super) fn quantity(instrument: &Instrument, number: Decimal) -> String {
    format!("{number:.*}", instrument.quantity_scale().decimals() as usize)
}

/// Any order, whatever asks for it.
pub(super) fn order(order: &Order, instrument: &Instrument) -> Value {
    let ticket = &order.ticket;
    json!({
        "orderId": order.id,
        "symbol": instrument.symbol(),
        "status": order.status.text(),
        "clientOrderId": ticket.client_id,
        "price": price(instrument, ticket.price),
        "avgPrice": price(instrument, order.average().round_dp(8)),
        "origQty": quantity(instrument, ticket.quantity),
        "executedQty": quantity(instrument, order.executed),
        "cumQty": quantity(instrument, order.executed),
        "cumQuote": eight(order.value),
        "timeInForce": if ticket.kind == Type::Market { "GTC" } else { ticket.force.text() },
        "type": ticket.kind.text(),
        "reduceOnly": ticket.reduce_only,
        "closePosition": ticket.close_position,
        "side": side(ticket.side),
        "positionSide": "BOTH",
        "stopPrice": price(instrument, ticket.stop_price),
        "workingType": ticket.working.text(),
        "priceProtect": false,
        "origType": ticket.original.text(),
        "priceMatch": "NONE",
        "selfTradePreventionMode": ticket.self_trade.text(),
        "goodTillDate": ticket.good_till,
        "time": order.created,
        "updateTime": order.updated,
    })
}

pub(super) fn trade(fill: &Fill, instrument: &Instrument) -> Value {
    json!({
        "symbol": instrument.symbol(),
        "id": fill.trade_id,
        "orderId": fill.order,
        "side": side(fill.side),
        "price": price(instrument, fill.price),
        "qty": quantity(instrument, fill.quantity),
        "realizedPnl": eight(fill.realized),
        "quoteQty": eight(fill.price * fill.quantity),
        "commission": eight(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.time,
        "positionSide": "BOTH",
        "buyer": fill.side == Side::Buy,
        "maker": fill.maker,
    })
}

pub(super) fn algo(algo: &Algo, instrument: &Instrument) -> Value {
    let ticket = &algo.ticket;
    json!({
        "algoId": algo.id,
        "clientAlgoId": ticket.client_id,
        "algoType": "CONDITIONAL",
        "orderType": ticket.kind.text(),
        "symbol": instrument.symbol(),
        "side": side(ticket.side),
        "positionSide": "BOTH",
        "timeInForce": ticket.force.text(),
        "quantity": quantity(instrument, ticket.quantity),
        "algoStatus": algo.status.text(),
        "triggerPrice": price(instrument, ticket.stop_price),
        "price": price(instrument, ticket.price),
        "actualOrderId": algo.order.map_or_else(String::new, |id| id.to_string()),
        "selfTradePreventionMode": ticket.self_trade.text(),
        "workingType": ticket.working.text(),
        "priceMatch": "NONE",
        "closePosition": ticket.close_position,
        "priceProtect": false,
        "reduceOnly": ticket.reduce_only,
        "callbackRate": algo.callback_rate.to_string(),
        "createTime": algo.created,
        "updateTime": algo.updated,
        "triggerTime": if algo.order.is_some() { algo.updated } else { 0 },
        "goodTillDate": ticket.good_till,
    })
}

pub(super) fn income(income: &Income, symbol: &str) -> Value {
    json!({
        "symbol": symbol,
        "incomeType": income.kind.text(),
        "income": eight(income.amount),
        "asset": income.asset,
        "info": income.kind.text(),
        "time": income.time,
        "tranId": income.id,
        "tradeId": "",
    })
}

/// One position with everything that follows from it.
pub(super) fn position(exchange: &Exchange, account: usize, id: InstrumentId) -> Value {
    let instrument = exchange.instruments.get(id);
    let nothing = Position::default();
    let held = exchange.state.accounts[account].positions.get(&id).unwrap_or(&nothing);
    let (mark, needs) = (exchange.mark(id), exchange.needs(account, id, None));
    let rate = crate::trading::fees(instrument.spec().market).taker;
    let fee = held.amount.abs() * rate * held.entry();
    let even = if held.amount.is_zero() { Decimal::ZERO } else { (held.cost + fee) / held.amount };
    json!({
        "symbol": instrument.symbol(),
        "positionSide": "BOTH",
        "positionAmt": quantity(instrument, held.amount),
        "entryPrice": eight(held.entry()),
        "breakEvenPrice": eight(even),
        "markPrice": eight(mark),
        "unRealizedProfit": eight(held.unrealized(mark)),
        "unrealizedProfit": eight(held.unrealized(mark)),
        "liquidationPrice": eight(exchange.liquidation_price(account, id)),
        "leverage": held.leverage.to_string(),
        "marginType": if held.isolated { "isolated" } else { "cross" },
        "isolated": held.isolated,
        "isAutoAddMargin": "false",
        "isolatedMargin": if held.isolated { eight(held.isolated_wallet + held.unrealized(mark)) } else { "0".into() },
        "isolatedWallet": if held.isolated { eight(held.isolated_wallet) } else { "0".into() },
        "notional": eight(held.amount * mark),
        "marginAsset": instrument.spec().quote,
        "initialMargin": eight(needs.position + needs.orders),
        "maintMargin": eight(needs.maintenance),
        "positionInitialMargin": eight(needs.position),
        "openOrderInitialMargin": eight(needs.orders),
        "adl": i32::from(!held.amount.is_zero()),
        "adlQuantile": i32::from(!held.amount.is_zero()),
        "bidNotional": eight(needs.bids),
        "askNotional": eight(needs.asks),
        "maxNotionalValue": "1000000000",
        "updateTime": held.updated,
    })
}

/// One margin asset, as the account and the balance calls tell it.
pub(super) fn asset(exchange: &Exchange, account: usize, asset: &str) -> Value {
    let sum = exchange.summary(account, asset);
    let available = sum.available.max(Decimal::ZERO);
    json!({
        "accountAlias": format!("sandbox{account}"),
        "asset": asset,
        "balance": eight(sum.wallet),
        "walletBalance": eight(sum.wallet),
        "unrealizedProfit": eight(sum.unrealized),
        "marginBalance": eight(sum.wallet + sum.unrealized),
        "maintMargin": eight(sum.maintenance),
        "initialMargin": eight(sum.position_margin + sum.order_margin),
        "positionInitialMargin": eight(sum.position_margin),
        "openOrderInitialMargin": eight(sum.order_margin),
        "crossWalletBalance": eight(sum.cross_wallet),
        "crossUnPnl": eight(sum.cross_unrealized),
        "availableBalance": eight(available),
        "maxWithdrawAmount": eight(available.min(sum.cross_wallet.max(Decimal::ZERO))),
        "marginAvailable": true,
        "updateTime": exchange.state.accounts[account].updated,
    })
}

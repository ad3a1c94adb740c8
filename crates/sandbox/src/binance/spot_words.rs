//! Spot orders, fills and balances as the venue writes them: eight decimals everywhere.

use domain::{Instruments, Side};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::trading::{
    account::Account,
    fees,
    order::{Fill, Order},
    words::Type,
};

pub(super) fn eight(number: Decimal) -> String {
    format!("{number:.8}")
}

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

/// Which answer a client wants to a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Ack,
    Result,
    Full,
}

fn put(object: &mut Value, fields: Value) {
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
}

/// The answer to a new order.
pub(super) fn placed(order: &Order, fills: &[&Fill], symbol: &str, detail: Detail) -> Value {
    let mut answer = json!({
        "symbol": symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.ticket.client_id,
        "transactTime": order.updated,
    });
    if detail == Detail::Ack {
        return answer;
    }
    put(&mut answer, body(order));
    if detail == Detail::Full {
        let fill = |fill: &&Fill| {
            json!({
                "price": eight(fill.price),
                "qty": eight(fill.quantity),
                "commission": eight(fill.commission),
                "commissionAsset": fill.commission_asset,
                "tradeId": fill.trade_id,
            })
        };
        put(&mut answer, json!({"fills": fills.iter().map(fill).collect::<Vec<_>>()}));
    }
    answer
}

fn body(order: &Order) -> Value {
    let ticket = &order.ticket;
    let mut body = json!({
        "price": eight(ticket.price),
        "origQty": eight(ticket.quantity),
        "executedQty": eight(order.executed),
        "origQuoteOrderQty": eight(ticket.quote_quantity),
        "cummulativeQuoteQty": eight(order.value),
        "status": order.status.text(),
        "timeInForce": if ticket.kind == Type::Market { "GTC" } else { ticket.force.text() },
        "type": ticket.kind.text(),
        "side": side(ticket.side),
        "workingTime": order.working_since,
        "selfTradePreventionMode": ticket.self_trade.text(),
    });
    if ticket.kind.is_conditional() {
        put(&mut body, json!({"stopPrice": eight(ticket.stop_price)}));
    }
    if !order.prevented.is_zero() {
        put(&mut body, json!({"preventedQuantity": eight(order.prevented)}));
    }
    body
}

/// The answer to a cancellation.
pub(super) fn cancelled(order: &Order, symbol: &str, cancel_id: &str) -> Value {
    let mut answer = json!({
        "symbol": symbol,
        "origClientOrderId": order.ticket.client_id,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": cancel_id,
        "transactTime": order.updated,
    });
    put(&mut answer, body(order));
    answer
}

/// An order as queries tell it.
pub(super) fn queried(order: &Order, symbol: &str) -> Value {
    let mut answer = json!({
        "symbol": symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.ticket.client_id,
        "icebergQty": "0.00000000",
        "time": order.created,
        "updateTime": order.updated,
        "isWorking": order.working_since >= 0,
    });
    put(&mut answer, body(order));
    put(&mut answer, json!({"stopPrice": eight(order.ticket.stop_price)}));
    answer
}

/// A trade of the account.
pub(super) fn trade(fill: &Fill, symbol: &str) -> Value {
    json!({
        "symbol": symbol,
        "id": fill.trade_id,
        "orderId": fill.order,
        "orderListId": -1,
        "price": eight(fill.price),
        "qty": eight(fill.quantity),
        "quoteQty": eight(fill.price * fill.quantity),
        "commission": eight(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.time,
        "isBuyer": fill.side == Side::Buy,
        "isMaker": fill.maker,
        "isBestMatch": true,
    })
}

/// The whole account.
pub(super) fn account(
    account: &Account,
    uid: usize,
    instruments: &Instruments,
    omit_zero: bool,
    can: (bool, bool),
) -> Value {
    let mut balances = account.spot.clone();
    for instrument in instruments.iter() {
        let spec = instrument.spec();
        if spec.market == domain::Market::Spot {
            balances.entry(spec.base.clone()).or_default();
            balances.entry(spec.quote.clone()).or_default();
        }
    }
    let shown = balances
        .iter()
        .filter(|(_, balance)| !omit_zero || !balance.free.is_zero() || !balance.locked.is_zero());
    let balance = |(asset, balance): (&String, &crate::trading::account::Balance)| json!({"asset": asset, "free": eight(balance.free), "locked": eight(balance.locked)});
    let fees = fees(domain::Market::Spot);
    let bips =
        |rate: Decimal| (rate * Decimal::from(10_000)).normalize().to_string().parse::<i64>();
    json!({
        "makerCommission": bips(fees.maker).unwrap_or_default(),
        "takerCommission": bips(fees.taker).unwrap_or_default(),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": eight(fees.maker), "taker": eight(fees.taker),
            "buyer": "0.00000000", "seller": "0.00000000",
        },
        "canTrade": can.0,
        "canWithdraw": can.1,
        "canDeposit": true,
        "brokered": false,
        "requireSelfTradePrevention": false,
        "preventSor": false,
        "updateTime": account.updated,
        "accountType": "SPOT",
        "balances": shown.map(balance).collect::<Vec<_>>(),
        "permissions": ["SPOT"],
        "uid": 1_000 + uid,
    })
}

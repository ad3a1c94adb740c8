//! Events of user streams as the venue writes them.

use domain::Market;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    futures_words::{price, quantity},
    spot_words::{eight, side},
};
use crate::trading::{
    Event, Exchange,
    order::{Algo, Fill, Order},
    words::{Execution, Type},
};

/// Whose event it is, and on which side of the house.
pub(super) fn owner(event: &Event) -> (usize, Market) {
    match event {
        Event::Order { order, .. } => (order.ticket.account, order.ticket.market),
        Event::Balances { account, .. } | Event::Deposit { account, .. } => {
            (*account, Market::Spot)
        }
        Event::Algo(algo) => (algo.ticket.account, Market::LinearPerpetual),
        Event::Wallet { account, .. }
        | Event::TriggerRejected { account, .. }
        | Event::Leverage { account, .. }
        | Event::MarginCall { account, .. }
        | Event::ListenKeyExpired { account, .. } => (*account, Market::LinearPerpetual),
    }
}

/// The frames of an event, with their names.
pub(super) fn frames(event: &Event, exchange: &Exchange, now: i64) -> Vec<(&'static str, String)> {
    match event {
        Event::Order { order, execution, fill, cancel_id, execution_id } => {
            let fill = fill.as_deref();
            if order.ticket.market == Market::Spot {
                let cancel_id = cancel_id.as_deref();
                let report = report(exchange, order, (*execution, *execution_id), fill, cancel_id);
                return vec![("executionReport", report.to_string())];
            }
            let mut frames = Vec::new();
            if let Some(fill) = fill {
                frames.push(("TRADE_LITE", trade_lite(exchange, order, fill).to_string()));
            }
            let update = update(exchange, order, *execution, fill);
            frames.push(("ORDER_TRADE_UPDATE", update.to_string()));
            frames
        }
        Event::Balances { assets, .. } => {
            let balance = |(asset, balance): &(String, crate::trading::account::Balance)| json!({"a": asset, "f": eight(balance.free), "l": eight(balance.locked)});
            let list: Value = assets.iter().map(balance).collect();
            let name = "outboundAccountPosition";
            vec![(name, json!({"e": name, "E": now, "u": now, "B": list}).to_string())]
        }
        Event::Deposit { asset, amount, .. } => {
            let name = "balanceUpdate";
            vec![(
                name,
                json!({"e": name, "E": now, "a": asset, "d": eight(*amount), "T": now}).to_string(),
            )]
        }
        Event::Wallet { .. } => vec![("ACCOUNT_UPDATE", wallet(event, exchange, now).to_string())],
        Event::Algo(algo) => vec![("ALGO_UPDATE", algo_update(exchange, algo, now).to_string())],
        Event::TriggerRejected { instrument, order, reason, .. } => {
            let (name, symbol) = (
                "CONDITIONAL_ORDER_TRIGGER_REJECT",
                exchange.instruments.get(*instrument).symbol(),
            );
            let body = json!({"e": name, "E": now, "T": now, "or": {"s": symbol, "i": order, "r": reason}});
            vec![(name, body.to_string())]
        }
        Event::Leverage { instrument, leverage, .. } => {
            let (name, symbol) =
                ("ACCOUNT_CONFIG_UPDATE", exchange.instruments.get(*instrument).symbol());
            vec![(
                name,
                json!({"e": name, "E": now, "T": now, "ac": {"s": symbol, "l": leverage}})
                    .to_string(),
            )]
        }
        Event::MarginCall { wallet, position: (id, held), .. } => {
            let (name, instrument) = ("MARGIN_CALL", exchange.instruments.get(*id));
            let mark = exchange.mark(*id);
            let body = json!({"e": name, "E": now, "cw": eight(*wallet), "p": [{
                "s": instrument.symbol(), "ps": "BOTH", "pa": quantity(instrument, held.amount),
                "mt": if held.isolated { "ISOLATED" } else { "CROSSED" },
                "iw": eight(held.isolated_wallet), "mp": eight(mark), "up": eight(held.unrealized(mark)),
                "mm": eight(crate::trading::margin::maintenance((held.amount * mark).abs())),
            }]});
            vec![(name, body.to_string())]
        }
        Event::ListenKeyExpired { key, .. } => {
            let name = "listenKeyExpired";
            vec![(name, json!({"e": name, "E": now, "listenKey": key}).to_string())]
        }
    }
}

fn report(
    exchange: &Exchange,
    order: &Order,
    (execution, execution_id): (Execution, u64),
    fill: Option<&Fill>,
    cancel_id: Option<&str>,
) -> Value {
    let ticket = &order.ticket;
    let symbol = exchange.instruments.get(ticket.instrument).symbol();
    let last = |pick: fn(&Fill) -> Decimal| eight(fill.map(pick).unwrap_or_default());
    let (client_id, original) = match (execution, cancel_id) {
        (Execution::Canceled, Some(cancel_id)) => (cancel_id, ticket.client_id.as_str()),
        _ => (ticket.client_id.as_str(), ""),
    };
    let mut report = json!({
        "e": "executionReport", "E": order.updated, "s": symbol, "c": client_id,
        "S": side(ticket.side), "o": ticket.kind.text(),
        "f": if ticket.kind == Type::Market { "GTC" } else { ticket.force.text() },
        "q": eight(ticket.quantity), "p": eight(ticket.price), "P": eight(ticket.stop_price),
        "F": "0.00000000", "g": -1, "C": original, "x": execution.text(),
        "X": order.status.text(), "r": "NONE", "i": order.id,
        "l": last(|fill| fill.quantity), "z": eight(order.executed), "L": last(|fill| fill.price),
        "n": fill.map_or_else(|| "0".to_owned(), |fill| eight(fill.commission)),
        "N": fill.map(|fill| fill.commission_asset.clone()),
        "T": order.updated, "I": execution_id, "M": false,
        "O": order.created, "Z": eight(order.value),
        "Y": last(|fill| fill.price * fill.quantity), "Q": eight(ticket.quote_quantity),
        "V": ticket.self_trade.text(),
    });
    if let Some(fields) = report.as_object_mut() {
        let trade_id = fill.and_then(|fill| i64::try_from(fill.trade_id).ok()).unwrap_or(-1);
        fields.insert("t".into(), trade_id.into());
        fields.insert("w".into(), (order.working && order.status.is_open()).into());
        fields.insert("m".into(), fill.is_some_and(|fill| fill.maker).into());
        if order.working_since >= 0 {
            fields.insert("W".into(), order.working_since.into());
        }
    }
    report
}

fn trade_lite(exchange: &Exchange, order: &Order, fill: &Fill) -> Value {
    let instrument = exchange.instruments.get(fill.instrument);
    json!({
        "e": "TRADE_LITE", "E": fill.time, "T": fill.time, "s": instrument.symbol(),
        "q": quantity(instrument, order.ticket.quantity), "p": price(instrument, order.ticket.price),
        "m": fill.maker, "c": order.ticket.client_id, "S": side(fill.side),
        "L": price(instrument, fill.price), "l": quantity(instrument, fill.quantity),
        "t": fill.trade_id, "i": order.id,
    })
}

fn update(exchange: &Exchange, order: &Order, execution: Execution, fill: Option<&Fill>) -> Value {
    let ticket = &order.ticket;
    let instrument = exchange.instruments.get(ticket.instrument);
    let needs = exchange.needs(ticket.account, ticket.instrument, None);
    let mut body = json!({
        "s": instrument.symbol(), "c": ticket.client_id, "S": side(ticket.side),
        "o": if ticket.original == Type::Liquidation { "LIQUIDATION" } else { ticket.kind.text() },
        "f": if ticket.kind == Type::Market { "GTC" } else { ticket.force.text() },
        "q": quantity(instrument, ticket.quantity), "p": price(instrument, ticket.price),
        "ap": price(instrument, order.average().round_dp(8)),
        "sp": price(instrument, ticket.stop_price),
        "x": execution.text(), "X": order.status.text(), "i": order.id,
        "l": quantity(instrument, fill.map(|fill| fill.quantity).unwrap_or_default()),
        "z": quantity(instrument, order.executed),
        "L": price(instrument, fill.map(|fill| fill.price).unwrap_or_default()),
        "T": order.updated, "t": fill.map_or(0, |fill| fill.trade_id),
        "b": eight(needs.bids), "a": eight(needs.asks),
        "m": fill.is_some_and(|fill| fill.maker), "R": ticket.reduce_only,
        "wt": ticket.working.text(), "ot": ticket.original.text(), "ps": "BOTH",
        "cp": ticket.close_position, "rp": eight(fill.map(|fill| fill.realized).unwrap_or_default()),
        "pP": false, "si": 0, "ss": 0, "V": ticket.self_trade.text(), "pm": "NONE",
        "gtd": ticket.good_till,
    });
    if let (Some(fields), Some(fill)) = (body.as_object_mut(), fill) {
        fields.insert("N".into(), fill.commission_asset.clone().into());
        fields.insert("n".into(), eight(fill.commission).into());
    }
    json!({"e": "ORDER_TRADE_UPDATE", "T": order.updated, "E": order.updated, "o": body})
}

fn wallet(event: &Event, exchange: &Exchange, now: i64) -> Value {
    let Event::Wallet { reason, asset, wallet, cross, change, position, .. } = event else {
        return Value::Null;
    };
    let positions = position.iter().map(|(id, held, unrealized)| {
        let instrument = exchange.instruments.get(*id);
        json!({
            "s": instrument.symbol(), "pa": quantity(instrument, held.amount),
            "ep": eight(held.entry()), "bep": eight(held.entry()), "cr": eight(held.realized),
            "up": eight(*unrealized), "mt": if held.isolated { "isolated" } else { "cross" },
            "iw": eight(held.isolated_wallet), "ps": "BOTH",
        })
    });
    let positions: Vec<Value> = positions.collect();
    let money =
        json!({"a": asset, "wb": eight(*wallet), "cw": eight(*cross), "bc": eight(*change)});
    json!({"e": "ACCOUNT_UPDATE", "T": now, "E": now, "a": {"m": reason, "B": [money], "P": positions}})
}

fn algo_update(exchange: &Exchange, algo: &Algo, now: i64) -> Value {
    let ticket = &algo.ticket;
    let instrument = exchange.instruments.get(ticket.instrument);
    let became = algo.order.and_then(|id| exchange.state.orders.get(&id));
    let number = |pick: fn(&Order) -> Decimal| became.map(pick).unwrap_or_default();
    json!({"e": "ALGO_UPDATE", "T": now, "E": now, "o": {
        "caid": ticket.client_id, "aid": algo.id, "at": "CONDITIONAL", "o": ticket.kind.text(),
        "s": instrument.symbol(), "S": side(ticket.side), "ps": "BOTH", "f": ticket.force.text(),
        "q": quantity(instrument, ticket.quantity), "X": algo.status.text(),
        "ai": algo.order.map_or_else(String::new, |id| id.to_string()),
        "ap": price(instrument, number(Order::average).round_dp(8)),
        "aq": quantity(instrument, number(|order| order.executed)),
        "act": became.map_or("0", |order| order.ticket.kind.text()),
        "tp": price(instrument, ticket.stop_price), "p": price(instrument, ticket.price),
        "V": ticket.self_trade.text(), "wt": ticket.working.text(), "pm": "NONE",
        "cp": ticket.close_position, "pP": false, "R": ticket.reduce_only, "tt": algo.updated,
        "gtd": ticket.good_till, "rm": "",
    }})
}

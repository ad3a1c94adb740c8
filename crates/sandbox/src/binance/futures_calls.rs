//! USD-M orders.

use domain::Market;
use serde_json::{Map, Value, json};

use super::{
    core::{Answer, Call, Core},
    futures_words,
    query::{Complaint, Parameters},
    refusals::{Route, complaint},
    spot_calls::DAY_MILLIS,
    tickets,
};
use crate::{
    market::Outlet,
    trading::order::{Fill, Order},
};

const WEEK_MILLIS: i64 = 7 * DAY_MILLIS;
/// Orders of one batch: new ones and cancellations.
const MOST_IN_BATCH: [usize; 2] = [5, 10];

pub(super) fn futures(reject: &crate::trading::Reject) -> Complaint {
    complaint(reject, Route::Futures)
}

impl Core {
    fn tell_order(&self, id: u64) -> Result<Value, Complaint> {
        let order = self.order(id)?;
        let instrument = self.exchange.instruments.get(order.ticket.instrument);
        Ok(futures_words::order(order, instrument))
    }

    fn place_futures(
        &mut self,
        call: &Call<'_>,
        outlet: &mut dyn Outlet,
    ) -> Result<Value, Complaint> {
        let ticket = tickets::futures(call.parameters, call.account, self.named(call)?)?;
        let as_new = call.parameters.get("newOrderRespType") != Some("RESULT");
        let id = self.exchange.place(ticket, outlet).map_err(|reject| futures(&reject))?;
        let mut told = self.tell_order(id)?;
        if as_new {
            acknowledge(&mut told);
        }
        Ok(told)
    }

    fn cancel_futures(
        &mut self,
        call: &Call<'_>,
        outlet: &mut dyn Outlet,
    ) -> Result<Value, Complaint> {
        let id = self.asked_order(call)?;
        let id = id.ok_or_else(|| Complaint::new(-2011, "Unknown order sent."))?;
        self.exchange.cancel(id, None, outlet).map_err(|reject| futures(&reject))?;
        self.tell_order(id)
    }

    fn list_orders(&self, ids: &[u64]) -> String {
        let list: Value = ids.iter().filter_map(|id| self.tell_order(*id).ok()).collect();
        list.to_string()
    }
}

/// An acknowledgement tells an order as it was when it came, before it traded.
fn acknowledge(told: &mut Value) {
    let zero = |text: &Value| {
        let text = text.as_str().unwrap_or("0");
        text.chars().map(|digit| if digit == '.' { '.' } else { '0' }).collect::<String>()
    };
    let Some(fields) = told.as_object_mut() else { return };
    fields.insert("status".into(), "NEW".into());
    for name in ["executedQty", "cumQty", "cumQuote", "avgPrice"] {
        let text = fields.get(name).map(zero).unwrap_or_default();
        let text = text.trim_start_matches('0').to_owned();
        fields.insert(name.into(), format!("0{text}").into());
    }
}

pub(super) fn place(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    Ok(core.place_futures(call, outlet)?.to_string())
}

pub(super) fn test(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let ticket = tickets::futures(call.parameters, call.account, core.named(call)?)?;
    core.exchange.check(&ticket).map_err(|reject| futures(&reject))?;
    Ok("{}".into())
}

pub(super) fn modify(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let needed =
        |name: &str| call.parameters.decimal(name)?.ok_or_else(|| Complaint::missing(name));
    let (price, quantity) = (needed("price")?, needed("quantity")?);
    let id = core.asked_order(call)?;
    let id = id.ok_or_else(|| Complaint::new(-2013, "Order does not exist."))?;
    if core.order(id)?.ticket.side != call.parameters.side()? {
        return Err(Complaint::new(-1117, "Invalid side."));
    }
    let modified = core.exchange.modify(id, price, quantity, outlet);
    modified.map_err(|reject| futures(&reject))?;
    Ok(core.tell_order(id)?.to_string())
}

pub(super) fn cancel(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    Ok(core.cancel_futures(call, outlet)?.to_string())
}

pub(super) fn query(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let id = core.asked_order(call)?;
    let id = id.ok_or_else(|| Complaint::new(-2013, "Order does not exist."))?;
    Ok(core.tell_order(id)?.to_string())
}

pub(super) fn open_order(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let id = core.asked_order(call)?.filter(|id| core.exchange.open.contains(id));
    let id = id.ok_or_else(|| Complaint::new(-2013, "Order does not exist."))?;
    Ok(core.tell_order(id)?.to_string())
}

pub(super) fn open_orders(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let instrument = core.maybe_named(call)?.map(domain::Instrument::id);
    let ids = core.exchange.open_orders(call.account, call.market, instrument);
    Ok(core.list_orders(&ids))
}

pub(super) fn cancel_all(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let instrument = core.named(call)?.id();
    for id in core.exchange.open_orders(call.account, Market::LinearPerpetual, Some(instrument)) {
        core.exchange.cancel(id, None, outlet).map_err(|reject| futures(&reject))?;
    }
    let text = "The operation of cancel all open order is done.";
    Ok(json!({"code": 200, "msg": text}).to_string())
}

pub(super) fn all_orders(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let orders = core.history(call, WEEK_MILLIS)?;
    let ids: Vec<u64> = orders.into_iter().map(|order: &Order| order.id).collect();
    Ok(core.list_orders(&ids))
}

pub(super) fn user_trades(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let tell =
        |fill: &Fill| futures_words::trade(fill, core.exchange.instruments.get(fill.instrument));
    let fills = core.fills(call, WEEK_MILLIS)?;
    Ok(fills.into_iter().map(tell).collect::<Value>().to_string())
}

fn parameters_of(fields: &Map<String, Value>) -> Parameters {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Parameters(fields.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

/// Several new orders; each succeeds or fails by itself.
pub(super) fn place_batch(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let list =
        call.parameters.get("batchOrders").ok_or_else(|| Complaint::missing("batchOrders"))?;
    let list: Vec<Map<String, Value>> = serde_json::from_str(list).map_err(|_| {
        Complaint::new(-1130, "Data sent for parameter 'batchOrders' is not valid.")
    })?;
    if list.is_empty() || list.len() > MOST_IN_BATCH[0] {
        return Err(Complaint::new(-4082, "Invalid number of batch place orders."));
    }
    let mut answers = Vec::new();
    for fields in &list {
        let parameters = parameters_of(fields);
        let call = Call { parameters: &parameters, ..*call };
        let placed = core.place_futures(&call, outlet);
        answers.push(placed.unwrap_or_else(|complaint| complaint.value()));
    }
    Ok(Value::from(answers).to_string())
}

pub(super) fn cancel_batch(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let (ids, names) =
        (call.parameters.get("orderIdList"), call.parameters.get("origClientOrderIdList"));
    let (name, list) = match (ids, names) {
        (Some(list), _) => ("orderId", list),
        (None, Some(list)) => ("origClientOrderId", list),
        (None, None) => return Err(Complaint::missing("orderIdList")),
    };
    let list: Vec<Value> = serde_json::from_str(list).map_err(|_| {
        Complaint::new(-1130, "Data sent for parameter 'orderIdList' is not valid.")
    })?;
    if list.is_empty() || list.len() > MOST_IN_BATCH[1] {
        return Err(Complaint::new(-4082, "Invalid number of batch cancel orders."));
    }
    let symbol = call.parameters.symbol()?.to_owned();
    let mut answers = Vec::new();
    for item in list {
        let mut fields = Map::new();
        fields.insert("symbol".into(), symbol.clone().into());
        fields.insert(name.into(), item);
        let parameters = parameters_of(&fields);
        let call = Call { parameters: &parameters, ..*call };
        let cancelled = core.cancel_futures(&call, outlet);
        answers.push(cancelled.unwrap_or_else(|complaint| complaint.value()));
    }
    Ok(Value::from(answers).to_string())
}

/// The dead-man's switch.
pub(super) fn countdown(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let (id, symbol) = {
        let instrument = core.named(call)?;
        (instrument.id(), instrument.symbol().to_owned())
    };
    let millis = call.parameters.integer("countdownTime")?;
    let millis = millis.ok_or_else(|| Complaint::missing("countdownTime"))?;
    let now = core.exchange.now();
    let countdowns = &mut core.exchange.state.accounts[call.account].countdowns;
    if millis <= 0 {
        countdowns.remove(&id);
    } else {
        countdowns.insert(id, now.saturating_add(millis));
    }
    core.exchange.changes.accounts.insert(call.account);
    Ok(json!({"symbol": symbol, "countdownTime": millis.to_string()}).to_string())
}

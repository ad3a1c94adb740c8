//! Spot orders and the spot account, as REST and the WebSocket API ask for them.

#![expect(clippy::unnecessary_wraps, reason = "all calls have one shape")]

use domain::{InstrumentId, Market};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    core::{Answer, Call, Core},
    limits::order_limits,
    query::{Complaint, Parameters},
    refusals::{Route, complaint},
    spot_words::{self, Detail, eight},
    tickets,
};
use crate::{
    market::Outlet,
    trading::{
        fees,
        order::{Fill, Order, Ticket},
        words::Type,
    },
};

/// Longest span of a history call, in milliseconds.
pub(super) const DAY_MILLIS: i64 = 86_400_000;

fn spot(reject: &crate::trading::Reject) -> Complaint {
    complaint(reject, Route::Spot)
}

fn detail(parameters: &Parameters, kind: Type) -> Result<Detail, Complaint> {
    match parameters.get("newOrderRespType") {
        None | Some("") => Ok(match kind {
            Type::Limit | Type::Market => Detail::Full,
            _ => Detail::Ack,
        }),
        Some("ACK") => Ok(Detail::Ack),
        Some("RESULT") => Ok(Detail::Result),
        Some("FULL") => Ok(Detail::Full),
        Some(_) => Err(super::query::illegal("newOrderRespType", "ACK|RESULT|FULL")),
    }
}

impl Core {
    pub(super) fn symbol(&self, id: InstrumentId) -> &str {
        self.exchange.instruments.get(id).symbol()
    }

    fn spot_ticket(&self, call: &Call<'_>) -> Result<Ticket, Complaint> {
        tickets::spot(call.parameters, call.account, self.named(call)?)
    }

    fn tell_placed(&self, id: u64, detail: Detail) -> Result<Value, Complaint> {
        let order = self.order(id)?;
        let fills: Vec<&Fill> = self
            .exchange
            .state
            .fills
            .iter()
            .rev()
            .take_while(|fill| fill.time >= order.created)
            .filter(|fill| fill.order == id)
            .collect();
        let fills: Vec<&Fill> = fills.into_iter().rev().collect();
        Ok(spot_words::placed(order, &fills, self.symbol(order.ticket.instrument), detail))
    }

    pub(super) fn order(&self, id: u64) -> Result<&Order, Complaint> {
        self.exchange
            .state
            .orders
            .get(&id)
            .ok_or_else(|| Complaint::new(-2013, "Order does not exist."))
    }

    /// The order that a request names, in the symbol it names.
    pub(super) fn asked_order(&self, call: &Call<'_>) -> Result<Option<u64>, Complaint> {
        let instrument = self.named(call)?.id();
        let name = call.parameters.order_name()?;
        Ok(self.exchange.find(call.account, instrument, name))
    }

    fn cancel_spot(
        &mut self,
        id: Option<u64>,
        call: &Call<'_>,
        outlet: &mut dyn Outlet,
    ) -> Result<Value, Complaint> {
        let unknown = || Complaint::new(-2011, "Unknown order sent.");
        let id = id.ok_or_else(unknown)?;
        let cancel_id = call.parameters.client_id("newClientOrderId")?.map(str::to_owned);
        let cancel_id = cancel_id.unwrap_or_else(|| format!("cancel{id}"));
        match call.parameters.get("cancelRestrictions") {
            Some("ONLY_NEW") if !self.order(id)?.executed.is_zero() => {
                let text = "Order was not canceled due to cancel restrictions.";
                return Err(Complaint::new(-2011, text));
            }
            Some("ONLY_PARTIALLY_FILLED") if self.order(id)?.executed.is_zero() => {
                let text = "Order was not canceled due to cancel restrictions.";
                return Err(Complaint::new(-2011, text));
            }
            _ => {}
        }
        let cancelled = self.exchange.cancel(id, Some(cancel_id.clone()), outlet);
        cancelled.map_err(|reject| spot(&reject))?;
        let order = self.order(id)?;
        Ok(spot_words::cancelled(order, self.symbol(order.ticket.instrument), &cancel_id))
    }
}

pub(super) fn place(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let ticket = core.spot_ticket(call)?;
    let detail = detail(call.parameters, ticket.kind)?;
    let id = core.exchange.place(ticket, outlet).map_err(|reject| spot(&reject))?;
    Ok(core.tell_placed(id, detail)?.to_string())
}

pub(super) fn test(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let ticket = core.spot_ticket(call)?;
    core.exchange.check(&ticket).map_err(|reject| spot(&reject))?;
    if call.parameters.flag("computeCommissionRates")? {
        let rates = fees(Market::Spot);
        let rates = json!({"maker": eight(rates.maker), "taker": eight(rates.taker)});
        let none = json!({"maker": "0.00000000", "taker": "0.00000000"});
        let body = json!({
            "standardCommissionForOrder": rates, "taxCommissionForOrder": none,
            "discount": {"enabledForAccount": false, "enabledForSymbol": false,
                         "discountAsset": "BNB", "discount": "0.00000000"},
        });
        return Ok(body.to_string());
    }
    Ok("{}".into())
}

pub(super) fn cancel(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let id = core.asked_order(call)?;
    Ok(core.cancel_spot(id, call, outlet)?.to_string())
}

pub(super) fn query(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let id = core.asked_order(call)?;
    let id = id.ok_or_else(|| Complaint::new(-2013, "Order does not exist."))?;
    let order = core.order(id)?;
    Ok(spot_words::queried(order, core.symbol(order.ticket.instrument)).to_string())
}

/// Cancels one order and places another; says of each what came of it.
pub(super) fn cancel_replace(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let instrument = core.named(call)?.id();
    let stop_on_failure = match call.parameters.get("cancelReplaceMode") {
        Some("STOP_ON_FAILURE") => true,
        Some("ALLOW_FAILURE") => false,
        _ => return Err(Complaint::missing("cancelReplaceMode")),
    };
    let ticket = core.spot_ticket(call)?;
    let detail = detail(call.parameters, ticket.kind)?;
    let name = (
        call.parameters.id("cancelOrderId")?,
        call.parameters.client_id("cancelOrigClientOrderId")?,
    );
    if name == (None, None) {
        return Err(Complaint::missing("cancelOrderId"));
    }
    let id = core.exchange.find(call.account, instrument, name);
    let cancel_id = call.parameters.get("cancelNewClientOrderId").map(str::to_owned);
    let pairs = cancel_id.map(|id| ("newClientOrderId".to_owned(), id)).into_iter().collect();
    let renamed = Parameters(pairs);
    let cancelling = Call { parameters: &renamed, ..*call };
    let cancelled = core.cancel_spot(id, &cancelling, outlet);
    if let (Err(reason), true) = (&cancelled, stop_on_failure) {
        return Err(both("FAILURE", &reason.value(), "NOT_ATTEMPTED", &Value::Null));
    }
    let placed = match core.exchange.place(ticket, outlet) {
        Ok(id) => core.tell_placed(id, detail),
        Err(reject) => Err(spot(&reject)),
    };
    match (cancelled, placed) {
        (Ok(cancelled), Ok(placed)) => Ok(json!({
            "cancelResult": "SUCCESS", "newOrderResult": "SUCCESS",
            "cancelResponse": cancelled, "newOrderResponse": placed,
        })
        .to_string()),
        (Ok(cancelled), Err(refused)) => {
            Err(both("SUCCESS", &cancelled, "FAILURE", &refused.value()))
        }
        (Err(refused), Ok(placed)) => Err(both("FAILURE", &refused.value(), "SUCCESS", &placed)),
        (Err(first), Err(second)) => {
            Err(both("FAILURE", &first.value(), "FAILURE", &second.value()))
        }
    }
}

fn both(cancel: &str, cancelled: &Value, new: &str, placed: &Value) -> Complaint {
    let partly = cancel == "SUCCESS" || new == "SUCCESS";
    let (code, message) = if partly {
        (-2021, "Order cancel-replace partially failed.")
    } else {
        (-2022, "Order cancel-replace failed.")
    };
    let data = json!({
        "cancelResult": cancel, "newOrderResult": new,
        "cancelResponse": cancelled, "newOrderResponse": placed,
    });
    Complaint { data: Some(Box::new(data)), ..Complaint::new(code, message) }
}

pub(super) fn amend(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let id =
        core.asked_order(call)?.ok_or_else(|| Complaint::new(-2013, "Order does not exist."))?;
    let quantity =
        call.parameters.decimal("newQty")?.ok_or_else(|| Complaint::missing("newQty"))?;
    core.exchange.amend(id, quantity, outlet).map_err(|reject| spot(&reject))?;
    let order = core.order(id)?;
    let symbol = core.symbol(order.ticket.instrument);
    let body = json!({
        "transactTime": order.updated,
        "executionId": order.id,
        "amendedOrder": spot_words::queried(order, symbol),
    });
    Ok(body.to_string())
}

pub(super) fn open_orders(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let instrument = core.maybe_named(call)?.map(domain::Instrument::id);
    let ids = core.exchange.open_orders(call.account, Market::Spot, instrument);
    let orders = ids.iter().filter_map(|id| core.exchange.state.orders.get(id));
    let list: Value = orders
        .map(|order| spot_words::queried(order, core.symbol(order.ticket.instrument)))
        .collect();
    Ok(list.to_string())
}

pub(super) fn cancel_all(core: &mut Core, call: &Call<'_>, outlet: &mut dyn Outlet) -> Answer {
    let instrument = core.named(call)?.id();
    let ids = core.exchange.open_orders(call.account, Market::Spot, Some(instrument));
    if ids.is_empty() {
        return Err(Complaint::new(-2011, "Unknown order sent."));
    }
    let nothing = Parameters::default();
    let call = Call { parameters: &nothing, ..*call };
    let mut list = Vec::new();
    for id in ids {
        list.push(core.cancel_spot(Some(id), &call, outlet)?);
    }
    Ok(Value::from(list).to_string())
}

/// The bounds of a history call.
pub(super) struct Range {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) rows: usize,
}

/// Reads times and limit; the span between them is at most `longest`.
pub(super) fn range(parameters: &Parameters, longest: i64) -> Result<Range, Complaint> {
    let (from, to) = (parameters.integer("startTime")?, parameters.integer("endTime")?);
    if let (Some(from), Some(to)) = (from, to)
        && (from > to || to.saturating_sub(from) > longest)
    {
        let hours = longest / 3_600_000;
        let text = format!("More than {hours} hours between startTime and endTime.");
        return Err(Complaint::new(-1127, text));
    }
    let to = to.or(from.map(|from| from.saturating_add(longest)));
    let rows = parameters.limit(500)?.clamp(1, 1_000);
    Ok(Range { from: from.unwrap_or(0), to: to.unwrap_or(i64::MAX), rows })
}

/// The first rows from a number on, else the newest ones.
pub(super) fn page<T>(mut rows: Vec<T>, range: &Range, from_start: bool) -> Vec<T> {
    let excess = rows.len().saturating_sub(range.rows);
    if from_start {
        rows.truncate(range.rows);
    } else {
        rows.drain(..excess);
    }
    rows
}

impl Core {
    /// Orders of the account in the symbol a call names.
    pub(super) fn history(&self, call: &Call<'_>, longest: i64) -> Result<Vec<&Order>, Complaint> {
        let instrument = self.named(call)?.id();
        let range = range(call.parameters, longest)?;
        let first = call.parameters.id("orderId")?;
        let orders = self.exchange.state.orders.values().filter(|order| {
            order.ticket.account == call.account
                && order.ticket.instrument == instrument
                && first.is_none_or(|first| order.id >= first)
                && (range.from..=range.to).contains(&order.created)
        });
        let from_start = first.is_some() || range.from > 0;
        Ok(page(orders.collect(), &range, from_start))
    }

    /// Fills of the account in the symbol a call names.
    pub(super) fn fills(&self, call: &Call<'_>, longest: i64) -> Result<Vec<&Fill>, Complaint> {
        let instrument = self.named(call)?.id();
        let range = range(call.parameters, longest)?;
        let (order, first) = (call.parameters.id("orderId")?, call.parameters.id("fromId")?);
        let fills = self.exchange.state.fills.iter().filter(|fill| {
            fill.account == call.account
                && fill.instrument == instrument
                && order.is_none_or(|order| fill.order == order)
                && first.is_none_or(|first| fill.trade_id >= first)
                && (range.from..=range.to).contains(&fill.time)
        });
        Ok(page(fills.collect(), &range, first.is_some() || range.from > 0))
    }
}

pub(super) fn all_orders(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let orders = core.history(call, DAY_MILLIS)?;
    let tell = |order: &Order| spot_words::queried(order, core.symbol(order.ticket.instrument));
    Ok(orders.into_iter().map(tell).collect::<Value>().to_string())
}

pub(super) fn my_trades(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let fills = core.fills(call, DAY_MILLIS)?;
    let tell = |fill: &Fill| spot_words::trade(fill, core.symbol(fill.instrument));
    Ok(fills.into_iter().map(tell).collect::<Value>().to_string())
}

pub(super) fn account(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let omit_zero = call.parameters.flag("omitZeroBalances")?;
    let account = &core.exchange.state.accounts[call.account];
    let key = &core.keys[call.key];
    let instruments = &core.exchange.instruments;
    let can = (key.can_trade, key.can_withdraw);
    Ok(spot_words::account(account, call.account, instruments, omit_zero, can).to_string())
}

pub(super) fn commission(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let symbol = core.named(call)?.symbol().to_owned();
    let rates = fees(Market::Spot);
    let side = |rate: (Decimal, Decimal)| {
        json!({"maker": eight(rate.0), "taker": eight(rate.1),
               "buyer": "0.00000000", "seller": "0.00000000"})
    };
    let zero = (Decimal::ZERO, Decimal::ZERO);
    let body = json!({
        "symbol": symbol,
        "standardCommission": side((rates.maker, rates.taker)),
        "taxCommission": side(zero),
        "discount": {"enabledForAccount": false, "enabledForSymbol": false,
                     "discountAsset": "BNB", "discount": "0.00000000"},
    });
    Ok(body.to_string())
}

impl Core {
    /// The order counters of an account, as calls and WebSocket answers list them.
    pub(super) fn order_limits_of(&self, account: usize, market: Market) -> Vec<Value> {
        let counts = self.limits.order_counts(account, market, self.exchange.now());
        let row = |(limit, count): (&super::limits::OrderLimit, u32)| {
            json!({
                "rateLimitType": "ORDERS", "interval": limit.interval,
                "intervalNum": limit.number, "limit": limit.most, "count": count,
            })
        };
        order_limits(market).iter().zip(counts).map(row).collect()
    }
}

pub(super) fn order_counts(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    Ok(Value::from(core.order_limits_of(call.account, call.market)).to_string())
}

pub(super) fn api_restrictions(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let key = &core.keys[call.key];
    let body = json!({
        "ipRestrict": false,
        "createTime": 1_700_000_000_000_i64,
        "enableReading": true,
        "enableWithdrawals": key.can_withdraw,
        "enableInternalTransfer": false,
        "enableMargin": false,
        "enableFutures": key.can_trade,
        "permitsUniversalTransfer": false,
        "enableVanillaOptions": false,
        "enableFixApiTrade": false,
        "enableFixReadOnly": false,
        "enableSpotAndMarginTrading": key.can_trade,
        "enablePortfolioMarginTrading": false,
    });
    Ok(body.to_string())
}

//! The USD-M account: balances, positions, leverage, modes, income, listen keys.

#![expect(clippy::unnecessary_wraps, reason = "all calls have one shape")]

use domain::{InstrumentId, Market};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    core::{Answer, Call, Core},
    futures_words,
    query::Complaint,
    spot_calls::{DAY_MILLIS, page, range},
    spot_words::eight,
};
use crate::{
    market::Outlet,
    trading::{Event, fees, margin},
};

/// A listen key lives for an hour after it was asked for or kept.
const LISTEN_KEY_MILLIS: i64 = 3_600_000;

impl Core {
    fn futures_ids(&self) -> Vec<InstrumentId> {
        let all = self.exchange.instruments.iter();
        let ours = all.filter(|one| one.spec().market == Market::LinearPerpetual);
        ours.map(domain::Instrument::id).collect()
    }

    fn margin_assets(&self, account: usize) -> Vec<String> {
        let wallets = self.exchange.state.accounts[account].wallets.keys().cloned();
        let mut assets: Vec<String> = wallets.collect();
        for id in self.futures_ids() {
            assets.push(self.exchange.instruments.get(id).spec().quote.clone());
        }
        assets.sort();
        assets.dedup();
        assets
    }

    fn is_busy(&self, account: usize, id: InstrumentId) -> bool {
        let held = self.exchange.state.accounts[account].positions.get(&id);
        held.is_some_and(|held| !held.amount.is_zero())
            || !self.exchange.open_orders(account, Market::LinearPerpetual, Some(id)).is_empty()
    }
}

pub(super) fn balance(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let assets = core.margin_assets(call.account);
    let tell = |asset: &String| futures_words::asset(&core.exchange, call.account, asset);
    Ok(assets.iter().map(tell).collect::<Value>().to_string())
}

pub(super) fn account(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let all_assets = core.margin_assets(call.account);
    let tell = |asset: &String| futures_words::asset(&core.exchange, call.account, asset);
    let assets: Vec<Value> = all_assets.iter().map(tell).collect();
    let ids = core.futures_ids();
    let positions = ids.iter().map(|id| futures_words::position(&core.exchange, call.account, *id));
    let sum = core.exchange.summary(call.account, "USDT");
    let key = &core.keys[call.key];
    let body = json!({
        "feeTier": 0,
        "canTrade": key.can_trade, "canDeposit": true, "canWithdraw": key.can_withdraw,
        "feeBurn": false, "tradeGroupId": -1, "updateTime": 0,
        "multiAssetsMargin": core.exchange.state.accounts[call.account].multi_assets,
        "totalInitialMargin": eight(sum.position_margin + sum.order_margin),
        "totalMaintMargin": eight(sum.maintenance),
        "totalWalletBalance": eight(sum.wallet),
        "totalUnrealizedProfit": eight(sum.unrealized),
        "totalMarginBalance": eight(sum.wallet + sum.unrealized),
        "totalPositionInitialMargin": eight(sum.position_margin),
        "totalOpenOrderInitialMargin": eight(sum.order_margin),
        "totalCrossWalletBalance": eight(sum.cross_wallet),
        "totalCrossUnPnl": eight(sum.cross_unrealized),
        "availableBalance": eight(sum.available.max(Decimal::ZERO)),
        "maxWithdrawAmount": eight(sum.available.max(Decimal::ZERO)),
        "assets": assets,
        "positions": positions.collect::<Vec<_>>(),
    });
    Ok(body.to_string())
}

fn risk(core: &Core, call: &Call<'_>, all: bool) -> Answer {
    let wanted = core.maybe_named(call)?.map(domain::Instrument::id);
    let ids = core.futures_ids().into_iter().filter(|id| {
        wanted.is_none_or(|wanted| wanted == *id) && (all || core.is_busy(call.account, *id))
    });
    let list: Value =
        ids.map(|id| futures_words::position(&core.exchange, call.account, id)).collect();
    Ok(list.to_string())
}

/// Only what is held or asked for.
pub(super) fn position_risk(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    risk(core, call, false)
}

/// The older form lists every symbol.
pub(super) fn position_risk_all(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    risk(core, call, true)
}

pub(super) fn leverage(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let (id, symbol) = {
        let instrument = core.named(call)?;
        (instrument.id(), instrument.symbol().to_owned())
    };
    let leverage = call.parameters.integer("leverage")?;
    let leverage = leverage.ok_or_else(|| Complaint::missing("leverage"))?;
    let leverage = u32::try_from(leverage).ok().filter(|leverage| (1..=125).contains(leverage));
    let leverage = leverage.ok_or_else(|| Complaint::new(-4028, "Leverage is not valid."))?;
    let tier = margin::tiers().filter(|tier| tier.max_leverage >= leverage).last();
    let most = tier.map(|tier| tier.cap).unwrap_or_default();
    let mark = core.exchange.mark(id);
    let account = &mut core.exchange.state.accounts[call.account];
    let position = account.positions.entry(id).or_default();
    if (position.amount * mark).abs() > most {
        let text = "The position is larger than this leverage allows.";
        return Err(Complaint::new(-2027, text));
    }
    position.leverage = leverage;
    core.exchange.changes.accounts.insert(call.account);
    core.exchange.events.push(Event::Leverage { account: call.account, instrument: id, leverage });
    let most = most.normalize().to_string();
    Ok(json!({"symbol": symbol, "leverage": leverage, "maxNotionalValue": most}).to_string())
}

pub(super) fn margin_type(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let id = core.named(call)?.id();
    let isolated = match call.parameters.get("marginType") {
        Some("ISOLATED") => true,
        Some("CROSSED" | "CROSS") => false,
        _ => return Err(Complaint::missing("marginType")),
    };
    let busy = core.is_busy(call.account, id);
    let account = &mut core.exchange.state.accounts[call.account];
    let position = account.positions.entry(id).or_default();
    if position.isolated == isolated {
        return Err(Complaint::new(-4046, "No need to change margin type."));
    }
    if busy {
        let text = "Margin type cannot be changed if there exists open orders or a position.";
        return Err(Complaint::new(-4047, text));
    }
    position.isolated = isolated;
    core.exchange.changes.accounts.insert(call.account);
    Ok(json!({"code": 200, "msg": "success"}).to_string())
}

pub(super) fn dual_side(_: &mut Core, _: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    Ok(json!({"dualSidePosition": false}).to_string())
}

pub(super) fn set_dual_side(_: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    if call.parameters.flag("dualSidePosition")? {
        // Hedge mode is not part of this venue; saying so is better than pretending.
        let text = "Position side cannot be changed: the sandbox has one-way mode only.";
        return Err(Complaint::new(-4067, text));
    }
    Err(Complaint::new(-4059, "No need to change position side."))
}

pub(super) fn multi_assets(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let on = core.exchange.state.accounts[call.account].multi_assets;
    Ok(json!({"multiAssetsMargin": on}).to_string())
}

pub(super) fn set_multi_assets(_: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    if call.parameters.flag("multiAssetsMargin")? {
        let text = "Unable to adjust to Multi-Assets mode: the sandbox has single-asset mode only.";
        return Err(Complaint::new(-4168, text));
    }
    Err(Complaint::new(-4171, "No need to change to single-asset mode."))
}

pub(super) fn income(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let wanted = core.maybe_named(call)?.map(domain::Instrument::id);
    let range = range(call.parameters, 365 * DAY_MILLIS)?;
    let kind = call.parameters.get("incomeType").filter(|kind| !kind.is_empty());
    let rows = core.exchange.state.incomes.iter().filter(|income| {
        income.account == call.account
            && wanted.is_none_or(|wanted| income.instrument == Some(wanted))
            && kind.is_none_or(|kind| income.kind.text() == kind)
            && (range.from..=range.to).contains(&income.time)
    });
    let tell = |income: &crate::trading::order::Income| {
        let symbol = income.instrument.map_or("", |id| core.symbol(id));
        futures_words::income(income, symbol)
    };
    let rows = page(rows.collect(), &range, range.from > 0);
    Ok(rows.into_iter().map(tell).collect::<Value>().to_string())
}

pub(super) fn commission_rate(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let symbol = core.named(call)?.symbol();
    let fees = fees(Market::LinearPerpetual);
    let body = json!({
        "symbol": symbol,
        "makerCommissionRate": fees.maker.to_string(),
        "takerCommissionRate": fees.taker.to_string(),
    });
    Ok(body.to_string())
}

pub(super) fn leverage_bracket(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let wanted = core.maybe_named(call)?.map(domain::Instrument::id);
    let number =
        |number: Decimal| number.normalize().to_string().parse::<serde_json::Number>().ok();
    let brackets =
        |(index, (floor, tier, cumulative)): (usize, (Decimal, margin::Tier, Decimal))| {
            json!({
                "bracket": index + 1,
                "initialLeverage": tier.max_leverage,
                "notionalCap": number(tier.cap),
                "notionalFloor": number(floor),
                "maintMarginRatio": number(tier.ratio),
                "cum": number(cumulative),
            })
        };
    let list: Vec<Value> = margin::brackets().enumerate().map(brackets).collect();
    let ids = core.futures_ids().into_iter();
    let wanted = ids.filter(|id| wanted.is_none_or(|wanted| wanted == *id));
    let body: Value = wanted
        .map(|id| json!({"symbol": core.symbol(id), "notionalCoef": 1.0, "brackets": list}))
        .collect();
    Ok(body.to_string())
}

pub(super) fn open_listen_key(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let now = core.exchange.now();
    let number = core.exchange.next_id();
    let account = &mut core.exchange.state.accounts[call.account];
    let until = now + LISTEN_KEY_MILLIS;
    // A running stream keeps its key.
    let running = account.listen_key.take().map(|(key, _)| key);
    let key = running.unwrap_or_else(|| format!("listen{:08x}{number:052x}", now.unsigned_abs()));
    account.listen_key = Some((key.clone(), until));
    core.exchange.changes.accounts.insert(call.account);
    Ok(json!({"listenKey": key}).to_string())
}

fn no_listen_key() -> Complaint {
    Complaint::new(-1125, "This listenKey does not exist.")
}

pub(super) fn keep_listen_key(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let until = core.exchange.now() + LISTEN_KEY_MILLIS;
    let account = &mut core.exchange.state.accounts[call.account];
    let (key, expiry) = account.listen_key.as_mut().ok_or_else(no_listen_key)?;
    *expiry = until;
    let body = json!({"listenKey": key});
    core.exchange.changes.accounts.insert(call.account);
    Ok(body.to_string())
}

pub(super) fn close_listen_key(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let account = &mut core.exchange.state.accounts[call.account];
    account.listen_key.take().ok_or_else(no_listen_key)?;
    core.exchange.changes.accounts.insert(call.account);
    Ok("{}".into())
}

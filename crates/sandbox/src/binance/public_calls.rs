//! The public calls: ping, time, exchangeInfo, depth, tickers, premiumIndex, klines, funding.

#![expect(clippy::unnecessary_wraps, reason = "all calls have one shape")]

use domain::{Instrument, Market as Kind};
use serde_json::{Value, json};

use super::{
    core::{Answer, Call, Core},
    exchange_info,
    frames::write_depth_levels,
    past_calls,
    query::{Complaint, Parameters},
};
use crate::market::{Depth, Outlet};

impl Core {
    /// The instrument of a symbol.
    pub(super) fn listed(&self, kind: Kind, symbol: &str) -> Result<&Instrument, Complaint> {
        let found = self.exchange.instruments.find("binance", kind, symbol);
        found.ok_or_else(Complaint::invalid_symbol)
    }

    /// The instrument that a call names.
    pub(super) fn named(&self, call: &Call<'_>) -> Result<&Instrument, Complaint> {
        self.listed(call.market, call.parameters.symbol()?)
    }

    /// The instrument that a call may name.
    pub(super) fn maybe_named(&self, call: &Call<'_>) -> Result<Option<&Instrument>, Complaint> {
        match call.parameters.get("symbol") {
            None | Some("") => Ok(None),
            Some(_) => self.named(call).map(Some),
        }
    }

    fn write_depth(kind: Kind, instrument: &Instrument, depth: &Depth) -> String {
        let (id, millis) = (depth.last_update_id, depth.time.as_millis());
        let mut text = if kind == Kind::Spot {
            format!("{{\"lastUpdateId\":{id},\"bids\":[")
        } else {
            format!("{{\"lastUpdateId\":{id},\"E\":{millis},\"T\":{millis},\"bids\":[")
        };
        write_depth_levels(&mut text, instrument, &depth.bids);
        text.push_str("],\"asks\":[");
        write_depth_levels(&mut text, instrument, &depth.asks);
        text.push_str("]}");
        text
    }

    fn premium_of(&self, instrument: &Instrument) -> Value {
        let now = self.clock();
        let Some(mark) = self.exchange.floor.mark(instrument.id()) else {
            return json!({"symbol": instrument.symbol(), "time": now});
        };
        let price = format!("{:.8}", mark.mark.decimal());
        let index =
            mark.index.map_or_else(|| "0".into(), |index| format!("{:.8}", index.decimal()));
        let rate =
            mark.funding_rate.map_or_else(String::new, |rate| format!("{:.8}", rate.decimal()));
        json!({
            "symbol": instrument.symbol(),
            "markPrice": price,
            "indexPrice": index,
            "estimatedSettlePrice": price,
            "lastFundingRate": rate,
            "interestRate": "0.00010000",
            "nextFundingTime": mark.next_funding.map_or(0, domain::Timestamp::as_millis),
            "time": now,
        })
    }

    /// One value for the symbol asked for, or a list of all.
    fn each(&self, call: &Call<'_>, tell: impl Fn(&Self, &Instrument) -> Value) -> Answer {
        if let Some(instrument) = self.maybe_named(call)? {
            return Ok(tell(self, instrument).to_string());
        }
        let all = self.exchange.instruments.iter();
        let ours = all.filter(|one| one.spec().market == call.market);
        Ok(ours.map(|one| tell(self, one)).collect::<Value>().to_string())
    }

    fn best(&self, instrument: &Instrument) -> Value {
        let depth = self.exchange.floor.depth(instrument.id(), 1).unwrap_or_default();
        let text = |level: Option<&crate::market::DepthLevel>| {
            level.map_or(("0".to_owned(), "0".to_owned()), |level| {
                (level.price.to_string(), level.quantity.to_string())
            })
        };
        let (bid, ask) = (text(depth.bids.first()), text(depth.asks.first()));
        json!({
            "symbol": instrument.symbol(),
            "bidPrice": bid.0, "bidQty": bid.1, "askPrice": ask.0, "askQty": ask.1,
            "time": self.clock(), "lastUpdateId": depth.last_update_id,
        })
    }
}

pub(super) fn ping(_: &mut Core, _: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    Ok("{}".into())
}

pub(super) fn time(core: &mut Core, _: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    Ok(json!({"serverTime": core.clock()}).to_string())
}

pub(super) fn system_status(_: &mut Core, _: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    Ok(json!({"status": 0, "msg": "normal"}).to_string())
}

/// Nothing is traded on margin here.
pub(super) fn no_pairs(_: &mut Core, _: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    Ok("[]".into())
}

pub(super) fn exchange_info(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    // Futures know no such parameters and ignore them.
    let spot = call.market == Kind::Spot;
    let symbols = if spot { call.parameters.symbols()? } else { None };
    for symbol in symbols.iter().flatten() {
        core.listed(call.market, symbol)?;
    }
    let instruments = &core.exchange.instruments;
    let (now, phase) = (core.clock(), core.exchange.phase);
    let info =
        exchange_info::exchange_info(instruments, call.market, symbols.as_deref(), phase, now);
    Ok(info.to_string())
}

pub(super) fn depth(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let instrument = core.named(call)?;
    let limit = if call.market == Kind::Spot {
        call.parameters.limit(100)?.clamp(1, 5_000)
    } else {
        call.parameters.limit(500)?
    };
    if call.market != Kind::Spot && ![5, 10, 20, 50, 100, 500, 1_000].contains(&limit) {
        return Err(Complaint::new(-4021, format!("Depth limit '{limit}' is not valid.")));
    }
    let kept = core.kept_snapshots.get(&instrument.id());
    let stale = kept.filter(|_| core.exchange.now() <= core.stale_snapshots_until).cloned();
    let depth = stale.or_else(|| core.exchange.floor.depth(instrument.id(), limit));
    let depth =
        depth.ok_or_else(|| Complaint::new(-1000, "The recording has no book of this symbol."))?;
    Ok(Core::write_depth(call.market, instrument, &depth))
}

pub(super) fn book_ticker(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    core.each(call, Core::best)
}

pub(super) fn ticker_price(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    core.each(call, |core, instrument| {
        let last = core.exchange.reference(instrument.id()).unwrap_or_default();
        json!({"symbol": instrument.symbol(), "price": last.to_string(), "time": core.clock()})
    })
}

pub(super) fn premium_index(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    core.each(call, Core::premium_of)
}

pub(super) fn klines(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    past_calls::klines(core.past, core.named(call)?, call.parameters)
}

pub(super) fn funding_rate(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    past_calls::funding(core.past, core.named(call)?, call.parameters)
}

/// The published weights.
pub(super) fn weight(path: &str, kind: Kind, parameters: &Parameters) -> u32 {
    let name =
        &path[path.char_indices().filter(|(_, c)| *c == '/').nth(2).map_or(0, |(at, _)| at)..];
    let limit = parameters.limit(if kind == Kind::Spot { 100 } else { 500 }).unwrap_or(1);
    match (name, kind) {
        ("/exchangeInfo", Kind::Spot) => 20,
        ("/depth", Kind::Spot) => match limit {
            ..=100 => 5,
            101..=500 => 25,
            501..=1_000 => 50,
            _ => 250,
        },
        ("/depth", _) => match limit {
            ..=50 => 2,
            51..=100 => 5,
            101..=500 => 10,
            _ => 20,
        },
        ("/klines", Kind::Spot) | ("/ticker/bookTicker" | "/ticker/price", _) => 2,
        ("/klines", _) => match limit {
            ..=99 => 1,
            100..=499 => 2,
            500..=1_000 => 5,
            _ => 10,
        },
        ("/premiumIndex", _) if parameters.get("symbol").is_none() => 10,
        _ => 1,
    }
}

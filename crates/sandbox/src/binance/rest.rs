//! The public REST interface: ping, time, exchangeInfo, depth, premiumIndex,
//! klines, fundingRate.

use std::sync::{Arc, PoisonError};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderName, StatusCode, header::CONTENT_TYPE, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{Instrument, Market as Kind};
use serde_json::{Value, json};

use super::{
    exchange_info::exchange_info,
    frames::write_depth_levels,
    past_calls,
    query::{Complaint, Parameters},
    weight::WeightMeter,
};
use crate::{
    market::Depth,
    venue::{Venue, wall_millis},
};

const USED_WEIGHT: HeaderName = HeaderName::from_static("x-mbx-used-weight-1m");

/// One of the venue's REST interfaces.
struct Desk {
    venue: Arc<Venue>,
    kind: Kind,
    weight_limit: u32,
    meter: WeightMeter,
}

type Answer = Result<String, Complaint>;
type Handler = fn(&Desk, &Parameters) -> Answer;

/// The routes of all three interfaces.
pub(crate) fn routes(venue: &Arc<Venue>) -> Router {
    Router::new()
        .merge(desk(venue, "/api/v3", Kind::Spot, 6_000))
        .merge(desk(venue, "/fapi/v1", Kind::LinearPerpetual, 2_400))
        .merge(desk(venue, "/dapi/v1", Kind::InversePerpetual, 2_400))
}

fn desk(venue: &Arc<Venue>, prefix: &str, kind: Kind, weight_limit: u32) -> Router {
    let meter = WeightMeter::new(weight_limit);
    let desk = Arc::new(Desk { venue: Arc::clone(venue), kind, weight_limit, meter });
    let calls: [(&str, Handler); 7] = [
        ("/ping", |_, _| Ok("{}".into())),
        ("/time", |desk, _| Ok(json!({"serverTime": desk.now_millis()}).to_string())),
        ("/exchangeInfo", Desk::exchange_info),
        ("/depth", Desk::depth),
        ("/premiumIndex", Desk::premium_index),
        ("/klines", Desk::klines),
        ("/fundingRate", Desk::funding_rate),
    ];
    let mut router = Router::new();
    for (name, handler) in calls {
        if matches!(name, "/premiumIndex" | "/fundingRate") && kind == Kind::Spot {
            continue;
        }
        let call = move |State(desk): State<Arc<Desk>>,
                         Query(pairs): Query<Vec<(String, String)>>| async move {
            // The market may be busy for a moment; waiting for it must not hold up streams.
            let work = move || desk.respond(name, handler, &Parameters(pairs));
            match tokio::task::spawn_blocking(work).await {
                Ok(response) => response,
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        };
        router = router.route(&format!("{prefix}{name}"), get(call));
    }
    router.with_state(desk)
}

impl Desk {
    fn respond(&self, name: &str, handler: Handler, parameters: &Parameters) -> Response {
        let weight = weight_of(name, self.kind, parameters);
        let used = match self.meter.book(weight, wall_millis()) {
            Ok(used) => used,
            Err(too_much) => {
                let complaint = Complaint {
                    code: -1003,
                    message: "Too much request weight used; please use the websocket streams."
                        .into(),
                };
                let pause = [(RETRY_AFTER, too_much.retry_after_secs.to_string())];
                return (StatusCode::TOO_MANY_REQUESTS, pause, complaint.body()).into_response();
            }
        };
        let (status, body) = match handler(self, parameters) {
            Ok(body) => (StatusCode::OK, body),
            Err(complaint) => (StatusCode::BAD_REQUEST, complaint.body()),
        };
        let json = "application/json;charset=UTF-8".to_owned();
        (status, [(CONTENT_TYPE, json), (USED_WEIGHT, used.to_string())], body).into_response()
    }

    fn now_millis(&self) -> i64 {
        self.venue.market.lock().unwrap_or_else(PoisonError::into_inner).now().as_millis()
    }

    fn find(&self, symbol: &str) -> Result<&Instrument, Complaint> {
        let found = self.venue.instruments.find("binance", self.kind, symbol);
        found.ok_or_else(Complaint::invalid_symbol)
    }

    fn exchange_info(&self, parameters: &Parameters) -> Answer {
        // Futures know no such parameters and ignore them.
        let symbols = if self.kind == Kind::Spot { parameters.symbols()? } else { None };
        for symbol in symbols.iter().flatten() {
            self.find(symbol)?;
        }
        let instruments = &self.venue.instruments;
        let now = self.now_millis();
        let info =
            exchange_info(instruments, self.kind, symbols.as_deref(), self.weight_limit, now);
        Ok(info.to_string())
    }

    fn depth(&self, parameters: &Parameters) -> Answer {
        let instrument = self.find(parameters.symbol()?)?;
        let limit = self.depth_limit(parameters)?;
        let market = self.venue.market.lock().unwrap_or_else(PoisonError::into_inner);
        let depth = market.depth(instrument.id(), limit);
        drop(market);
        let depth = depth.ok_or_else(|| Complaint {
            code: -1000,
            message: "The recording has no book of this symbol.".into(),
        })?;
        Ok(self.write_depth(instrument, &depth))
    }

    fn write_depth(&self, instrument: &Instrument, depth: &Depth) -> String {
        let (id, millis) = (depth.last_update_id, depth.time.as_millis());
        let mut text = if self.kind == Kind::Spot {
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

    fn depth_limit(&self, parameters: &Parameters) -> Result<usize, Complaint> {
        if self.kind == Kind::Spot {
            return Ok(parameters.limit(100)?.clamp(1, 5_000));
        }
        let limit = parameters.limit(500)?;
        if [5, 10, 20, 50, 100, 500, 1_000].contains(&limit) {
            Ok(limit)
        } else {
            let message = format!("Depth limit '{limit}' is not valid.");
            Err(Complaint { code: -4021, message })
        }
    }

    fn premium_index(&self, parameters: &Parameters) -> Answer {
        if parameters.get("symbol").is_some() {
            let instrument = self.find(parameters.symbol()?)?;
            return Ok(self.premium_of(instrument).to_string());
        }
        let ours = self.venue.instruments.iter().filter(|one| one.spec().market == self.kind);
        let list: Value = ours.map(|one| self.premium_of(one)).collect();
        Ok(list.to_string())
    }

    fn klines(&self, parameters: &Parameters) -> Answer {
        past_calls::klines(self.venue.past, self.find(parameters.symbol()?)?, parameters)
    }

    fn funding_rate(&self, parameters: &Parameters) -> Answer {
        past_calls::funding(self.venue.past, self.find(parameters.symbol()?)?, parameters)
    }

    fn premium_of(&self, instrument: &Instrument) -> Value {
        let market = self.venue.market.lock().unwrap_or_else(PoisonError::into_inner);
        let (mark, now) = (market.mark(instrument.id()), market.now().as_millis());
        drop(market);
        let Some(mark) = mark else {
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
}

/// The published weights.
fn weight_of(name: &str, kind: Kind, parameters: &Parameters) -> u32 {
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
        ("/klines", Kind::Spot) => 2,
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

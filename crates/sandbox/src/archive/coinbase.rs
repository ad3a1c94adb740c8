//! Candles of a pretend Coinbase, newest first, at most 350 an answer.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::past::{MINUTE_MILLIS, Past, Scale, first_bar};
use crate::venue::{Venue, wall_millis};

const MOST: i64 = 350;

#[derive(Deserialize)]
struct Asked {
    start: i64,
    end: i64,
    granularity: String,
}

/// The route of public candles.
pub(crate) fn routes(venue: &Arc<Venue>) -> Router {
    let serve = |State(venue): State<Arc<Venue>>,
                 Path(product): Path<String>,
                 Query(asked): Query<Asked>| async move {
        venue.past.map_or_else(
            || StatusCode::NOT_FOUND.into_response(),
            |past| candles(past, &product, &asked),
        )
    };
    let path = "/api/v3/brokerage/market/products/{product}/candles";
    Router::new().route(path, get(serve)).with_state(Arc::clone(venue))
}

fn candles(past: Past, product: &str, asked: &Asked) -> Response {
    let coin = match product {
        "BTC-USD" => "BTC",
        "ETH-USD" => "ETH",
        _ => return complaint(StatusCode::NOT_FOUND, "NOT_FOUND", "valid product_id is required"),
    };
    let minutes = match asked.granularity.as_str() {
        "ONE_MINUTE" => 1,
        "FIVE_MINUTE" => 5,
        "FIFTEEN_MINUTE" => 15,
        "THIRTY_MINUTE" => 30,
        "ONE_HOUR" => 60,
        "TWO_HOUR" => 120,
        "FOUR_HOUR" => 240,
        "SIX_HOUR" => 360,
        "ONE_DAY" => 1_440,
        _ => return complaint(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "granularity"),
    };
    let (start, end) = (asked.start.saturating_mul(1_000), asked.end.saturating_mul(1_000));
    if end < start || end.saturating_sub(start) / (minutes * MINUTE_MILLIS) >= MOST {
        let text = "number of candles requested should be less than 350";
        return complaint(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", text);
    }
    let scale = Scale::new(coin, Decimal::new(1, 2), Decimal::new(1, 8));
    let end = end.min(wall_millis());
    let mut minute = first_bar(start, minutes);
    let mut list: Vec<Value> = Vec::new();
    while minute * MINUTE_MILLIS <= end {
        let bar = past.candle(coin, minute, minutes);
        let price = |millionths: i64| scale.price(millionths).to_string();
        list.push(json!({
            "start": (minute * 60).to_string(),
            "low": price(bar.low),
            "high": price(bar.high),
            "open": price(bar.open),
            "close": price(bar.close),
            "volume": scale.quantity(bar.volume).to_string(),
        }));
        minute += minutes;
    }
    list.reverse();
    Json(json!({"candles": list})).into_response()
}

fn complaint(status: StatusCode, error: &str, message: &str) -> Response {
    (status, Json(json!({"error": error, "message": message}))).into_response()
}

//! REST calls about the past: klines and settlements of funding.

use std::fmt::Write as _;

use domain::{Instrument, Market as Kind};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::query::{Complaint, Parameters};
use crate::{
    archive::{FUNDING_MILLIS, MINUTE_MILLIS, Past, Scale, first_bar, minutes_of},
    venue::wall_millis,
};

/// Rows of an answer without a limit.
const DEFAULT_ROWS: usize = 500;

/// A span of time in milliseconds, both ends included, and the most rows.
struct Span {
    from: i64,
    last: i64,
    rows: usize,
}

fn span(parameters: &Parameters, row_millis: i64, most: usize) -> Result<Span, Complaint> {
    let time = |name: &str| match parameters.get(name) {
        None => Ok(None),
        Some(text) => match text.parse::<i64>() {
            Ok(time) if (0..=i64::from(u32::MAX) * 1_000).contains(&time) => Ok(Some(time)),
            _ => Err(Complaint::new(
                -1100,
                format!("Illegal characters found in parameter '{name}'."),
            )),
        },
    };
    let rows = parameters.limit(DEFAULT_ROWS.min(most))?.clamp(1, most);
    let last = time("endTime")?.unwrap_or_else(wall_millis).min(wall_millis());
    let back = row_millis.saturating_mul(i64::try_from(rows).unwrap_or(i64::MAX));
    let from = time("startTime")?.unwrap_or(last.saturating_sub(back));
    Ok(Span { from, last, rows })
}

fn nothing() -> Complaint {
    Complaint::new(-1000, "A recorded market has no past.")
}

/// `/klines`.
pub(super) fn klines(
    past: Option<Past>,
    instrument: &Instrument,
    parameters: &Parameters,
) -> Result<String, Complaint> {
    let past = past.ok_or_else(nothing)?;
    let minutes = parameters
        .get("interval")
        .and_then(minutes_of)
        .ok_or_else(|| Complaint::new(-1120, "Invalid interval."))?;
    let most = if instrument.spec().market == Kind::Spot { 1_000 } else { 1_500 };
    let span = span(parameters, minutes * MINUTE_MILLIS, most)?;
    let scale = Scale::of(instrument);
    let mut minute = first_bar(span.from, minutes);
    let mut text = String::from("[");
    for row in 0..span.rows {
        let start = minute * MINUTE_MILLIS;
        if start > span.last {
            break;
        }
        let bar = past.candle(&instrument.spec().base, minute, minutes);
        minute += minutes;
        let end = minute * MINUTE_MILLIS - 1;
        let [open, high, low, close] =
            [bar.open, bar.high, bar.low, bar.close].map(|price| scale.price(price));
        let volume = scale.quantity(bar.volume);
        let comma = if row == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}[{start},\"{open}\",\"{high}\",\"{low}\",\"{close}\",\"{volume}\",{end},\
             \"{}\",{},\"0\",\"0\",\"0\"]",
            volume * close,
            bar.trades
        );
    }
    text.push(']');
    Ok(text)
}

/// `/fundingRate`.
pub(super) fn funding(
    past: Option<Past>,
    instrument: &Instrument,
    parameters: &Parameters,
) -> Result<String, Complaint> {
    let past = past.ok_or_else(nothing)?;
    let span = span(parameters, FUNDING_MILLIS, 1_000)?;
    let (coin, scale) = (&instrument.spec().base, Scale::of(instrument));
    let first = (span.from + FUNDING_MILLIS - 1).div_euclid(FUNDING_MILLIS);
    let settled = (first..).take(span.rows).take_while(|one| one * FUNDING_MILLIS <= span.last);
    let row = |settlement: i64| -> Value {
        let time = settlement * FUNDING_MILLIS;
        let mark = scale.price(past.level(coin, time / MINUTE_MILLIS - 1));
        json!({
            "symbol": instrument.symbol(),
            "fundingTime": time,
            "fundingRate": Decimal::new(past.funding(coin, settlement), 8).to_string(),
            "markPrice": mark.to_string(),
        })
    };
    Ok(settled.map(row).collect::<Value>().to_string())
}

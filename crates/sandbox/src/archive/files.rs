//! The archive of files: a zip of a table for each day or month, and its checksum.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
    sync::Arc,
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{Instrument, Market};
use jiff::{civil::Date, tz::TimeZone};
use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::past::{FUNDING_MILLIS, MINUTE_MILLIS, Past, Scale, first_bar, minutes_of};
use crate::venue::{Venue, wall_millis};

/// Times of spot files are in microseconds from here on.
const MICROSECONDS_SINCE: i64 = 1_735_689_600_000;

/// The route of all files.
pub(crate) fn routes(venue: &Arc<Venue>) -> Router {
    let serve = |State(venue): State<Arc<Venue>>, Path(path): Path<String>| async move {
        let work = move || answer(&venue, &path);
        match tokio::task::spawn_blocking(work).await {
            Ok(response) => response,
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    Router::new().route("/data/{*path}", get(serve)).with_state(Arc::clone(venue))
}

fn answer(venue: &Venue, path: &str) -> Response {
    let (file, wants_sum) = match path.strip_suffix(".CHECKSUM") {
        Some(file) => (file, true),
        None => (path, false),
    };
    let made = Wanted::parse(venue, file).and_then(|wanted| wanted.zip());
    let Some(bytes) = made else { return StatusCode::NOT_FOUND.into_response() };
    if !wants_sum {
        return bytes.into_response();
    }
    let mut sum = Sha256::new();
    sum.update(&bytes);
    if venue.archive.wrong_checksums() {
        sum.update(b"something else");
    }
    let name = file.rsplit('/').next().unwrap_or(file);
    format!("{}  {name}\n", hex::encode(sum.finalize())).into_response()
}

/// A file of the archive.
struct Wanted<'a> {
    past: Past,
    instrument: &'a Instrument,
    what: &'a str,
    name: &'a str,
    /// Minutes of a bar.
    minutes: i64,
    from: i64,
    to: i64,
}

impl<'a> Wanted<'a> {
    /// `None` for a path without a file, and for a day that is not over.
    fn parse(venue: &'a Venue, path: &'a str) -> Option<Self> {
        let past = venue.past?;
        let (market, rest) = match path.strip_prefix("spot/") {
            Some(rest) => (Market::Spot, rest),
            None => (Market::LinearPerpetual, path.strip_prefix("futures/um/")?),
        };
        let parts: Vec<&str> = rest.split('/').collect();
        let (pace, what, symbol, length, file) = match *parts.as_slice() {
            [pace, "klines", symbol, length, file] => (pace, "klines", symbol, length, file),
            [pace, what, symbol, file] if what != "klines" => (pace, what, symbol, what, file),
            _ => return None,
        };
        let name = file.strip_suffix(".zip")?;
        let date = name.strip_prefix(symbol)?.strip_prefix('-')?;
        let date = date.strip_prefix(length)?.strip_prefix('-')?;
        let minutes = if what == "klines" { minutes_of(length)? } else { 1 };
        let (from, to) = match (pace, what) {
            ("daily", "fundingRate") => return None,
            ("daily", _) if minutes > 1_440 => return None,
            ("daily", _) => day(date)?,
            ("monthly", _) => month(date)?,
            _ => return None,
        };
        let known = matches!(what, "klines" | "aggTrades" | "trades");
        let known = known || (what == "fundingRate" && market == Market::LinearPerpetual);
        let instrument = venue.instruments.find("binance", market, symbol)?;
        let over = to <= wall_millis();
        (known && over).then_some(Self { past, instrument, what, name, minutes, from, to })
    }

    fn zip(&self) -> Option<Vec<u8>> {
        let table = match self.what {
            "klines" => self.klines(),
            "fundingRate" => self.funding(),
            _ => self.trades(),
        };
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file(format!("{}.csv", self.name), options).ok()?;
        zip.write_all(table.as_bytes()).ok()?;
        Some(zip.finish().ok()?.into_inner())
    }

    fn spot(&self) -> bool {
        self.instrument.spec().market == Market::Spot
    }

    /// Milliseconds as the file writes them.
    fn time(&self, millis: i64) -> i64 {
        if self.spot() && millis >= MICROSECONDS_SINCE { millis * 1_000 } else { millis }
    }

    fn table(&self, header: &str) -> String {
        if self.spot() { String::new() } else { format!("{header}\n") }
    }

    fn klines(&self) -> String {
        let mut text = self.table(
            "open_time,open,high,low,close,volume,close_time,quote_volume,count,\
             taker_buy_volume,taker_buy_quote_volume,ignore",
        );
        let scale = Scale::of(self.instrument);
        let mut minute = first_bar(self.from, self.minutes);
        while minute * MINUTE_MILLIS < self.to {
            let bar = self.past.candle(&self.instrument.spec().base, minute, self.minutes);
            let start = minute * MINUTE_MILLIS;
            minute += self.minutes;
            let (open_time, end) = (self.time(start), self.time(minute * MINUTE_MILLIS) - 1);
            let [open, high, low, close] =
                [bar.open, bar.high, bar.low, bar.close].map(|price| scale.price(price));
            let volume = scale.quantity(bar.volume);
            let quote = volume * close;
            let _ = writeln!(
                text,
                "{open_time},{open},{high},{low},{close},{volume},{end},{quote},{},0,0,0",
                bar.trades
            );
        }
        text
    }

    /// One trade a minute, at its close.
    fn trades(&self) -> String {
        let aggregate = self.what == "aggTrades";
        let mut text = self.table(if aggregate {
            "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
        } else {
            "id,price,qty,quote_qty,time,is_buyer_maker"
        });
        let last = if self.spot() { ",True" } else { "" };
        let scale = Scale::of(self.instrument);
        for minute in self.from / MINUTE_MILLIS..self.to / MINUTE_MILLIS {
            let bar = self.past.candle(&self.instrument.spec().base, minute, 1);
            let (price, quantity) = (scale.price(bar.close), scale.quantity(bar.volume));
            let time = self.time((minute + 1) * MINUTE_MILLIS - 1);
            let maker = if bar.close < bar.open { "true" } else { "false" };
            let _ = if aggregate {
                writeln!(text, "{minute},{price},{quantity},{minute},{minute},{time},{maker}{last}")
            } else {
                writeln!(
                    text,
                    "{minute},{price},{quantity},{},{time},{maker}{last}",
                    price * quantity
                )
            };
        }
        text
    }

    fn funding(&self) -> String {
        let mut text = self.table("calc_time,funding_interval_hours,last_funding_rate");
        let coin = &self.instrument.spec().base;
        for settlement in self.from / FUNDING_MILLIS..self.to / FUNDING_MILLIS {
            let rate = rust_decimal::Decimal::new(self.past.funding(coin, settlement), 8);
            let _ = writeln!(text, "{},8,{rate}", settlement * FUNDING_MILLIS);
        }
        text
    }
}

fn millis(date: Date) -> Option<i64> {
    let midnight = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    (date.year() >= 2017).then(|| midnight.as_millisecond())
}

fn day(text: &str) -> Option<(i64, i64)> {
    let date: Date = if text.len() == 10 { text.parse().ok()? } else { return None };
    Some((millis(date)?, millis(date.tomorrow().ok()?)?))
}

fn month(text: &str) -> Option<(i64, i64)> {
    let (first, _) = (text.len() == 7).then(|| day(&format!("{text}-01")))??;
    let date: Date = format!("{text}-01").parse().ok()?;
    Some((first, millis(date.last_of_month().tomorrow().ok()?)?))
}

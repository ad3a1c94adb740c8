//! The folders of Lean, a back-testing engine.
//!
//! ```text
//! crypto/coinbase/minute/btcusd/20180404_trade.csv       UTC, milliseconds since midnight
//! cryptofuture/bybit/hour/btcusd_trade.csv               UTC, `20180404 01:00`
//! cryptofuture/bybit/margin_interest/btcusd.csv          funding
//! equity/usa/tick/ibm/20131007_quote.csv                 New York time, 1/10000 dollar
//! ```
//!
//! Recognised by the folders' names; a missing `equity` or `usa` does not matter.

use std::{io::BufRead, path::Path};

use domain::Market;
use jiff::civil::Date;

use super::{
    Content, Input, csv,
    fields::Layout,
    national::NationalQuotes,
    open::Lines,
    table::{Terms, Times},
};
use crate::{
    error::ImportError,
    intake::Intake,
    kind::Interval,
    moment::{Clock, Zone},
};

const TRADE_BARS: &[&str] = &["time", "open", "high", "low", "close", "volume"];
const QUOTE_BARS: &[&str] = &[
    "time",
    "bid_open",
    "bid_high",
    "bid_low",
    "bid_price",
    "bid_quantity",
    "ask_open",
    "ask_high",
    "ask_low",
    "ask_price",
    "ask_quantity",
];
const TRADE_TICKS: &[&str] = &["time", "price", "quantity", "exchange", "conditions", "suspicious"];
const FUNDING: &[&str] = &["time", "rate"];

/// Decimals of the whole numbers that share prices are written in.
const SHARE_DECIMALS: u8 = 4;

/// What the folders say about a file.
struct Place {
    share: bool,
    venue: Option<String>,
    market: Market,
    resolution: &'static str,
    symbol: String,
    date: Option<Date>,
    quotes: bool,
}

const RESOLUTIONS: [&str; 6] = ["tick", "second", "minute", "hour", "daily", "margin_interest"];

fn place(path: &Path) -> Option<Place> {
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    let (name, folders) = parts.split_last()?;
    let stem = name.split('.').next()?;
    let level = folders.iter().rposition(|part| RESOLUTIONS.contains(part))?;
    let resolution = RESOLUTIONS.iter().find(|one| **one == folders[level])?;
    let crypto = folders.iter().rposition(|part| matches!(*part, "crypto" | "cryptofuture"));
    let (what, kind) = stem.rsplit_once('_').unwrap_or((stem, "trade"));
    if !matches!(kind, "trade" | "quote") {
        return None;
    }
    let by_day = matches!(*resolution, "tick" | "second" | "minute");
    let (symbol, date) = if by_day {
        let date = Date::strptime("%Y%m%d", what).ok()?;
        ((*folders.get(level + 1)?).to_owned(), Some(date))
    } else {
        (what.to_owned(), None)
    };
    let symbol = symbol.to_uppercase();
    if !symbol.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let market = match crypto.map(|at| folders[at]) {
        Some("cryptofuture") if symbol.ends_with("USD") && !folders.contains(&"dydx") => {
            Market::InversePerpetual
        }
        Some("cryptofuture") => Market::LinearPerpetual,
        _ => Market::Spot,
    };
    let venue = crypto.and_then(|at| folders.get(at + 1)).map(|name| (*name).to_owned());
    Some(Place {
        share: crypto.is_none(),
        venue,
        market,
        resolution,
        symbol,
        date,
        quotes: kind == "quote",
    })
}

/// Whether a path looks like one of Lean's.
pub(super) fn is_path(path: &Path) -> bool {
    place(path).is_some()
}

pub(super) fn read(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    let place = place(file.path).ok_or_else(|| {
        let reason = "the folders are not those of Lean, such as minute/btcusd/20180404_trade.csv";
        ImportError::unstated(&file.path.display(), reason)
    })?;
    let header = header(file, &place)?;
    let zone: Zone = match (&file.options.zone, place.share) {
        (Some(zone), _) => zone.clone(),
        (None, true) => {
            "America/New_York".parse().map_err(|reason: String| file.columns(reason))?
        }
        (None, false) => Zone::default(),
    };
    let interval = match place.resolution {
        "second" => Interval::from_secs(1),
        "minute" => Some(Interval::MINUTE),
        "hour" => Some(Interval::HOUR),
        "daily" => Some(Interval::DAY),
        _ => None,
    };
    let venue = place.venue.as_deref().unwrap_or("us");
    let naming = file.options.naming(venue, place.market, Some(&place.symbol));
    let times = match place.date {
        Some(date) => Times::SinceMidnight { zone: zone.clone(), date },
        None => Times::Clock(Clock::new(zone, false)),
    };
    let terms = Terms {
        interval,
        times,
        price_shift: if place.share { SHARE_DECIMALS } else { 0 },
        leave_out_partial: true,
        ..file.options.terms(naming)
    };
    if place.resolution == "tick" && place.quotes {
        return read_exchange_quotes(file, reader, intake, terms);
    }
    csv::table(file, reader, intake, Some(header), |_| Ok(terms))
}

/// The columns of a file, if its name says that it holds what is asked for.
fn header(file: &Input<'_>, place: &Place) -> Result<&'static [&'static str], ImportError> {
    let (content, header) = match (place.resolution, place.quotes) {
        ("margin_interest", _) => (Content::Funding, FUNDING),
        (_, true) => (Content::Quotes, QUOTE_BARS),
        ("tick", false) => (Content::Trades, TRADE_TICKS),
        (_, false) => (Content::Bars, TRADE_BARS),
    };
    if content == file.options.content {
        return Ok(header);
    }
    let reason = format!("the file holds {content:?}, not what --as says");
    Err(ImportError::unstated(&file.path.display(), reason))
}

/// Ticks of either side of the best bid and ask.
fn read_exchange_quotes(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
    terms: Terms,
) -> Result<(), ImportError> {
    let layout = Layout::find(
        file.options.content.kind(),
        &["time", "bid_price", "bid_quantity", "ask_price", "ask_quantity"],
        &[],
        &[],
    )
    .map_err(|reason| file.columns(reason))?;
    let mut table = super::table::Table::new(terms, layout);
    let mut quotes = NationalQuotes::default();
    let mut lines = Lines::of_table(file.path, reader);
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next()? else { return Ok(()) };
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let best = quotes.take(&fields).map_err(|reason| intake.wrong(number, "quote", reason))?;
        if let Some(best) = best {
            let [bid, bid_size, ask, ask_size] = best.map(|value| value.to_string());
            table.record(intake, number, &[fields[0], &bid, &bid_size, &ask, &ask_size])?;
        }
    }
}

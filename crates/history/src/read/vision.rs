//! Binance's archive of files, as of data.binance.vision.
//!
//! The file's name tells symbol, content and length of bars. Spot files have no header, those
//! of futures have one since 2022. Times were milliseconds; in spot files they are
//! microseconds since 2025. Both are told by their number of digits.

use std::io::BufRead;

use domain::Market;

use super::{Content, Input, csv};
use crate::{error::ImportError, intake::Intake, kind::Interval};

const KLINES: &[&str] = &[
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
];
const AGGREGATE_TRADES: &[&str] = &[
    "agg_trade_id",
    "price",
    "quantity",
    "first_trade_id",
    "last_trade_id",
    "transact_time",
    "is_buyer_maker",
    "is_best_match",
];
const TRADES: &[&str] =
    &["id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match"];
const FUNDING: &[&str] = &["calc_time", "funding_interval_hours", "last_funding_rate"];
const QUOTES: &[&str] = &[
    "update_id",
    "best_bid_price",
    "best_bid_qty",
    "best_ask_price",
    "best_ask_qty",
    "transaction_time",
    "event_time",
];

/// What the name of a file says.
struct Name<'a> {
    symbol: &'a str,
    content: Content,
    interval: Option<Interval>,
}

fn parse(stem: &str) -> Option<Name<'_>> {
    let mut parts = stem.split('-');
    let (symbol, what) = (parts.next()?, parts.next()?);
    let year = parts.next()?;
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let content = match what {
        "aggTrades" => Content::AggregateTrades,
        "trades" => Content::Trades,
        "fundingRate" => Content::Funding,
        "bookTicker" => Content::Quotes,
        _ => Content::Bars,
    };
    let interval = match content {
        Content::Bars => Some(what.parse().ok()?),
        _ => None,
    };
    Some(Name { symbol, content, interval })
}

fn stem(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.split('.').next().unwrap_or(name)
}

/// Whether a file's name is one of the archive's.
pub(super) fn is_name(name: &str) -> bool {
    parse(stem(name)).is_some()
}

pub(super) fn read(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    let outer = file.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let outer = outer.unwrap_or_default();
    let name = parse(stem(file.name)).or_else(|| parse(stem(&outer))).ok_or_else(|| {
        let reason = "the name is not of the form SYMBOL-1m-2024-01 or SYMBOL-trades-2024-01-01";
        ImportError::unstated(&file.path.display(), reason)
    })?;
    if name.content != file.options.content {
        let reason = format!("the file holds {:?}, not what --as says", name.content);
        return Err(ImportError::unstated(&file.path.display(), reason));
    }
    let header = match name.content {
        Content::Bars => KLINES,
        Content::Trades => TRADES,
        Content::Funding => FUNDING,
        Content::Quotes => QUOTES,
        _ => AGGREGATE_TRADES,
    };
    let market = market_of(file, &name);
    let naming = file.options.naming("binance", market, Some(name.symbol));
    let mut terms = file.options.terms(naming);
    terms.interval = terms.interval.or(name.interval);
    terms.leave_out_empty_bars = true;
    csv::table(file, reader, intake, Some(header), |_| Ok(terms))
}

/// The market is in the folder's name, if anywhere; only perpetuals have funding.
fn market_of(file: &Input<'_>, name: &Name<'_>) -> Market {
    let path = file.path.to_string_lossy();
    if path.contains("/cm/") || name.symbol.ends_with("_PERP") {
        Market::InversePerpetual
    } else if path.contains("/um/") || name.content == Content::Funding {
        Market::LinearPerpetual
    } else {
        Market::Spot
    }
}

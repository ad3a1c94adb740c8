//! Recorded answers of Binance's REST interface: one `{path, query, response}` a line.
//!
//! Those that answer the question at hand are taken: candles, trades or funding of a symbol
//! and a market. Each answer is sorted on its own; they may overlap.

use std::io::BufRead;

use domain::Market;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Content, Input,
    document::{Rows, part, text, texts},
    fields::Layout,
    open::Lines,
    table::Table,
};
use crate::{error::ImportError, intake::Intake, kind::Interval};

const KLINE: &[&str] = &[
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
const TRADE: &[&str] = &["id", "price", "qty", "time", "is_buyer_maker"];
const FUNDING: &[&str] = &["funding_time", "funding_rate", "mark_price"];

/// An answer as it is kept in a file, a line each: where it came from stands beside it.
#[derive(Deserialize, Serialize)]
pub(crate) struct KeptAnswer<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    #[serde(borrow)]
    pub(crate) response: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trade<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    price: &'a RawValue,
    #[serde(borrow)]
    qty: &'a RawValue,
    #[serde(borrow)]
    time: &'a RawValue,
    #[serde(borrow)]
    is_buyer_maker: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settled<'a> {
    #[serde(borrow)]
    funding_time: &'a RawValue,
    #[serde(borrow)]
    funding_rate: &'a RawValue,
    #[serde(borrow)]
    mark_price: Option<&'a RawValue>,
}

/// A parameter of a query.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

pub(super) fn read(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    let options = file.options;
    let Some(symbol) = options.symbol.as_deref() else {
        let reason = "the answers are of several symbols; state --symbol";
        return Err(ImportError::unstated(&file.path.display(), reason));
    };
    let content_market =
        if options.content == Content::Funding { Market::LinearPerpetual } else { Market::Spot };
    let market = options.market.unwrap_or(content_market);
    let prefix = match market {
        Market::Spot => "/api/",
        Market::LinearPerpetual => "/fapi/",
        Market::InversePerpetual => "/dapi/",
    };
    let (name, header) = match options.content {
        Content::Bars => ("/klines", KLINE),
        Content::Trades => ("/trades", TRADE),
        Content::Funding => ("/fundingRate", FUNDING),
        _ => {
            return Err(file.columns("answers can be read as bars, trades or funding".into()));
        }
    };
    let mut lines = Lines::of_documents(file.path, reader);
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next()? else { return Ok(()) };
        let answer: KeptAnswer<'_> =
            part(line).map_err(|reason| intake.wrong(number, "answer", reason))?;
        let asked = answer.path.starts_with(prefix)
            && answer.path.ends_with(name)
            && parameter(answer.query, "symbol") == Some(symbol);
        let interval = parameter(answer.query, "interval");
        let interval = interval.and_then(|text| text.parse::<Interval>().ok());
        let other_length = options.interval.is_some() && interval != options.interval;
        if !asked || (options.content == Content::Bars && (other_length || interval.is_none())) {
            continue;
        }
        let naming = options.naming("binance", market, Some(symbol));
        let mut terms = options.terms(naming);
        terms.interval = interval;
        terms.leave_out_empty_bars = true;
        let layout = Layout::find(options.content.kind(), header, &[], &[]);
        let layout = layout.map_err(|reason| file.columns(reason))?;
        intake.restart();
        let mut table = Table::new(terms, layout);
        rows(options.content, answer.response.get(), &mut |fields| {
            table.record(intake, number, fields)
        })?
        .map_err(|reason| intake.wrong(number, "response", reason))?;
    }
}

type Take<'a> = dyn FnMut(&[&str]) -> Result<(), ImportError> + 'a;

/// The rows of an answer; the inner error is one of its form.
fn rows(
    content: Content,
    response: &str,
    take: &mut Take<'_>,
) -> Result<Result<(), String>, ImportError> {
    match content {
        Content::Trades => {
            let trades: Vec<Trade<'_>> = match part(response) {
                Ok(trades) => trades,
                Err(reason) => return Ok(Err(reason)),
            };
            for one in &trades {
                take(&texts(&[one.id, one.price, one.qty, one.time, one.is_buyer_maker]))?;
            }
        }
        Content::Funding => {
            let settled: Vec<Settled<'_>> = match part(response) {
                Ok(settled) => settled,
                Err(reason) => return Ok(Err(reason)),
            };
            for one in &settled {
                let mark = one.mark_price.map_or("", text);
                take(&[text(one.funding_time), text(one.funding_rate), mark])?;
            }
        }
        _ => {
            let candles: Rows<'_> = match part(response) {
                Ok(candles) => candles,
                Err(reason) => return Ok(Err(reason)),
            };
            for candle in &candles {
                take(&texts(candle))?;
            }
        }
    }
    Ok(Ok(()))
}

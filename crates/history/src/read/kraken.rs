//! Kraken: the archive of OHLCVT tables, and answers of its REST interface.

use std::{collections::BTreeMap, io::BufRead};

use domain::Market;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Content, Input, csv,
    document::{Rows, part, text, texts},
    fields::Layout,
    open::document,
    table::Table,
};
use crate::{error::ImportError, intake::Intake, kind::Interval};

const ARCHIVE: &[&str] = &["time", "open", "high", "low", "close", "volume", "trades"];
const CANDLE: &[&str] = &["time", "open", "high", "low", "close", "vwap", "volume", "count"];
const TRADE: &[&str] = &["price", "quantity", "time", "side", "kind", "misc", "id"];

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    error: Vec<&'a RawValue>,
    #[serde(borrow)]
    result: Option<BTreeMap<String, &'a RawValue>>,
}

/// Symbol and minutes of a name such as `XBTUSD_60.csv`.
fn parse(name: &str) -> Option<(&str, Interval)> {
    let stem = name.rsplit('/').next()?.split('.').next()?;
    let (symbol, minutes) = stem.rsplit_once('_')?;
    let minutes: u32 = minutes.parse().ok()?;
    if !symbol.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        return None;
    }
    Some((symbol, Interval::from_secs(minutes.checked_mul(60)?)?))
}

/// Whether a file's name is one of the archive's.
pub(super) fn is_name(name: &str) -> bool {
    parse(name).is_some()
}

pub(super) fn read(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    let starts_document = reader
        .fill_buf()
        .map_err(|error| super::open::broken(file.path, &error))?
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|byte| *byte == b'{');
    if starts_document {
        return read_answer(file, &document(file.path, reader)?, intake);
    }
    let named = parse(file.name);
    let naming = file.options.naming("kraken", Market::Spot, named.map(|named| named.0));
    if naming.symbol.is_none() {
        let reason = "the name is not of the form XBTUSD_60.csv; state --symbol";
        return Err(ImportError::unstated(&file.path.display(), reason));
    }
    let mut terms = file.options.terms(naming);
    terms.interval = terms.interval.or(named.map(|named| named.1));
    terms.leave_out_empty_bars = true;
    csv::table(file, reader, intake, Some(ARCHIVE), |_| Ok(terms))
}

/// An answer to `OHLC` or `Trades`. Its `last` tells which candle was not over yet.
fn read_answer(file: &Input<'_>, body: &str, intake: &mut Intake) -> Result<(), ImportError> {
    let damaged = |reason: String| ImportError::Damaged { path: file.path.to_owned(), reason };
    let answer: Answer<'_> = part(body).map_err(damaged)?;
    if let Some(error) = answer.error.first() {
        return Err(damaged(format!("the venue answered with an error: {}", text(error))));
    }
    let result = answer.result.ok_or_else(|| damaged("there is no result".into()))?;
    let last = result.get("last").and_then(|last| text(last).parse::<i64>().ok());
    let header = match file.options.content {
        Content::Bars => CANDLE,
        Content::Trades => TRADE,
        _ => return Err(file.columns("answers can be read as bars or trades".into())),
    };
    for (pair, rows) in result.iter().filter(|(name, _)| *name != "last") {
        let rows: Rows<'_> = part(rows.get()).map_err(damaged)?;
        let naming = file.options.naming("kraken", Market::Spot, Some(pair));
        let mut terms = file.options.terms(naming);
        terms.leave_out_empty_bars = true;
        let options = file.options;
        let layout = Layout::find(options.content.kind(), header, &[], &options.filters)
            .map_err(|reason| file.columns(reason))?;
        let mut table = Table::new(terms, layout);
        for (number, row) in (1..).zip(&rows) {
            let fields = texts(row);
            let time = fields.first().and_then(|time| time.parse::<i64>().ok());
            if options.content == Content::Bars && last.is_some() && time > last {
                intake.note("the last candle was not over yet and is left out".into());
                continue;
            }
            table.record(intake, number, &fields)?;
        }
    }
    Ok(())
}

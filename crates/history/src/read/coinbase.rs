//! Candles of Coinbase: lists of the Exchange's interface, newest first, and objects of the
//! Advanced Trade interface. Tables are read like any other.

use std::{collections::BTreeMap, io::BufRead};

use domain::Market;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Content, Input, csv,
    document::{Rows, part, text, texts},
    fields::{Layout, is_data},
    open::document,
    table::Table,
};
use crate::{
    error::ImportError,
    intake::{Intake, Order},
};

const CANDLE: &[&str] = &["time", "low", "high", "open", "close", "volume"];

#[derive(Deserialize)]
struct Candles<'a> {
    #[serde(borrow)]
    candles: Vec<BTreeMap<String, &'a RawValue>>,
}

pub(super) fn read(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    if file.options.content != Content::Bars {
        return Err(file.columns("candles can be read as bars only".into()));
    }
    let naming = file.options.naming("coinbase", Market::Spot, None);
    if naming.symbol.is_none() {
        let reason = "candles do not tell their product; state --symbol";
        return Err(ImportError::unstated(&file.path.display(), reason));
    }
    // The interface answers newest first, and so do files that collect its answers.
    intake.order(Order::Any);
    let terms = file.options.terms(naming);
    let start = reader.fill_buf().map_err(|error| super::open::broken(file.path, &error))?;
    let start = start.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if start.is_none_or(|byte| !matches!(byte, b'[' | b'{')) {
        return csv::table(file, reader, intake, Some(CANDLE), |_| Ok(terms));
    }
    let body = document(file.path, reader)?;
    let damaged = |reason: String| ImportError::Damaged { path: file.path.to_owned(), reason };
    let layout = Layout::find(file.options.content.kind(), CANDLE, &[], &[]);
    let mut table = Table::new(terms, layout.map_err(|reason| file.columns(reason))?);
    if is_data(body.trim_start_matches(|c: char| c == '[' || c.is_whitespace())) {
        let rows: Rows<'_> = part(&body).map_err(damaged)?;
        for (number, row) in (1..).zip(&rows) {
            table.record(intake, number, &texts(row))?;
        }
        return Ok(());
    }
    let Candles { candles } = part(&body).map_err(damaged)?;
    for (number, candle) in (1..).zip(&candles) {
        let value = |name: &str| candle.get(name).map_or("", |value| text(value));
        let fields = ["start", "low", "high", "open", "close", "volume"].map(value);
        table.record(intake, number, &fields)?;
    }
    Ok(())
}

//! `data list`: what there is.

use std::fmt::Write as _;

use history::Listed;
use serde::Serialize;

use super::{Failure, Opened, shown_time};
use crate::{cli::ListArgs, output, report::summary::grouped};

pub(super) fn execute(arguments: &ListArgs) -> Result<(), Failure> {
    let listed = Opened::open(&arguments.store)?.list()?;
    let rows: Vec<Row> = listed.iter().map(Row::of).collect();
    if arguments.json {
        return Ok(output::json(&rows)?);
    }
    if rows.is_empty() {
        return Ok(output::text("nothing yet; `algopioneer data import` adds something\n")?);
    }
    let mut text = String::new();
    for row in &rows {
        let (from, to) = (row.first.as_deref().unwrap_or("-"), row.last.as_deref().unwrap_or("-"));
        let _ = writeln!(
            text,
            "{:<34} {:<18} {:>14} rows  {from} .. {to}",
            row.instrument,
            row.kind,
            grouped(row.rows)
        );
    }
    Ok(output::text(&text)?)
}

/// A line of the list.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) instrument: String,
    pub(super) kind: String,
    pub(super) rows: u64,
    /// First and last event time.
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
    pub(super) files: usize,
    pub(super) bytes: u64,
}

impl Row {
    pub(super) fn of(listed: &Listed) -> Self {
        Self {
            instrument: listed.series.instrument.to_string(),
            kind: listed.series.kind.to_string(),
            rows: listed.rows,
            first: listed.times.map(|times| shown_time(times.0)),
            last: listed.times.map(|times| shown_time(times.1)),
            files: listed.files,
            bytes: listed.bytes,
        }
    }
}

//! Tables: with any header, of closes side by side, and those of Tardis.

use std::io::BufRead;

use domain::{Market, Timestamp};

use super::{
    Content, Input,
    fields::{Field, Layout, delimiter_of, is_data, missing_header, split},
    open::Lines,
    table::{Table, Terms},
};
use crate::{
    error::ImportError,
    intake::{Cell, Intake, KindOf, SeriesId},
    kind::{Interval, Kind},
    number::Number,
    place::InstrumentKey,
};

/// The venue of files that do not name one.
pub(super) const NO_VENUE: &str = "local";

/// Reads a table with a header of any names.
pub(super) fn read(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    let naming = file.options.naming(NO_VENUE, Market::Spot, None);
    let mut terms = file.options.terms(naming);
    let stem = file.stem().to_owned();
    table(file, reader, intake, None, |layout| {
        let looks_like_symbol = stem
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_'))
            && stem.chars().any(|c| c.is_ascii_uppercase());
        if terms.naming.symbol.is_none() && layout.place(Field::Symbol).is_none() {
            if !looks_like_symbol {
                let reason = "neither the name nor a column tells the symbol; state --symbol";
                return Err(reason.into());
            }
            terms.naming.symbol = Some(stem);
        }
        Ok(terms)
    })
}

/// Reads a table of Tardis, whose column names are not quite those of others.
pub(super) fn read_tardis(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    let venue = file.options.venue.clone();
    let mut named = file.options.clone();
    let state = |named: &mut super::ReadOptions, field: &str, column: &str| {
        named.columns.push((field.to_owned(), column.to_owned()));
    };
    state(&mut named, "time", "local_timestamp");
    state(&mut named, "exchange_time", "timestamp");
    if named.content == Content::Depth {
        state(&mut named, "snapshot", "is_snapshot");
    }
    let file = Input { options: &named, ..*file };
    let naming = named.naming(venue.as_deref().unwrap_or("tardis"), Market::Spot, None);
    let mut terms = named.terms(naming);
    // A ticker repeats itself before there is a mark price.
    terms.leave_out_partial = matches!(named.content, Content::Marks | Content::Quotes);
    table(&file, reader, intake, None, |_| Ok(terms))
}

/// Reads a table; `header` is that of a format without one.
pub(super) fn table(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
    header: Option<&[&str]>,
    terms: impl FnOnce(&Layout) -> Result<Terms, String>,
) -> Result<(), ImportError> {
    let options = file.options;
    let mut lines = Lines::of_table(file.path, reader);
    let Some(first) = lines.next()? else { return Ok(()) };
    let first = first.to_owned();
    let delimiter = options.delimiter.unwrap_or_else(|| delimiter_of(&first));
    let mut fields = Vec::new();
    split(&first, delimiter, &mut fields);
    let stated: Option<Vec<&str>> =
        options.header.as_ref().map(|names| names.iter().map(String::as_str).collect());
    let no_header = is_data(&first);
    let names: Vec<&str> = match (stated, header) {
        (Some(stated), _) => stated,
        (None, Some(known)) if no_header => {
            // Archives grow columns at their end over the years.
            known.iter().copied().chain(std::iter::repeat("")).take(fields.len()).collect()
        }
        (None, _) if no_header => return Err(missing_header(file.path)),
        (None, _) => fields.clone(),
    };
    let find = Layout::find(options.content.kind(), &names, &options.columns, &options.filters);
    let layout = find.map_err(|reason| file.columns(reason))?;
    let terms =
        terms(&layout).map_err(|reason| ImportError::unstated(&file.path.display(), reason))?;
    let mut table = Table::new(terms, layout);
    if no_header {
        table.record(intake, 1, &fields)?;
    }
    let mut fields: Vec<&str> = Vec::new();
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next()? else { break };
        let mut own = std::mem::take(&mut fields);
        split(line, delimiter, &mut own);
        table.record(intake, number, &own)?;
        fields = reuse(own);
    }
    if table.left_out() > 0 {
        intake.note(format!("{} incomplete rows of {} are left out", table.left_out(), file.name));
    }
    Ok(())
}

/// Keeps a vector's memory for fields of the next line.
fn reuse<'b>(mut fields: Vec<&str>) -> Vec<&'b str> {
    fields.clear();
    fields.into_iter().map(|_| "").collect()
}

/// Whether a header is that of closes side by side: a date and then names of instruments.
pub(super) fn is_closes(header: &str) -> bool {
    let mut fields = Vec::new();
    split(header, delimiter_of(header), &mut fields);
    let known = ["open", "close", "price", "rate", "adj", "high", "symbol", "ask", "volume"];
    let is_name = |name: &&str| {
        let lower = name.to_lowercase();
        !name.is_empty() && !known.iter().any(|known| lower.contains(known))
    };
    fields.len() >= 2 && fields[0].eq_ignore_ascii_case("date") && fields[1..].iter().all(is_name)
}

/// Reads closes side by side. An empty field is a day without a close.
pub(super) fn read_closes(
    file: &Input<'_>,
    reader: &mut dyn BufRead,
    intake: &mut Intake,
) -> Result<(), ImportError> {
    if file.options.content != Content::Bars {
        return Err(file.columns("a table of closes can be read as bars only".into()));
    }
    let mut lines = Lines::of_table(file.path, reader);
    let Some(header) = lines.next()? else { return Ok(()) };
    let header = header.to_owned();
    let delimiter = file.options.delimiter.unwrap_or_else(|| delimiter_of(&header));
    let mut names = Vec::new();
    split(&header, delimiter, &mut names);
    if !is_closes(&header) {
        return Err(file.columns(format!("{header:?} is not a date and names of instruments")));
    }
    let naming = file.options.naming(NO_VENUE, Market::Spot, None);
    let mut series: Vec<SeriesId> = Vec::new();
    for name in &names[1..] {
        let key = InstrumentKey::new(&naming.venue, naming.market, name)
            .map_err(|reason| file.columns(reason))?;
        let interval = file.options.interval.unwrap_or(Interval::DAY);
        series.push(intake.series(&key, KindOf::Known(Kind::Bars(interval)))?);
    }
    intake.note("only closes: open, high and low are the close".into());
    let mut clock = file.options.clock();
    let mut last: Option<Timestamp> = None;
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next()? else { return Ok(()) };
        let mut fields = Vec::new();
        split(line, delimiter, &mut fields);
        if fields.len() != names.len() {
            let reason = format!("{} fields instead of {}", fields.len(), names.len());
            return Err(intake.wrong(number, "row", reason));
        }
        let read = clock.read(fields[0]);
        let read = read.map_err(|reason| intake.wrong(number, names[0], reason))?;
        last = last.max(Some(read.time));
        for ((field, name), id) in fields[1..].iter().zip(&names[1..]).zip(&series) {
            if field.is_empty() {
                continue;
            }
            let close = Number::parse(field);
            let close = close.map_err(|reason| intake.wrong(number, name, reason))?;
            let close = Cell::Decimal(close);
            let (start, end) = (Cell::time(read.time), Cell::maybe_time(read.next_day));
            let cells = [start, end, close, close, close, close, Cell::zero()];
            intake.push(*id, number, &cells)?;
        }
    }
}

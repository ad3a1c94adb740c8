//! Rows of a table of any origin, once it is known which column is which field.

mod rows;

use domain::Timestamp;
use jiff::civil::Date;

use super::fields::{Field, Layout};
use crate::{
    error::ImportError,
    intake::{Cell, Intake, KindOf, SeriesId},
    kind::{Interval, Kind},
    moment::{Clock, Read, Zone, since_midnight},
    number::Number,
    place::InstrumentKey,
};

/// How a table writes its times.
#[derive(Clone, Debug)]
pub(super) enum Times {
    /// Dates or times since the epoch.
    Clock(Clock),
    /// Milliseconds since midnight of a day.
    SinceMidnight { zone: Zone, date: Date },
}

/// Which end of a bar its time is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BarTime {
    /// Its beginning.
    #[default]
    Open,
    /// Its end.
    Close,
}

/// Whose rows a table holds.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    pub(super) venue: String,
    pub(super) market: domain::Market,
    /// The symbol; otherwise the table has a column for it.
    pub(super) symbol: Option<String>,
}

/// What a format knows about its table.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// The kind; of bars, the length only when `interval` is set.
    pub(super) kind: Kind,
    pub(super) interval: Option<Interval>,
    pub(super) naming: Naming,
    pub(super) times: Times,
    pub(super) bar_time: BarTime,
    /// Prices are written in this many decimals without a point.
    pub(super) price_shift: u8,
    /// Bars of no trades repeat the last price and are no bars.
    pub(super) leave_out_empty_bars: bool,
    /// Rows of which a field is empty are left out and counted, instead of being an error.
    pub(super) leave_out_partial: bool,
}

/// Takes the rows of one table.
pub(super) struct Table {
    terms: Terms,
    layout: Layout,
    series: Option<(String, SeriesId)>,
    actions: Option<SeriesId>,
    /// For trades without a side: the last price and what its side was taken to be.
    tick_rule: Option<(Number, bool)>,
    last_time: Option<Timestamp>,
    /// Place among the rows of the same time.
    ordinal: i64,
    change: Change,
    left_out: u64,
}

/// Where in a change of the book a table is.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    snapshot: bool,
    id: i64,
    level: i64,
    sequence: i64,
}

/// The fields of one row with where they are, for messages.
struct Record<'a> {
    line: u64,
    fields: &'a [&'a str],
}

impl Table {
    pub(super) fn new(terms: Terms, layout: Layout) -> Self {
        Self {
            terms,
            layout,
            series: None,
            actions: None,
            tick_rule: None,
            last_time: None,
            ordinal: 0,
            change: Change::default(),
            left_out: 0,
        }
    }

    /// Takes a row.
    pub(super) fn record(
        &mut self,
        intake: &mut Intake,
        line: u64,
        fields: &[&str],
    ) -> Result<(), ImportError> {
        if !self.layout.wants(fields) {
            return Ok(());
        }
        if fields.len() != self.layout.width {
            let reason = format!("{} fields instead of {}", fields.len(), self.layout.width);
            return Err(intake.wrong(line, "row", reason));
        }
        let record = Record { line, fields };
        let time = self.text(&record, Field::Time).unwrap_or("");
        let read =
            self.time(time).map_err(|reason| self.wrong(intake, &record, Field::Time, reason))?;
        self.count(read.time);
        match self.terms.kind {
            Kind::Bars(_) => self.bar(intake, &record, read),
            Kind::Trades | Kind::AggregateTrades => self.trade(intake, &record, read.time),
            Kind::Quotes => self.quote(intake, &record, read.time),
            Kind::Funding => self.funding(intake, &record, read.time),
            Kind::Marks => self.mark(intake, &record, read.time),
            Kind::Actions => self.action_row(intake, &record, read.time),
            Kind::Depth => self.level(intake, &record, read.time),
        }
    }

    /// Rows that were left out because a field of them was empty.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }

    fn count(&mut self, time: Timestamp) {
        self.ordinal = if self.last_time == Some(time) { self.ordinal + 1 } else { 0 };
        self.last_time = Some(time);
    }

    fn time(&mut self, text: &str) -> Result<Read, String> {
        match &mut self.terms.times {
            Times::Clock(clock) => clock.read(text),
            Times::SinceMidnight { zone, date } => {
                let millis: i64 =
                    text.parse().map_err(|_| format!("{text:?} is not a count of milliseconds"))?;
                let nanos = millis.checked_mul(1_000_000).filter(|nanos| *nanos >= 0);
                let nanos = nanos.ok_or_else(|| format!("{text} ms are not within a day"))?;
                Ok(Read { time: since_midnight(zone, *date, nanos)?, next_day: None })
            }
        }
    }

    /// A field's text, `None` where there is no such column or nothing in it.
    fn text<'a>(&self, record: &Record<'a>, field: Field) -> Option<&'a str> {
        let text = record.fields.get(self.layout.place(field)?)?.trim();
        (!text.is_empty()).then_some(text)
    }

    fn wrong(
        &self,
        intake: &Intake,
        record: &Record<'_>,
        field: Field,
        reason: String,
    ) -> ImportError {
        let column = self.layout.place(field).map_or(field.name(), |at| self.layout.column(at));
        let column = if column.is_empty() { field.name() } else { column };
        intake.wrong(record.line, column, reason)
    }

    fn number(
        &self,
        intake: &Intake,
        record: &Record<'_>,
        field: Field,
    ) -> Result<Option<Number>, ImportError> {
        let Some(text) = self.text(record, field) else { return Ok(None) };
        let number = Number::parse(text).and_then(|number| {
            let price = matches!(
                field,
                Field::Open
                    | Field::High
                    | Field::Low
                    | Field::Close
                    | Field::Price
                    | Field::BidPrice
                    | Field::AskPrice
            );
            if price { number.shifted(self.terms.price_shift) } else { Ok(number) }
        });
        number.map(Some).map_err(|reason| self.wrong(intake, record, field, reason))
    }

    fn decimal(
        &self,
        intake: &Intake,
        record: &Record<'_>,
        field: Field,
    ) -> Result<Cell, ImportError> {
        Ok(self.number(intake, record, field)?.map_or(Cell::Absent, Cell::Decimal))
    }

    fn count_cell(
        &self,
        intake: &Intake,
        record: &Record<'_>,
        field: Field,
    ) -> Result<Option<i64>, ImportError> {
        let Some(text) = self.text(record, field) else { return Ok(None) };
        let count = text.parse::<i64>().map_err(|_| format!("{text:?} is not a whole number"));
        count.map(Some).map_err(|reason| self.wrong(intake, record, field, reason))
    }

    fn time_cell(
        &mut self,
        intake: &Intake,
        record: &Record<'_>,
        field: Field,
    ) -> Result<Cell, ImportError> {
        let Some(text) = self.text(record, field) else { return Ok(Cell::Absent) };
        let read = match &self.terms.times {
            // What belongs to the row is not next in the order of time.
            Times::Clock(clock) => clock.clone().read(text),
            Times::SinceMidnight { .. } => self.time(text),
        };
        match read {
            Ok(read) => Ok(Cell::time(read.time)),
            Err(reason) => Err(self.wrong(intake, record, field, reason)),
        }
    }

    fn flag(
        &self,
        intake: &Intake,
        record: &Record<'_>,
        field: Field,
    ) -> Result<Option<bool>, ImportError> {
        let Some(text) = self.text(record, field) else { return Ok(None) };
        let flag = match text.to_lowercase().as_str() {
            "true" | "1" | "buy" | "b" | "bid" => Ok(true),
            "false" | "0" | "-1" | "sell" | "s" | "ask" | "a" => Ok(false),
            _ => Err(format!("{text:?} is neither of two sides, nor true or false")),
        };
        flag.map(Some).map_err(|reason| self.wrong(intake, record, field, reason))
    }

    fn key(&self, intake: &Intake, record: &Record<'_>) -> Result<InstrumentKey, ImportError> {
        let Naming { venue, market, symbol } = &self.terms.naming;
        let symbol = match symbol {
            Some(symbol) => symbol.as_str(),
            None => self.text(record, Field::Symbol).ok_or_else(|| {
                intake.wrong(record.line, "symbol", "there is none; state --symbol".into())
            })?,
        };
        InstrumentKey::new(venue, *market, symbol)
            .map_err(|reason| intake.wrong(record.line, "symbol", reason))
    }

    /// The series of a row. A table holds one instrument, or is filtered down to one.
    fn series(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        dates: bool,
    ) -> Result<SeriesId, ImportError> {
        let stated = self.text(record, Field::Symbol).unwrap_or("");
        if let Some((symbol, id)) = &self.series {
            if symbol == stated {
                return Ok(*id);
            }
            let reason = format!(
                "{stated} after {symbol}: choose one with --filter {}=...",
                self.layout.place(Field::Symbol).map_or("", |at| self.layout.column(at))
            );
            return Err(self.wrong(intake, record, Field::Symbol, reason));
        }
        let key = self.key(intake, record)?;
        let kind = match self.terms.kind {
            Kind::Bars(_) => {
                let interval = self.terms.interval.or(dates.then_some(Interval::DAY));
                KindOf::Bars(interval)
            }
            kind => KindOf::Known(kind),
        };
        let id = intake.series(&key, kind)?;
        self.series = Some((stated.to_owned(), id));
        Ok(id)
    }
}

//! Rows of a table of any origin, once it is known which column is which field.

use domain::{Span, Timestamp};
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

    fn bar(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        read: Read,
    ) -> Result<(), ImportError> {
        let close = self.decimal(intake, record, Field::Close)?;
        let (open, high, low) = if self.layout.place(Field::Open).is_some() {
            let field = |field| self.decimal(intake, record, field);
            (field(Field::Open)?, field(Field::High)?, field(Field::Low)?)
        } else {
            intake.note("only closes: open, high and low are the close".into());
            (close, close, close)
        };
        let no_trades = self.text(record, Field::Count).is_some_and(|count| count == "0");
        if self.terms.leave_out_empty_bars && no_trades {
            intake.note("bars without a trade are left out".into());
            return Ok(());
        }
        let cells = [open, high, low, close];
        if self.terms.leave_out_partial && cells.contains(&Cell::Absent) {
            self.left_out += 1;
            return Ok(());
        }
        let volume = match self.number(intake, record, Field::Volume)? {
            Some(volume) => Cell::Decimal(volume),
            None if self.layout.place(Field::Volume).is_none() => Cell::zero(),
            None => Cell::Absent,
        };
        let id = self.series(intake, record, read.next_day.is_some())?;
        let end = self.time_cell(intake, record, Field::End)?;
        let (start, end) = self.span(intake, record, read, end)?;
        intake.push(id, record.line, &[start, end, open, high, low, close, volume])?;
        self.actions(intake, record, read.time)
    }

    /// Start and end of a bar; the end is left open where only its length tells.
    fn span(
        &self,
        intake: &Intake,
        record: &Record<'_>,
        read: Read,
        end: Cell,
    ) -> Result<(Cell, Cell), ImportError> {
        if self.terms.bar_time == BarTime::Open {
            let end = if end == Cell::Absent { Cell::maybe_time(read.next_day) } else { end };
            return Ok((Cell::time(read.time), end));
        }
        let length: Option<Span> =
            intake.stated_interval().or(self.terms.interval).map(Interval::span);
        let length = length.ok_or_else(|| {
            self.wrong(
                intake,
                record,
                Field::Time,
                "the time is a bar's end; state --interval".into(),
            )
        })?;
        Ok((Cell::time(read.time - length), Cell::time(read.time)))
    }

    /// Splits and dividends that a table of bars has beside its prices.
    fn actions(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        time: Timestamp,
    ) -> Result<(), ImportError> {
        let split = self.number(intake, record, Field::Split)?;
        let one = Number::parse("1").unwrap_or_else(|_| unreachable!("1 is a number"));
        let split = split.filter(|ratio| *ratio != one && !ratio.is_zero());
        let dividend = self.number(intake, record, Field::Dividend)?;
        let dividend = dividend.filter(|amount| !amount.is_zero());
        for (order, ratio, amount) in [(0, split, None), (1, None, dividend)] {
            if ratio.is_none() && amount.is_none() {
                continue;
            }
            let id = if let Some(id) = self.actions {
                id
            } else {
                let key = self.key(intake, record)?;
                intake.series(&key, KindOf::Known(Kind::Actions))?
            };
            self.actions = Some(id);
            let cell = |number: Option<Number>| number.map_or(Cell::Absent, Cell::Decimal);
            let cells = [Cell::time(time), Cell::Plain(order), cell(ratio), cell(amount)];
            intake.push(id, record.line, &cells)?;
        }
        Ok(())
    }

    fn action_row(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        time: Timestamp,
    ) -> Result<(), ImportError> {
        let before = self.actions;
        self.actions(intake, record, time)?;
        if self.actions == before && self.actions.is_none() {
            let reason = "the row is neither a split nor a dividend".into();
            return Err(self.wrong(intake, record, Field::Split, reason));
        }
        Ok(())
    }

    fn trade(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        time: Timestamp,
    ) -> Result<(), ImportError> {
        let price = self.number(intake, record, Field::Price)?;
        let quantity = self.decimal(intake, record, Field::Quantity)?;
        let buys = match (
            self.flag(intake, record, Field::TakerBuys)?,
            self.flag(intake, record, Field::BuyerIsMaker)?,
            self.flag(intake, record, Field::Side)?,
        ) {
            (Some(buys), ..) | (None, None, Some(buys)) => buys,
            (None, Some(maker), _) => !maker,
            (None, None, None) => self.side_of(intake, price),
        };
        let id = match self.text(record, Field::Id).map(str::parse::<i64>) {
            Some(Ok(id)) => id,
            // Ids that are no numbers, and missing ones, are replaced by the order of arrival.
            Some(Err(_)) | None => self.ordinal,
        };
        let sequence = self.count_cell(intake, record, Field::Sequence)?.unwrap_or(0);
        let exchange = self.exchange_time(intake, record, time)?;
        let series = self.series(intake, record, false)?;
        let cells = [
            Cell::time(time),
            exchange,
            Cell::Plain(sequence),
            Cell::Plain(id),
            price.map_or(Cell::Absent, Cell::Decimal),
            quantity,
            Cell::flag(buys),
        ];
        intake.push(series, record.line, &cells)
    }

    /// Without a stated side, a trade above the last price was bought, below it sold.
    fn side_of(&mut self, intake: &mut Intake, price: Option<Number>) -> bool {
        intake.note("the taker's side is not stated: it follows from the change of price".into());
        let Some(price) = price else { return true };
        let buys = match self.tick_rule {
            Some((last, buys)) => match price.compared(last) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Equal => buys,
                std::cmp::Ordering::Greater => true,
            },
            None => true,
        };
        self.tick_rule = Some((price, buys));
        buys
    }

    /// The venue's own time: a column of its own, or the time itself where nobody received it.
    fn exchange_time(
        &mut self,
        intake: &Intake,
        record: &Record<'_>,
        time: Timestamp,
    ) -> Result<Cell, ImportError> {
        match self.layout.place(Field::ExchangeTime) {
            Some(_) => self.time_cell(intake, record, Field::ExchangeTime),
            None => Ok(Cell::time(time)),
        }
    }

    fn quote(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        time: Timestamp,
    ) -> Result<(), ImportError> {
        let fields = [Field::BidPrice, Field::BidQuantity, Field::AskPrice, Field::AskQuantity];
        let mut cells = [Cell::Absent; 4];
        for (cell, field) in cells.iter_mut().zip(fields) {
            *cell = self.decimal(intake, record, field)?;
        }
        if self.terms.leave_out_partial && cells.contains(&Cell::Absent) {
            self.left_out += 1;
            return Ok(());
        }
        let id = self.count_cell(intake, record, Field::Id)?.unwrap_or(self.ordinal);
        let sequence = self.count_cell(intake, record, Field::Sequence)?.unwrap_or(0);
        let (moment, exchange) = match self.terms.interval.filter(|_| self.is_bar_of_quotes()) {
            // The last quote of a bar is known at the bar's end.
            Some(interval) => (time + interval.span(), Cell::time(time + interval.span())),
            None => (time, self.exchange_time(intake, record, time)?),
        };
        let series = self.series(intake, record, false)?;
        let [bid, bid_size, ask, ask_size] = cells;
        let head = [Cell::time(moment), exchange, Cell::Plain(sequence), Cell::Plain(id)];
        let cells = [head, [bid, bid_size, ask, ask_size]].concat();
        intake.push(series, record.line, &cells)
    }

    const fn is_bar_of_quotes(&self) -> bool {
        matches!(self.terms.kind, Kind::Quotes) && self.terms.interval.is_some()
    }

    fn funding(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        time: Timestamp,
    ) -> Result<(), ImportError> {
        let rate = self.decimal(intake, record, Field::Rate)?;
        let price = match self.layout.place(Field::Mark) {
            Some(_) => self.decimal(intake, record, Field::Mark)?,
            None => self.decimal(intake, record, Field::Price)?,
        };
        if self.terms.leave_out_partial && rate == Cell::Absent {
            self.left_out += 1;
            return Ok(());
        }
        let series = self.series(intake, record, false)?;
        intake.push(series, record.line, &[Cell::time(time), rate, price])
    }

    fn mark(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        time: Timestamp,
    ) -> Result<(), ImportError> {
        let cells = [
            Cell::time(time),
            self.exchange_time(intake, record, time)?,
            Cell::Plain(self.count_cell(intake, record, Field::Sequence)?.unwrap_or(self.ordinal)),
            self.decimal(intake, record, Field::Mark)?,
            self.decimal(intake, record, Field::Index)?,
            self.decimal(intake, record, Field::Rate)?,
            self.time_cell(intake, record, Field::NextFunding)?,
        ];
        if self.terms.leave_out_partial && cells[3] == Cell::Absent {
            self.left_out += 1;
            return Ok(());
        }
        let series = self.series(intake, record, false)?;
        intake.push(series, record.line, &cells)
    }

    fn level(
        &mut self,
        intake: &mut Intake,
        record: &Record<'_>,
        time: Timestamp,
    ) -> Result<(), ImportError> {
        let snapshot = self.flag(intake, record, Field::Snapshot)?.unwrap_or(false);
        let bid = match self.flag(intake, record, Field::Bid)? {
            Some(bid) => bid,
            None => self.flag(intake, record, Field::Side)?.ok_or_else(|| {
                self.wrong(intake, record, Field::Side, "the side is empty".into())
            })?,
        };
        let sequence = self.count_cell(intake, record, Field::Sequence)?;
        let level = self.count_cell(intake, record, Field::Level)?;
        let first = self.count_cell(intake, record, Field::FirstUpdate)?;
        let last = self.count_cell(intake, record, Field::LastUpdate)?;
        let status = self.count_cell(intake, record, Field::Status)?.unwrap_or(0);
        // Rows of one time and kind are one change where the table does not number them.
        if self.ordinal == 0 || snapshot != self.change.snapshot {
            let sequence = if self.ordinal == 0 { 0 } else { self.change.sequence + 1 };
            self.change = Change { snapshot, id: self.change.id + 1, level: 0, sequence };
        } else {
            self.change.level += 1;
        }
        let change = self.change;
        let cells = [
            Cell::time(time),
            self.exchange_time(intake, record, time)?,
            Cell::Plain(sequence.unwrap_or(change.sequence)),
            Cell::Plain(level.unwrap_or(change.level)),
            Cell::Plain(first.unwrap_or(change.id)),
            Cell::Plain(last.unwrap_or(change.id)),
            Cell::flag(snapshot),
            Cell::Plain(status),
            Cell::flag(bid),
            self.decimal(intake, record, Field::Price)?,
            self.decimal(intake, record, Field::Quantity)?,
        ];
        let series = self.series(intake, record, false)?;
        intake.push(series, record.line, &cells)
    }
}

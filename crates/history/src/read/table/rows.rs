//! What the rows of each kind are made of.

use domain::{Span, Timestamp};

use super::{BarTime, Change, Record, Table};
use crate::{
    error::ImportError,
    intake::{Cell, Intake, KindOf},
    kind::{Interval, Kind},
    moment::Read,
    number::Number,
    read::fields::Field,
};

impl Table {
    pub(super) fn bar(
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

    pub(super) fn action_row(
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

    pub(super) fn trade(
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

    pub(super) fn quote(
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

    pub(super) fn funding(
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

    pub(super) fn mark(
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

    pub(super) fn level(
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

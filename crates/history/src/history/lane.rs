//! One series on its way into the merge: rows in batches, checked and in the instrument's steps.

use domain::{Instrument, InstrumentId, Level, Lots, MarketEvent, Ticks, Timestamp};

use super::event::{Taken, data};
use crate::{
    error::ReadError,
    kind::{Kind, Meaning, at},
    part::Batch,
    store::{Rows, Window},
};

/// The place of an event among all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) time: i64,
    rank: u8,
    instrument: InstrumentId,
    sequence: i64,
    kind: Kind,
}

/// How the whole numbers of a file become counts of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ratio {
    multiply: i64,
    divide: i64,
}

impl Ratio {
    const SAME: Self = Self { multiply: 1, divide: 1 };

    /// From values with `decimals` to steps of `mantissa x 10^-step_decimals`.
    fn new(decimals: u8, mantissa: i64, step_decimals: u32) -> Option<Self> {
        let decimals = u32::from(decimals);
        let multiply = 10_i64.checked_pow(step_decimals.saturating_sub(decimals))?;
        let power = 10_i64.checked_pow(decimals.saturating_sub(step_decimals))?;
        Some(Self { multiply, divide: power.checked_mul(mantissa)? })
    }

    /// Converts a column; the place of a value that is no whole number of steps otherwise.
    fn apply(self, values: &mut [i64]) -> Result<(), usize> {
        if self == Self::SAME {
            return Ok(());
        }
        for (row, value) in values.iter_mut().enumerate() {
            let product = value.checked_mul(self.multiply).ok_or(row)?;
            if product % self.divide != 0 {
                return Err(row);
            }
            *value = product / self.divide;
        }
        Ok(())
    }
}

pub(super) struct Lane {
    kind: Kind,
    instrument: InstrumentId,
    /// Mantissa and decimals of tick and lot.
    tick: (i64, u32),
    lot: (i64, u32),
    rows: Box<dyn Rows>,
    window: Window,
    most: usize,
    batch: Batch,
    at: usize,
    /// Rows of the batch that are within the window.
    end: usize,
    last_time: i64,
    finished: bool,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

impl Lane {
    pub(super) fn open(
        kind: Kind,
        instrument: &Instrument,
        rows: Box<dyn Rows>,
        window: Window,
        most: usize,
    ) -> Result<Self, ReadError> {
        let step = |size: rust_decimal::Decimal| {
            let size = size.normalize();
            (i64::try_from(size.mantissa()).unwrap_or(i64::MAX), size.scale())
        };
        let mut lane = Self {
            kind,
            instrument: instrument.id(),
            tick: step(instrument.spec().tick_size.decimal()),
            lot: step(instrument.spec().lot_size.decimal()),
            rows,
            window,
            most,
            batch: Batch::default(),
            at: 0,
            end: 0,
            last_time: i64::MIN,
            finished: false,
            bids: Vec::new(),
            asks: Vec::new(),
        };
        lane.refill()?;
        Ok(lane)
    }

    /// Where the next event belongs, `None` at the end.
    pub(super) fn key(&self) -> Option<Key> {
        if self.at >= self.end {
            return None;
        }
        let sequence = match self.kind {
            Kind::Bars(_) | Kind::Funding => 0,
            Kind::Actions => self.batch.columns[1][self.at],
            _ => self.batch.columns[at::SEQUENCE][self.at],
        };
        Some(Key {
            time: self.batch.columns[self.kind.event_time()][self.at],
            rank: self.kind.rank(),
            instrument: self.instrument,
            sequence,
            kind: self.kind,
        })
    }

    /// Takes the next event out of the batch.
    pub(super) fn take(&mut self) -> Result<Taken, ReadError> {
        let row = self.at;
        if self.kind == Kind::Depth {
            return self.take_levels();
        }
        let data = data(self.kind, &self.batch, row)
            .map_err(|(column, reason)| self.wrong(row, column, reason))?;
        let exchange_time = match self.kind {
            Kind::Bars(_) | Kind::Funding | Kind::Actions => None,
            _ => self.batch.get(at::EXCHANGE_TIME, row).map(Timestamp::from_nanos),
        };
        self.advance()?;
        Ok(Taken::Plain { exchange_time, data })
    }

    /// An event that was taken, with the levels that wait here.
    pub(super) fn event(&self, taken: Taken) -> MarketEvent<'_> {
        taken.into_event(self.instrument, &self.bids, &self.asks)
    }

    /// Gathers all rows of one change of the book.
    fn take_levels(&mut self) -> Result<Taken, ReadError> {
        let row = self.at;
        let column = |column: usize| self.batch.columns[column][row];
        let (time, sequence) = (column(at::TIME), column(at::SEQUENCE));
        let taken = Taken::levels(&self.batch, row)
            .map_err(|(column, reason)| self.wrong(row, column, reason))?;
        self.bids.clear();
        self.asks.clear();
        while self.at < self.end {
            let column = |column: usize| self.batch.columns[column][self.at];
            if (column(at::TIME), column(at::SEQUENCE)) != (time, sequence) {
                break;
            }
            if column(7) == 0 {
                let side = if column(8) == 0 { &mut self.asks } else { &mut self.bids };
                let price = Ticks::new(self.batch.columns[9][self.at]);
                let quantity = Lots::new(self.batch.columns[10][self.at]);
                side.push(Level { price, quantity });
            }
            self.advance()?;
        }
        Ok(taken)
    }

    fn advance(&mut self) -> Result<(), ReadError> {
        self.at += 1;
        if self.at < self.end { Ok(()) } else { self.refill() }
    }

    /// Reads batches until one has rows within the window.
    fn refill(&mut self) -> Result<(), ReadError> {
        while self.at >= self.end && !self.finished {
            self.rows.read(self.most, &mut self.batch)?;
            if self.batch.rows == 0 {
                self.finished = true;
                (self.at, self.end) = (0, 0);
                return Ok(());
            }
            self.convert()?;
            let starts = &self.batch.columns[at::TIME];
            self.at = starts.partition_point(|time| *time < self.window.from);
            let ends = &self.batch.columns[self.kind.event_time()];
            let last = |time: &i64| match self.kind {
                Kind::Bars(_) => *time <= self.window.to,
                _ => *time < self.window.to,
            };
            self.end = ends.partition_point(last);
            self.finished = self.end < self.batch.rows;
        }
        Ok(())
    }

    /// Checks a batch and brings its prices and quantities to ticks and lots.
    fn convert(&mut self) -> Result<(), ReadError> {
        self.check_order()?;
        let scales = self.rows.scales();
        for (place, column) in self.kind.columns().iter().enumerate() {
            let ((mantissa, step_decimals), decimals) = match column.meaning {
                Meaning::Price => (self.tick, scales.price),
                Meaning::Quantity => (self.lot, scales.quantity),
                _ => continue,
            };
            let ratio = Ratio::new(decimals, mantissa, step_decimals).ok_or_else(|| {
                self.wrong(0, column.name, "the instrument's step does not fit the file".into())
            })?;
            let converted = ratio.apply(&mut self.batch.columns[place]);
            if let Err(row) = converted {
                let reason = "not a whole number of the instrument's steps".into();
                return Err(self.wrong(row, column.name, reason));
            }
            let least = i64::from(column.meaning == Meaning::Price);
            let values = &self.batch.columns[place];
            let impossible = |row: &usize| values[*row] < least && !self.may_be_zero(*row);
            if values.iter().copied().min().is_some_and(|value| value < least)
                && let Some(row) = (0..values.len()).find(impossible)
            {
                let reason = format!("{} is impossible here", values[row]);
                return Err(self.wrong(row, column.name, reason));
            }
        }
        Ok(())
    }

    /// Rows of depth without a level have no price.
    fn may_be_zero(&self, row: usize) -> bool {
        self.kind == Kind::Depth && self.batch.columns[7][row] != 0
    }

    fn check_order(&mut self) -> Result<(), ReadError> {
        let times = &self.batch.columns[self.kind.event_time()];
        let first = times[0] < self.last_time;
        let later = times.windows(2).position(|pair| pair[1] < pair[0]);
        let back = if first { Some(0) } else { later.map(|row| row + 1) };
        self.last_time = times[times.len() - 1];
        match back {
            None => Ok(()),
            Some(row) => {
                let name = self.kind.columns()[self.kind.event_time()].name;
                Err(self.wrong(row, name, "time goes back".into()))
            }
        }
    }

    fn wrong(&self, row: usize, column: &'static str, reason: String) -> ReadError {
        let row = self.rows.first_row() + row as u64;
        ReadError::Row { path: self.rows.path().to_owned(), row, column, reason }
    }
}

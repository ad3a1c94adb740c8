//! Writes `trades.csv` and `equity.csv` while a back-test runs, whatever its length.

use std::{
    fmt,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use domain::Instruments;
use engine::performance::RoundTrip;
use research::recorder::{EquityPoint, Listener};

use crate::{
    MarketSource, ReportError,
    content::{Trade, precise},
    escape, folder, moment,
};

/// Listens to a back-test and writes its tables. Hand it to `research::Recorder::new` and call
/// [`Self::finish`] on what the recorder gives back.
///
/// The loop of a back-test cannot be told of errors, so the first one of each file is kept and
/// comes out of `finish`. Without `finish` nothing remains of the tables.
#[derive(Debug)]
pub struct CsvListener {
    trades: Table,
    equity: Table,
    instruments: Instruments,
    strategies: Vec<String>,
    market: &'static str,
}

const TRADES: &str = "market,strategy,instrument,side,opened,closed,quantity,entry_price,exit_price,\
                      entry_value,exit_value,profit,return,fees,carry,fills,maker_fills,liquidated";
const EQUITY: &str = "market,time,equity,cash,exposure,drawdown";

impl CsvListener {
    /// Opens both tables in `dir`, which is made when it is missing. The strategies' names are in
    /// the order of their ids. The column `market` says `synthetic` in every row of a made-up one.
    ///
    /// # Errors
    /// [`ReportError`] names the folder or file.
    pub fn create(
        dir: &Path,
        instruments: &Instruments,
        strategies: &[String],
        market: &MarketSource,
    ) -> Result<Self, ReportError> {
        folder::make(dir)?;
        Ok(Self {
            trades: Table::create(dir.join("trades.csv"), TRADES)?,
            equity: Table::create(dir.join("equity.csv"), EQUITY)?,
            instruments: instruments.clone(),
            strategies: strategies.to_vec(),
            market: market.name(),
        })
    }

    /// Adds the positions that were open at the end, whose `closed` and `profit` are empty, and
    /// gives both files their names.
    ///
    /// # Errors
    /// The first error of either file since its beginning, with the file's name.
    pub fn finish(mut self, open_trips: &[RoundTrip]) -> Result<Vec<PathBuf>, ReportError> {
        for trip in open_trips {
            self.round_trip(trip);
        }
        Ok(vec![self.trades.finish()?, self.equity.finish()?])
    }
}

impl Listener for CsvListener {
    fn round_trip(&mut self, trip: &RoundTrip) {
        let trade = Trade::of(trip, &self.instruments, &self.strategies);
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        self.trades.line(format_args!(
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            self.market,
            escape::csv(&trade.strategy),
            escape::csv(&trade.instrument),
            trade.side,
            trade.opened,
            trade.closed.unwrap_or_default(),
            trade.quantity,
            number(trade.entry_price),
            number(trade.exit_price),
            trade.entry_value,
            trade.exit_value,
            trade.profit.map(|profit| profit.to_string()).unwrap_or_default(),
            number(trade.return_on_entry),
            trade.fees,
            trade.carry,
            trade.fills,
            trade.maker_fills,
            trade.liquidated,
        ));
    }

    fn equity(&mut self, point: &EquityPoint) {
        self.equity.line(format_args!(
            "{},{},{},{},{},{}",
            self.market,
            moment::iso(point.time),
            point.equity,
            point.cash,
            point.exposure,
            precise(point.drawdown),
        ));
    }
}

/// A file that is being written, under another name until it is whole.
#[derive(Debug)]
struct Table {
    path: PathBuf,
    file: BufWriter<File>,
    error: Option<io::Error>,
    published: bool,
}

impl Table {
    fn create(path: PathBuf, columns: &str) -> Result<Self, ReportError> {
        let file = File::create(folder::unfinished(&path))
            .map_err(|source| ReportError::File { path: path.clone(), source })?;
        let file = BufWriter::with_capacity(1 << 16, file);
        let mut table = Self { path, file, error: None, published: false };
        table.line(format_args!("{columns}"));
        Ok(table)
    }

    fn line(&mut self, fields: fmt::Arguments<'_>) {
        if self.error.is_none() {
            self.error = writeln!(self.file, "{fields}").err();
        }
    }

    fn finish(mut self) -> Result<PathBuf, ReportError> {
        let result = match self.error.take() {
            Some(error) => Err(error),
            None => self.file.flush().and_then(|()| self.file.get_ref().sync_all()),
        };
        let result = result.and_then(|()| folder::publish(&self.path));
        let path = self.path.clone();
        match result {
            Ok(()) => {
                self.published = true;
                Ok(path)
            }
            Err(source) => Err(ReportError::File { path, source }),
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if !self.published {
            // Nobody asked for half a table, and nobody is left to be told.
            let _ = fs::remove_file(folder::unfinished(&self.path));
        }
    }
}

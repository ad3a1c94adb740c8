//! Reads files of many origins into an import.
//!
//! A format says what the columns are called and how times are written; everything else is
//! the same for all of them. What a format cannot know is asked of whoever imports.

mod coinbase;
mod csv;
mod document;
mod fields;
mod kraken;
mod national;
mod open;
mod quantconnect;
mod rest;
mod table;
mod vision;

pub(crate) use self::rest::KeptAnswer;

use std::path::{Path, PathBuf};

use domain::Market;
pub(crate) use open::{hash_into, hash_of};
pub use table::BarTime;
use table::{Naming, Terms, Times};

use crate::{
    error::ImportError,
    intake::{ImportReport, Intake, IntakeSettings, Order, Target},
    kind::{Interval, Kind},
    moment::{Clock, Zone},
};

/// What a file's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Bars, with splits and dividends where there are columns for them.
    Bars,
    /// Single trades.
    Trades,
    /// Trades of one taker order, joined.
    AggregateTrades,
    /// Best bid and ask.
    Quotes,
    /// Changes of the book.
    Depth,
    /// Settlements of funding.
    Funding,
    /// Mark prices.
    Marks,
    /// Splits and dividends alone.
    Actions,
}

impl Content {
    /// The kind of data; of bars, one whose length is not known yet.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Bars => Kind::Bars(Interval::DAY),
            Self::Trades => Kind::Trades,
            Self::AggregateTrades => Kind::AggregateTrades,
            Self::Quotes => Kind::Quotes,
            Self::Depth => Kind::Depth,
            Self::Funding => Kind::Funding,
            Self::Marks => Kind::Marks,
            Self::Actions => Kind::Actions,
        }
    }
}

/// Where a file comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Told by name and content.
    #[default]
    Auto,
    /// A table with a header.
    Csv,
    /// A table of closes, one column an instrument.
    Closes,
    /// Binance's archive: klines, aggTrades, trades, fundingRate, bookTicker.
    BinanceVision,
    /// Answers of Binance's REST, one `{path, query, response}` a line.
    BinanceRest,
    /// Candles of Coinbase, JSON or CSV.
    Coinbase,
    /// Kraken's OHLCVT archive and answers of its REST.
    Kraken,
    /// Tardis: trades, quotes, `incremental_book_L2`, `derivative_ticker`.
    Tardis,
    /// The folders of Lean, a back-testing engine.
    QuantConnect,
}

impl Format {
    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Csv => "csv",
            Self::Closes => "closes",
            Self::BinanceVision => "binance-vision",
            Self::BinanceRest => "binance-rest",
            Self::Coinbase => "coinbase",
            Self::Kraken => "kraken",
            Self::Tardis => "tardis",
            Self::QuantConnect => "quantconnect",
        }
    }
}

/// How files are to be read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// What the rows are.
    pub content: Content,
    /// Where the files come from.
    pub format: Format,
    /// The venue, where the format does not say it.
    pub venue: Option<String>,
    /// The market, where the format does not say it.
    pub market: Option<Market>,
    /// The symbol, where neither name nor rows say it.
    pub symbol: Option<String>,
    /// The length of bars, where neither name nor times say it.
    pub interval: Option<Interval>,
    /// The zone of dates and times that state none.
    pub zone: Option<Zone>,
    /// Whether `1/2/2020` is the first of February.
    pub day_first: bool,
    /// Which end of a bar its time is.
    pub bar_time: BarTime,
    /// What separates fields; otherwise the header tells.
    pub delimiter: Option<char>,
    /// The names of the columns of a table without a header.
    pub header: Option<Vec<String>>,
    /// Fields whose column has an unusual name: field and column.
    pub columns: Vec<(String, String)>,
    /// Columns and values that a row must have to be taken.
    pub filters: Vec<(String, String)>,
    /// Sort rows that are not in the order of time, instead of refusing them.
    pub unsorted: bool,
}

impl ReadOptions {
    /// Options for a kind of rows, with nothing else stated.
    #[must_use]
    pub const fn new(content: Content) -> Self {
        Self {
            content,
            format: Format::Auto,
            venue: None,
            market: None,
            symbol: None,
            interval: None,
            zone: None,
            day_first: false,
            bar_time: BarTime::Open,
            delimiter: None,
            header: None,
            columns: Vec::new(),
            filters: Vec::new(),
            unsorted: false,
        }
    }

    fn clock(&self) -> Clock {
        Clock::new(self.zone.clone().unwrap_or_default(), self.day_first)
    }

    fn naming(&self, venue: &str, market: Market, symbol: Option<&str>) -> Naming {
        Naming {
            venue: self.venue.clone().unwrap_or_else(|| venue.to_owned()),
            market: self.market.unwrap_or(market),
            symbol: self.symbol.clone().or_else(|| symbol.map(str::to_owned)),
        }
    }

    /// The terms of a table whose times are dates or since the epoch.
    fn terms(&self, naming: Naming) -> Terms {
        Terms {
            kind: self.content.kind(),
            interval: self.interval,
            naming,
            times: Times::Clock(self.clock()),
            bar_time: self.bar_time,
            price_shift: 0,
            leave_out_empty_bars: false,
            leave_out_partial: false,
        }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
}

/// Imports files. All of them are in the catalogue afterwards, or, on an error, none.
///
/// # Errors
/// [`ImportError`], which names the file, and the row where there is one.
pub fn import(
    files: &[PathBuf],
    options: &ReadOptions,
    target: Target,
    settings: IntakeSettings,
    progress: &mut dyn FnMut(Progress),
) -> Result<ImportReport, ImportError> {
    let size = |file: &PathBuf| std::fs::metadata(file).map_or(0, |facts| facts.len());
    let total = files.iter().map(size).sum();
    let mut done = 0;
    let settings = IntakeSettings { interval: settings.interval.or(options.interval), ..settings };
    for file in files {
        if !file.exists() {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(ImportError::Open { path: file.clone(), source });
        }
    }
    let mut intake = Intake::begin(target, settings)?;
    for file in files {
        let mut count = |bytes: u64| {
            done += bytes;
            progress(Progress { done, total });
        };
        read_file(file, options, &mut intake, &mut count)?;
    }
    intake.commit()
}

fn read_file(
    path: &Path,
    options: &ReadOptions,
    intake: &mut Intake,
    progress: &mut dyn FnMut(u64),
) -> Result<(), ImportError> {
    let format = match options.format {
        Format::Auto => recognise(path),
        stated => stated,
    };
    let sha256 = hash_of(path)?;
    let order = if options.unsorted { Order::Any } else { Order::Rising };
    intake.source(path, sha256, format.name(), order);
    open::texts(path, progress, &mut |name, reader| {
        let file = Input { path, name, options };
        match format {
            Format::Auto | Format::Csv => csv::read(&file, reader, intake),
            Format::Closes => csv::read_closes(&file, reader, intake),
            Format::BinanceVision => vision::read(&file, reader, intake),
            Format::BinanceRest => rest::read(&file, reader, intake),
            Format::Coinbase => coinbase::read(&file, reader, intake),
            Format::Kraken => kraken::read(&file, reader, intake),
            Format::Tardis => csv::read_tardis(&file, reader, intake),
            Format::QuantConnect => quantconnect::read(&file, reader, intake),
        }
    })?;
    intake.end_of_source()
}

/// A text that is being read, and how.
struct Input<'a> {
    path: &'a Path,
    /// The name without compression, of an archive that of the entry.
    name: &'a str,
    options: &'a ReadOptions,
}

impl Input<'_> {
    /// The name without its last extension.
    fn stem(&self) -> &str {
        let name = self.name.rsplit('/').next().unwrap_or(self.name);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    fn columns(&self, reason: String) -> ImportError {
        ImportError::Columns { path: self.path.to_owned(), reason }
    }
}

/// The format of a file, by its name and its first line. Everything unknown is a table.
fn recognise(path: &Path) -> Format {
    let mut format = Format::Csv;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    if quantconnect::is_path(path) {
        return Format::QuantConnect;
    }
    // What is wrong with the file is found when it is read.
    let _ = open::texts(path, &mut |_| {}, &mut |text_name, reader| {
        let mut line = Vec::new();
        let _ = std::io::Read::take(&mut *reader, 65_536).take_line(&mut line);
        let line = String::from_utf8_lossy(&line).into_owned();
        format = recognise_text(text_name, line.trim_start_matches('\u{feff}').trim());
        // One look is enough, also into an archive with many files.
        Err(ImportError::Empty { path: path.to_owned() })
    });
    if format == Format::Csv && vision::is_name(&name) { Format::BinanceVision } else { format }
}

trait TakeLine {
    fn take_line(self, line: &mut Vec<u8>) -> std::io::Result<()>;
}

impl<R: std::io::Read> TakeLine for R {
    /// The bytes up to the end of the first line, or of what may be read.
    fn take_line(mut self, line: &mut Vec<u8>) -> std::io::Result<()> {
        self.read_to_end(line)?;
        if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            let json = line.first().is_some_and(|byte| matches!(byte, b'{' | b'['));
            if !json {
                line.truncate(end);
            }
        }
        Ok(())
    }
}

fn recognise_text(name: &str, start: &str) -> Format {
    if start.starts_with("{\"path\"") {
        return Format::BinanceRest;
    }
    if start.starts_with('{') && start.contains("\"result\"") {
        return Format::Kraken;
    }
    if start.starts_with(['[', '{']) {
        return Format::Coinbase;
    }
    if start.starts_with("exchange,symbol,timestamp,local_timestamp") {
        return Format::Tardis;
    }
    if vision::is_name(name) {
        return Format::BinanceVision;
    }
    if kraken::is_name(name) && fields::is_data(start) {
        return Format::Kraken;
    }
    if csv::is_closes(start) { Format::Closes } else { Format::Csv }
}

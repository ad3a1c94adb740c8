//! The arguments of `data`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use domain::{Market, Price, Qty, Timestamp};
use history::{InstrumentKey, Interval, Kind, Zone, download::Day};

/// The parts of `data`.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Take files into the catalogue: all of them, or on any mistake none.
    ///
    /// Importing a file again changes nothing. Files may overlap: equal rows are kept once,
    /// rows that contradict each other are an error unless --replace is given. Compressed
    /// files (.zst, .gz, .zip) are read as they are.
    #[command(after_help = "Example:  algopioneer data import \\\n    \
        ../shared/data/crypto-bars/crypto/coinbase/daily/btcusd_trade.csv.zst --as bars")]
    Import(Box<ImportArgs>),
    /// Fetch what a venue publishes about past days, and take it into the catalogue.
    ///
    /// Days that the catalogue has are not fetched again, and an interrupted download carries
    /// on where it was. Files are checked against their checksums; requests stay within what
    /// the venue allows. Days that the venue does not have are listed.
    #[command(
        after_help = "Example:  algopioneer data download --from binance-vision --symbol BTCUSDT \\\n    \
            --kind klines --interval 1m --start 2024-01-01 --end 2024-01-07"
    )]
    Download(Box<DownloadArgs>),
    /// List what the catalogue has.
    #[command(after_help = "Example:  algopioneer data list")]
    List(ListArgs),
    /// Show an instrument: its steps, where its data come from, first and last rows.
    #[command(after_help = "Example:  algopioneer data show coinbase:spot:BTCUSD")]
    Show(ShowArgs),
    /// Look for gaps, duplicates, impossible and crossed prices, jumps and silent splits.
    ///
    /// Exit code 1 when something makes the data useless; gaps alone do not.
    #[command(after_help = "Example:  algopioneer data check coinbase:spot:BTCUSD")]
    Check(CheckArgs),
    /// Write a series as a CSV table, which `data import --format csv` reads back.
    #[command(after_help = "Example:  algopioneer data export coinbase:spot:BTCUSD --kind bars_1d")]
    Export(ExportArgs),
}

/// Where recorded data are.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// The catalogue: a folder of Parquet files.
    #[arg(long, value_name = "DIR", default_value = "data/history")]
    pub data: PathBuf,
    /// A database of bars, instead of the catalogue.
    #[arg(long, value_name = "FILE")]
    pub sqlite: Option<PathBuf>,
}

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ContentArg {
    /// Bars, with splits and dividends where there are columns for them.
    Bars,
    /// Single trades.
    Trades,
    /// Trades of one taker order at one price, joined.
    AggregateTrades,
    /// Best bid and ask.
    Quotes,
    /// Changes and snapshots of the book.
    Depth,
    /// Settlements of funding.
    Funding,
    /// Mark prices.
    Marks,
    /// Splits and dividends alone.
    Actions,
}

/// Where a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Told by name and first line.
    Auto,
    /// A table with a header of any names.
    Csv,
    /// A table of closes: a date, then one column for each instrument.
    Closes,
    /// Binance's archive: klines, aggTrades, trades, bookTicker, fundingRate.
    BinanceVision,
    /// Recorded answers of Binance's REST interface.
    BinanceRest,
    /// Candles of Coinbase, JSON or CSV.
    Coinbase,
    /// Kraken's OHLCVT archive and answers of its REST interface.
    Kraken,
    /// Tardis: trades, quotes, `incremental_book_L2`, `derivative_ticker`.
    Tardis,
    /// The folders of Lean, a back-testing engine.
    Quantconnect,
    /// Recordings of raw frames, as `record` makes them. Everything in them is taken.
    Frames,
}

/// Which end of a bar its time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BarTimeArg {
    /// The beginning.
    Open,
    /// The end.
    Close,
}

/// Arguments of `data import`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ImportArgs {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the rows are; recordings of frames need not say.
    #[arg(long = "as", value_enum, value_name = "KIND")]
    pub content: Option<ContentArg>,
    /// Where the files come from.
    #[arg(long, value_enum, default_value = "auto", hide_possible_values = true)]
    pub format: FormatArg,
    /// The symbol, where neither name nor rows say it.
    #[arg(long)]
    pub symbol: Option<String>,
    /// The venue, where the format does not say it.
    #[arg(long)]
    pub venue: Option<String>,
    /// The market: spot, `linear_perpetual` or `inverse_perpetual`.
    #[arg(long, value_parser = history::market_from)]
    pub market: Option<Market>,
    /// The length of bars, such as 1m; otherwise names and times tell.
    #[arg(long)]
    pub interval: Option<Interval>,
    /// The zone of times that state none: UTC, +03:00, Europe/London.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub time_zone: Option<Zone>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub store: StoreArgs,
    /// The price step; otherwise the finest price tells.
    #[arg(long)]
    pub tick: Option<Price>,
    /// The quantity step; otherwise the finest quantity tells.
    #[arg(long)]
    pub lot: Option<Qty>,
    /// Round what is finer than the steps, instead of refusing it.
    #[arg(long)]
    pub round: bool,
    /// Of two rows that contradict each other, take the newer one.
    #[arg(long)]
    pub replace: bool,
    /// A field's column, such as close=Last; may be repeated.
    #[arg(long = "column", value_name = "FIELD=NAME")]
    pub columns: Vec<String>,
    /// Take only rows with this value; may be repeated.
    #[arg(long = "filter", value_name = "COLUMN=VALUE")]
    pub filters: Vec<String>,
    /// Names of the columns of a table without a header.
    #[arg(long, value_delimiter = ',', hide_short_help = true)]
    pub header: Option<Vec<String>>,
    /// What separates fields.
    #[arg(long, hide_short_help = true)]
    pub delimiter: Option<char>,
    /// Read 1/2/2020 as the first of February.
    #[arg(long, hide_short_help = true)]
    pub day_first: bool,
    /// Which end of a bar its time is.
    #[arg(long, value_enum, default_value = "open", hide_short_help = true)]
    pub bar_time: BarTimeArg,
    /// Sort rows that are not in the order of time.
    #[arg(long, hide_short_help = true)]
    pub unsorted: bool,
    /// Base and quote asset, such as BTC/USD.
    #[arg(long, value_name = "BASE/QUOTE", hide_short_help = true)]
    pub assets: Option<String>,
    /// Where the data come from, in words, for the catalogue.
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    pub source: Option<String>,
    /// On what terms they may be used, in words, for the catalogue.
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    pub licence: Option<String>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Who publishes data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OriginArg {
    /// Binance's archive of files, data.binance.vision: whole days and months.
    BinanceVision,
    /// Binance's REST interface: klines and funding.
    Binance,
    /// Coinbase's Advanced Trade REST interface: klines of spot.
    Coinbase,
}

/// What to download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PublishedArg {
    /// Bars; needs --interval.
    Klines,
    /// Trades of one taker order, joined.
    #[value(name = "aggTrades", alias = "aggregate-trades")]
    AggTrades,
    /// Single trades.
    Trades,
    /// Settlements of funding.
    #[value(name = "fundingRate", alias = "funding")]
    FundingRate,
}

/// Arguments of `data download`.
#[derive(Debug, Args)]
pub struct DownloadArgs {
    /// Who publishes it.
    #[arg(long = "from", value_enum, value_name = "ORIGIN")]
    pub origin: OriginArg,
    /// The market: spot or usdm.
    #[arg(long, default_value = "spot", value_parser = history::market_from)]
    pub market: Market,
    /// The symbol as the venue writes it.
    #[arg(long)]
    pub symbol: String,
    /// What to fetch.
    #[arg(long, value_enum)]
    pub kind: PublishedArg,
    /// The length of bars, such as 1m.
    #[arg(long)]
    pub interval: Option<Interval>,
    /// The first day, in UTC.
    #[arg(long, value_name = "DAY")]
    pub start: Day,
    /// The last day, itself included.
    #[arg(long, value_name = "DAY")]
    pub end: Day,
    /// The catalogue: a folder of Parquet files.
    #[arg(long, value_name = "DIR", default_value = "data/history")]
    pub data: PathBuf,
    /// Another address than the venue's own, such as that of a mirror.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Configuration with the addresses of Binance's REST interface.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Keep the files as they came, below _downloads in the catalogue.
    #[arg(long)]
    pub keep: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `data list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub store: StoreArgs,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `data show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The instrument.
    #[arg(value_name = "VENUE:MARKET:SYMBOL")]
    pub instrument: InstrumentKey,
    /// Rows shown at either end of each series.
    #[arg(long, default_value_t = 3)]
    pub rows: usize,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub store: StoreArgs,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// When a market is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HoursArg {
    /// Always: every missing bar is a gap.
    Always,
    /// On weekdays, from the first to the last bar of a day.
    Weekdays,
}

/// Arguments of `data check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The instruments; all of them when none is given.
    #[arg(value_name = "VENUE:MARKET:SYMBOL")]
    pub instruments: Vec<InstrumentKey>,
    /// Only this kind, such as `bars_1m`; may be repeated.
    #[arg(long = "kind", value_name = "KIND")]
    pub kinds: Vec<Kind>,
    /// The first moment, in UTC.
    #[arg(long, value_name = "TIME", value_parser = history::parse_time)]
    pub from: Option<Timestamp>,
    /// The moment after the last one, in UTC.
    #[arg(long, value_name = "TIME", value_parser = history::parse_time)]
    pub to: Option<Timestamp>,
    /// When the market is open; otherwise weekends without bars tell.
    #[arg(long, value_enum)]
    pub hours: Option<HoursArg>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub store: StoreArgs,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `data export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The instrument.
    #[arg(value_name = "VENUE:MARKET:SYMBOL")]
    pub instrument: InstrumentKey,
    /// The kind, such as `bars_1m`, trades, quotes, depth or funding.
    #[arg(long, value_name = "KIND")]
    pub kind: Kind,
    /// The first moment, in UTC.
    #[arg(long, value_name = "TIME", value_parser = history::parse_time)]
    pub from: Option<Timestamp>,
    /// The moment after the last one, in UTC.
    #[arg(long, value_name = "TIME", value_parser = history::parse_time)]
    pub to: Option<Timestamp>,
    /// The table to write, instead of standard output.
    #[arg(long, value_name = "FILE.csv")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub store: StoreArgs,
    /// Print one JSON document about the table, which then needs --out.
    #[arg(long, requires = "out")]
    pub json: bool,
}

//! The arguments of each subcommand.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};

/// How fast recorded frames are played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// This many times as fast as they were recorded.
    Times(f64),
    /// As fast as it goes.
    Max,
}

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse::<f64>() {
            Ok(times) if times.is_finite() && times > 0.0 => Ok(Self::Times(times)),
            _ => Err("expected a number above zero, such as 1 or 10, or `max`".into()),
        }
    }
}

/// Which threads the stages run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// One hot thread.
    Fused,
    /// Market data, strategy and execution on a thread each.
    Pipelined,
}

/// Arguments that every trading session takes.
#[derive(Debug, Args)]
pub struct SessionArgs {
    /// Change one value of the configuration, such as `strategy.params.min_confidence=0.5`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// Thread layout, instead of the configured one.
    #[arg(long, value_enum)]
    pub layout: Option<LayoutArg>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How long to trade.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Seed of the simulated market.
    #[arg(long, default_value_t = 7, conflicts_with = "capture", allow_negative_numbers = true)]
    pub seed: u64,
    /// Book changes a second and instrument in the simulated market.
    #[arg(long, conflicts_with = "capture")]
    pub rate: Option<u32>,
    /// Stream this recording instead of a simulated market; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub capture: Vec<PathBuf>,
    /// Speed of the recording: 1, N or max.
    #[arg(long, default_value = "1", requires = "capture", allow_negative_numbers = true)]
    pub speed: Speed,
    /// Configuration, instead of the built-in one for demos.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where journal and database go; a new folder below data/demo when not given.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address of /health, /ready and /metrics; a free port when not given.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub session: SessionArgs,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A recording; several are merged by receive time.
    #[arg(long, required = true, value_name = "FILE")]
    pub capture: Vec<PathBuf>,
    /// The configuration to trade with.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Write journal and database here; without it nothing is written.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// 1 paces it like the recording, N is N times as fast, max does not wait.
    #[arg(long, default_value = "max", allow_negative_numbers = true)]
    pub speed: Speed,
    /// After every book change, compare the best bid and ask with the venue's own.
    #[arg(long)]
    pub verify_top: bool,
    /// Damage the stream on purpose, such as `drop=20,duplicate=20,swap=20`, and show what was noticed.
    #[arg(long, value_name = "KIND=COUNT,..")]
    pub faults: Option<String>,
    /// Seed of the damage.
    #[arg(long, default_value_t = 1, requires = "faults")]
    pub fault_seed: u64,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub session: SessionArgs,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Stop after this many seconds; without it, run until interrupted.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: Option<u64>,
    /// Where journal and database go, instead of the configured place.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub session: SessionArgs,
}

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The configuration: venue, markets and symbols.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The recording to write; must not exist yet. With several markets, one file each:
    /// the market's name is put before the extension.
    #[arg(long, value_name = "FILE.txt.zst")]
    pub out: PathBuf,
    /// Stop after this many seconds; without it, record until interrupted.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: Option<u64>,
    /// Change one value of the configuration.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// The venues the sandbox can pretend to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SandboxVenue {
    /// Binance spot and USD-M futures.
    Binance,
}

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Which venue to pretend to be.
    #[arg(long, value_enum)]
    pub venue: SandboxVenue,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Seed of the simulated market.
    #[arg(long, default_value_t = 7, conflicts_with = "capture", allow_negative_numbers = true)]
    pub seed: u64,
    /// Stream this recording instead of a simulated market; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub capture: Vec<PathBuf>,
    /// Speed of the recording: 1, N or max.
    #[arg(long, default_value = "1", requires = "capture", allow_negative_numbers = true)]
    pub speed: Speed,
    /// Book changes a second and instrument in the simulated market.
    #[arg(long, conflicts_with = "capture")]
    pub rate: Option<u32>,
    /// Close every connection this often, to see what a client does.
    #[arg(long, value_name = "SECONDS")]
    pub hang_up_every: Option<u64>,
    /// What goes wrong: a file of faults, or one of the built-in scripts, calm and storm.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<String>,
    /// Accounts, their money and their keys; without it, one account with published keys.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Keep accounts, orders and trades in this folder across restarts.
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Stop after this many seconds; without it, serve until interrupted.
    #[arg(long)]
    pub seconds: Option<u64>,
    /// Print the addresses as one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// The parts of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a configuration file: all mistakes at once, with the place of each.
    #[command(after_help = "Example:  algopioneer config check config/replay.toml")]
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Show the effective configuration.
    #[command(after_help = "Example:  algopioneer config show config/replay.toml --origin")]
    Show {
        /// The file.
        file: PathBuf,
        /// Say behind each value where it comes from: default, file, environment or flag.
        #[arg(long)]
        origin: bool,
        /// Change one value.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        overrides: Vec<String>,
    },
}

/// The data directory of a session.
#[derive(Debug, Args)]
pub struct DataDirArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
}

/// Arguments of `audit` and `rebuild`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// The database, if it is not strategy.db in the data directory.
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// The parts of `bench`.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Tick-to-trade percentiles, measured from the scheduled arrival of each frame.
    #[command(after_help = "Example:  algopioneer bench latency --rate 10000,max --layout fused")]
    Latency(LatencyArgs),
    /// How fast a back-test goes, on the cases that benches/peers makes.
    #[command(after_help = "Example:  algopioneer bench backtest --data target/peers-data/sma")]
    Backtest(BacktestBenchArgs),
}

/// Arguments of `bench backtest`.
#[derive(Debug, Args)]
pub struct BacktestBenchArgs {
    /// Folder of the case: case.json and its columns.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The case that the folder must hold: sma, quotes or l2.
    #[arg(long)]
    pub case: Option<String>,
    /// Timed runs, after one to warm up.
    #[arg(long, default_value_t = 5)]
    pub runs: u32,
    /// Write the list of trades here.
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// Print one JSON document in one line instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `bench latency`.
#[derive(Debug, Args)]
pub struct LatencyArgs {
    /// Frames to use, instead of simulated ones.
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// Frames a second, a list; `max` does not wait.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,50000,100000,max")]
    pub rate: Vec<Rate>,
    /// Thread layouts, a list.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "fused,pipelined")]
    pub layout: Vec<LayoutArg>,
    /// Frames per measurement at most.
    #[arg(long, default_value_t = 100_000)]
    pub frames: usize,
    /// Print one JSON document instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// A rate of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// This many a second.
    PerSecond(u32),
    /// Without waiting.
    Max,
}

impl std::str::FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse() {
            Ok(rate) if rate > 0 => Ok(Self::PerSecond(rate)),
            _ => Err("expected whole frames a second above zero, or `max`".into()),
        }
    }
}

//! The command line: what can be asked for, with an example each.

mod arguments;
mod backtest;
mod data;
mod mpc;
mod trade;

use clap::{Parser, Subcommand, ValueEnum};

pub use arguments::{
    AuditArgs, BacktestBenchArgs, BenchCommand, ConfigCommand, DataDirArgs, DemoArgs, LatencyArgs,
    LayoutArg, Rate, RecordArgs, ReplayArgs, RunArgs, SandboxArgs, SandboxVenue, SessionArgs,
    Speed,
};
pub use backtest::{BacktestArgs, Length};
pub use data::{
    BarTimeArg, CheckArgs, ContentArg, DataCommand, DownloadArgs, ExportArgs, FormatArg, HoursArg,
    ImportArgs, ListArgs, OriginArg, PublishedArg, ShowArgs, StoreArgs,
};
pub use mpc::{
    AboutSession, InputArgs, KeygenArgs, MpcAuditArgs, MpcCommand, MpcDemoArgs, MpcFunctionsArgs,
    NodeArgs, OpenArgs, ResultArgs, SessionsArgs, SubmitArgs,
};
pub use trade::TradeArgs;

const CLOSING: &str = "Start with:  algopioneer demo\n\
    Results go to stdout, logs to stderr (RUST_LOG=debug for more).\n\
    Exit codes: 0 done, 1 failed while running, 2 usage or configuration, 130 interrupted.";

/// The strategies of the catalogue and where to read about their parameters.
fn with_strategies() -> String {
    let strategies = strategies::catalogue::list();
    format!(
        "Strategies (`strategy.kind`, parameters in docs/configuration.md):\n{strategies}\n{CLOSING}"
    )
}

/// Algorithmic trading research and execution in one binary.
#[derive(Debug, Parser)]
#[command(name = "algopioneer", version, arg_required_else_help = true)]
#[command(after_help = CLOSING, after_long_help = with_strategies())]
pub struct Cli {
    /// How log lines look.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Pretty)]
    pub log_format: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line, for machines.
    Json,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Trade on paper against a local pretend exchange: offline, no keys, 30 seconds.
    ///
    /// A venue that speaks Binance's wire protocol starts on this machine; the engine connects
    /// to it over real WebSocket and REST, trades the imbalance strategy on paper, and writes
    /// a journal and a database. The market is SIMULATED from a seed, or RECORDED with --capture.
    #[command(after_help = "Example:  algopioneer demo --seconds 10 --seed 7")]
    Demo(DemoArgs),
    /// Run the same engine over recorded frames, as fast as it goes, always with the same result.
    #[command(after_help = "Example:  algopioneer replay --config config/replay.toml \\\n    \
        --capture ../shared/data/binance-raw/usdm_btcusdt_20240808.txt.zst --verify-top")]
    Replay(ReplayArgs),
    /// Try a strategy on history or on a made-up market, and report what speaks against it.
    ///
    /// The engine, the risk gate and the pretend exchange are those of paper trading. Data come
    /// from the catalogue that `data import` fills. The report, its tables and its charts go to
    /// --output-dir; report.html shows them all in one page without a network.
    #[command(after_help = "Example:  algopioneer backtest --strategy moving_average \\\n    \
        --symbols BTC-USD --duration 60 --synthetic")]
    Backtest(Box<BacktestArgs>),
    /// Trade on paper on a venue's public streams. No keys needed.
    #[command(after_help = "Example:  algopioneer run --config config/paper-binance.toml")]
    Run(RunArgs),
    /// Trade one product by its moving averages, on paper, on bars of the live market.
    ///
    /// A decision is made at the end of each bar. Products are those of Binance's spot market:
    /// BTC-USD is traded as BTCUSDT. No keys needed. Live orders are not part of this release.
    #[command(
        after_help = "Example:  algopioneer trade --product-id BTC-USD --duration 60 --paper"
    )]
    Trade(TradeArgs),
    /// Record a venue's raw frames, so that a session can be replayed.
    #[command(
        after_help = "Example:  algopioneer record --config config/paper-binance.toml \\\n    \
        --out btc.txt.zst --seconds 60"
    )]
    Record(RecordArgs),
    /// Run the local pretend exchange on its own and print its addresses.
    #[command(after_help = "Example:  algopioneer sandbox --venue binance --seed 7 --rate 500")]
    Sandbox(SandboxArgs),
    /// Check a configuration, or show where each value comes from.
    #[command(subcommand)]
    #[command(after_help = "Example:  algopioneer config check config/replay.toml")]
    Config(ConfigCommand),
    /// Recompute positions, cash, fees and profit from the journal, independently, and compare.
    ///
    /// Exit code 1 and the first difference when the engine's records or the database disagree
    /// with what the fills add up to.
    #[command(after_help = "Example:  algopioneer audit --data-dir data/demo")]
    Audit(AuditArgs),
    /// Build the database anew from the journal.
    #[command(after_help = "Example:  algopioneer rebuild --data-dir data/demo")]
    Rebuild(AuditArgs),
    /// Throw the kill switch: cancel everything, refuse everything, also after a restart.
    #[command(after_help = "Example:  algopioneer kill --data-dir data")]
    Kill(DataDirArgs),
    /// Lift the kill switch.
    #[command(after_help = "Example:  algopioneer resume --data-dir data")]
    Resume(DataDirArgs),
    /// Recorded data for back-tests: download, import, list, show, check, export.
    #[command(subcommand)]
    #[command(after_help = "Example:  algopioneer data list")]
    Data(DataCommand),
    /// Compute together without showing each other the inputs: three nodes, many participants.
    #[command(subcommand)]
    #[command(after_help = "Example:  algopioneer mpc demo")]
    Mpc(MpcCommand),
    /// Measure this machine.
    #[command(subcommand)]
    #[command(after_help = "Example:  algopioneer bench latency --rate 10000,max --layout fused")]
    Bench(BenchCommand),
}

//! The arguments of `trade`.

use std::path::PathBuf;

use clap::Args;

use super::SessionArgs;

/// Arguments of `trade`.
#[derive(Debug, Args)]
pub struct TradeArgs {
    /// What to trade, such as BTC-USD, ETH-USD, SOL-USDT or BTCUSDT.
    #[arg(long, value_name = "PRODUCT")]
    pub product_id: String,
    /// Seconds between two decisions, which is the length of a bar. --run-for ends the session.
    #[arg(long, visible_alias = "interval", default_value_t = 60, value_name = "SECONDS")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub duration: u64,
    /// Trade with paper money, which is the only kind that this release has.
    #[arg(long)]
    pub paper: bool,
    /// Stop after this many seconds; without it, trade until interrupted.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub run_for: Option<u64>,
    /// Trade a SIMULATED market on this machine instead of the configured venue.
    #[arg(long)]
    pub sandbox: bool,
    /// Seed of the simulated market.
    #[arg(long, default_value_t = 7, requires = "sandbox", allow_negative_numbers = true)]
    pub seed: u64,
    /// Book changes a second in the simulated market.
    #[arg(long, requires = "sandbox")]
    pub rate: Option<u32>,
    /// The configuration, instead of the built-in one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where journal and database go, instead of the configured place.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would print it")]
    pub session: SessionArgs,
}

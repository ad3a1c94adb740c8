//! The arguments of `backtest`.

use std::path::PathBuf;

use clap::Args;
use domain::{Span, Timestamp};
use history::Interval;

/// How long a made-up market lasts: whole minutes, or a number with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(Span);

impl Length {
    /// The span of time.
    #[must_use]
    pub const fn span(self) -> Span {
        self.0
    }
}

impl std::str::FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (count, unit) = text.split_at(split);
        let seconds = match unit {
            "" | "m" | "min" => 60,
            "s" => 1,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            "y" => 365 * 86_400,
            _ => return Err("expected minutes such as 60, or a unit: 90s, 168h, 7d, 2w, 1y".into()),
        };
        let count: i64 = count.parse().map_err(|_| "expected a number above zero".to_owned())?;
        let nanos = count.checked_mul(seconds).and_then(|all| all.checked_mul(1_000_000_000));
        let most = 100 * 365 * 86_400 * 1_000_000_000_i64;
        match nanos {
            Some(nanos) if nanos > 0 && nanos <= most => Ok(Self(Span::from_nanos(nanos))),
            _ => Err("expected more than nothing and at most a hundred years".into()),
        }
    }
}

/// Arguments of `backtest`.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// The strategy; overrides the configured one. Hyphens and underscores are the same.
    #[arg(long, value_name = "KIND")]
    pub strategy: Option<String>,
    /// What is traded, such as BTC-USD or coinbase:spot:BTC-USD; several with commas.
    #[arg(long, value_delimiter = ',', value_name = "SYMBOL,..")]
    pub symbols: Vec<String>,
    /// Trade a made-up market of bars instead of recorded data. Every output says so.
    #[arg(long, conflicts_with_all = ["data", "sqlite", "from", "to"])]
    pub synthetic: bool,
    /// How long the made-up market lasts: minutes such as 60, or 168h, 7d, 1y.
    #[arg(long, default_value = "1d", value_name = "LENGTH")]
    pub duration: Length,
    /// Seed of the made-up market.
    #[arg(long, hide_short_help = true, default_value_t = 7, requires = "synthetic")]
    pub seed: u64,
    /// The configuration: strategy, limits, costs.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Change one value of the configuration, such as `strategy.params.fast=10`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// The catalogue of recorded data; see `data import`.
    #[arg(long, value_name = "DIR", conflicts_with = "sqlite")]
    pub data: Option<PathBuf>,
    /// A database of bars instead of the catalogue.
    #[arg(long, hide_short_help = true, visible_alias = "db", value_name = "FILE")]
    pub sqlite: Option<PathBuf>,
    /// The first moment of the data, such as 2024-01-01.
    #[arg(long, value_parser = history::parse_time, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// The moment after the last one.
    #[arg(long, value_parser = history::parse_time, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// The length of bars, where the catalogue has several or a market is made up.
    #[arg(long, value_name = "1m|1h|1d")]
    pub interval: Option<Interval>,
    /// Where the report goes.
    #[arg(long, default_value = "results", value_name = "DIR")]
    pub output_dir: PathBuf,
    /// Cut the data at this many random moments and prove that no earlier decision changes.
    #[arg(long, hide_short_help = true, value_name = "CUTS", num_args = 0..=1, default_missing_value = "10")]
    pub check_lookahead: Option<u32>,
    /// How many attempts were made before this one was chosen, itself included: it deflates the
    /// Sharpe ratio.
    #[arg(long, hide_short_help = true, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub trials: u32,
    /// The yearly Sharpe ratio that one hopes for.
    #[arg(long, hide_short_help = true, default_value_t = report::Facts::DEFAULT_SHARPE_TARGET)]
    pub sharpe_target: f64,
    /// Leave out the runs with other costs and delays, which take seven times as long as one.
    #[arg(long, hide_short_help = true)]
    pub no_sensitivity: bool,
    /// Print report.json instead of a summary.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_counts_minutes_and_units_say_otherwise() {
        let secs = |text: &str| text.parse::<Length>().unwrap().span().as_nanos() / 1_000_000_000;
        assert_eq!((secs("60"), secs("90s"), secs("168h")), (3_600, 90, 604_800));
        assert_eq!((secs("7d"), secs("2w"), secs("1y")), (604_800, 1_209_600, 31_536_000));
        for wrong in ["", "d", "0", "-5", "7 days", "1e9", "101y", "99999999999999999999"] {
            assert!(wrong.parse::<Length>().is_err(), "{wrong}");
        }
    }
}

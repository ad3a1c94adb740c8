//! `data download`: from a venue into the catalogue.

use std::{
    fmt::Write as _,
    io::IsTerminal as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Error};
use domain::{Market, Timestamp};
use history::download::{
    Absent, Day, DownloadError, Order, Origin, Outcome, Settings, Step, What, download,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{
    Failure, import, not_imported,
    web::{Interrupt, Real, Web},
};
use crate::{
    cli::{DownloadArgs, OriginArg, PublishedArg},
    command::loading,
    output,
};

const ARCHIVE: &str = "https://data.binance.vision";
const COINBASE: &str = "https://api.coinbase.com";

pub(super) fn execute(arguments: &DownloadArgs) -> Result<(), Failure> {
    let order = order(arguments)?;
    let settings = Settings {
        data: arguments.data.clone(),
        base_url: base_url(arguments)?.trim_end_matches('/').to_owned(),
        today: today()?,
        keep: arguments.keep,
    };
    let interrupt = Interrupt::listen()?;
    let bar = bar()?;
    let mut watch = |step: Step| {
        interrupt.importing(step == Step::Importing);
        match step {
            Step::Planned(pieces) => bar.set_length(pieces as u64),
            Step::Fetched(name) => {
                bar.inc(1);
                bar.set_message(name);
            }
            Step::Importing => bar.set_message("importing"),
            Step::Imported => {}
        }
    };
    let mut around = Real::new(interrupt.clone());
    let result = download(&order, &settings, &mut Web::new(), &mut around, &mut watch);
    interrupt.importing(false);
    bar.finish_and_clear();
    let outcome = result.map_err(failure)?;
    if arguments.json {
        return Ok(output::json(&Downloaded::of(&outcome))?);
    }
    Ok(output::text(&described(&outcome))?)
}

fn usage(text: &str) -> Failure {
    Failure::Usage(format!("error: {text}"))
}

fn order(arguments: &DownloadArgs) -> Result<Order, Failure> {
    let what = match (arguments.kind, arguments.interval) {
        (PublishedArg::Klines, Some(interval)) => What::Bars(interval),
        (PublishedArg::Klines, None) => {
            return Err(usage("--interval is missing: the length of the bars, such as 1m"));
        }
        (_, Some(_)) => return Err(usage("--interval is for --kind klines only")),
        (PublishedArg::AggTrades, None) => What::AggregateTrades,
        (PublishedArg::Trades, None) => What::Trades,
        (PublishedArg::FundingRate, None) => What::Funding,
    };
    Ok(Order {
        origin: match arguments.origin {
            OriginArg::BinanceVision => Origin::BinanceVision,
            OriginArg::Binance => Origin::Binance,
            OriginArg::Coinbase => Origin::Coinbase,
        },
        market: arguments.market,
        symbol: arguments.symbol.to_uppercase(),
        what,
        first: arguments.start,
        last: arguments.end,
    })
}

/// The stated address, or the venue's own, which for Binance's REST is in the configuration.
fn base_url(arguments: &DownloadArgs) -> Result<String, Failure> {
    if let Some(url) = &arguments.base_url {
        let http = url.starts_with("http://") || url.starts_with("https://");
        return if http && !url.contains(['?', '#']) {
            Ok(url.clone())
        } else {
            Err(usage(&format!("--base-url {url}: expected http://… or https://…")))
        };
    }
    match arguments.origin {
        OriginArg::BinanceVision => Ok(ARCHIVE.into()),
        OriginArg::Coinbase => Ok(COINBASE.into()),
        OriginArg::Binance => {
            let loaded = loading::load(arguments.config.as_deref(), &[], &[])?;
            let binance = &loaded.config.venue.binance;
            Ok(match arguments.market {
                Market::Spot => binance.spot_rest.clone(),
                _ => binance.futures_rest.clone(),
            })
        }
    }
}

fn today() -> Result<Day, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let millis = i64::try_from(since.as_millis()).context("the clock is wrong")?;
    Ok(Day::of(Timestamp::from_millis(millis)))
}

/// Shown on a terminal only.
fn bar() -> Result<ProgressBar, Failure> {
    let bar = ProgressBar::new(0);
    bar.set_draw_target(if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(8)
    } else {
        ProgressDrawTarget::hidden()
    });
    let template = "{wide_bar} {pos}/{len}, {eta} left  {msg}";
    bar.set_style(ProgressStyle::with_template(template).context("a fixed template")?);
    bar.enable_steady_tick(Duration::from_millis(250));
    Ok(bar)
}

fn failure(error: DownloadError) -> Failure {
    match error {
        DownloadError::Order(text) => usage(&text),
        DownloadError::Stopped => Failure::Interrupted,
        DownloadError::Import(error) => not_imported(error),
        other => Failure::Failed(Error::from(other)),
    }
}

#[derive(Serialize)]
struct Downloaded<'a> {
    instrument: String,
    kind: String,
    days: usize,
    known_days: usize,
    fetched: usize,
    reused: usize,
    requests: u64,
    bytes: u64,
    absent: Vec<AbsentDays<'a>>,
    imported: import::Imported<'a>,
}

#[derive(Serialize)]
struct AbsentDays<'a> {
    first: String,
    last: String,
    reason: &'a str,
}

impl<'a> Downloaded<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let days = |absent: &'a Absent| AbsentDays {
            first: absent.first.to_string(),
            last: absent.last.to_string(),
            reason: &absent.reason,
        };
        Self {
            instrument: outcome.series.instrument.to_string(),
            kind: outcome.series.kind.to_string(),
            days: outcome.days,
            known_days: outcome.known_days,
            fetched: outcome.fetched,
            reused: outcome.reused,
            requests: outcome.requests,
            bytes: outcome.bytes,
            absent: outcome.absent.iter().map(days).collect(),
            imported: import::Imported::of(&outcome.imported),
        }
    }
}

fn described(outcome: &Outcome) -> String {
    let mut text = import::described(&outcome.imported);
    let Outcome { series, days, known_days, fetched, reused, requests, .. } = outcome;
    let _ = write!(
        text,
        "{series}: {days} days asked for, {known_days} were there; {fetched} files fetched in \
         {requests} requests"
    );
    if *reused > 0 {
        let _ = write!(text, ", {reused} left by an earlier run");
    }
    text.push('\n');
    for absent in &outcome.absent {
        let days = if absent.first == absent.last {
            absent.first.to_string()
        } else {
            format!("{} to {}", absent.first, absent.last)
        };
        let _ = writeln!(text, "missing: {days}: {}", absent.reason);
    }
    text
}

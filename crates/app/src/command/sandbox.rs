//! `sandbox`: the pretend exchange on its own.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use sandbox::{FaultScript, Keys, MarketSource, Mischief, Repeat, Sandbox, SandboxConfig, Speed};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::{
    cli::{self, SandboxArgs},
    output,
};

/// Book changes a second and instrument when nobody says otherwise.
pub(super) const DEFAULT_RATE: u32 = 200;

pub(super) fn execute(arguments: &SandboxArgs) -> Result<(), Failure> {
    let source = market_source(&arguments.capture, arguments.speed, arguments.seed, arguments.rate);
    let config = SandboxConfig {
        listen: arguments.listen,
        source,
        mischief: Mischief {
            hang_up_every: arguments.hang_up_every.map(Duration::from_secs),
            ..Mischief::default()
        },
        keys: arguments.keys.as_deref().map(keys).transpose()?.unwrap_or_default(),
        faults: arguments.faults.as_deref().map(faults).transpose()?.unwrap_or_default(),
        store: arguments.store.clone(),
        ..SandboxConfig::default()
    };
    let handle = Sandbox::start(config).context("the sandbox cannot start")?;
    let market = if arguments.capture.is_empty() { "simulated" } else { "recorded" };
    let seed = arguments.capture.is_empty().then_some(arguments.seed);
    let urls = handle.urls().clone();
    if arguments.json {
        output::json(&Announcement { venue: "binance", market, seed, urls: &urls })?;
    } else {
        output::text(&describe(market, seed, &urls))?;
    }
    wait_for_the_end(arguments.seconds.map(Duration::from_secs), &handle)?;
    handle.stop();
    Ok(())
}

/// The text of a file that a flag names, read by `read`.
fn from_file<T>(
    flag: &str,
    path: &Path,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    let wrong =
        |reason: String| Failure::Usage(format!("error: {flag} {}: {reason}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    read(&text).map_err(wrong)
}

fn keys(path: &Path) -> Result<Keys, Failure> {
    from_file("--keys", path, Keys::read)
}

/// One of the built-in scripts, or a file's.
fn faults(name: &str) -> Result<FaultScript, Failure> {
    match name {
        "calm" => Ok(FaultScript::calm()),
        "storm" => Ok(FaultScript::storm()),
        file => from_file("--faults", Path::new(file), FaultScript::read),
    }
}

/// The market that the flags of a command describe.
pub(super) fn market_source(
    capture: &[std::path::PathBuf],
    pace: cli::Speed,
    seed: u64,
    rate: Option<u32>,
) -> MarketSource {
    if capture.is_empty() {
        return MarketSource::Simulated { seed, rate: rate.unwrap_or(DEFAULT_RATE) };
    }
    MarketSource::Capture {
        files: capture.to_vec(),
        speed: match pace {
            cli::Speed::Times(times) => Speed::Times(times),
            cli::Speed::Max => Speed::Max,
        },
        repeat: Repeat::Once,
    }
}

#[derive(Serialize)]
struct Announcement<'a> {
    venue: &'static str,
    market: &'static str,
    seed: Option<u64>,
    urls: &'a sandbox::SandboxUrls,
}

fn describe(market: &str, seed: Option<u64>, urls: &sandbox::SandboxUrls) -> String {
    let seed = seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    format!(
        "A pretend Binance with a {} market{seed}.\n\n  \
         spot_rest            {}\n  \
         spot_ws              {}\n  \
         futures_rest         {}\n  \
         futures_ws_public    {}\n  \
         futures_ws_market    {}\n  \
         futures_ws_private   {}\n  \
         spot_ws_api          {}\n\n\
         Trade on it:  algopioneer run --config config/sandbox.toml \\\n    \
         --set venue.binance.futures_rest={} \\\n    \
         --set venue.binance.futures_ws_public={} \\\n    \
         --set venue.binance.futures_ws_market={}\n\
         Stop with Ctrl-C.\n",
        market.to_uppercase(),
        urls.spot_rest,
        urls.spot_ws,
        urls.futures_rest,
        urls.futures_ws_public,
        urls.futures_ws_market,
        urls.futures_ws_private,
        urls.spot_ws_api,
        urls.futures_rest,
        urls.futures_ws_public,
        urls.futures_ws_market,
    )
}

/// Serves until the time is up, a signal comes, or a recording is over.
fn wait_for_the_end(
    limit: Option<Duration>,
    handle: &sandbox::SandboxHandle,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let deadline = limit.map(|limit| Instant::now() + limit);
        let mut look = tokio::time::interval(Duration::from_millis(100));
        loop {
            tokio::select! {
                biased;
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                _ = look.tick() => {}
            }
            if handle.finished() || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(());
            }
        }
    })
}

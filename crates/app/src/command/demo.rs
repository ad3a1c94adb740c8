//! `demo`: the whole system against a local pretend exchange, offline.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use anyhow::Context as _;
use domain::{
    Market,
    record::{MarketSource, market_name},
};
use sandbox::{Sandbox, SandboxConfig, SandboxHandle};
use venues::capture::CaptureFacts;

use super::{Failure, live::LiveSession, loading, sandbox::market_source, venue, wrap_up};
use crate::{
    cli::DemoArgs,
    config::{Loaded, Override},
    output,
    report::summary::source_label,
};

/// The configuration of a demo without one.
const BUILT_IN: &str = include_str!("../../../../config/demo.toml");

pub(super) fn execute(arguments: &DemoArgs) -> Result<(), Failure> {
    // A mistake in the configuration shows before anything is started.
    load(arguments, None)?;
    let data_dir = data_dir(arguments)?;
    let market =
        if arguments.capture.is_empty() { MarketSource::Simulated } else { MarketSource::Recorded };
    let market_seed = (market == MarketSource::Simulated).then_some(arguments.seed);
    if !arguments.session.json {
        output::text(&first_line(arguments, market))?;
    }
    let source = market_source(&arguments.capture, arguments.speed, arguments.seed, arguments.rate);
    let handle = Sandbox::start(SandboxConfig { source, ..SandboxConfig::default() })
        .context("the pretend exchange cannot start")?;
    let loaded = load(arguments, Some(&handle))?;
    let instruments = venue::ask(&loaded.config)?.instruments;
    let summary = LiveSession {
        command: "demo",
        market,
        market_seed,
        loaded: &loaded,
        instruments,
        data_dir,
        database: None,
        deadline: Some(Duration::from_secs(arguments.seconds)),
        show_status: !arguments.session.json,
        notes: Vec::new(),
    }
    .trade();
    handle.stop();
    wrap_up::finish(&summary?, arguments.session.json)
}

fn first_line(arguments: &DemoArgs, market: MarketSource) -> String {
    let label = source_label(market);
    let what = if market == MarketSource::Simulated {
        format!("market, seed {}", arguments.seed)
    } else {
        let files: Vec<_> =
            arguments.capture.iter().map(|file| file.display().to_string()).collect();
        format!("market from {}", files.join(", "))
    };
    format!(
        "algopioneer demo: {label} {what}; paper money; {} s (Ctrl-C ends it early)\n",
        arguments.seconds
    )
}

/// The configuration, with the pretend exchange's addresses once it has some.
fn load(arguments: &DemoArgs, exchange: Option<&SandboxHandle>) -> Result<Loaded, Failure> {
    let session = &arguments.session;
    let mut flags: Vec<Override> = loading::layout_flag(session.layout).into_iter().collect();
    let listen = arguments.listen.map_or_else(|| "127.0.0.1:0".into(), |one| one.to_string());
    flags.push(Override::new("--listen", "http.listen", &format!("\"{listen}\"")));
    if let Some(exchange) = exchange {
        flags.extend(pretend_addresses("demo", exchange));
    }
    if let Some(file) = &arguments.config {
        return loading::load(Some(file), &session.overrides, &flags);
    }
    let mut set = recorded_settings(&arguments.capture)?;
    set.extend_from_slice(&session.overrides);
    loading::load_built_in("config/demo.toml", BUILT_IN, &set, &flags)
}

/// The pretend exchange's addresses in the place of the real ones.
pub(super) fn pretend_addresses(flag: &'static str, exchange: &SandboxHandle) -> Vec<Override> {
    let urls = exchange.urls();
    let addresses = [
        ("spot_rest", &urls.spot_rest),
        ("spot_ws", &urls.spot_ws),
        ("futures_rest", &urls.futures_rest),
        ("futures_ws_public", &urls.futures_ws_public),
        ("futures_ws_market", &urls.futures_ws_market),
        ("futures_ws_private", &urls.futures_ws_private),
    ];
    let setting =
        |(name, url)| Override::new(flag, &format!("venue.binance.{name}"), &format!("\"{url}\""));
    addresses.into_iter().map(setting).collect()
}

/// The built-in configuration trades what the recordings hold, on the streams they hold.
fn recorded_settings(captures: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let mut symbols = Vec::new();
    let mut streams = BTreeSet::new();
    for path in captures {
        let facts = CaptureFacts::read(path).map_err(anyhow::Error::from)?;
        if facts.market == Market::InversePerpetual {
            return Err(Failure::Usage(format!(
                "error: {} is a recording of {}, which is market data only; \
                 `algopioneer replay` plays it",
                path.display(),
                facts.symbol
            )));
        }
        symbols.push(format!("\"{}:{}\"", market_name(facts.market), facts.symbol));
        streams.extend(facts.streams);
    }
    if captures.is_empty() {
        return Ok(Vec::new());
    }
    if streams.contains("trade") {
        streams.remove("aggTrade");
    }
    let known = ["depth", "trade", "aggTrade", "bookTicker", "markPrice"];
    let named = known.iter().filter(|name| streams.contains(**name));
    let streams: Vec<_> = named.map(|name| format!("\"{name}\"")).collect();
    Ok(vec![
        format!("strategy.symbols=[{}]", symbols.join(",")),
        format!("venue.binance.streams=[{}]", streams.join(",")),
    ])
}

/// The folder asked for, or a new one below `data/demo`.
fn data_dir(arguments: &DemoArgs) -> Result<PathBuf, Failure> {
    let dir = if let Some(dir) = &arguments.data_dir {
        dir.clone()
    } else {
        new_folder_below("data/demo")?
    };
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("cannot make the data directory {}", dir.display()))?;
    Ok(dir)
}

/// The path of a folder that does not exist yet.
pub(super) fn new_folder_below(parent: &str) -> anyhow::Result<PathBuf> {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .context("the system clock is before 1970")?;
    Ok(PathBuf::from(format!("{parent}/{}", since_epoch.as_millis())))
}

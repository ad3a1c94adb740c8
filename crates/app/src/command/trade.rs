//! `trade`: the moving-average strategy on bars of a live market, one product, on paper.
//!
//! The session is that of `run`; what this adds is the product's name, the length of bars from
//! the command line, and the choice of a simulated market on this machine.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use sandbox::{Sandbox, SandboxConfig, SandboxHandle};

use super::{
    Failure,
    demo::{new_folder_below, pretend_addresses},
    live::LiveSession,
    loading,
    product::Product,
    run,
    sandbox::market_source,
    venue::{self, NotListed, VenueFacts},
    wrap_up,
};
use crate::{
    cli::TradeArgs,
    config::{Loaded, Override},
    output,
    report::summary::{ProductLine, source_label},
};

/// The configuration of `trade` without one.
const BUILT_IN: &str = include_str!("../../../../config/trade.toml");

/// The strategy that this command is about.
const STRATEGY: &str = "moving_average";

/// What is said to somebody who did not ask for paper money.
const ONLY_PAPER: &str = "live orders are not part of this release, so the money is paper";

pub(super) fn execute(arguments: &TradeArgs) -> Result<(), Failure> {
    let product = Product::read(&arguments.product_id)
        .map_err(|unknown| Failure::Usage(unknown.to_string()))?;
    // A mistake in the configuration shows before anything is started.
    load(arguments, &product, None)?;
    let exchange = arguments.sandbox.then(|| start_exchange(arguments)).transpose()?;
    let outcome = trade(arguments, &product, exchange.as_ref());
    if let Some(exchange) = exchange {
        exchange.stop();
    }
    outcome
}

fn start_exchange(arguments: &TradeArgs) -> Result<SandboxHandle, Failure> {
    let speed = crate::cli::Speed::Times(1.0);
    let source = market_source(&[], speed, arguments.seed, arguments.rate);
    let started = Sandbox::start(SandboxConfig { source, ..SandboxConfig::default() });
    Ok(started.context("the pretend exchange cannot start")?)
}

fn trade(
    arguments: &TradeArgs,
    product: &Product,
    exchange: Option<&SandboxHandle>,
) -> Result<(), Failure> {
    let session = &arguments.session;
    let loaded = load(arguments, product, exchange)?;
    let facts =
        venue::ask(&loaded.config).map_err(|error| match error.downcast::<NotListed>() {
            Ok(_) => Failure::Usage(product.unlisted().to_string()),
            Err(error) => Failure::Failed(error),
        })?;
    let data_dir = data_dir(arguments, &loaded)?;
    if !session.json {
        output::text(&first_line(arguments, product, &facts))?;
    }
    let only_paper = (!arguments.paper).then(|| format!("{ONLY_PAPER}; say --paper to agree"));
    let mut summary = LiveSession {
        command: "trade",
        market: facts.market,
        market_seed: facts.seed,
        loaded: &loaded,
        instruments: facts.instruments,
        database: run::database(&loaded, arguments.data_dir.is_some() || arguments.sandbox),
        data_dir,
        deadline: arguments.run_for.map(Duration::from_secs),
        show_status: !session.json,
        notes: only_paper.into_iter().collect(),
    }
    .trade()?;
    summary.product = Some(ProductLine {
        product: product.name.clone(),
        venue: venues::binance::VENUE.to_owned(),
        symbol: product.instrument().to_string(),
        money: "paper",
    });
    wrap_up::finish(&summary, session.json)
}

fn first_line(arguments: &TradeArgs, product: &Product, facts: &VenueFacts) -> String {
    let seed = facts.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    let money = if arguments.paper { "paper money" } else { ONLY_PAPER };
    let end = match arguments.run_for {
        Some(seconds) => format!("{seconds} s (Ctrl-C ends it early)"),
        None => "until Ctrl-C".to_owned(),
    };
    format!(
        "algopioneer trade: {} is traded as {} on Binance spot; {} market{seed}; {money}; \
         moving average on bars of {} s; {end}\n",
        product.name,
        product.symbol,
        source_label(facts.market),
        arguments.duration
    )
}

/// The configuration: the product and the length of bars come from the command line, and so do
/// the pretend exchange's addresses once it has some.
fn load(
    arguments: &TradeArgs,
    product: &Product,
    exchange: Option<&SandboxHandle>,
) -> Result<Loaded, Failure> {
    let session = &arguments.session;
    let symbols = format!("[\"{}\"]", product.instrument());
    let mut flags: Vec<Override> = loading::layout_flag(session.layout).into_iter().collect();
    flags.push(Override::new("--product-id", "strategy.symbols", &symbols));
    flags.push(Override::new("--duration", "bars.rule", &format!("\"{}s\"", arguments.duration)));
    if let Some(data_dir) = &arguments.data_dir {
        let value = loading::toml_path(data_dir);
        flags.push(Override::new("--data-dir", "strategy.persistence.data_dir", &value));
    }
    flags
        .extend(exchange.into_iter().flat_map(|exchange| pretend_addresses("--sandbox", exchange)));
    let mut set = Vec::new();
    if arguments.sandbox {
        // A simulated session may run beside a real one.
        set.push("http.listen=\"127.0.0.1:0\"".to_owned());
    }
    set.extend_from_slice(&session.overrides);
    let loaded = match &arguments.config {
        Some(file) => loading::load(Some(file), &set, &flags)?,
        None => loading::load_built_in("config/trade.toml", BUILT_IN, &set, &flags)?,
    };
    let kind = &loaded.config.strategy.kind;
    if kind == STRATEGY {
        return Ok(loaded);
    }
    Err(Failure::Usage(format!(
        "error: strategy.kind is {kind}, but `trade` follows {STRATEGY}; `run` takes any strategy"
    )))
}

/// The folder asked for or configured. Simulated money never goes on in the account of a real
/// market: without a folder of its own it gets a new one.
fn data_dir(arguments: &TradeArgs, loaded: &Loaded) -> Result<PathBuf, Failure> {
    let dir = match (&arguments.data_dir, arguments.sandbox) {
        (Some(dir), _) => dir.clone(),
        (None, true) => new_folder_below("data/trade-sandbox")?,
        (None, false) => loaded.config.strategy.persistence.data_dir.clone(),
    };
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("cannot make the data directory {}", dir.display()))?;
    Ok(dir)
}

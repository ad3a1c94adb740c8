//! `backtest`: a strategy over history, and a report that says why not to believe it.
//!
//! The engine, the risk gate and the pretend exchange are those of paper trading; only the events
//! come from files, or from a generator when a made-up market was asked for.

mod experiment;
mod facts;
mod market;
mod progress;
mod selection;

use std::path::Path;

use anyhow::{Context as _, anyhow};
use domain::{Instruments, Market as Kind, Money, Qty, Timestamp, instrument::InstrumentSpec};
use history::{Catalogue, Interval, SqliteBars};
use report::{CsvListener, Facts, Written};
use research::{
    Outcome, Recorder,
    experiment::{self as runs, Variant},
    lookahead::{self, LookaheadReport},
    sensitivity::{self, Row},
    synthetic::SyntheticConfig,
};
use strategies::DecidesOn;

use self::{
    experiment::{Setup, Source},
    facts::Data,
    progress::Watch,
    selection::{Bars, Wanted},
};
use super::{Failure, loading};
use crate::{
    cli::BacktestArgs,
    config::{Config, Loaded, Override},
    output, session,
};

/// The configuration of a back-test without one.
const BUILT_IN: &str = include_str!("../../../../../config/backtest.toml");
/// When a made-up market begins: 2024-01-01, UTC.
const SYNTHETIC_START: Timestamp = Timestamp::from_millis(1_704_067_200_000);
/// The typical yearly volatility of a made-up market.
const SYNTHETIC_VOLATILITY: f64 = 0.6;

pub(super) fn execute(arguments: &BacktestArgs) -> Result<(), Failure> {
    let loaded = load(arguments)?;
    let config = &loaded.config;
    let decides_on = session::decides_on(config)?;
    let symbols = symbols(arguments, config);
    let (source, bars, instruments) = if arguments.synthetic {
        let (source, instruments) = synthetic(arguments, decides_on, &symbols)?;
        (source, Bars::Stored, instruments)
    } else {
        recorded(arguments, config, decides_on, &symbols)?
    };
    let setup = Setup { config, source, bars, instruments, decides_on };
    let data = Data::examine(&setup.source).context("the data cannot be examined")?;
    // How many bars will be built is not known before.
    let watch = Watch::new(if bars == Bars::Stored { data.rows } else { 0 })?;
    let mut facts = facts::facts(arguments, &loaded, &setup, data);
    let (outcome, tables) = trade(arguments, &setup, &facts, &watch)?;
    facts.data_warnings.extend(facts::refusals(&outcome));
    let lookahead = check_lookahead(arguments, &setup, &watch)?;
    let rows = sensitivity(arguments, &setup, &watch)?;
    drop(watch);
    let mut written =
        report::write(&arguments.output_dir, &outcome, &facts, &rows, lookahead.as_ref())
            .map_err(anyhow::Error::from)?;
    written.files.extend(tables);
    tell(arguments, &outcome, &facts, &rows, lookahead.as_ref(), &written)?;
    match lookahead.and_then(|report| report.violation) {
        Some(violation) => Err(Failure::Failed(anyhow!(
            "decision {} depends on data after {}: this strategy looks ahead",
            violation.number,
            history::iso(violation.cut)
        ))),
        None => Ok(()),
    }
}

fn load(arguments: &BacktestArgs) -> Result<Loaded, Failure> {
    let mut flags = Vec::new();
    if let Some(kind) = &arguments.strategy {
        let kind = toml::Value::String(kind.clone()).to_string();
        flags.push(Override::new("--strategy", "strategy.kind", &kind));
    }
    if !arguments.symbols.is_empty() {
        let names = arguments.symbols.iter().map(|symbol| toml::Value::String(short(symbol)));
        let names = toml::Value::Array(names.collect()).to_string();
        flags.push(Override::new("--symbols", "strategy.symbols", &names));
    }
    match &arguments.config {
        Some(file) => loading::load(Some(file), &arguments.overrides, &flags),
        None => {
            loading::load_built_in("config/backtest.toml", BUILT_IN, &arguments.overrides, &flags)
        }
    }
}

/// A symbol as the configuration writes it: without the venue, which the catalogue knows.
fn short(symbol: &str) -> String {
    let symbol = symbol.trim();
    let Ok(key) = symbol.parse::<history::InstrumentKey>() else {
        let (market, name) = symbol.rsplit_once(':').unwrap_or(("spot", symbol));
        // Markets have a name in configurations and one in catalogues; both are taken.
        let market = history::market_from(market).map_or_else(
            |_| market.to_owned(),
            |one| crate::config::MarketName::of(one).to_string(),
        );
        return format!("{market}:{}", name.to_uppercase());
    };
    format!("{}:{}", crate::config::MarketName::of(key.market), key.symbol)
}

/// The symbols of the command line, or else the configured ones.
fn symbols(arguments: &BacktestArgs, config: &Config) -> Vec<String> {
    if arguments.symbols.is_empty() {
        return config.strategy.symbols.iter().map(ToString::to_string).collect();
    }
    arguments.symbols.iter().map(|symbol| symbol.trim().to_owned()).collect()
}

fn synthetic(
    arguments: &BacktestArgs,
    decides_on: DecidesOn,
    symbols: &[String],
) -> Result<(Source, Instruments), Failure> {
    if decides_on != DecidesOn::Bars {
        return Err(Failure::Usage(
            "error: the made-up market has bars only, and this strategy decides on books or \
             quotes: `algopioneer demo` makes up a book, `data import` takes recorded ones"
                .into(),
        ));
    }
    let interval = arguments.interval.map_or(domain::Span::from_secs(60), Interval::span);
    let bars = arguments.duration.span().as_nanos() / interval.as_nanos().max(1);
    if bars < 1 {
        return Err(Failure::Usage("error: --duration is shorter than one bar".into()));
    }
    let (specs, prices): (Vec<_>, Vec<_>) = symbols
        .iter()
        .map(|symbol| made_up(symbol))
        .collect::<anyhow::Result<Vec<_>>>()?
        .into_iter()
        .unzip();
    let config = SyntheticConfig {
        seed: arguments.seed,
        start: SYNTHETIC_START,
        interval,
        bars: u64::try_from(bars).unwrap_or(0),
        annual_volatility: SYNTHETIC_VOLATILITY,
    };
    let instruments = Instruments::new(specs).map_err(anyhow::Error::from)?;
    Ok((Source::Synthetic { config, prices }, instruments))
}

/// A made-up instrument and where its price begins, near what the real one costs.
fn made_up(symbol: &str) -> anyhow::Result<(InstrumentSpec, f64)> {
    let name = symbol.rsplit(':').next().unwrap_or(symbol).to_uppercase();
    let (base, quote) = name.split_once(['-', '/']).unwrap_or((name.as_str(), "USD"));
    let price = match base {
        "BTC" | "XBT" | "BTCUSDT" => 60_000.0,
        "ETH" | "ETHUSDT" => 3_000.0,
        _ => 100.0,
    };
    let step = |text: &str| text.parse().with_context(|| format!("{text} is a step"));
    let spec = InstrumentSpec {
        venue: "synthetic".into(),
        market: Kind::Spot,
        symbol: name.clone(),
        base: base.to_owned(),
        quote: quote.to_owned(),
        tick_size: "0.01".parse().context("a tick")?,
        lot_size: step("0.00001")?,
        min_quantity: Qty::ZERO,
        max_quantity: Qty::ZERO,
        min_notional: Money::ZERO,
    };
    Ok((spec, price))
}

fn recorded(
    arguments: &BacktestArgs,
    config: &Config,
    decides_on: DecidesOn,
    symbols: &[String],
) -> Result<(Source, Bars, Instruments), Failure> {
    let wanted = Wanted {
        symbols,
        decides_on,
        interval: arguments.interval,
        rule: config.bars.rule,
        from: arguments.from,
        to: arguments.to,
    };
    let unreadable = |error: history::ReadError| match error {
        history::ReadError::NotThere(text) => Failure::Usage(format!("error: {text}")),
        other => Failure::Failed(other.into()),
    };
    let (source, built) = if let Some(file) = &arguments.sqlite {
        let bars = SqliteBars::open(file).map_err(unreadable)?;
        let (selection, built) = wanted.select(&bars.list().map_err(unreadable)?)?;
        (Source::Sqlite(file.clone(), selection), built)
    } else {
        let dir: &Path = arguments.data.as_deref().unwrap_or(&config.data.directory);
        let catalogue = Catalogue::open(dir).map_err(unreadable)?;
        let (selection, built) = wanted.select(&catalogue.list().map_err(unreadable)?)?;
        (Source::Catalogue(catalogue, selection), built)
    };
    let opened = match source.open() {
        Some(opened) => opened.map_err(unreadable)?,
        None => return Err(Failure::Failed(anyhow!("only recorded data can be opened"))),
    };
    let instruments = Instruments::new(opened.specs().to_vec()).map_err(anyhow::Error::from)?;
    Ok((source, built, instruments))
}

/// The run itself. Tables are written while it goes on.
fn trade(
    arguments: &BacktestArgs,
    setup: &Setup<'_>,
    facts: &Facts,
    watch: &Watch,
) -> Result<(Outcome, Vec<std::path::PathBuf>), Failure> {
    let strategies = [setup.config.strategy.strategy_id.clone()];
    let dir = &arguments.output_dir;
    let listener = CsvListener::create(dir, &setup.instruments, &strategies, &facts.market)
        .map_err(anyhow::Error::from)?;
    watch.begin("back-test");
    let (finished, recorder) = runs::run(
        setup,
        &Variant::AS_CONFIGURED,
        |engine| Recorder::new(engine, listener),
        &mut |progress| watch.look(progress),
    )
    .map_err(anyhow::Error::from)?;
    if finished.stopped {
        return Err(Failure::Interrupted);
    }
    let problems = finished.broker.problem_count();
    if let Some(first) = finished.broker.problems().first() {
        let more =
            if problems > 1 { format!(" ({problems} such problems)") } else { String::new() };
        return Err(Failure::Failed(anyhow!(
            "the account cannot be reckoned, so nothing that follows from it counts: {first}{more}"
        )));
    }
    let alarms = finished.engine.counters().alarms;
    if alarms > 0 {
        return Err(Failure::Failed(anyhow!("the engine raised {alarms} alarms; see the log")));
    }
    let (outcome, listener) = recorder.outcome(finished);
    let tables = listener.finish(&outcome.open_trips).map_err(anyhow::Error::from)?;
    Ok((outcome, tables))
}

fn check_lookahead(
    arguments: &BacktestArgs,
    setup: &Setup<'_>,
    watch: &Watch,
) -> Result<Option<LookaheadReport>, Failure> {
    let Some(cuts) = arguments.check_lookahead else { return Ok(None) };
    watch.begin("look-ahead");
    let report = lookahead::check(setup, cuts, arguments.seed, &mut |now| watch.look(now));
    finish(report, watch).map(Some)
}

fn sensitivity(
    arguments: &BacktestArgs,
    setup: &Setup<'_>,
    watch: &Watch,
) -> Result<Vec<Row>, Failure> {
    if arguments.no_sensitivity {
        return Ok(Vec::new());
    }
    watch.begin("sensitivity");
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let variants = sensitivity::variants(setup.silence());
    finish(sensitivity::table(setup, &variants, threads, &|now| watch.look(now)), watch)
}

fn finish<T, E>(result: Result<T, E>, watch: &Watch) -> Result<T, Failure>
where
    E: std::error::Error + Send + Sync + 'static,
{
    result.map_err(|error| {
        if watch.is_interrupted() { Failure::Interrupted } else { Failure::Failed(error.into()) }
    })
}

fn tell(
    arguments: &BacktestArgs,
    outcome: &Outcome,
    facts: &Facts,
    rows: &[Row],
    lookahead: Option<&LookaheadReport>,
    written: &Written,
) -> Result<(), Failure> {
    if arguments.json {
        let path = arguments.output_dir.join("report.json");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {} again", path.display()))?;
        return Ok(output::text(&text)?);
    }
    let text = report::summary_text(outcome, facts, rows, lookahead, Some(written));
    Ok(output::text(&text)?)
}

//! What a report says about how a back-test was made.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use engine::PriceSource;
use history::{
    ReadError, Series, SqliteBars, Store,
    check::{Findings, check},
};
use report::{Configuration, DataSource, Facts, MarketSource, Named, StrategyFacts};
use research::{Outcome, Silence};

use super::{
    experiment::{Setup, Source},
    selection::Bars,
};
use crate::{
    cli::BacktestArgs,
    config::{BarsRule, Config, FillModel, Loaded, Origins},
};

/// Holes that are named one by one.
const NAMED_GAPS: usize = 12;

pub(super) fn facts(
    arguments: &BacktestArgs,
    loaded: &Loaded,
    setup: &Setup<'_>,
    data: Data,
) -> Facts {
    let config = &loaded.config;
    let parameters = loaded.entries().filter_map(|(path, value, _)| {
        let name = path.strip_prefix("strategy.params.")?;
        Some(Named::new(name, value.trim_matches('"')))
    });
    Facts {
        program: format!("algopioneer {}", env!("CARGO_PKG_VERSION")),
        command_line: command_line(),
        strategy: StrategyFacts {
            kind: config.strategy.kind.clone(),
            parameters: parameters.collect(),
        },
        configuration: Configuration {
            text: loaded.show(Origins::Hidden),
            sha256: hex::encode(loaded.sha256()),
        },
        market: market(&setup.source),
        data: data.sources,
        data_gaps: data.gaps,
        data_warnings: data.warnings,
        fill_model: assumptions(config, setup),
        costs: costs(config, setup.prices()),
        trials: arguments.trials,
        sharpe_target: arguments.sharpe_target,
        generated_at: now(),
    }
}

/// The command as it was typed, with the program's bare name.
fn command_line() -> String {
    let plain = |text: &String| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_=./:,".contains(c))
    };
    let words = std::env::args()
        .skip(1)
        .map(|word| if plain(&word) { word } else { format!("'{}'", word.replace('\'', "'\\''")) });
    std::iter::once("algopioneer".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn now() -> Option<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_nanos(i64::try_from(since.as_nanos()).ok()?))
}

fn market(source: &Source) -> MarketSource {
    match source {
        Source::Synthetic { config, .. } => MarketSource::Synthetic {
            seed: config.seed,
            model: "Made-up bars with regimes, volatility clusters and jumps; two symbols are \
                    cointegrated. The documentation of research::synthetic has the formulas."
                .into(),
        },
        Source::Catalogue(..) | Source::Sqlite(..) => MarketSource::Recorded,
    }
}

/// What is known about the data themselves.
#[derive(Default)]
pub(super) struct Data {
    sources: Vec<DataSource>,
    gaps: Vec<String>,
    warnings: Vec<String>,
    /// Rows of everything that is read, for a progress bar.
    pub(super) rows: u64,
}

impl Data {
    /// Looks through recorded data before anything is traded on them.
    pub(super) fn examine(source: &Source) -> Result<Self, ReadError> {
        let database;
        let (store, selection): (&dyn Store, _) = match source {
            Source::Catalogue(catalogue, selection) => (catalogue, selection),
            Source::Sqlite(file, selection) => {
                database = SqliteBars::open(file)?;
                (&database, selection)
            }
            Source::Synthetic { config, prices } => {
                let rows = config.bars.saturating_mul(prices.len() as u64);
                return Ok(Self { rows, ..Self::default() });
            }
        };
        let opened = selection.open(store)?;
        let mut data = Self::default();
        let names: Vec<String> = opened.series().iter().map(|(_, one)| one.to_string()).collect();
        let mut origins = Vec::new();
        for key in &selection.instruments {
            let file = store.instrument(key)?;
            origins.extend(file.source.into_iter().chain(file.licence));
            origins.extend(file.imports.into_iter().map(|import| import.file));
        }
        origins.sort();
        origins.dedup();
        data.sources.push(DataSource {
            name: names.join(", "),
            sha256: opened.content_sha256(),
            provenance: origins.join("; "),
        });
        for (_, series) in opened.series() {
            data.note(series, &check(store, series, selection.window(), None)?);
        }
        Ok(data)
    }

    fn note(&mut self, series: &Series, found: &Findings) {
        self.rows += found.rows;
        for gap in found.gaps.iter().take(NAMED_GAPS) {
            let (from, to) = (history::iso(gap.from), history::iso(gap.to));
            self.gaps.push(format!("{series}: {from} to {to}, {} missing", gap.missing));
        }
        let more = found.gap_count.saturating_sub(NAMED_GAPS as u64);
        if more > 0 {
            self.gaps.push(format!("{series}: {more} more, {} missing in all", found.missing));
        }
        for (what, count) in found.counts.iter().filter(|(_, count)| *count > 0) {
            let places = if *count == 1 { "place" } else { "places" };
            let name = what.name().replace('_', " ");
            self.warnings.push(format!("{series}: {name} in {count} {places}"));
        }
    }
}

/// Orders that the strategy wished for and did not get.
pub(super) fn refusals(outcome: &Outcome) -> Vec<String> {
    let counters = &outcome.snapshot.counters;
    let by_gate = counters.rejected().filter(|(_, count)| *count > 0);
    let mut told: Vec<String> = by_gate
        .map(|(rule, count)| format!("The risk gate refused {count} orders by the rule {rule}."))
        .collect();
    if counters.refused_by_venue > 0 {
        let count = counters.refused_by_venue;
        told.push(format!("The pretend exchange refused {count} orders."));
    }
    told
}

/// What the simulation takes for granted, one sentence each.
fn assumptions(config: &Config, setup: &Setup<'_>) -> Vec<String> {
    let paper = &config.paper;
    let mut told = Vec::new();
    match setup.bars {
        Bars::Stored => {}
        Bars::Joined(span) => {
            told.push(format!("Bars of {} were joined from shorter ones.", BarsRule::Time(span)));
        }
        Bars::Built(rule) => told.push(format!("Bars of {rule} were built from trades.")),
    }
    match setup.prices() {
        PriceSource::Bars => {
            told.push(format!(
                "A decision at the close of a bar is executed at the open of the next one at the \
                 earliest{}.",
                match paper.bar_delay {
                    0 => String::new(),
                    bars => format!(", here {bars} bars later still"),
                }
            ));
            told.push(
                "When a bar touches a stop and a target, the stop is taken to have come first."
                    .into(),
            );
            if !paper.volume_share.is_zero() {
                told.push(format!(
                    "No more than {} of a bar's volume is ours.",
                    paper.volume_share.normalize()
                ));
            }
        }
        PriceSource::Book | PriceSource::Quotes => {
            told.push(match paper.fill_model {
                FillModel::Queue => {
                    "Resting orders wait behind the volume that the market shows at \
                     their price; trades and a share of the cancellations move them forward."
                        .into()
                }
                FillModel::Touch => "Resting orders at the touch trade by chance, which is \
                     optimistic."
                    .into(),
                FillModel::Through => {
                    "Resting orders trade only when the market trades through their price.".into()
                }
            });
            told.push(format!(
                "Orders take {} to arrive and reports {} to come back.",
                paper.order_latency, paper.report_latency
            ));
            told.push("Our orders do not move the market beyond what they take from it.".into());
        }
    }
    if setup.silence() == Silence::Skipped {
        told.push("Nothing is known of what happened within a bar but its range.".into());
    }
    told
}

fn costs(config: &Config, prices: PriceSource) -> Vec<Named> {
    let paper = &config.paper;
    let bps = |rate: domain::Bps| format!("{} bps", rate.decimal().normalize());
    let mut named = vec![
        Named::new("maker fee", bps(paper.maker_fee)),
        Named::new("taker fee", bps(paper.taker_fee)),
        Named::new("slippage", bps(paper.slippage)),
    ];
    if prices == PriceSource::Bars {
        named.push(Named::new("half the spread", bps(paper.half_spread)));
        named.push(Named::new("impact coefficient", paper.impact.normalize().to_string()));
    }
    let borrow = if paper.short_selling {
        format!("{} a year", paper.borrow_annual.normalize())
    } else {
        "no short selling".into()
    };
    named.push(Named::new("borrowing on spot", borrow));
    named
}

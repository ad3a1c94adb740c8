//! One back-test that can be set up again and again, each time from nothing.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use domain::{Bps, Instruments, RunNumber, Span, Timestamp};
use engine::{
    Engine, OpeningAccount, PriceSource,
    paper::{CostRecording, PaperBroker, PaperConfig},
};
use history::{Catalogue, ReadError, Selection, SqliteBars};
use research::{
    BuiltBars, Silence,
    experiment::{Delay, Experiment, PrepareError, Prepared, Variant},
    synthetic::{Synthetic, SyntheticConfig},
};
use rust_decimal::Decimal;
use strategies::DecidesOn;

use super::{
    market::{Market, Recorded},
    selection::Bars,
};
use crate::{config::Config, session};

/// Where the data are.
pub(super) enum Source {
    Catalogue(Catalogue, Selection),
    /// The database is opened anew for each run: its connection belongs to one thread.
    Sqlite(PathBuf, Selection),
    Synthetic {
        config: SyntheticConfig,
        prices: Vec<f64>,
    },
}

impl Source {
    /// Opens recorded data.
    pub(super) fn open(&self) -> Option<Result<history::History, ReadError>> {
        match self {
            Self::Catalogue(catalogue, selection) => Some(selection.open(catalogue)),
            Self::Sqlite(file, selection) => {
                Some(SqliteBars::open(file).and_then(|bars| selection.open(&bars)))
            }
            Self::Synthetic { .. } => None,
        }
    }
}

/// Everything that does not change from run to run.
pub(super) struct Setup<'a> {
    pub(super) config: &'a Config,
    pub(super) source: Source,
    pub(super) bars: Bars,
    pub(super) instruments: Instruments,
    pub(super) decides_on: DecidesOn,
}

impl Setup<'_> {
    pub(super) const fn prices(&self) -> PriceSource {
        match self.decides_on {
            DecidesOn::Book => PriceSource::Book,
            DecidesOn::Quotes => PriceSource::Quotes,
            DecidesOn::Bars => PriceSource::Bars,
        }
    }

    pub(super) const fn silence(&self) -> Silence {
        match self.decides_on {
            DecidesOn::Bars => Silence::Skipped,
            DecidesOn::Book | DecidesOn::Quotes => Silence::Announced,
        }
    }

    fn parts(&self, variant: &Variant) -> Result<Prepared<Market>> {
        let opening = OpeningAccount::with_cash(self.config.paper.starting_cash);
        let engine = self.engine(opening.clone())?;
        let mut paper = session::paper_config(self.config, RunNumber::FIRST, &opening);
        (paper.prices, paper.costs) = (self.prices(), CostRecording::On);
        vary(&mut paper, variant)?;
        let broker = PaperBroker::new(&paper, &self.instruments)
            .context("the pretend exchange cannot be made from this configuration")?;
        let history = self.market(variant.until)?;
        Ok(Prepared { engine, broker, history, silence: self.silence() })
    }

    fn engine(&self, opening: OpeningAccount) -> Result<Engine> {
        let instruments = self.instruments.clone();
        session::engine_over_history(self.config, instruments, self.prices(), opening)
    }

    fn market(&self, until: Option<Timestamp>) -> Result<Market> {
        if let Source::Synthetic { config, prices } = &self.source {
            let mut config = *config;
            if let Some(until) = until {
                let bars = until.since(config.start).as_nanos() / config.interval.as_nanos();
                config.bars = config.bars.min(u64::try_from(bars).unwrap_or(0));
            }
            let market = Synthetic::new(config, &self.instruments, prices)?;
            return Ok(Market::Synthetic(Box::new(market)));
        }
        let opened = self.source.open().context("only recorded data can be opened")?;
        let recorded = Recorded::new(opened?, until);
        let ids = || self.instruments.iter().map(domain::Instrument::id);
        Ok(match self.bars {
            Bars::Stored => Market::Recorded(Box::new(recorded)),
            Bars::Joined(span) => {
                Market::Built(Box::new(BuiltBars::of_bars(recorded, span, ids())?))
            }
            Bars::Built(rule) => {
                let rules = self.instruments.iter().map(|one| Ok((one.id(), rule.of(one)?)));
                let rules: Vec<_> =
                    rules.collect::<Result<_>>().context("bars.rule does not fit an instrument")?;
                Market::Built(Box::new(BuiltBars::of_trades(recorded, rules)?))
            }
        })
    }
}

impl Experiment for Setup<'_> {
    type History = Market;

    fn prepare(&self, variant: &Variant) -> Result<Prepared<Market>, PrepareError> {
        self.parts(variant).map_err(|error| PrepareError(error.into()))
    }
}

/// Makes the exchange dearer or slower.
fn vary(paper: &mut PaperConfig, variant: &Variant) -> Result<()> {
    let times = Decimal::from(variant.cost_multiple);
    let more = |rate: Bps| -> Result<Bps> {
        let product = rate.decimal().checked_mul(times);
        product.map(Bps::new).context("a cost is too large to be multiplied")
    };
    paper.maker_fee = more(paper.maker_fee)?;
    paper.taker_fee = more(paper.taker_fee)?;
    paper.slippage = more(paper.slippage)?;
    paper.bars.half_spread = more(paper.bars.half_spread)?;
    for tier in &mut paper.fee_tiers {
        (tier.maker, tier.taker) = (more(tier.maker)?, more(tier.taker)?);
    }
    let dearer = |rate: domain::Rate| -> Result<domain::Rate> {
        let product = rate.decimal().checked_mul(times);
        product.map(domain::Rate::new).context("a cost is too large to be multiplied")
    };
    paper.bars.impact = dearer(paper.bars.impact)?;
    paper.borrow.annual = paper.borrow.annual.map(dearer).transpose()?;
    match variant.delay {
        Delay::AsConfigured => {}
        Delay::Bars(bars) => paper.bars.delay += bars,
        Delay::Millis(millis) => paper.order_latency = Span::from_millis(i64::from(millis)),
    }
    Ok(())
}

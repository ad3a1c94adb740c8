//! From configuration to parts: engine, paper broker, thread layout.

use anyhow::{Context, Result, bail};
use domain::{InstrumentId, Instruments, Market, Rate, RunNumber, Span, StrategyId};
use engine::{
    Engine, EngineConfig, OpeningAccount, PriceSource, RiskConfig, Strategy,
    paper::{
        BarConfig, BorrowConfig, FeeTier, FillModel, FundingConfig, MarginConfig, MarginMode,
        MarginTier, PaperBroker, PaperConfig,
    },
};
use market::{bars::BarRule, feature::FeatureConfig};
use runtime::{StopPolicy, WaitStrategy, check_spinners, wait::available_cores};
use rust_decimal::{Decimal, RoundingStrategy};
use strategies::{DecidesOn, Needs, Setup, StrategyRow};

use crate::config::{self, BarsRule, Config, Layout, Margin, OpenOrders, Wait};

/// Makes the engine of a configuration. Where nothing can be traded it only watches.
///
/// # Errors
/// When a limit or a strategy does not fit the instruments.
pub(super) fn engine(
    config: &Config,
    run: RunNumber,
    instruments: Instruments,
    opening: OpeningAccount,
) -> Result<Engine> {
    let strategies = strategy(config, &instruments)?.into_iter().collect();
    engine_of(config, run, instruments, opening, strategies)
}

/// Makes the engine of a configuration with other strategies than the configured one.
///
/// # Errors
/// When a limit or a strategy does not fit the instruments.
pub fn engine_of(
    config: &Config,
    run: RunNumber,
    instruments: Instruments,
    opening: OpeningAccount,
    strategies: Vec<Box<dyn Strategy>>,
) -> Result<Engine> {
    let engine_config = EngineConfig {
        run,
        risk: risk(config),
        prices: engine::PriceSource::Book,
        bars: bars(config, &instruments)?,
        features: features(config)?,
        snapshot_interval: config.strategy.persistence.snapshot_interval,
    };
    Engine::new(engine_config, instruments, strategies, opening)
        .context("the engine cannot be made from this configuration")
}

/// Makes the engine of a back-test: the configured strategy over all `instruments`, whose prices
/// come from `prices` alone.
///
/// # Errors
/// When a limit or the strategy does not fit the instruments.
pub fn engine_over_history(
    config: &Config,
    instruments: Instruments,
    prices: PriceSource,
    opening: OpeningAccount,
) -> Result<Engine> {
    let trades: Vec<_> = instruments.iter().map(domain::Instrument::id).collect();
    let strategy = strategy_in(config, &instruments, &trades)?;
    let engine_config = EngineConfig {
        run: RunNumber::FIRST,
        risk: risk(config),
        prices,
        bars: None,
        features: features(config)?,
        snapshot_interval: config.strategy.persistence.snapshot_interval,
    };
    Engine::new(engine_config, instruments, vec![strategy], opening)
        .context("the engine cannot be made from this configuration")
}

/// On what market data the configured strategy decides.
///
/// # Errors
/// When the catalogue has no such strategy.
pub fn decides_on(config: &Config) -> Result<DecidesOn> {
    needs(config).map(|needs| needs.decides_on)
}

/// The instruments of the session that the configuration trades.
#[must_use]
pub fn traded(config: &Config, instruments: &Instruments) -> Vec<InstrumentId> {
    let wanted = config.traded();
    let is_wanted = |market: Market, symbol: &str| {
        wanted.iter().any(|one| one.market.market() == market && one.symbol == symbol)
    };
    instruments
        .iter()
        .filter(|one| one.spec().market != Market::InversePerpetual)
        .filter(|one| is_wanted(one.spec().market, one.symbol()))
        .map(domain::Instrument::id)
        .collect()
}

fn strategy(config: &Config, instruments: &Instruments) -> Result<Option<Box<dyn Strategy>>> {
    let trades = traded(config, instruments);
    if trades.is_empty() {
        return Ok(None);
    }
    strategy_in(config, instruments, &trades).map(Some)
}

fn strategy_in(
    config: &Config,
    instruments: &Instruments,
    trades: &[InstrumentId],
) -> Result<Box<dyn Strategy>> {
    let strategy = &config.strategy;
    let (id, name) = (StrategyId::new(0), strategy.strategy_id.as_str());
    let setup = Setup { id, name, instruments, trades, params: &strategy.params };
    row(config)?.make(&setup).with_context(|| format!("strategy {name} cannot be made"))
}

/// The catalogue's row of the configured strategy.
fn row(config: &Config) -> Result<&'static StrategyRow> {
    let kind = &config.strategy.kind;
    strategies::find(kind).with_context(|| format!("the catalogue has no strategy {kind}"))
}

/// What the configured strategy has to be shown.
fn needs(config: &Config) -> Result<Needs> {
    row(config).map(|row| (row.needs)(&config.strategy.params))
}

fn risk(config: &Config) -> RiskConfig {
    let limits = &config.strategy.risk_limits;
    RiskConfig {
        max_position_size: limits.max_position_size,
        max_order_size: limits.max_order_size,
        max_notional_exposure: limits.max_notional_exposure,
        max_orders_per_second: limits.max_orders_per_second,
        max_order_notional: Some(limits.max_order_notional),
        stale_after: limits.stale_after,
        price_collar: limits.price_collar,
        max_open_orders: limits.max_open_orders,
    }
}

/// The features that the configured strategy looks at, if any.
fn features(config: &Config) -> Result<Option<FeatureConfig>> {
    let buffer_capacity = config.strategy.performance.buffer_capacity;
    let features = needs(config)?.features;
    Ok(features.map(|features| FeatureConfig { buffer_capacity, ..features }))
}

/// The configured rule of bars, where the strategy decides on bars.
#[must_use]
pub fn bars_rule(config: &Config) -> Option<BarsRule> {
    needs(config).is_ok_and(|needs| needs.decides_on == DecidesOn::Bars).then_some(config.bars.rule)
}

/// The rule of the bars that a strategy which decides on bars is shown; `None` for others.
fn bars(config: &Config, instruments: &Instruments) -> Result<Option<BarRule>> {
    if needs(config)?.decides_on != DecidesOn::Bars {
        return Ok(None);
    }
    let mut rules = traded(config, instruments)
        .into_iter()
        .map(|id| config.bars.rule.of(instruments.get(id)))
        .collect::<Result<Vec<_>, _>>()
        .context("bars.rule does not fit an instrument")?;
    rules.dedup();
    match rules.as_slice() {
        [] => Ok(None),
        [rule] => Ok(Some(*rule)),
        _ => bail!("bars.rule is a volume, but the instruments have lots of different sizes"),
    }
}

/// Makes the pretend exchange of a configuration, which knows the account that is opened.
///
/// # Errors
/// When a setting cannot be used.
pub fn paper_broker(
    config: &Config,
    run: RunNumber,
    instruments: &Instruments,
    opening: &OpeningAccount,
) -> Result<PaperBroker> {
    PaperBroker::new(&paper_config(config, run, opening), instruments)
        .context("the paper broker cannot be made from this configuration")
}

/// How the pretend exchange of a configuration behaves; its prices come from books.
#[must_use]
pub fn paper_config(config: &Config, run: RunNumber, opening: &OpeningAccount) -> PaperConfig {
    let paper = &config.paper;
    let some = |number: Decimal| Some(Rate::new(number)).filter(|_| !number.is_zero());
    let tier = |one: &config::FeeTier| FeeTier {
        volume_from: one.volume_from,
        maker: one.maker,
        taker: one.taker,
    };
    let interval = paper.funding_interval;
    PaperConfig {
        fill_model: match paper.fill_model {
            config::FillModel::Queue => FillModel::Queue,
            config::FillModel::Through => FillModel::Through,
            config::FillModel::Touch => FillModel::Touch {
                queue_position: paper.queue_position,
                base_probability: paper.base_probability,
            },
        },
        order_latency: paper.order_latency,
        report_latency: paper.report_latency,
        maker_fee: paper.maker_fee,
        taker_fee: paper.taker_fee,
        fee_tiers: paper.fee_tiers.iter().map(tier).collect(),
        slippage: paper.slippage,
        bars: BarConfig {
            half_spread: paper.half_spread,
            delay: paper.bar_delay,
            volume_share: some(paper.volume_share),
            impact: Rate::new(paper.impact),
        },
        borrow: BorrowConfig::flat(paper.short_selling.then_some(Rate::new(paper.borrow_annual))),
        funding: FundingConfig {
            every: Some(interval).filter(|interval| *interval > Span::ZERO),
            by_instrument: Vec::new(),
        },
        margin: margin(paper),
        opening_cash: opening.cash,
        opening_positions: opening.positions.clone(),
        ..PaperConfig::new(run, paper.seed)
    }
}

fn margin(paper: &config::PaperConfig) -> Option<MarginConfig> {
    let mode = match paper.margin {
        Margin::Off => return None,
        Margin::Cross => MarginMode::Cross,
        Margin::Isolated => MarginMode::Isolated,
    };
    if paper.margin_tiers.is_empty() {
        // Rounded up: a position never gets more leverage than was asked for.
        let initial = (Decimal::ONE / paper.leverage)
            .round_dp_with_strategy(8, RoundingStrategy::AwayFromZero);
        let (initial, maintenance) = (Rate::new(initial), Rate::new(paper.maintenance));
        return Some(MarginConfig::flat(mode, initial, maintenance, paper.liquidation_fee));
    }
    let tier = |one: &config::MarginTier| MarginTier {
        notional_from: one.worth_from,
        initial: one.initial,
        maintenance: one.maintenance,
    };
    let tiers = paper.margin_tiers.iter().map(tier).collect();
    Some(MarginConfig { mode, tiers, liquidation_fee: paper.liquidation_fee })
}

/// How idle threads of a configuration wait, after a look at the machine.
///
/// # Errors
/// When more threads would spin than the machine can spare.
pub(super) fn wait_strategy(config: &Config) -> Result<WaitStrategy> {
    let performance = &config.strategy.performance;
    let strategy = match performance.wait {
        Wait::Spin => WaitStrategy::Spin,
        Wait::SpinThenPark => WaitStrategy::SpinThenPark,
        Wait::Park => WaitStrategy::Park,
    };
    let hot_threads = match performance.layout {
        Layout::Fused => 1,
        Layout::Pipelined => 3,
    };
    check_spinners(strategy, hot_threads, available_cores())
        .context("strategy.performance.wait does not fit this machine")?;
    Ok(strategy)
}

/// What a configuration does with open orders at the end.
#[must_use]
pub(super) const fn stop_policy(config: &Config) -> StopPolicy {
    match config.shutdown.open_orders {
        OpenOrders::Cancel => StopPolicy::Cancel,
        OpenOrders::Leave => StopPolicy::Leave,
    }
}

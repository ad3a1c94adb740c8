//! From configuration to parts: engine, paper broker, thread layout.

use anyhow::{Context, Result};
use domain::{InstrumentId, Instruments, Market, Rate, RunNumber, StrategyId};
use engine::{
    Engine, EngineConfig, OpeningAccount, RiskConfig, Strategy,
    paper::{FillModel, PaperBroker, PaperConfig},
};
use market::feature::FeatureConfig;
use runtime::{StopPolicy, WaitStrategy, check_spinners, wait::available_cores};
use strategies::{
    Params, Setup, catalogue,
    imbalance::{EntryStyle, ImbalanceParams, StrengthMode},
};

use crate::config::{self, Config, Layout, OpenOrders, Wait};

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
        bars: None,
        features: Some(features(config)),
        snapshot_interval: config.strategy.persistence.snapshot_interval,
    };
    Engine::new(engine_config, instruments, strategies, opening)
        .context("the engine cannot be made from this configuration")
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
    let strategy = &config.strategy;
    let trades = traded(config, instruments);
    if trades.is_empty() {
        return Ok(None);
    }
    let row = match strategy.kind {
        config::StrategyKind::Imbalance => catalogue::find("imbalance"),
    };
    let row = row.context("the strategy is not in the catalogue")?;
    let params = Params::Imbalance(imbalance(config));
    let (id, name) = (StrategyId::new(0), strategy.strategy_id.as_str());
    let setup = Setup { id, name, instruments, trades: &trades, params: &params };
    (row.build)(&setup).map(Some).with_context(|| format!("strategy {name} cannot be made"))
}

fn imbalance(config: &Config) -> ImbalanceParams {
    let params = &config.strategy.params;
    let millis = |span: domain::Span| u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
    ImbalanceParams {
        imbalance_threshold: params.imbalance_threshold,
        min_confidence: params.min_confidence,
        feature_window_ms: millis(params.feature_window),
        signal_decay_ms: millis(params.signal_decay),
        max_position_size: params.max_position_size,
        order_size_fraction: Rate::new(params.order_size_fraction),
        strength_mode: match params.strength_mode {
            config::StrengthMode::Excess => StrengthMode::Excess,
            config::StrengthMode::Seed => StrengthMode::Seed,
        },
        order_style: match params.order_style {
            config::OrderStyle::Aggressive => EntryStyle::Aggressive,
            config::OrderStyle::Passive => EntryStyle::Passive,
        },
    }
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

fn features(config: &Config) -> FeatureConfig {
    let params = &config.strategy.params;
    let defaults = FeatureConfig::default();
    FeatureConfig {
        window: params.feature_window,
        buffer_capacity: config.strategy.performance.buffer_capacity,
        momentum_alpha: params.momentum_alpha,
        imbalance_decay: params.imbalance_decay,
        surge_window: defaults.surge_window.min(params.feature_window),
        ..defaults
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
    let paper = &config.paper;
    let broker_config = PaperConfig {
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
        slippage: paper.slippage,
        opening_cash: opening.cash,
        opening_positions: opening.positions.clone(),
        ..PaperConfig::new(run, paper.seed)
    };
    PaperBroker::new(&broker_config, instruments)
        .context("the paper broker cannot be made from this configuration")
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

//! The example files of the repository and of the specification load.

use std::path::Path;

use domain::{Market, Span};

use super::load_text;
use crate::config::{Config, Environment, Loaded, Sources, load};

const ARCHITECTURE_EXAMPLE: &str = r#"[strategy]
strategy_id = "imbalance_v1"
symbols = ["BTCUSDT"]
paper_trading = true

[strategy.params]
imbalance_threshold = 0.3
min_confidence = 0.7
feature_window_ms = 1000
signal_decay_ms = 500
max_position_size = 1.0
order_size_fraction = 0.5

[strategy.risk_limits]
max_position_size = 1.0
max_order_size = 0.5
max_notional_exposure = 100000.0
max_orders_per_second = 10

[strategy.performance]
buffer_capacity = 10000
market_channel_size = 10000
order_channel_size = 1000
persist_channel_size = 10000

[strategy.persistence]
database_path = "./data/strategy.db"
snapshot_interval_ms = 60000
batch_size = 100
"#;

const QUICK_REFERENCE_EXAMPLE: &str = r#"[strategy]
strategy_id = "imbalance_v1"
symbols = ["BTCUSDT"]
paper_trading = true
enable_ml = false

[strategy.params]
imbalance_threshold = 0.3
min_confidence = 0.7
feature_window_ms = 1000
max_position_size = 1.0

[strategy.risk_limits]
max_position_size = 1.0
max_order_size = 0.5
max_notional_exposure = 100000.0
max_orders_per_second = 10
"#;

fn example(name: &str) -> Loaded {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");
    let path = Path::new(folder).join(name);
    let sources = Sources::with_file(&path, Environment::default(), Vec::new());
    sources.and_then(|sources| load(&sources)).unwrap_or_else(|errors| panic!("{errors}"))
}

fn names(of: &[crate::config::MarketSymbol]) -> Vec<String> {
    of.iter().map(ToString::to_string).collect()
}

#[test]
fn the_documented_example_loads_and_differs_from_the_defaults_in_one_value() {
    let documented = load_text(ARCHITECTURE_EXAMPLE).unwrap().config;
    let mut defaults = load_text("").unwrap().config;
    assert_eq!(documented.strategy.performance.buffer_capacity, 10_000);
    defaults.strategy.performance.buffer_capacity = 10_000;
    assert_eq!(documented, defaults);
}

#[test]
fn the_quick_reference_example_is_the_default_configuration() {
    assert_eq!(load_text(QUICK_REFERENCE_EXAMPLE).unwrap().config, load_text("").unwrap().config);
}

#[test]
fn the_documented_defaults_hold() {
    let Config { strategy, .. } = load_text("").unwrap().config;
    assert_eq!(strategy.params.span("feature_window_ms"), Span::from_millis(1000));
    assert_eq!(strategy.params.span("signal_decay_ms"), Span::from_millis(500));
    assert_eq!(strategy.params.rate("order_size_fraction").decimal().to_string(), "0.5");
    assert_eq!(strategy.risk_limits.max_notional_exposure.to_string(), "100000");
    assert_eq!(strategy.risk_limits.max_order_notional, strategy.risk_limits.max_notional_exposure);
    assert_eq!(strategy.persistence.snapshot_interval, Span::from_secs(60));
}

#[test]
fn every_file_in_the_example_folder_loads() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(example(name).config.strategy.paper_trading, "{name}");
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} example files were found");
}

#[test]
fn the_replay_example_knows_all_recorded_instruments() {
    let config = example("replay.toml").config;
    let mut known: Vec<(Market, &str)> =
        config.instruments.iter().map(|one| (one.market, one.symbol.as_str())).collect();
    known.sort_unstable();
    assert_eq!(
        known,
        [
            (Market::Spot, "BTCUSDT"),
            (Market::Spot, "ETHUSDT"),
            (Market::LinearPerpetual, "BTCUSDT"),
            (Market::LinearPerpetual, "ETHUSDT"),
            (Market::InversePerpetual, "BTCUSD_PERP"),
            (Market::InversePerpetual, "ETHUSD_PERP"),
        ]
    );
    let traded = ["spot:BTCUSDT", "usdm:BTCUSDT", "spot:ETHUSDT", "usdm:ETHUSDT"];
    assert_eq!(names(&config.traded()), traded);
    assert_eq!(names(&config.observed()), ["coinm:BTCUSD_PERP", "coinm:ETHUSD_PERP"]);
}

#[test]
fn the_paper_examples_use_the_live_addresses_of_their_market() {
    let futures = example("paper-binance.toml").config;
    assert_eq!(names(&futures.traded()), ["usdm:BTCUSDT"]);
    assert_eq!(futures.venue.binance.futures_rest, "https://fapi.binance.com");
    let spot = example("paper-binance-spot.toml").config;
    assert_eq!(names(&spot.traded()), ["spot:BTCUSDT"]);
    assert_eq!(spot.venue.binance.spot_rest, "https://api.binance.com");
}

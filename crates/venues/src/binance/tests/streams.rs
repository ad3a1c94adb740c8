//! Every stream is asked for where it is served.

use domain::{Instruments, Market, Span};

use super::known;
use crate::{
    MarketFeed,
    binance::{BinanceConfig, BinanceFeed, Endpoints, StreamKind},
};

fn plans(config: BinanceConfig, instruments: &Instruments) -> Vec<(String, String)> {
    let feed = BinanceFeed::new(config, instruments);
    feed.connections().into_iter().map(|plan| (plan.name, plan.url)).collect()
}

#[test]
fn usdm_depth_and_trades_have_different_roots() {
    let two: Vec<_> = known().iter().map(|one| one.spec().clone()).skip(1).take(2).collect();
    let instruments = Instruments::new(two).unwrap();
    let expected = [
        (
            "binance-spot",
            "wss://stream.binance.com:9443/stream?streams=ethusdt@depth@100ms/ethusdt@bookTicker/ethusdt@aggTrade",
        ),
        (
            "binance-usdm-public",
            "wss://fstream.binance.com/public/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker",
        ),
        (
            "binance-usdm-market",
            "wss://fstream.binance.com/market/stream?streams=btcusdt@aggTrade/btcusdt@markPrice@1s",
        ),
    ];
    let expected = expected.map(|(name, url)| (name.to_owned(), url.to_owned()));
    assert_eq!(plans(BinanceConfig::default(), &instruments), expected);
}

#[test]
fn every_address_is_configuration() {
    let local = |path: &str| format!("http://127.0.0.1:1/{path}");
    let endpoints = Endpoints {
        spot_rest: local("spot_rest"),
        spot_ws: local("spot_ws"),
        futures_rest: local("futures_rest"),
        futures_ws_public: local("futures_ws_public"),
        futures_ws_market: local("futures_ws_market"),
        coin_rest: local("coin_rest"),
        coin_ws: local("coin_ws"),
    };
    let markets = [Market::Spot, Market::LinearPerpetual, Market::InversePerpetual];
    for market in markets {
        for url in [endpoints.depth_url(market, "X", 5), endpoints.exchange_info_url(market, "X")] {
            assert!(url.starts_with("http://127.0.0.1:1/"), "{url}");
        }
    }
    let config = BinanceConfig { endpoints, ..BinanceConfig::default() };
    for (name, url) in plans(config, &known()) {
        assert!(url.starts_with("http://127.0.0.1:1/"), "{name}: {url}");
    }
}

#[test]
fn many_streams_are_subscribed_to_and_spread_over_connections() {
    let base = known().iter().next().unwrap().spec().clone();
    let spec = |number: usize| {
        let symbol = format!("C{number}USDT");
        domain::instrument::InstrumentSpec { symbol, ..base.clone() }
    };
    let instruments = Instruments::new((0..100).map(spec)).unwrap();
    let feed = BinanceFeed::new(BinanceConfig::default(), &instruments);
    let plans = feed.connections();
    let names: Vec<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
    assert_eq!(names, ["binance-spot", "binance-spot-2"]);
    assert_eq!(plans[0].url, "wss://stream.binance.com:9443/stream");
    // 66 instruments with three streams each: two messages.
    assert_eq!(plans[0].hello.len(), 2);
    let hello: serde_json::Value = serde_json::from_str(&plans[0].hello[0]).unwrap();
    assert_eq!(hello["method"], "SUBSCRIBE");
    assert_eq!(hello["params"].as_array().unwrap().len(), 100);
    assert_eq!(hello["params"][0], "c0usdt@depth@100ms");
}

#[test]
fn only_chosen_streams_are_asked_for() {
    let config = BinanceConfig {
        streams: vec![StreamKind::Depth],
        depth_speed: "500ms".into(),
        idle_limit: Span::from_secs(3),
        ..BinanceConfig::default()
    };
    let feed = BinanceFeed::new(config, &known());
    let plans = feed.connections();
    assert_eq!(plans.len(), 3);
    assert!(plans.iter().all(|plan| plan.idle_limit == Span::from_secs(3)));
    assert!(plans[1].url.ends_with("?streams=btcusdt@depth@500ms/ethusdt@depth@500ms"));
}

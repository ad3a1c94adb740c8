//! The venue's list of instruments becomes facts.

use domain::{Market, Money};

use super::known;
use crate::binance::{known_instrument, read_exchange_info};

const SPOT: &str = r#"{"timezone":"UTC","rateLimits":[],"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","baseAssetPrecision":8,"quoteAsset":"USDT","orderTypes":["LIMIT"],"filters":[
 {"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000000.00000000","tickSize":"0.01000000"},
 {"filterType":"LOT_SIZE","minQty":"0.00001000","maxQty":"9000.00000000","stepSize":"0.00001000"},
 {"filterType":"MARKET_LOT_SIZE","minQty":"0.00000000","maxQty":"100.00000000","stepSize":"0.00000000"},
 {"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,"maxNotional":"9000000.00000000"}]}]}"#;

const USDM: &str = r#"{"symbols":[{"symbol":"BTCUSDT","pair":"BTCUSDT","contractType":"PERPETUAL","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","pricePrecision":2,"filters":[{"filterType":"PRICE_FILTER","minPrice":"0.10","maxPrice":"1000000","tickSize":"0.10"},{"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"1000","stepSize":"0.001"},{"filterType":"MIN_NOTIONAL","notional":"100"}]},
 {"symbol":"BTCUSDT_250926","contractType":"CURRENT_QUARTER","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[]},
 {"symbol":"OLDUSDT","contractType":"PERPETUAL","status":"SETTLING","baseAsset":"OLD","quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","tickSize":0.0001},{"filterType":"LOT_SIZE","minQty":1,"maxQty":10000,"stepSize":1}]},
 {"symbol":"BADUSDT","contractType":"PERPETUAL","status":"TRADING","baseAsset":"BAD","quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","tickSize":"0"},{"filterType":"LOT_SIZE","stepSize":"1"}]}]}"#;

#[test]
fn the_spot_list_agrees_with_the_built_in_facts() {
    let info = read_exchange_info(Market::Spot, SPOT.as_bytes()).unwrap();
    let listed = info.find("BTCUSDT").unwrap();
    assert!(listed.trading);
    assert_eq!(Some(listed.spec.clone()), known_instrument(Market::Spot, "BTCUSDT"));
}

#[test]
fn the_usdm_list_has_other_names_for_the_same_things() {
    let info = read_exchange_info(Market::LinearPerpetual, USDM.as_bytes()).unwrap();
    let btc = &info.find("BTCUSDT").unwrap().spec;
    assert_eq!(Some(btc.clone()), known_instrument(Market::LinearPerpetual, "BTCUSDT"));
    let old = info.find("OLDUSDT").unwrap();
    assert!(!old.trading);
    assert_eq!(old.spec.tick_size.to_string(), "0.0001");
    assert_eq!(old.spec.min_notional, Money::ZERO);
}

#[test]
fn what_cannot_be_used_is_left_out_with_the_reason() {
    let info = read_exchange_info(Market::LinearPerpetual, USDM.as_bytes()).unwrap();
    let shown: Vec<String> =
        info.left_out.iter().map(|(symbol, reason)| format!("{symbol}: {reason}")).collect();
    assert_eq!(
        shown,
        [
            "BTCUSDT_250926: a contract of type \"CURRENT_QUARTER\", not a perpetual",
            "BADUSDT: tickSize: price 0 is not above zero",
        ]
    );
}

#[test]
fn an_error_object_is_no_list() {
    let error = read_exchange_info(Market::Spot, br#"{"code":-1121,"msg":"Invalid symbol."}"#);
    assert_eq!(
        error.unwrap_err().to_string(),
        "cannot read exchangeInfo: missing field `symbols` at line 1 column 38"
    );
}

#[test]
fn the_built_in_facts_are_readable_and_can_be_found() {
    assert_eq!(known().len(), 6);
    for one in known().iter() {
        let found = known_instrument(one.spec().market, one.symbol());
        assert_eq!(found.as_ref(), Some(one.spec()));
    }
    assert_eq!(known_instrument(Market::Spot, "BTCUSD_PERP"), None);
}

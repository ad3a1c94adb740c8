//! What the venue says about its instruments.

use domain::{Instrument, Instruments, Market as Kind};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::limits::{order_limits, weight_limit};
use crate::trading::{
    Phase,
    rules::{
        FUTURES_BAND, MAX_ALGO_ORDERS, MAX_ORDERS, SPOT_BAND, largest, max_market, min_notional,
        smallest,
    },
};

/// The whole answer for these instruments of one kind of market.
pub(crate) fn exchange_info(
    instruments: &Instruments,
    kind: Kind,
    symbols: Option<&[String]>,
    phase: Phase,
    now_millis: i64,
) -> Value {
    let wanted = |instrument: &&Instrument| {
        instrument.spec().market == kind
            && symbols.is_none_or(|symbols| symbols.iter().any(|one| one == instrument.symbol()))
    };
    let describe = if kind == Kind::Spot { spot_symbol } else { future_symbol };
    let status = match phase {
        Phase::Trading => "TRADING",
        Phase::CancelOnly => "CANCEL_ONLY",
        Phase::Halted => "HALT",
    };
    let list: Vec<Value> =
        instruments.iter().filter(wanted).map(|one| describe(one, status)).collect();
    let mut limits = vec![json!({
        "rateLimitType": "REQUEST_WEIGHT",
        "interval": "MINUTE",
        "intervalNum": 1,
        "limit": weight_limit(kind),
    })];
    limits.extend(order_limits(kind).iter().map(|limit| {
        json!({
            "rateLimitType": "ORDERS", "interval": limit.interval,
            "intervalNum": limit.number, "limit": limit.most,
        })
    }));
    json!({
        "timezone": "UTC",
        "serverTime": now_millis,
        "rateLimits": limits,
        "exchangeFilters": [],
        "assets": [],
        "symbols": list,
    })
}

/// Spot shows eight decimals everywhere.
fn eight(value: Decimal) -> String {
    format!("{value:.8}")
}

fn spot_symbol(instrument: &Instrument, status: &str) -> Value {
    let spec = instrument.spec();
    json!({
        "symbol": spec.symbol,
        "status": status,
        "baseAsset": spec.base,
        "baseAssetPrecision": 8,
        "quoteAsset": spec.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": [
            "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT",
            "TAKE_PROFIT_LIMIT",
        ],
        "icebergAllowed": false,
        "ocoAllowed": false,
        "otoAllowed": false,
        "quoteOrderQtyMarketAllowed": true,
        "allowTrailingStop": false,
        "cancelReplaceAllowed": true,
        "amendAllowed": true,
        "isSpotTradingAllowed": true,
        "isMarginTradingAllowed": false,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": eight(spec.tick_size.decimal()),
                "maxPrice": "1000000.00000000",
                "tickSize": eight(spec.tick_size.decimal()),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": eight(smallest(instrument)),
                "maxQty": eight(largest(instrument)),
                "stepSize": eight(spec.lot_size.decimal()),
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": eight(min_notional(instrument)),
                "applyMinToMarket": true,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": false,
                "avgPriceMins": 5,
            },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.00000000",
                "maxQty": eight(max_market(instrument)),
                "stepSize": "0.00000000",
            },
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": SPOT_BAND.0.to_string(),
                "bidMultiplierDown": SPOT_BAND.1.to_string(),
                "askMultiplierUp": SPOT_BAND.0.to_string(),
                "askMultiplierDown": SPOT_BAND.1.to_string(),
                "avgPriceMins": 5,
            },
            { "filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_ORDERS },
            { "filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MAX_ALGO_ORDERS[0] },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
    })
}

fn future_symbol(instrument: &Instrument, status: &str) -> Value {
    let spec = instrument.spec();
    let quantity_decimals = instrument.quantity_scale().decimals();
    json!({
        "symbol": spec.symbol,
        "pair": format!("{}{}", spec.base, spec.quote),
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000_i64,
        "onboardDate": 1_569_398_400_000_i64,
        "status": status,
        "contractStatus": status,
        "baseAsset": spec.base,
        "quoteAsset": spec.quote,
        "marginAsset": if spec.market == Kind::LinearPerpetual { &spec.quote } else { &spec.base },
        "pricePrecision": instrument.price_scale().decimals().max(2),
        "quantityPrecision": quantity_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": spec.tick_size.to_string(),
                "maxPrice": "1000000",
                "tickSize": spec.tick_size.to_string(),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": smallest(instrument).to_string(),
                "maxQty": largest(instrument).to_string(),
                "stepSize": spec.lot_size.to_string(),
            },
            { "filterType": "MIN_NOTIONAL", "notional": min_notional(instrument).to_string() },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": smallest(instrument).to_string(),
                "maxQty": max_market(instrument).to_string(),
                "stepSize": spec.lot_size.to_string(),
            },
            { "filterType": "MAX_NUM_ORDERS", "limit": MAX_ORDERS },
            { "filterType": "MAX_NUM_ALGO_ORDERS", "limit": MAX_ALGO_ORDERS[1] },
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": FUTURES_BAND.0.to_string(),
                "multiplierDown": FUTURES_BAND.1.to_string(),
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    })
}

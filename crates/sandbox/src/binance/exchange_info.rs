//! What the venue says about its instruments.

use domain::{Instrument, Instruments, Market as Kind, Money, Qty};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// The whole answer for these instruments of one kind of market.
pub(crate) fn exchange_info(
    instruments: &Instruments,
    kind: Kind,
    symbols: Option<&[String]>,
    weight_limit: u32,
    now_millis: i64,
) -> Value {
    let wanted = |instrument: &&Instrument| {
        instrument.spec().market == kind
            && symbols.is_none_or(|symbols| symbols.iter().any(|one| one == instrument.symbol()))
    };
    let describe = if kind == Kind::Spot { spot_symbol } else { future_symbol };
    let list: Vec<Value> = instruments.iter().filter(wanted).map(describe).collect();
    json!({
        "timezone": "UTC",
        "serverTime": now_millis,
        "rateLimits": [{
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": weight_limit,
        }],
        "exchangeFilters": [],
        "symbols": list,
    })
}

/// Spot shows eight decimals everywhere.
fn eight(value: Decimal) -> String {
    format!("{value:.8}")
}

/// Zero means "no limit" with us; the venue writes a large number.
fn largest(quantity: Qty) -> Decimal {
    if quantity == Qty::ZERO { Decimal::from(9_000_000_u32) } else { quantity.decimal() }
}

fn smallest(instrument: &Instrument) -> Decimal {
    instrument.spec().min_quantity.decimal().max(instrument.spec().lot_size.decimal())
}

fn money(amount: Money) -> Decimal {
    amount.to_string().parse().unwrap_or(Decimal::ZERO)
}

fn spot_symbol(instrument: &Instrument) -> Value {
    let spec = instrument.spec();
    json!({
        "symbol": spec.symbol,
        "status": "TRADING",
        "baseAsset": spec.base,
        "baseAssetPrecision": 8,
        "quoteAsset": spec.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": true,
        "ocoAllowed": true,
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
                "maxQty": eight(largest(spec.max_quantity)),
                "stepSize": eight(spec.lot_size.decimal()),
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": eight(money(spec.min_notional)),
                "applyMinToMarket": true,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": false,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    })
}

fn future_symbol(instrument: &Instrument) -> Value {
    let spec = instrument.spec();
    let quantity_decimals = instrument.quantity_scale().decimals();
    json!({
        "symbol": spec.symbol,
        "pair": format!("{}{}", spec.base, spec.quote),
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000_i64,
        "onboardDate": 1_569_398_400_000_i64,
        "status": "TRADING",
        "contractStatus": "TRADING",
        "baseAsset": spec.base,
        "quoteAsset": spec.quote,
        "marginAsset": if spec.market == Kind::LinearPerpetual { &spec.quote } else { &spec.base },
        "pricePrecision": instrument.price_scale().decimals().max(2),
        "quantityPrecision": quantity_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "triggerProtect": "0.0500",
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
                "maxQty": largest(spec.max_quantity).to_string(),
                "stepSize": spec.lot_size.to_string(),
            },
            { "filterType": "MIN_NOTIONAL", "notional": money(spec.min_notional).normalize().to_string() },
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    })
}

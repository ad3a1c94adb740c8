//! Public facts of the instruments in the recordings, for replays without anything better.
//!
//! A live session asks the venue instead, see [`super::exchange_info`].

use domain::{Market, Money, Qty, instrument::InstrumentSpec};

use super::VENUE;

/// Market, symbol, base, quote, tick, lot, smallest and largest quantity, smallest value.
type Facts = (Market, [&'static str; 8]);

const FACTS: [Facts; 6] = [
    (Market::Spot, ["BTCUSDT", "BTC", "USDT", "0.01", "0.00001", "0.00001", "9000", "5"]),
    (Market::Spot, ["ETHUSDT", "ETH", "USDT", "0.01", "0.0001", "0.0001", "9000", "5"]),
    (Market::LinearPerpetual, ["BTCUSDT", "BTC", "USDT", "0.10", "0.001", "0.001", "1000", "100"]),
    (Market::LinearPerpetual, ["ETHUSDT", "ETH", "USDT", "0.01", "0.001", "0.001", "10000", "20"]),
    (Market::InversePerpetual, ["BTCUSD_PERP", "BTC", "USD", "0.1", "1", "1", "1000000", "0"]),
    (Market::InversePerpetual, ["ETHUSD_PERP", "ETH", "USD", "0.01", "1", "1", "1000000", "0"]),
];

/// All of them: BTC and ETH on spot, USD-M and COIN-M.
///
/// # Panics
/// Never: a test reads every fact.
#[must_use]
pub fn known_instruments() -> Vec<InstrumentSpec> {
    FACTS.iter().map(|(market, facts)| spec(*market, facts)).collect()
}

/// The facts of one of them.
#[must_use]
pub fn known_instrument(market: Market, symbol: &str) -> Option<InstrumentSpec> {
    let found =
        FACTS.iter().find(|(its_market, facts)| *its_market == market && facts[0] == symbol);
    found.map(|(market, facts)| spec(*market, facts))
}

fn spec(market: Market, facts: &[&str; 8]) -> InstrumentSpec {
    let [symbol, base, quote, tick, lot, least, most, value] = *facts;
    let quantity = |text: &str| text.parse::<Qty>().expect("the table holds numbers");
    InstrumentSpec {
        venue: VENUE.into(),
        market,
        symbol: symbol.into(),
        base: base.into(),
        quote: quote.into(),
        tick_size: tick.parse().expect("the table holds numbers"),
        lot_size: quantity(lot),
        min_quantity: quantity(least),
        max_quantity: quantity(most),
        min_notional: value.parse::<Money>().expect("the table holds numbers"),
    }
}

//! Instruments with the scales that real venues use, from fine to coarse.

use domain::{Instruments, Market, Money, Qty, instrument::InstrumentSpec};

/// A specification from its texts: market, symbol (base and quote joined by `/`), tick, lot.
///
/// # Panics
/// When a text is not a number: the test is wrong.
#[must_use]
pub fn spec(market: Market, pair: &str, tick: &str, lot: &str) -> InstrumentSpec {
    let (base, quote) = pair.split_once('/').expect("a pair is written BASE/QUOTE");
    InstrumentSpec {
        venue: "binance".into(),
        market,
        symbol: format!("{base}{quote}"),
        base: base.into(),
        quote: quote.into(),
        tick_size: tick.parse().expect("a tick is a decimal"),
        lot_size: lot.parse().expect("a lot is a decimal"),
        min_quantity: Qty::ZERO,
        max_quantity: Qty::ZERO,
        min_notional: Money::ZERO,
    }
}

/// BTC against USDT on spot: tick 0.01, lot 0.00001.
#[must_use]
pub fn btc_spot() -> InstrumentSpec {
    spec(Market::Spot, "BTC/USDT", "0.01", "0.00001")
}

/// The BTC perpetual: tick 0.1, lot 0.001.
#[must_use]
pub fn btc_perpetual() -> InstrumentSpec {
    spec(Market::LinearPerpetual, "BTC/USDT", "0.1", "0.001")
}

/// A coin with a price of 0.00000823 and quantities of 10^13: tick 1e-8, lot 1.
#[must_use]
pub fn pepe_spot() -> InstrumentSpec {
    spec(Market::Spot, "PEPE/USDT", "0.00000001", "1")
}

/// BTC against rupiah at 1.6e9: tick 1, lot 0.00001.
#[must_use]
pub fn btc_rupiah() -> InstrumentSpec {
    spec(Market::Spot, "BTC/IDR", "1", "0.00001")
}

/// The coin-margined BTC perpetual, which is watched and never traded.
#[must_use]
pub fn btc_inverse() -> InstrumentSpec {
    spec(Market::InversePerpetual, "BTC/USD", "0.1", "1")
}

/// A table of instruments.
///
/// # Panics
/// When a specification does not fit the arithmetic: the test is wrong.
#[must_use]
pub fn instruments(specs: impl IntoIterator<Item = InstrumentSpec>) -> Instruments {
    Instruments::new(specs).expect("the specifications are usable")
}

#[cfg(test)]
mod tests {
    use domain::{InstrumentId, Lots, Ticks};

    use super::*;

    #[test]
    fn the_extreme_instruments_hold_their_real_prices_and_quantities_exactly() {
        let table = instruments([pepe_spot(), btc_rupiah(), btc_spot(), btc_perpetual()]);
        let pepe = table.get(InstrumentId::new(0));
        assert_eq!(pepe.price(Ticks::new(823)).to_string(), "0.00000823");
        let all = pepe.notional(Ticks::new(823), Lots::new(10_000_000_000_000)).unwrap();
        assert_eq!(all.to_string(), "82300000");
        let rupiah = table.get(InstrumentId::new(1));
        let one = rupiah.notional(Ticks::new(2_900_000_000), Lots::new(100_000)).unwrap();
        assert_eq!(one.to_string(), "2900000000");
    }

    #[test]
    fn a_symbol_is_base_and_quote_without_the_stroke() {
        assert_eq!(btc_inverse().symbol, "BTCUSD");
        assert_eq!((btc_spot().base, btc_spot().quote), ("BTC".to_owned(), "USDT".to_owned()));
    }
}

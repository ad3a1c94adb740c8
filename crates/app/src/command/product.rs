//! From a product as people write it to the symbol of a venue: `BTC-USD` is Binance's `BTCUSDT`.
//!
//! Only the spelling is read here. Whether the venue lists the symbol is for the venue to say.

use crate::config::{MarketName, MarketSymbol};

/// Currencies that prices are in, the longer before those they end with.
const QUOTES: [&str; 8] = ["FDUSD", "USDT", "USDC", "USD", "EUR", "BTC", "ETH", "BNB"];
/// Binance has no market in dollars; this is the nearest.
const NEAREST_TO_DOLLARS: &str = "USDT";
/// Products that are suggested where one is not known.
const SUGGESTIONS: [&str; 12] = [
    "BTC-USD", "ETH-USD", "SOL-USD", "BNB-USD", "XRP-USD", "ADA-USD", "DOGE-USD", "AVAX-USD",
    "LINK-USD", "LTC-USD", "DOT-USD", "ETH-BTC",
];

/// What is traded, as it was asked for and as the venue calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    /// As it was asked for.
    pub(super) name: String,
    /// As the venue calls it.
    pub(super) symbol: String,
}

/// Write another product.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("error: --product-id {name}: there is no such product; the nearest are {nearest}")]
pub(super) struct UnknownProduct {
    name: String,
    nearest: String,
}

impl Product {
    /// Reads a product such as `BTC-USD`, `btc/usdt` or `BTCUSDT`.
    ///
    /// # Errors
    /// [`UnknownProduct`] for anything that is not an asset and a currency.
    pub(super) fn read(name: &str) -> Result<Self, UnknownProduct> {
        let upper = name.to_ascii_uppercase();
        let parts = upper.split_once(['-', '/']).or_else(|| without_separator(&upper));
        let (base, quote) = parts.ok_or_else(|| unknown(name))?;
        let is_asset = |text: &str| {
            (1..=12).contains(&text.len()) && text.bytes().all(|one| one.is_ascii_alphanumeric())
        };
        if !is_asset(base) || !QUOTES.contains(&quote) || base == quote {
            return Err(unknown(name));
        }
        let quote = if quote == "USD" { NEAREST_TO_DOLLARS } else { quote };
        Ok(Self { name: name.to_owned(), symbol: format!("{base}{quote}") })
    }

    /// The instrument at the venue.
    pub(super) fn instrument(&self) -> MarketSymbol {
        MarketSymbol { market: MarketName::Spot, symbol: self.symbol.clone() }
    }

    /// The complaint about a product that the venue does not list.
    pub(super) fn unlisted(&self) -> UnknownProduct {
        unknown(&self.name)
    }
}

/// `BTCUSDT` is `BTC` in `USDT`.
fn without_separator(upper: &str) -> Option<(&str, &str)> {
    let quote = QUOTES.iter().find(|quote| upper.ends_with(**quote))?;
    Some(upper.split_at(upper.len() - quote.len()))
}

/// The three suggestions with the fewest differences.
fn unknown(name: &str) -> UnknownProduct {
    let upper = name.to_ascii_uppercase();
    let mut nearest = SUGGESTIONS;
    nearest.sort_by_key(|one| strsim::damerau_levenshtein(&upper, one));
    UnknownProduct { name: name.to_owned(), nearest: nearest[..3].join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_become_the_venues_symbols() {
        let pairs = [
            ("BTC-USD", "BTCUSDT"),
            ("ETH-USD", "ETHUSDT"),
            ("SOL-USDT", "SOLUSDT"),
            ("BTCUSDT", "BTCUSDT"),
            ("BTCUSD", "BTCUSDT"),
            ("eth/btc", "ETHBTC"),
            ("1000SATS-FDUSD", "1000SATSFDUSD"),
        ];
        for (name, symbol) in pairs {
            let product = Product::read(name).unwrap();
            assert_eq!((product.symbol.as_str(), product.name.as_str()), (symbol, name));
            assert_eq!(product.instrument().to_string(), format!("spot:{symbol}"));
        }
    }

    #[test]
    fn what_is_no_product_gets_the_nearest_names() {
        for name in ["", "-", "BTC", "BTC-", "-USD", "USD-USD", "BTC-XYZ", "B C-USD", "a-b-c"] {
            let error = Product::read(name).unwrap_err();
            assert_eq!(error.nearest.split(", ").count(), 3, "{name}: {error}");
        }
        let error = Product::read("BTC-USB").unwrap_err().to_string();
        assert!(error.contains("nearest are BTC-USD,"), "{error}");
    }
}

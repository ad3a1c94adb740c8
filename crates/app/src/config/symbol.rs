//! Markets and symbols as people write them: `BTCUSDT`, `spot:BTCUSDT`.

use std::{fmt, str::FromStr};

use domain::Market;
use serde::Deserialize;

use super::{kind::is_symbol, nearest::nearest};

/// A market by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarketName {
    /// Spot.
    Spot,
    /// USD-margined perpetual futures.
    Usdm,
    /// Coin-margined perpetual futures: recorded market data only, never traded.
    Coinm,
}

impl MarketName {
    const NAMES: [(&'static str, Self); 3] =
        [("spot", Self::Spot), ("usdm", Self::Usdm), ("coinm", Self::Coinm)];

    /// The short name of the domain's word.
    #[must_use]
    pub const fn of(market: Market) -> Self {
        match market {
            Market::Spot => Self::Spot,
            Market::LinearPerpetual => Self::Usdm,
            Market::InversePerpetual => Self::Coinm,
        }
    }

    /// The domain's word for it.
    #[must_use]
    pub const fn market(self) -> Market {
        match self {
            Self::Spot => Market::Spot,
            Self::Usdm => Market::LinearPerpetual,
            Self::Coinm => Market::InversePerpetual,
        }
    }
}

impl fmt::Display for MarketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spot => "spot",
            Self::Usdm => "usdm",
            Self::Coinm => "coinm",
        })
    }
}

/// A symbol, with its market when one was written before it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SymbolName {
    /// `None` means: in each market of `venue.binance.market`.
    pub market: Option<MarketName>,
    /// The venue's symbol in upper case.
    pub symbol: String,
}

impl SymbolName {
    /// The instruments this name stands for.
    pub(super) fn expand(&self, markets: &[MarketName]) -> Vec<MarketSymbol> {
        let of = |market| MarketSymbol { market, symbol: self.symbol.clone() };
        match self.market {
            Some(market) => vec![of(market)],
            None => markets.iter().copied().map(of).collect(),
        }
    }
}

/// One instrument: a market and a symbol in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarketSymbol {
    /// Where it is listed.
    pub market: MarketName,
    /// The venue's symbol in upper case.
    pub symbol: String,
}

impl fmt::Display for MarketSymbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.market, self.symbol)
    }
}

/// Why a symbol cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// Write it in upper case.
    #[error("symbols are written in upper case: `{0}`")]
    LowerCase(String),
    /// Use a known market.
    #[error("`{found}` is no market; {hint}")]
    UnknownMarket {
        /// What stood before the colon.
        found: String,
        /// What to write instead.
        hint: String,
    },
    /// Use letters, digits and underscores.
    #[error("`{0}` is not a symbol such as `BTCUSDT`")]
    NotASymbol(String),
}

impl FromStr for SymbolName {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, SymbolError> {
        let (market, symbol) = match text.split_once(':') {
            Some((market, symbol)) => (Some(read_market(market)?), symbol),
            None => (None, text),
        };
        if is_symbol(symbol) {
            return Ok(Self { market, symbol: symbol.to_owned() });
        }
        let upper = symbol.to_uppercase();
        Err(if is_symbol(&upper) {
            SymbolError::LowerCase(upper)
        } else {
            SymbolError::NotASymbol(symbol.to_owned())
        })
    }
}

fn read_market(found: &str) -> Result<MarketName, SymbolError> {
    let known = MarketName::NAMES.iter().find(|(name, _)| *name == found);
    known.map(|(_, market)| *market).ok_or_else(|| {
        let names = MarketName::NAMES.map(|(name, _)| name);
        let hint = match nearest(found, names) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("markets are {}", names.join(", ")),
        };
        SymbolError::UnknownMarket { found: found.to_owned(), hint }
    })
}

impl TryFrom<String> for SymbolName {
    type Error = SymbolError;
    fn try_from(text: String) -> Result<Self, SymbolError> {
        text.parse()
    }
}

impl fmt::Display for SymbolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.market {
            Some(market) => write!(f, "{market}:{}", self.symbol),
            None => f.write_str(&self.symbol),
        }
    }
}

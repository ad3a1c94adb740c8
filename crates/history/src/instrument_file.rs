//! What the catalogue knows about an instrument beside its prices.
//!
//! One small JSON file an instrument, in a folder whose name begins with an underscore, which
//! readers of folders full of Parquet files leave out.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::{Qty, instrument::InstrumentSpec};
use serde::{Deserialize, Serialize};

use crate::{
    error::{ImportError, ReadError},
    place::InstrumentKey,
};

/// The folder of the instruments' files, below the catalogue.
pub(crate) const FOLDER: &str = "_instruments";

/// An instrument as the catalogue keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentFile {
    /// Names, tick and lot.
    pub spec: InstrumentSpec,
    /// Whether the tick was stated; otherwise it is the finest price that was seen.
    pub tick_stated: bool,
    /// Whether the lot was stated; otherwise it is the finest quantity that was seen.
    pub lot_stated: bool,
    /// Where the data come from, as whoever imported them says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// On what terms they may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Every import that added something, oldest first.
    #[serde(default)]
    pub imports: Vec<ImportedFile>,
}

/// A file that was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedFile {
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// The kind of data that was taken from it, such as `bars_1m`.
    pub kind: String,
    /// How it was read.
    pub format: String,
    /// Rows read from all files of that import.
    pub rows: u64,
    /// What was decided for the reader, such as a side that the data do not state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The path of an instrument's file.
pub(crate) fn path_of(catalogue: &Path, key: &InstrumentKey) -> PathBuf {
    let InstrumentKey { venue, market, symbol } = key;
    catalogue.join(FOLDER).join(venue).join(market.to_string()).join(symbol).join("instrument.json")
}

impl InstrumentFile {
    /// Reads an instrument's file, `None` where there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, ReadError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ReadError::open(path, error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| ReadError::damaged(path, error))
    }

    /// Writes it.
    pub(crate) fn write(&self, path: &Path) -> Result<(), ImportError> {
        let write = || -> io::Result<()> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            fs::write(path, text)
        };
        write().map_err(|error| ImportError::write(path, error))
    }
}

/// Base and quote asset of a symbol, as far as it tells them.
pub(crate) fn assets(symbol: &str) -> (String, String) {
    const QUOTES: [&str; 14] = [
        "USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "TRY", "BTC", "ETH",
        "BNB", "XBT",
    ];
    let name = symbol.strip_suffix("_PERP").unwrap_or(symbol);
    if let Some((base, quote)) = name.split_once(['-', '_']) {
        return (base.to_owned(), quote.to_owned());
    }
    let split = QUOTES.iter().find_map(|quote| Some((name.strip_suffix(quote)?, *quote)));
    match split {
        Some((base, quote)) if base.len() >= 2 => (base.to_owned(), quote.to_owned()),
        // A share is quoted in dollars unless somebody says otherwise.
        _ => (name.to_owned(), "USD".to_owned()),
    }
}

/// The facts about an instrument of which only its names and steps are known.
pub(crate) fn plain_spec(key: &InstrumentKey, tick: domain::Price, lot: Qty) -> InstrumentSpec {
    let (base, quote) = assets(&key.symbol);
    InstrumentSpec {
        venue: key.venue.clone(),
        market: key.market,
        symbol: key.symbol.clone(),
        base,
        quote,
        tick_size: tick,
        lot_size: lot,
        min_quantity: Qty::ZERO,
        max_quantity: Qty::ZERO,
        min_notional: domain::Money::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_and_quote_are_found_in_the_usual_symbols() {
        let pairs = [
            ("BTCUSDT", "BTC/USDT"),
            ("BTC-USD", "BTC/USD"),
            ("BTCUSD_PERP", "BTC/USD"),
            ("ETHBTC", "ETH/BTC"),
            ("AAPL", "AAPL/USD"),
            ("BRK.B", "BRK.B/USD"),
        ];
        for (symbol, expected) in pairs {
            let (base, quote) = assets(symbol);
            assert_eq!(format!("{base}/{quote}"), expected, "{symbol}");
        }
    }
}

//! The venues there are: name, purpose, and how to build the market data feed.
//!
//! A new venue is one more row here and its folder. The command line, the configuration
//! and the documentation read this table.

use std::collections::BTreeMap;

use domain::{Instruments, Span};

use crate::{
    MarketFeed,
    binance::{self, BinanceConfig, BinanceFeed, Endpoints},
};

/// What every venue's feed can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSettings {
    /// Base addresses that replace the venue's own, by their configuration keys.
    pub endpoints: BTreeMap<String, String>,
    /// Longest silence of a connection.
    pub idle_limit: Span,
}

/// A setting a venue cannot use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Correct the key: the venue has no such address.
    #[error("{venue} has no endpoint {key:?}; it has {}", known.join(", "))]
    UnknownEndpoint {
        /// The venue.
        venue: &'static str,
        /// The key as given.
        key: String,
        /// The keys there are.
        known: Vec<&'static str>,
    },
    /// Correct the address.
    #[error("endpoint {key} is {value:?}, but must begin with {}", schemes.join(" or "))]
    BadEndpoint {
        /// The key.
        key: String,
        /// The address as given.
        value: String,
        /// What it may begin with.
        schemes: &'static [&'static str],
    },
}

/// Builds a feed for those of the session's instruments that belong to the venue.
pub type BuildFeed = fn(&FeedSettings, &Instruments) -> Result<Box<dyn MarketFeed>, SettingsError>;

/// One venue.
#[derive(Clone, Copy, Debug)]
pub struct VenueEntry {
    /// Its name in instruments and configuration, in lower case.
    pub name: &'static str,
    /// What can be had from it, in a few words.
    pub purpose: &'static str,
    /// Builds its market data feed.
    pub build: BuildFeed,
}

/// All venues, by name.
pub const VENUES: &[VenueEntry] = &[VenueEntry {
    name: binance::VENUE,
    purpose: "market data of Binance spot, USD-M and COIN-M perpetuals",
    build: build_binance,
}];

/// The venue of this name.
#[must_use]
pub fn find_venue(name: &str) -> Option<&'static VenueEntry> {
    VENUES.iter().find(|venue| venue.name == name)
}

fn build_binance(
    settings: &FeedSettings,
    instruments: &Instruments,
) -> Result<Box<dyn MarketFeed>, SettingsError> {
    let mut endpoints = Endpoints::default();
    for (key, value) in &settings.endpoints {
        endpoints.replace(key, value)?;
    }
    let config =
        BinanceConfig { endpoints, idle_limit: settings.idle_limit, ..BinanceConfig::default() };
    Ok(Box::new(BinanceFeed::new(config, instruments)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binance::known_instruments;

    fn build(name: &str, key: &str, value: &str) -> Result<Box<dyn MarketFeed>, SettingsError> {
        let endpoints = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let settings = FeedSettings { endpoints, idle_limit: Span::from_secs(10) };
        let instruments = Instruments::new(known_instruments()).unwrap();
        (find_venue(name).unwrap().build)(&settings, &instruments)
    }

    #[test]
    fn names_are_unique_sorted_and_lower_case() {
        let names: Vec<&str> = VENUES.iter().map(|venue| venue.name).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        assert!(names.iter().all(|name| **name == name.to_lowercase()));
        assert!(find_venue("nowhere").is_none());
    }

    #[test]
    fn a_configured_address_replaces_the_venues_own() {
        let feed = build("binance", "spot_ws", "ws://127.0.0.1:9/").unwrap();
        assert!(feed.connections()[0].url.starts_with("ws://127.0.0.1:9/stream?streams=btcusdt"));
    }

    #[test]
    fn a_wrong_key_or_address_is_refused_with_what_would_do() {
        let shown = |key, value| build("binance", key, value).err().unwrap().to_string();
        assert_eq!(
            shown("spot_wss", "ws://x"),
            "binance has no endpoint \"spot_wss\"; it has coin_rest, coin_ws, futures_rest, \
             futures_ws_market, futures_ws_public, spot_rest, spot_ws"
        );
        assert_eq!(
            shown("spot_ws", "https://x"),
            "endpoint spot_ws is \"https://x\", but must begin with ws:// or wss://"
        );
    }
}

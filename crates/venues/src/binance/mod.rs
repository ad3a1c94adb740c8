//! Binance: spot, USD-M and COIN-M futures, public market data.
//!
//! Frames become [`message::Message`]s in [`decode`] (fast) or `document` (careful), `feed`
//! turns these into events, and `depth_sync` with `throttle` keep each book complete.
//! [`exchange_info`] reads what can be traded.

mod book;
pub mod decode;
mod depth_sync;
mod document;
pub mod exchange_info;
mod feed;
pub mod known_instruments;
pub mod message;
mod scan;
mod snapshot;
pub mod streams;
pub mod symbols;
mod throttle;
mod unreadable;

#[cfg(test)]
mod tests;

pub use exchange_info::{ExchangeInfo, ListedInstrument, read_exchange_info};
pub use feed::{BinanceConfig, BinanceFeed};
pub use known_instruments::{known_instrument, known_instruments};
pub use snapshot::read_snapshot;
pub use streams::{Endpoints, StreamKind};
pub use throttle::ResyncPolicy;

/// How this venue is called in instruments and configuration.
pub const VENUE: &str = "binance";

//! Numbers that describe the market's recent past, for rules and models to act on.
//!
//! Three extractors follow the book and the trades of one instrument over a sliding
//! window and keep running sums, so that an update costs the same however wide the
//! window is. [`FeatureCalculator`] owns them and makes [`FeatureVector`]s; what each
//! number means is said at [`Feature`].

mod buffer;
mod calculator;
mod config;
mod decayed;
mod extractor;
pub(crate) mod factor;
mod microstructure;
mod name;
mod order_book;
mod ring;
mod toxicity;
mod trade;
mod vector;

#[cfg(test)]
mod tests;

pub use buffer::FeatureBuffer;
pub use calculator::FeatureCalculator;
pub use config::{FeatureConfig, FeatureConfigError};
pub use extractor::{BookState, FeatureExtractor, Readiness, TradeTick, by_name};
pub use microstructure::MicrostructureExtractor;
pub use name::{Feature, UnknownFeature};
pub use order_book::OrderBookFeatureExtractor;
pub use trade::TradeFeatureExtractor;
pub use vector::FeatureVector;

//! What the market is doing: order books, bars, indicators, snapshots, features and signals.
//!
//! Events and their times come in, values go out. Nothing here reads a clock, a file
//! or a socket, and nothing allocates on the hot path once it is warm; what to do
//! about the market is decided elsewhere.

pub mod adjustment;
pub mod bars;
pub mod book;
pub mod feature;
pub mod indicator;
pub mod signal;
pub mod snapshot;

pub use book::OrderBook;
pub use feature::{
    Feature, FeatureBuffer, FeatureCalculator, FeatureConfig, FeatureConfigError, FeatureVector,
};
pub use signal::{Signal, SignalGenerator, SignalResult, SignalStrength, Suppression};
pub use snapshot::{MarketSnapshot, SnapshotView};

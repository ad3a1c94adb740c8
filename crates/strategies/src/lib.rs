//! Why we trade: one file or folder per strategy.
//!
//! A strategy looks at what the engine shows it and wishes for positions. It knows no
//! venue, sends no order and owns no money. [`catalogue`] lists them all.

pub mod catalogue;
pub mod imbalance;

pub use catalogue::{CATALOGUE, Params, Setup, SetupError, StrategyRow};

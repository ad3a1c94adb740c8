//! Why we trade: one file or folder per strategy.
//!
//! A strategy looks at what the engine shows it and wishes for positions. It knows no
//! venue, sends no order and owns no money. [`catalogue`] lists them all; [`parameter`] is
//! how one is told what to do; [`rule`], [`sizing`] and [`exit`] are what they share.

pub mod catalogue;
pub mod dual_leg;
pub mod exit;
pub mod imbalance;
pub mod moving_average;
pub mod parameter;
pub mod rule;
pub mod sizing;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod room;

pub use catalogue::{
    CATALOGUE, DecidesOn, InstrumentCount, Needs, Setup, SetupError, StrategyRow, find,
};
pub use parameter::{ParamValues, Parameter};

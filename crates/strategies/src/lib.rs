//! Why we trade: one file or folder per strategy.
//!
//! A strategy looks at what the engine shows it and wishes for positions. It knows no
//! venue, sends no order and owns no money. [`catalogue`] lists them all; [`parameter`] is
//! how one is told what to do.

pub mod catalogue;
pub mod imbalance;
pub mod parameter;

pub use catalogue::{
    CATALOGUE, DecidesOn, InstrumentCount, Needs, Setup, SetupError, StrategyRow, find,
};
pub use parameter::{ParamValues, Parameter};

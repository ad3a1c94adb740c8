//! What we do about the market: strategies, risk, orders, portfolio, paper broker.
//!
//! Pure: one event in, commands and records out. Time arrives inside events, ids come
//! from a counter, and nothing here opens a file, reads a clock or starts a thread.

pub mod command;
pub mod counters;
mod desk;
pub mod digest;
mod engine;
mod instrument_state;
pub mod intent;
pub mod order;
mod outputs;
pub mod paper;
pub mod performance;
pub mod portfolio;
mod price_source;
pub mod probe;
mod protection;
pub mod risk;
pub mod sequencer;
pub mod snapshot;
pub mod strategy;
mod wish;

pub use command::Command;
pub use counters::Counters;
pub use engine::{Engine, EngineConfig, EngineError};
pub use intent::{Intent, Intents, LimitPolicy, OrderStyle, QuotedSide, Quotes, Requote};
pub use order::Order;
pub use outputs::Outputs;
pub use portfolio::{OpeningAccount, OpeningPosition, Portfolio};
pub use price_source::PriceSource;
pub use probe::Probe;
pub use protection::Protection;
pub use risk::RiskConfig;
pub use sequencer::Sequencer;
pub use strategy::{Strategy, View};

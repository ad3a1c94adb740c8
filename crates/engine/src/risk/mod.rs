//! The gate every order passes, and its rules.
//!
//! A rule is one file with one function that says whether an order breaks it, and one row
//! in [`catalogue`]. The gate asks them in the order of the table and makes the
//! [`Approved`] order that everything after it demands; nothing else can make one.

mod approved;
mod book_sync;
mod case;
pub mod catalogue;
mod config;
mod exposure;
mod gate;
mod journal;
mod kill_switch;
mod market_data_only;
mod notional;
mod open_orders;
mod order_rate;
mod order_size;
mod order_value;
mod position;
mod price_collar;
mod quantity;
mod reduce_only;
mod staleness;
mod trigger;
mod winding_down;

#[cfg(test)]
mod tests;

pub use approved::Approved;
pub use case::{Facts, Touch};
pub use catalogue::{RULE_COUNT, RULES, RiskRule, RuleRow};
pub use config::RiskConfig;
pub use exposure::Exposure;
pub use gate::{RiskGate, Wanted};

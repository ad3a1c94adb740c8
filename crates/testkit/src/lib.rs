//! Builders and generators for tests: instruments, events, recorded data, paired timing.
//!
//! Only ever a development dependency. Everything it makes is a domain value, so a
//! test states what happens in the market and nothing else.

pub mod bench;
pub mod events;
pub mod instruments;
mod recorded;

pub use recorded::{data_dir, recorded};

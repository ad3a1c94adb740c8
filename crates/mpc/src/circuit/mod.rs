//! Comparisons, conversions, rules about inputs, order, rounding: what functions are made of.
//!
//! Each part states its rounds, its bytes and the range in which it is right. Values outside
//! of that range give wrong results, so functions bound their inputs by [`rules`] first.

pub mod fixed;
pub mod order;
pub mod rules;
pub mod sign;

#[cfg(test)]
mod tests;

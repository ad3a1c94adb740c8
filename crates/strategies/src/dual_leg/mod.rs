//! Two instruments against each other.
//!
//! `pairs` trades the spread of two prices that move together; `hedge` says how they do.

mod hedge;
mod pairs;

#[cfg(test)]
mod tests;

pub use hedge::{Fit, RollingFit};
pub(crate) use pairs::ROW;

//! Replicated secret sharing of bits and field elements, and shared randomness.
//!
//! A secret is the sum of three components; node i holds component i (`own`) and component
//! i+1 (`next`), so that any one node sees two uniform values and any two nodes see all.
//! Nothing here talks to another node: only sums, and products with public numbers.

mod numbers;
mod parcel;
mod planes;
pub mod randomness;

pub use numbers::Numbers;
pub(crate) use numbers::Unchecked;
pub use parcel::{InputShares, OutputShares, ParcelError, reconstruct, split};
pub use planes::Planes;
pub use randomness::NodeRandomness;

#[cfg(test)]
mod tests;

//! Arithmetic: bits in planes, and integers modulo a prime.
//!
//! Everything takes the same time whatever the values are. The check of products is written
//! over [`PrimeField`], so that its tests can run it over a prime so small that cheating
//! sometimes succeeds, and count how often. Who holds what is left to `share`.

pub mod fe;
pub mod planes;

use std::ops::{Add, Mul, Neg, Sub};

pub use fe::Fe;
use zeroize::DefaultIsZeroes;

/// Integers modulo a prime, always in canonical form.
pub trait PrimeField:
    Copy
    + Default
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + DefaultIsZeroes
{
    /// Nothing.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Length of the encoding.
    const BYTES: usize;
    /// A sum of products whose reduction waits until the end.
    type Sum: Copy + Default;

    /// Adds a product to a sum.
    fn accumulate(sum: &mut Self::Sum, left: Self, right: Self);

    /// The value of a sum.
    fn settle(sum: Self::Sum) -> Self;

    /// A signed number; negative ones count down from the prime.
    fn from_signed(value: i64) -> Self;

    /// One over this; zero for zero.
    #[must_use]
    fn inverse(self) -> Self;

    /// Uniform, from uniform words.
    fn draw(words: &mut impl FnMut() -> u64) -> Self;

    /// Appends the encoding: little endian.
    fn write(self, bytes: &mut Vec<u8>);

    /// Reads an encoding of exactly [`Self::BYTES`]; `None` when it is not canonical.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// Whether two values are the same, in constant time.
    fn same(self, other: Self) -> bool;

    /// The inner product of two vectors of one length.
    fn dot(left: &[Self], right: &[Self]) -> Self {
        let mut sum = Self::Sum::default();
        for (left, right) in left.iter().zip(right) {
            Self::accumulate(&mut sum, *left, *right);
        }
        Self::settle(sum)
    }
}

/// The encodings of some elements, one after the other.
pub(crate) fn encode<F: PrimeField>(values: &[F]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(F::BYTES * values.len());
    for value in values {
        value.write(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests;

//! Integers modulo 2^127-1: large enough that one random element hides a 64-bit number.
//!
//! Reduction is a shift and an addition, because 2^127 is one. Values are canonical at all
//! times, so that two encodings of one number cannot exist.

use std::{
    iter,
    ops::{Add, AddAssign, Mul, Neg, Sub},
};

use subtle::ConstantTimeEq as _;
use zeroize::DefaultIsZeroes;

use super::PrimeField;

/// The prime.
const PRIME: u128 = (1 << 127) - 1;

/// An integer modulo 2^127-1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fe(u128);

impl DefaultIsZeroes for Fe {}

impl Fe {
    /// A number; `None` from 2^127-1 on.
    #[must_use]
    pub const fn new(value: u128) -> Option<Self> {
        if value < PRIME { Some(Self(value)) } else { None }
    }

    /// A number of at most 126 bits that is known to be one.
    pub(crate) const fn small(value: u128) -> Self {
        Self(reduce(value))
    }

    /// A signed number of at most 126 bits.
    ///
    /// # Panics
    /// Beyond that range.
    #[must_use]
    pub const fn from_i128(value: i128) -> Self {
        assert!(value.unsigned_abs() < 1 << 126, "a field element of too many bits");
        let negative = value >> 127;
        Self(reduce((value.wrapping_add(negative & PRIME.cast_signed())).cast_unsigned()))
    }

    /// The number from 0 to 2^127-2.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0
    }

    /// The number as a signed one: the upper half of the field is negative.
    #[must_use]
    pub const fn signed(self) -> i128 {
        let upper = ((PRIME >> 1).wrapping_sub(self.0)).cast_signed() >> 127;
        self.0.cast_signed().wrapping_sub(upper & PRIME.cast_signed())
    }

    /// Two to a power below 127.
    #[must_use]
    pub const fn power_of_two(exponent: u32) -> Self {
        Self(reduce(1 << (exponent % 127)))
    }

    fn power(self, exponent: u128) -> Self {
        let mut result = Self::ONE;
        for bit in (0..127).rev() {
            result = result * result;
            if exponent >> bit & 1 == 1 {
                result = result * self;
            }
        }
        result
    }
}

/// Any 128 bits to canonical form.
const fn reduce(value: u128) -> u128 {
    let folded = (value & PRIME) + (value >> 127);
    correct(folded.wrapping_sub(PRIME))
}

/// Adds the prime to a number that went below zero.
const fn correct(value: u128) -> u128 {
    let below = 0_u128.wrapping_sub(value >> 127);
    value.wrapping_add(PRIME & below)
}

/// A product, reduced to 128 bits but not to canonical form.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
const fn product(left: u128, right: u128) -> u128 {
    let (left_high, left_low) = (left >> 64, left as u64 as u128);
    let (right_high, right_low) = (right >> 64, right as u64 as u128);
    let middle = left_low * right_high + left_high * right_low;
    let (low, carry) = (left_low * right_low).overflowing_add(middle << 64);
    let high = left_high * right_high + (middle >> 64) + carry as u128;
    (low & PRIME) + ((high << 1) | (low >> 127))
}

impl Add for Fe {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(correct((self.0 + other.0).wrapping_sub(PRIME)))
    }
}

impl AddAssign for Fe {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Fe {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(correct(self.0.wrapping_sub(other.0)))
    }
}

impl Mul for Fe {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self(reduce(product(self.0, other.0)))
    }
}

impl Neg for Fe {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl iter::Sum for Fe {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::ZERO, |sum, value| sum + value)
    }
}

/// Four columns of 64 bits, each with as much room above it: enough for 2^60 products.
#[derive(Clone, Copy, Default)]
pub struct Sum([u128; 4]);

const fn low(value: u128) -> u128 {
    value & u64::MAX as u128
}

impl PrimeField for Fe {
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const BYTES: usize = 16;
    type Sum = Sum;

    #[inline]
    fn accumulate(sum: &mut Sum, left: Self, right: Self) {
        let (left_high, left_low) = (left.0 >> 64, low(left.0));
        let (right_high, right_low) = (right.0 >> 64, low(right.0));
        let (first, second) = (left_low * right_high, left_high * right_low);
        let (bottom, top) = (left_low * right_low, left_high * right_high);
        sum.0[0] += low(bottom);
        sum.0[1] += (bottom >> 64) + low(first) + low(second);
        sum.0[2] += (first >> 64) + (second >> 64) + low(top);
        sum.0[3] += top >> 64;
    }

    /// 2^128 is two, so the upper columns fall on the lower ones.
    #[inline]
    fn settle(sum: Sum) -> Self {
        let [bottom, first, second, top] = sum.0;
        let even = Self(reduce(bottom)) + Self(reduce(second << 1));
        let odd = first + (top << 1);
        // Times 2^64: what is above bit 63 comes round once more.
        let shifted = ((odd & (u128::MAX >> 65)) << 64) + (odd >> 63);
        even + Self(reduce(shifted))
    }

    fn from_signed(value: i64) -> Self {
        Self::from_i128(i128::from(value))
    }

    /// By Fermat: the exponent is public, so are the steps.
    fn inverse(self) -> Self {
        self.power(PRIME - 2)
    }

    fn draw(words: &mut impl FnMut() -> u64) -> Self {
        let value = u128::from(words()) | u128::from(words()) << 64;
        Self(reduce(value >> 1))
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::new(u128::from_le_bytes(bytes.try_into().ok()?))
    }

    fn same(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

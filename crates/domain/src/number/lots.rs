//! Quantities as counts of the instrument's lot.

use std::ops::Neg;

use serde::{Deserialize, Serialize};

use crate::Side;

/// A quantity as a whole number of the instrument's lot size. Not negative by
/// convention: a signed amount is a [`NetLots`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Lots(i64);

impl Lots {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Wraps a count.
    #[must_use]
    pub const fn new(count: i64) -> Self {
        Self(count)
    }

    /// The count.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left after taking `other` away, never below zero.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        let left = self.0.saturating_sub(other.0);
        if left < 0 { Self(0) } else { Self(left) }
    }

    /// The smaller one.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// Positive for a buy, negative for a sell.
    #[must_use]
    pub const fn signed(self, side: Side) -> NetLots {
        match side {
            Side::Buy => NetLots(self.0),
            Side::Sell => NetLots(-self.0),
        }
    }
}

/// A signed quantity: a position or a wish. Positive is long.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct NetLots(i64);

impl NetLots {
    /// Flat.
    pub const ZERO: Self = Self(0);

    /// Wraps a count.
    #[must_use]
    pub const fn new(count: i64) -> Self {
        Self(count)
    }

    /// The count.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether it is flat.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The size without the sign.
    #[must_use]
    pub const fn size(self) -> Lots {
        Lots(self.0.saturating_abs())
    }

    /// The side that makes such an amount, `None` when flat.
    #[must_use]
    pub const fn side(self) -> Option<Side> {
        match self.0 {
            0 => None,
            1.. => Some(Side::Buy),
            _ => Some(Side::Sell),
        }
    }

    /// The sum, or `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` when it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl Neg for NetLots {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

//! A quantity at the border of the system.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::NumberError;

/// An amount of the base asset, or of contracts. Never below zero.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Qty(Decimal);

impl Qty {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Wraps a decimal.
    ///
    /// # Errors
    /// [`NumberError::QuantityNegative`] below zero.
    pub fn new(raw: Decimal) -> Result<Self, NumberError> {
        if raw < Decimal::ZERO { Err(NumberError::QuantityNegative(raw)) } else { Ok(Self(raw)) }
    }

    /// The decimal inside.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl TryFrom<Decimal> for Qty {
    type Error = NumberError;
    fn try_from(raw: Decimal) -> Result<Self, NumberError> {
        Self::new(raw)
    }
}

impl From<Qty> for Decimal {
    fn from(qty: Qty) -> Self {
        qty.0
    }
}

impl FromStr for Qty {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::new(super::scale::exact_decimal(text)?)
    }
}

impl fmt::Display for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

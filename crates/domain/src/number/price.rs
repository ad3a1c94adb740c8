//! A price at the border of the system.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::NumberError;

/// Quote currency per one unit of base, such as USDT per BTC. Always above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Price(Decimal);

impl Price {
    /// Wraps a decimal.
    ///
    /// # Errors
    /// [`NumberError::PriceNotPositive`] for zero or less.
    pub fn new(raw: Decimal) -> Result<Self, NumberError> {
        if raw > Decimal::ZERO { Ok(Self(raw)) } else { Err(NumberError::PriceNotPositive(raw)) }
    }

    /// The decimal inside.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl TryFrom<Decimal> for Price {
    type Error = NumberError;
    fn try_from(raw: Decimal) -> Result<Self, NumberError> {
        Self::new(raw)
    }
}

impl From<Price> for Decimal {
    fn from(price: Price) -> Self {
        price.0
    }
}

impl FromStr for Price {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::new(super::scale::exact_decimal(text)?)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

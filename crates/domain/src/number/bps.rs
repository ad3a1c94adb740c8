//! Rates: fees, collars, funding.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Money, NumberError};

/// Hundredths of a percent. Negative is a rebate.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Bps(Decimal);

impl Bps {
    /// Wraps a decimal: `Bps::new(dec("2.5"))` is 0.025 %.
    #[must_use]
    pub const fn new(raw: Decimal) -> Self {
        Self(raw)
    }

    /// The decimal inside.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }

    /// This share of `money`, rounded up (against whoever pays) to 1e-8.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] when the product does not fit and
    /// [`NumberError::TooFine`] for a rate with more than 8 decimals.
    pub fn of_rounded_up(self, money: Money) -> Result<Money, NumberError> {
        Rate(self.0).times(money, 10_000)
    }
}

impl fmt::Display for Bps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bps", self.0)
    }
}

/// A plain fraction: 0.0001 is one basis point. Funding rates come in this form.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Rate(Decimal);

impl Rate {
    /// Wraps a decimal.
    #[must_use]
    pub const fn new(raw: Decimal) -> Self {
        Self(raw)
    }

    /// The decimal inside.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }

    fn times(self, money: Money, divisor: i128) -> Result<Money, NumberError> {
        const DECIMALS: u32 = 8;
        const OVERFLOW: NumberError = NumberError::Overflow { what: "a share of money" };
        let rate = self.0.normalize();
        if rate.scale() > DECIMALS {
            return Err(NumberError::TooFine { text: rate.to_string(), step: "0.00000001".into() });
        }
        let mantissa = rate.mantissa() * 10_i128.pow(DECIMALS - rate.scale());
        let scaled = money.atto().checked_mul(mantissa).ok_or(OVERFLOW)?;
        let cent_step = Money::ATTO_PER_UNIT / 100_000_000;
        let step = divisor * 100_000_000 * cent_step;
        let up = scaled.div_euclid(step) + i128::from(scaled.rem_euclid(step) != 0);
        Ok(Money::from_atto(up.checked_mul(cent_step).ok_or(OVERFLOW)?))
    }
}

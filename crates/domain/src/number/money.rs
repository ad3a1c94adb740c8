//! Amounts of the quote currency.

use std::{fmt, iter::Sum, ops, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::NumberError;

/// An amount of the quote currency, exact to 1e-18, up to about 1.7e20.
///
/// The representation is an integer count of 1e-18 units. Sums are checked: the
/// operators panic on overflow (a broken ledger must stop), `checked_*` report it.
/// In JSON and TOML it is a decimal string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i128::MAX);
    /// Representation units in one unit of the currency.
    pub const ATTO_PER_UNIT: i128 = 1_000_000_000_000_000_000;
    const DECIMALS: u32 = 18;

    /// From the count of 1e-18 units.
    #[must_use]
    pub const fn from_atto(atto: i128) -> Self {
        Self(atto)
    }

    /// The count of 1e-18 units.
    #[must_use]
    pub const fn atto(self) -> i128 {
        self.0
    }

    /// From a decimal.
    ///
    /// # Errors
    /// [`NumberError::TooFine`] beyond 18 decimals, [`NumberError::Overflow`] when too large.
    pub fn from_decimal(raw: Decimal) -> Result<Self, NumberError> {
        let raw = raw.normalize();
        if raw.scale() > Self::DECIMALS {
            return Err(NumberError::TooFine { text: raw.to_string(), step: "1e-18".into() });
        }
        raw.mantissa()
            .checked_mul(10_i128.pow(Self::DECIMALS - raw.scale()))
            .map(Self)
            .ok_or(NumberError::Overflow { what: "money" })
    }

    /// The sum.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The amount without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// One way to the floating world, for statistics and gauges only.
    ///
    /// Whole units come through exactly up to 2^53: they are converted apart from what follows the
    /// point, since a number of 1e-18 as large as 1e23 has no exact image.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the caller asked for an approximation")]
    pub fn to_f64(self) -> f64 {
        let units = self.0 / Self::ATTO_PER_UNIT;
        let rest = self.0 - units * Self::ATTO_PER_UNIT;
        units as f64 + rest as f64 / 1e18
    }

    /// `self * part / whole`, rounded toward zero to 1e-18.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] when the product does not fit or `whole` is zero.
    pub fn share_toward_zero(self, part: i64, whole: i64) -> Result<Self, NumberError> {
        let overflow = NumberError::Overflow { what: "a share of money" };
        let (part, whole) = (i128::from(part), i128::from(whole));
        if whole == 0 {
            return Err(overflow);
        }
        // Splitting off the whole multiples keeps the product small.
        let (quotient, rest) = (self.0 / whole, self.0 % whole);
        let main = quotient.checked_mul(part);
        let tail = rest.checked_mul(part).map(|product| (product, whole));
        match (main, tail) {
            (Some(main), Some((product, whole))) => {
                main.checked_add(product / whole).map(Self).ok_or(overflow)
            }
            _ => Err(overflow),
        }
    }
}

impl ops::Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("money fits in 1.7e20 units")
    }
}

impl ops::Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.checked_sub(other).expect("money fits in 1.7e20 units")
    }
}

impl ops::AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl ops::SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl ops::Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, ops::Add::add)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = Self::ATTO_PER_UNIT.unsigned_abs();
        let (whole, rest) = (self.0.unsigned_abs() / unit, self.0.unsigned_abs() % unit);
        let fraction = format!("{rest:018}");
        let digits = match (f.precision(), fraction.trim_end_matches('0')) {
            (Some(0), _) | (None, "") => format!("{whole}"),
            (Some(shown), _) => format!("{whole}.{}", &fraction[..shown.min(18)]),
            (None, kept) => format!("{whole}.{kept}"),
        };
        f.pad_integral(self.0 >= 0, "", &digits)
    }
}

impl FromStr for Money {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::from_decimal(super::scale::exact_decimal(text)?)
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i128(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            i128::deserialize(deserializer).map(Self)
        }
    }
}

//! The step of an instrument: decimal text to whole steps and back, exactly.

use rust_decimal::Decimal;

use super::NumberError;

/// A decimal step such as `0.10` or `1e-8`, and the way to count in it.
///
/// A step is `mantissa x 10^-decimals`. Reading a number is one pass over its digits
/// and, for steps that are not a power of ten, one division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    mantissa: i64,
    decimals: u32,
}

impl Scale {
    /// A scale that counts in `step`.
    ///
    /// # Errors
    /// [`NumberError::BadStep`] for zero, a negative step or more than 18 decimals.
    pub fn new(step: Decimal) -> Result<Self, NumberError> {
        let step = step.normalize();
        let mantissa = i64::try_from(step.mantissa()).map_err(|_| NumberError::BadStep(step))?;
        if mantissa <= 0 || step.scale() > 18 {
            return Err(NumberError::BadStep(step));
        }
        Ok(Self { mantissa, decimals: step.scale() })
    }

    /// The step itself.
    #[must_use]
    pub fn step(&self) -> Decimal {
        Decimal::new(self.mantissa, self.decimals)
    }

    /// Decimals of the step, such as 1 for 0.10.
    #[must_use]
    pub const fn decimals(&self) -> u32 {
        self.decimals
    }

    /// Counts the steps in a decimal text such as `61793.40`.
    ///
    /// Accepts an optional sign, digits, and an optional point with digits. Exponents,
    /// spaces and empty texts are refused.
    ///
    /// # Errors
    /// [`NumberError::NotDecimal`], [`NumberError::TooFine`] or [`NumberError::Overflow`].
    pub fn parse(&self, text: &[u8]) -> Result<i64, NumberError> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mut value: i64 = 0;
        let mut fraction: Option<u32> = None;
        let mut any = false;
        for &byte in digits {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    if let Some(seen) = fraction.as_mut() {
                        if *seen == self.decimals {
                            if byte != b'0' {
                                return Err(self.too_fine(text));
                            }
                            continue;
                        }
                        *seen += 1;
                    }
                    value = value
                        .checked_mul(10)
                        .and_then(|shifted| shifted.checked_add(i64::from(byte - b'0')))
                        .ok_or(NumberError::Overflow { what: "a number in steps" })?;
                }
                b'.' if fraction.is_none() => fraction = Some(0),
                _ => return Err(not_decimal(text)),
            }
        }
        if !any {
            return Err(not_decimal(text));
        }
        let missing = self.decimals - fraction.unwrap_or(0);
        value = 10_i64
            .checked_pow(missing)
            .and_then(|factor| value.checked_mul(factor))
            .ok_or(NumberError::Overflow { what: "a number in steps" })?;
        if self.mantissa != 1 {
            if value % self.mantissa != 0 {
                return Err(self.too_fine(text));
            }
            value /= self.mantissa;
        }
        Ok(if negative { -value } else { value })
    }

    /// Counts the steps in a decimal.
    ///
    /// # Errors
    /// [`NumberError::TooFine`] or [`NumberError::Overflow`].
    pub fn count(&self, number: Decimal) -> Result<i64, NumberError> {
        let number = number.normalize();
        if number.scale() > self.decimals {
            return Err(self.too_fine(number.to_string().as_bytes()));
        }
        let scaled = 10_i128
            .checked_pow(self.decimals - number.scale())
            .and_then(|factor| number.mantissa().checked_mul(factor))
            .ok_or(NumberError::Overflow { what: "a number in steps" })?;
        if scaled % i128::from(self.mantissa) != 0 {
            return Err(self.too_fine(number.to_string().as_bytes()));
        }
        i64::try_from(scaled / i128::from(self.mantissa))
            .map_err(|_| NumberError::Overflow { what: "a number in steps" })
    }

    /// The largest count whose value is not above `number`.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn count_floor(&self, number: Decimal) -> Result<i64, NumberError> {
        let overflow = NumberError::Overflow { what: "a number in steps" };
        let steps = number.checked_div(self.step()).ok_or_else(|| overflow.clone())?.floor();
        i64::try_from(steps.mantissa() / 10_i128.pow(steps.scale())).map_err(|_| overflow)
    }

    /// The decimal value of a count, exact, with the step's own number of decimals.
    #[must_use]
    pub fn value(&self, count: i64) -> Decimal {
        let product = i128::from(count) * i128::from(self.mantissa);
        Decimal::try_from_i128_with_scale(product, self.decimals).unwrap_or(if count < 0 {
            Decimal::MIN
        } else {
            Decimal::MAX
        })
    }

    pub(crate) const fn mantissa(&self) -> i64 {
        self.mantissa
    }

    #[cold]
    fn too_fine(&self, text: &[u8]) -> NumberError {
        NumberError::TooFine { text: shown(text), step: self.step().to_string() }
    }
}

/// Reads a decimal text without any rounding.
pub(crate) fn exact_decimal(text: &str) -> Result<Decimal, NumberError> {
    Decimal::from_str_exact(text).map_err(|_| not_decimal(text.as_bytes()))
}

#[cold]
fn not_decimal(text: &[u8]) -> NumberError {
    NumberError::NotDecimal { text: shown(text) }
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(40)]).into_owned()
}

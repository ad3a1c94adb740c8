//! Decimal text to a whole number and its decimals, exactly.
//!
//! A column's decimals are only known once all rows were seen, so numbers are kept as they
//! were written and brought to one scale at the end.

use rust_decimal::Decimal;

/// A decimal number: `mantissa x 10^-decimals`, without trailing zeros in its decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    mantissa: i128,
    decimals: u8,
}

/// Most digits a value may have on disk: what a 64-bit DECIMAL holds.
const DIGITS: u32 = 18;
const LIMIT: i128 = 10_i128.pow(DIGITS);

impl Number {
    /// Reads digits with an optional sign, point and exponent.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a number");
        let lower = text.as_bytes();
        let split = lower.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (digits, exponent) = match split {
            Some(place) => (&text[..place], text[place + 1..].parse::<i32>().map_err(|_| wrong())?),
            None => (text, 0),
        };
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        let mut mantissa: i128 = 0;
        let mut decimals: i32 = 0;
        let (mut point, mut any) = (false, false);
        for byte in digits.bytes() {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    mantissa = mantissa
                        .checked_mul(10)
                        .and_then(|shifted| shifted.checked_add(i128::from(byte - b'0')))
                        .ok_or_else(|| format!("{text} has too many digits"))?;
                    decimals += i32::from(point);
                }
                b'.' if !point => point = true,
                _ => return Err(wrong()),
            }
        }
        if !any {
            return Err(wrong());
        }
        let mantissa = if negative { -mantissa } else { mantissa };
        let decimals = decimals.checked_sub(exponent).ok_or_else(wrong)?;
        Self::trimmed(mantissa, decimals).ok_or_else(|| format!("{text} does not fit"))
    }

    /// Closes the number's decimals up, `None` when it does not fit.
    fn trimmed(mut mantissa: i128, mut decimals: i32) -> Option<Self> {
        if mantissa == 0 {
            return Some(Self { mantissa: 0, decimals: 0 });
        }
        while decimals > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            decimals -= 1;
        }
        if decimals < 0 {
            let power = 10_i128.checked_pow(decimals.unsigned_abs())?;
            (mantissa, decimals) = (mantissa.checked_mul(power)?, 0);
        }
        Some(Self { mantissa, decimals: u8::try_from(decimals).ok()? })
    }

    /// From a decimal.
    pub(crate) fn from_decimal(number: Decimal) -> Self {
        let number = number.normalize();
        let decimals = u8::try_from(number.scale()).unwrap_or(u8::MAX);
        Self { mantissa: number.mantissa(), decimals }
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Its decimals.
    pub(crate) const fn decimals(self) -> u8 {
        self.decimals
    }

    /// The number with its point moved so many places to the left.
    pub(crate) fn shifted(self, places: u8) -> Result<Self, String> {
        Self::trimmed(self.mantissa, i32::from(self.decimals) + i32::from(places))
            .ok_or_else(|| format!("{} does not fit", self.shown()))
    }

    /// Which one is larger.
    pub(crate) fn compared(self, other: Self) -> std::cmp::Ordering {
        let decimals = self.decimals.max(other.decimals);
        let scaled = |one: Self| {
            let power = 10_i128.checked_pow(u32::from(decimals - one.decimals));
            power.and_then(|power| one.mantissa.checked_mul(power)).unwrap_or(i128::MAX)
        };
        scaled(self).cmp(&scaled(other))
    }

    /// This many units of the last of `decimals`, exactly.
    ///
    /// # Errors
    /// When the number is finer or has more than 18 digits.
    pub(crate) fn at(self, decimals: u8) -> Result<i64, String> {
        let missing = decimals.checked_sub(self.decimals).ok_or_else(|| {
            format!("{} has {} decimals, {decimals} are kept", self.shown(), self.decimals)
        })?;
        10_i128
            .checked_pow(u32::from(missing))
            .and_then(|power| self.mantissa.checked_mul(power))
            .filter(|value| value.abs() < LIMIT)
            .and_then(|value| i64::try_from(value).ok())
            .ok_or_else(|| {
                format!("{} has more than {DIGITS} digits with {decimals} decimals", self.shown())
            })
    }

    /// The nearest multiple of `step`, half away from zero.
    pub(crate) fn rounded(self, step: Self) -> Result<Self, String> {
        let decimals = self.decimals.max(step.decimals);
        let scaled = |one: Self| {
            10_i128
                .checked_pow(u32::from(decimals - one.decimals))
                .and_then(|power| one.mantissa.checked_mul(power))
                .ok_or_else(|| format!("{} does not fit", self.shown()))
        };
        let (number, step) = (scaled(self)?, scaled(step)?);
        let half = step / 2;
        let away = if number < 0 { number - half } else { number + half };
        Self::trimmed(away / step * step, i32::from(decimals))
            .ok_or_else(|| format!("{} does not fit", self.shown()))
    }

    fn shown(self) -> String {
        fixed_text(self.mantissa, self.decimals)
    }
}

/// Brings a value from one number of decimals to a larger one.
pub(crate) fn rescaled(value: i64, from: u8, to: u8) -> Option<i64> {
    let power = 10_i64.checked_pow(u32::from(to.checked_sub(from)?))?;
    value.checked_mul(power).filter(|value| i128::from(*value).abs() < LIMIT)
}

/// A value with its decimals as text, such as `61793.40`.
pub(crate) fn fixed_text(value: i128, decimals: u8) -> String {
    let digits = format!("{:0width$}", value.unsigned_abs(), width = usize::from(decimals) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str, decimals: u8) -> Result<i64, String> {
        Number::parse(text)?.at(decimals)
    }

    #[test]
    fn numbers_keep_every_digit_they_were_written_with() {
        assert_eq!(at("61793.40", 2), Ok(6_179_340));
        assert_eq!(at("-1.609e-05", 18), Ok(-16_090_000_000_000));
        assert_eq!(at("1e3", 0), Ok(1_000));
        assert_eq!(at(".5", 1), Ok(5));
        assert_eq!(Number::parse("0.50930100").unwrap().decimals(), 6);
        for text in ["", ".", "NaN", "nan", "inf", "1,5", "1.2.3", "0x1", "1e", "--1", " 1"] {
            assert!(Number::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_not_a_rounding() {
        assert!(at("0.125", 2).unwrap_err().contains("3 decimals"));
        assert!(at("12345678901234567.89", 2).unwrap_err().contains("18 digits"));
        assert!(Number::parse(&"9".repeat(60)).is_err());
        assert!(Number::parse("1e999999999").is_err());
    }

    #[test]
    fn rounding_on_request_goes_to_the_nearest_step() {
        let round = |text: &str, step: &str| {
            Number::parse(text).unwrap().rounded(Number::parse(step).unwrap()).unwrap().shown()
        };
        assert_eq!(round("0.34307688999999997", "0.00000001"), "0.34307689");
        assert_eq!(round("10.13", "0.25"), "10.25");
        assert_eq!(round("-1.05", "0.1"), "-1.1");
        assert_eq!(round("7", "0.01"), "7");
    }

    proptest! {
        #[test]
        fn text_and_value_belong_together(value in -999_999_999_999_999_999_i64..999_999_999_999_999_999, decimals in 0_u8..18) {
            let text = fixed_text(i128::from(value), decimals);
            prop_assert_eq!(at(&text, decimals), Ok(value));
        }
    }
}

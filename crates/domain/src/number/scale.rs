//! The step of an instrument: decimal text to whole steps and back, exactly.

use rust_decimal::Decimal;

use super::NumberError;

/// Exact as floats up to the largest number of decimals.
const POWERS_OF_TEN: [f64; 19] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18,
];

/// A decimal step such as `0.10` or `1e-8`, and the way to count in it.
///
/// A step is `mantissa x 10^-decimals`. Reading a number is one pass over its digits
/// and, for steps that are not a power of ten, one division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    mantissa: i64,
    decimals: u32,
    /// Ten to the power of the decimals, wrapped: only used up to 8 decimals.
    power: u64,
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
        Ok(Self { mantissa, decimals: step.scale(), power: 10_u64.pow(step.scale()) })
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

    /// The number of a count, as near as a float can be: for features, statistics and charts.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the caller asked for an approximation")]
    pub fn to_f64(&self, count: i64) -> f64 {
        (i128::from(count) * i128::from(self.mantissa)) as f64
            / POWERS_OF_TEN[self.decimals as usize]
    }

    /// Counts the steps in a decimal text such as `61793.40`.
    ///
    /// Accepts an optional minus sign, digits, and an optional point with digits.
    /// Exponents, spaces and empty texts are refused.
    ///
    /// # Errors
    /// [`NumberError::NotDecimal`], [`NumberError::TooFine`] or [`NumberError::Overflow`].
    pub fn parse(&self, text: &[u8]) -> Result<i64, NumberError> {
        match eight_and_eight(text).and_then(|(low, high)| self.count_window(low, high)) {
            Some((count, length)) if length == text.len() => Ok(count),
            _ => self.parse_any(text),
        }
    }

    /// Counts the steps in the number at the beginning of `text`, in one pass without
    /// knowing where it ends: the count and how many bytes it took.
    ///
    /// `None` means "not a plain number of up to 15 bytes with something behind it", which
    /// says nothing about the number: cut it out and ask [`Self::parse`].
    #[must_use]
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a decoder's loop waits for the length")]
    pub fn parse_prefix(&self, text: &[u8]) -> Option<(i64, usize)> {
        let (low, high) = match text.first_chunk::<16>() {
            Some(window) => {
                let (low, high) = window.split_first_chunk::<8>()?;
                (u64::from_le_bytes(*low), u64::from_le_bytes(*high.first_chunk()?))
            }
            None => eight_and_eight(text)?,
        };
        self.count_window(low, high).filter(|&(_, length)| length < 16 && length < text.len())
    }

    /// Reads the digits and at most one point in front of 16 bytes, eight at a time.
    ///
    /// At most 8 digits before the point and 8 behind it; more are for [`Self::parse_any`].
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a decoder's loop waits for the length")]
    fn count_window(&self, low: u64, high: u64) -> Option<(i64, usize)> {
        let front = Marks::of(low);
        let behind = high & 0xff;
        let short = front.end < 64 || !(behind.wrapping_sub(0x30) < 10 || behind == 0x2e);
        if short { self.count_short(&front) } else { self.count_long(&front, &Marks::of(high)) }
    }

    /// A number that ends within eight bytes: the hole of the point is closed, the kept
    /// decimals are cut or padded by shifting.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a decoder's loop waits for the length")]
    fn count_short(&self, front: &Marks) -> Option<(i64, usize)> {
        let Marks { digits, end, no_digit } = *front;
        let point = first_byte(no_digit);
        let kept = point + 8 * self.decimals;
        let second_point = point < end && first_byte(no_digit & (no_digit - 1)) != end;
        if point == 0 || kept > 64 || second_point {
            return None;
        }
        let number = digits & (u64::MAX >> (64 - end));
        let whole = u64::MAX >> (64 - point);
        let packed = (number & whole) | ((number >> 8) & !whole);
        let aligned = packed << (64 - kept);
        if aligned >> (64 - kept) != packed {
            return None;
        }
        Some((self.steps(eight_digits(aligned))?, end as usize / 8))
    }

    /// A number of 9 to 16 bytes with its point in the first eight: both sides of the point
    /// are read on their own.
    #[inline]
    fn count_long(&self, front: &Marks, back: &Marks) -> Option<(i64, usize)> {
        let point = first_byte(front.no_digit);
        let decimals = (back.end + 56).wrapping_sub(point);
        let second = (front.no_digit & front.no_digit.wrapping_sub(1)) != 0
            || first_byte(back.no_digit) < back.end;
        let kept = 8 * self.decimals;
        if point == 0 || point == 64 || decimals > 64 || kept > 64 || second {
            return None;
        }
        let fraction = (front.digits >> point >> 8) | (back.digits << (56 - point));
        let fraction = fraction & (u64::MAX >> (64 - decimals));
        if kept < 64 && fraction >> kept != 0 {
            return None;
        }
        let fraction = if kept == 0 { 0 } else { eight_digits(fraction << (64 - kept)) };
        let whole = eight_digits(front.digits << (64 - point));
        let count = self.steps(whole * self.power + fraction)?;
        Some((count, 8 + back.end as usize / 8))
    }

    /// From the smallest decimals to steps.
    #[inline]
    const fn steps(&self, value: u64) -> Option<i64> {
        let value = value.cast_signed();
        match self.mantissa {
            1 => Some(value),
            step if value % step == 0 => Some(value / step),
            _ => None,
        }
    }

    /// The same without any limit on length, sign or place, one digit at a time.
    #[cold]
    fn parse_any(&self, text: &[u8]) -> Result<i64, NumberError> {
        const OVERFLOW: NumberError = NumberError::Overflow { what: "a number in steps" };
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mut value: i128 = 0;
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
                        .and_then(|shifted| shifted.checked_add(i128::from(byte - b'0')))
                        .ok_or(OVERFLOW)?;
                }
                b'.' if fraction.is_none() => fraction = Some(0),
                _ => return Err(not_decimal(text)),
            }
        }
        if !any {
            return Err(not_decimal(text));
        }
        let missing = 10_i128.pow(self.decimals - fraction.unwrap_or(0));
        let scaled = value.checked_mul(missing).ok_or(OVERFLOW)?;
        if scaled % i128::from(self.mantissa) != 0 {
            return Err(self.too_fine(text));
        }
        let count = scaled / i128::from(self.mantissa);
        i64::try_from(if negative { -count } else { count }).map_err(|_| OVERFLOW)
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

/// Eight bytes of text looked at all at once, the first one lowest.
struct Marks {
    /// The bytes as digit values.
    digits: u64,
    /// The bit at which the first byte begins that is neither digit nor point, or 64.
    end: u32,
    /// The high bit of each byte that is no digit; right up to `end`, so that a mark before
    /// it is a point.
    no_digit: u64,
}

impl Marks {
    #[inline]
    const fn of(text: u64) -> Self {
        const ONES: u64 = u64::from_le_bytes([1; 8]);
        // Adding moves a value above 9, or other than zero, into the high bit of its byte.
        // It may spill over into the next byte only from a byte that is past the end.
        let digits = text ^ (ONES * 0x30);
        let no_digit = digits.wrapping_add(ONES * 0x76) | digits;
        let no_point = digits ^ (ONES * (0x30 ^ 0x2e));
        let no_point = no_point.wrapping_add(ONES * 0x7f) | no_point;
        let no_digit = no_digit & (ONES * 0x80);
        Self { digits, end: first_byte(no_digit & no_point), no_digit }
    }
}

/// The bit at which the byte with the lowest mark begins, 64 for no mark.
#[inline]
const fn first_byte(marks: u64) -> u32 {
    marks.trailing_zeros() & !7
}

/// A text of up to 16 bytes in two words, first byte lowest, zeros behind it. Longer texts
/// have none.
#[inline(never)]
fn eight_and_eight(text: &[u8]) -> Option<(u64, u64)> {
    // Two loads that overlap cover any length between one and two of their widths.
    let length = text.len();
    if let (Some(head), Some(tail)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        let missing = 16_usize.checked_sub(length)?;
        let tail = u64::from_le_bytes(*tail).checked_shr(8 * u32::try_from(missing).ok()?);
        Some((u64::from_le_bytes(*head), tail.unwrap_or(0)))
    } else if let (Some(head), Some(tail)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let tail = u64::from(u32::from_le_bytes(*tail)) << 32;
        let head = u64::from(u32::from_le_bytes(*head));
        Some((head | (tail >> (8 * (8 - length))), 0))
    } else {
        Some((text.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte)), 0))
    }
}

/// Joins neighbours three times: single digits to pairs, pairs to fours, fours to eight.
#[inline]
const fn eight_digits(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(1 + (10_000 << 32)) >> 32
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

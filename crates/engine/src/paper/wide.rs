//! Products that do not fit 128 bits on their way to a quotient that does.
//!
//! Amounts times rates with many decimals are exact here: one division at the end, rounded toward
//! minus infinity, which is against whoever receives the result.

/// `left * right / divisor`, rounded toward minus infinity. `None` when the quotient does not fit
/// or the divisor is not above zero.
pub(super) fn product_over(left: i128, right: i128, divisor: i128) -> Option<i128> {
    if divisor <= 0 {
        return None;
    }
    if let Some(product) = left.checked_mul(right) {
        return Some(product.div_euclid(divisor));
    }
    let (high, low) = full_product(left.unsigned_abs(), right.unsigned_abs());
    let (quotient, rest) = divide(high, low, divisor.unsigned_abs())?;
    let quotient = i128::try_from(quotient).ok()?;
    let is_negative = (left < 0) != (right < 0);
    if is_negative { (-quotient).checked_sub(i128::from(rest != 0)) } else { Some(quotient) }
}

/// The high and the low half of a product.
const fn full_product(left: u128, right: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (left_high, left_low) = (left >> 64, left & HALF);
    let (right_high, right_low) = (right >> 64, right & HALF);
    let bottom = left_low * right_low;
    // Each of these three is at most 2^128 - 2^65 + 1, and carries are added in turn.
    let first = left_high * right_low + (bottom >> 64);
    let second = left_low * right_high + (first & HALF);
    let high = left_high * right_high + (first >> 64) + (second >> 64);
    (high, (second << 64) | (bottom & HALF))
}

/// Long division in base two; rare, so that its hundred steps do not matter.
fn divide(high: u128, low: u128, divisor: u128) -> Option<(u128, u128)> {
    if high >= divisor {
        return None;
    }
    let (mut quotient, mut rest) = (0_u128, high);
    for bit in (0..128).rev() {
        let carry = rest >> 127 == 1;
        rest = (rest << 1) | ((low >> bit) & 1);
        if carry || rest >= divisor {
            rest = rest.wrapping_sub(divisor);
            quotient |= 1 << bit;
        }
    }
    Some((quotient, rest))
}

/// Ten to a power, `None` beyond what fits.
pub(super) const fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_product_beyond_128_bits_is_divided_exactly() {
        let huge = 10_i128.pow(30);
        assert_eq!(product_over(huge, huge, 10_i128.pow(25)), Some(10_i128.pow(35)));
        assert_eq!(product_over(-huge, huge + 1, 10_i128.pow(30)), Some(-huge - 1));
        assert_eq!(product_over(-huge, huge + 1, 10_i128.pow(31)), Some(-(huge / 10) - 1));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        assert_eq!(product_over(i128::MAX, i128::MAX, 1), None);
        assert_eq!(product_over(1, 1, 0), None);
    }

    proptest! {
        #[test]
        fn the_quotient_is_the_largest_that_does_not_exceed(
            left in any::<i128>(),
            right in any::<i64>(),
            divisor in 1_i128..i128::MAX,
        ) {
            // Where it fits, long division must agree with the machine's.
            let small = left >> 70;
            let expected = (small * i128::from(right)).div_euclid(divisor);
            prop_assert_eq!(product_over(small, i128::from(right), divisor), Some(expected));
            // Scaling both sides by the same factor beyond 128 bits changes nothing.
            let (scaled, by) = (small.checked_mul(1 << 40), (divisor >> 45).max(1));
            if let Some(scaled) = scaled {
                let expected = (small * i128::from(right)).div_euclid(by);
                prop_assert_eq!(product_over(scaled, i128::from(right), by << 40), Some(expected));
            }
        }
    }
}

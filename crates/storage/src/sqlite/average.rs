//! Exact division of money by a quantity.

use domain::Money;
use rust_decimal::Decimal;

/// `notional / quantity`, rounded toward zero to 1e-18; `None` for no quantity or when the
/// result does not fit.
pub(super) fn average_price(notional: Money, quantity: Decimal) -> Option<Money> {
    let divisor = quantity.mantissa();
    if divisor == 0 {
        return None;
    }
    // notional / (mantissa x 10^-scale), one decimal digit at a time.
    let (mut quotient, mut rest) = (notional.atto() / divisor, notional.atto() % divisor);
    for _ in 0..quantity.scale() {
        let shifted = rest.checked_mul(10)?;
        quotient = quotient.checked_mul(10)?.checked_add(shifted / divisor)?;
        rest = shifted % divisor;
    }
    Some(Money::from_atto(quotient))
}

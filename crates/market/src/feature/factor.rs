//! From exact counts to floating point, one way.

use domain::number::Scale;

/// The value of one step of a price or a quantity, prepared once per instrument.
///
/// Multiplying by the step's digits and dividing by a power of ten gives the nearest
/// `f64` to the decimal as long as the digits fit 53 bits; multiplying by 0.1 would not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factor {
    mantissa: f64,
    divisor: f64,
}

impl Factor {
    #[expect(clippy::cast_precision_loss, reason = "a step has few digits; floats are meant")]
    pub(crate) fn new(scale: &Scale) -> Self {
        let mantissa = scale.step().mantissa() as f64;
        let divisor = (0..scale.decimals()).fold(1.0, |power, _| power * 10.0);
        Self { mantissa, divisor }
    }

    /// The value of a (fractional) number of steps.
    #[inline]
    pub(crate) fn value(self, steps: f64) -> f64 {
        steps * self.mantissa / self.divisor
    }
}

/// The nearest float.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "features are approximations")]
pub(crate) const fn float(count: i64) -> f64 {
    count as f64
}

/// The nearest float. Sums rarely need more than 64 bits, which convert in one instruction
/// instead of a library call.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "features are approximations")]
pub(crate) fn float_wide(count: i128) -> f64 {
    i64::try_from(count).map_or(count as f64, float)
}

/// `(plus - minus) / (plus + minus)` of two amounts that are not negative; zero for none.
#[inline]
pub(crate) fn balance(plus: f64, minus: f64) -> f64 {
    let total = plus + minus;
    if total > 0.0 { (plus - minus) / total } else { 0.0 }
}

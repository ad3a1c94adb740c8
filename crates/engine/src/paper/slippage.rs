//! Slippage: the market is a little worse for us than it looks.

use domain::{Bps, Side, Ticks};

/// Moves prices against us by a fixed share, rounded to a whole tick against us.
///
/// A taker pays it in the price of each level taken. A resting order cannot trade worse than
/// its limit, so there the same share is asked of the market instead: trades of others count
/// only from that far beyond the limit on.
#[derive(Clone, Copy, Debug)]
pub struct Slippage {
    numerator: i128,
    divisor: i128,
}

impl Slippage {
    /// Digits after the point that a rate may have.
    const DECIMALS: u32 = 8;

    /// Wraps a rate; `None` unless it is in `0..10_000` bps with at most eight decimals.
    #[must_use]
    pub fn new(rate: Bps) -> Option<Self> {
        let rate = rate.decimal().normalize();
        let divisor = 10_000 * 10_i128.checked_pow(rate.scale())?;
        let usable = rate.scale() <= Self::DECIMALS && (0..divisor).contains(&rate.mantissa());
        usable.then_some(Self { numerator: rate.mantissa(), divisor })
    }

    /// What somebody who trades on `side` gets instead of `price`: never better, and never
    /// below one tick.
    #[must_use]
    pub fn apply(self, price: Ticks, side: Side) -> Ticks {
        if self.numerator == 0 {
            return price;
        }
        let product = i128::from(price.get().max(0)) * self.numerator;
        let steps = product / self.divisor + i128::from(product % self.divisor != 0);
        let steps = i64::try_from(steps).unwrap_or(i64::MAX);
        match side {
            Side::Buy => price.offset(steps),
            Side::Sell => price.offset(-steps).max(Ticks::new(1).min(price)),
        }
    }
}

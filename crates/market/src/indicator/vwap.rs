//! Volume-weighted average price.

use super::{Candle, adapter::Feed, ratio, usable};

/// The mean price since a beginning, weighted by volume.
///
/// Shape: a [`Candle`] in (high, low, close, volume), one `f64` out, constant memory. Units:
/// those of the price. The price of a bar is the mean of high, low and close.
/// Warm-up: `None` until there was some volume. It begins with the first bar;
/// [`Vwap::reset`] begins again, such as at the start of a session.
/// A bar with an unusable number or a negative volume gives `None` and is left out.
/// Source: Berkowitz, Logue and Noser (1988), The Journal of Finance 43(1).
///
/// ```
/// # use market::indicator::{Candle, Vwap};
/// let bar = |price, volume| Candle { high: price, low: price, close: price, volume, open: price };
/// let mut vwap = Vwap::new();
/// assert_eq!(vwap.push(&bar(10.0, 0.0)), None);
/// assert_eq!(vwap.push(&bar(10.0, 3.0)), Some(10.0));
/// assert_eq!(vwap.push(&bar(14.0, 1.0)), Some(11.0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Vwap {
    volume: Total,
    turnover: Total,
}

/// A sum that remembers what rounding took away.
///
/// Source: Neumaier (1974), Zeitschrift fur Angewandte Mathematik und Mechanik 54(1).
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    sum: f64,
    lost: f64,
}

impl Total {
    #[inline]
    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        let (large, small) =
            if self.sum.abs() >= value.abs() { (self.sum, value) } else { (value, self.sum) };
        self.lost += (large - sum) + small;
        self.sum = sum;
    }

    #[inline]
    const fn value(self) -> f64 {
        self.sum + self.lost
    }
}

impl Vwap {
    /// One that begins with the next bar.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bar.
    #[inline]
    pub fn push(&mut self, candle: &Candle) -> Option<f64> {
        let volume = candle.volume;
        if !candle.has_prices() || !usable(volume) || volume < 0.0 {
            return None;
        }
        self.volume.add(volume);
        self.turnover.add(volume * candle.typical());
        ratio(self.turnover.value(), self.volume.value())
    }

    /// Begins again with the next bar.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

impl Feed<1> for Vwap {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 1] {
        [self.push(candle)]
    }

    fn warm_up(&self) -> u32 {
        1
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

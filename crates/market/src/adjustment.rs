//! Prices without the jumps that splits and dividends make.
//!
//! A factor runs along: it grows by the ratio at a split and by the part that left the price
//! at a dividend, so that price times factor goes on without a jump. It starts at one, so an
//! adjusted series starts at the prices as traded and nothing of the past is ever rewritten:
//! what was computed yesterday never depends on an event of tomorrow.

/// What prices and volumes as traded are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjustment {
    price: f64,
    volume: f64,
}

impl Adjustment {
    /// Before the first split and dividend.
    pub const NONE: Self = Self { price: 1.0, volume: 1.0 };

    /// Each unit became `ratio` units. A ratio that is not above zero changes nothing.
    pub fn split(&mut self, ratio: f64) {
        if ratio > 0.0 && ratio.is_finite() {
            self.price *= ratio;
            self.volume /= ratio;
        }
    }

    /// `per_unit` was paid on each unit that last traded at `close`. What a price cannot pay,
    /// because it is not above the payment, changes nothing.
    pub fn dividend(&mut self, per_unit: f64, close: f64) {
        let left = close - per_unit;
        if close > 0.0 && left > 0.0 && left.is_finite() {
            self.price *= close / left;
        }
    }

    /// The factor of prices.
    #[must_use]
    pub const fn price(self) -> f64 {
        self.price
    }

    /// The factor of volumes: only splits change it.
    #[must_use]
    pub const fn volume(self) -> f64 {
        self.volume
    }
}

impl Default for Adjustment {
    fn default() -> Self {
        Self::NONE
    }
}

//! A bar in floating point, as indicators take it.

use domain::{Instrument, event::Bar};

use crate::feature::factor::{Factor, float};

/// Prices in quote currency and volume in units of the base; nothing here is money.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Candle {
    /// The first price.
    pub open: f64,
    /// The highest price.
    pub high: f64,
    /// The lowest price.
    pub low: f64,
    /// The last price.
    pub close: f64,
    /// The quantity traded.
    pub volume: f64,
}

impl Candle {
    /// The mean of high, low and close.
    #[must_use]
    #[inline]
    pub const fn typical(&self) -> f64 {
        (self.high + self.low + self.close) / 3.0
    }

    /// Whether high, low and close are numbers one can compute with.
    #[inline]
    pub(super) const fn has_prices(&self) -> bool {
        super::usable(self.high) && super::usable(self.low) && super::usable(self.close)
    }
}

/// Turns the exact bars of one instrument into candles.
#[derive(Clone, Copy, Debug)]
pub struct CandleScale {
    tick: Factor,
    lot: Factor,
}

impl CandleScale {
    /// For bars of this instrument.
    #[must_use]
    pub fn new(instrument: &Instrument) -> Self {
        let tick = Factor::new(instrument.price_scale());
        Self { tick, lot: Factor::new(instrument.quantity_scale()) }
    }

    /// The candle nearest to the bar.
    #[must_use]
    #[inline]
    pub fn candle(&self, bar: &Bar) -> Candle {
        let price = |ticks: domain::Ticks| self.tick.value(float(ticks.get()));
        Candle {
            open: price(bar.open),
            high: price(bar.high),
            low: price(bar.low),
            close: price(bar.close),
            volume: self.lot.value(float(bar.volume.get())),
        }
    }
}

//! Prices of shares as if no split and no dividend had ever moved them.
//!
//! Adjusted series are usually made backwards, from the last day, so that every new
//! dividend changes the whole past. A stream cannot do that: here the *later* prices are
//! multiplied instead, and what was given once stays true. Both series have the same
//! returns. Cash that a dividend pays is somebody else's to book; this is for indicators.

use domain::event::{Dividend, MarketData, Split};

use crate::indicator::Candle;

/// What to do about an action that was refused. Nothing of it was counted.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum AdjustmentError {
    /// Correct the ratio.
    #[error("a split of {ratio} new units for an old one is none")]
    RatioNotPositive {
        /// New units for an old one.
        ratio: f64,
    },
    /// Correct the dividend.
    #[error("a dividend of {per_unit} per unit is none")]
    DividendNotPositive {
        /// What was said to be paid.
        per_unit: f64,
    },
    /// Give a bar first: a dividend changes prices in proportion to the close before it.
    #[error("a dividend of {per_unit} came before any price")]
    NoPriceBefore {
        /// What is paid.
        per_unit: f64,
    },
    /// Look at the data: nothing would be left of the price.
    #[error("a dividend of {per_unit} is not below the close of {close} before it")]
    DividendNotBelowPrice {
        /// What is paid.
        per_unit: f64,
        /// The close before it, in units after the splits since then.
        close: f64,
    },
}

/// Keeps the prices of one instrument continuous over splits and dividends.
///
/// After a split of `n` new units for an old one, later prices are multiplied by `n` and
/// later volumes divided by it. After a dividend `d` per unit, later prices are multiplied by
/// `close / (close - d)` with the close before it. Actions come in the order in which they
/// happen, each before the first bar that it moved; a dividend is per unit as they are at that
/// moment, so on a day with both, one per new unit comes after the split.
///
/// ```
/// # use market::{adjustment::{Adjustment, AdjustmentError}, indicator::Candle};
/// let bar = |close| Candle { open: close, high: close, low: close, close, volume: 6.0 };
/// let mut adjustment = Adjustment::new();
/// assert_eq!(adjustment.adjust(&bar(100.0)).close, 100.0);
/// adjustment.split(2.0)?;
/// assert_eq!(adjustment.adjust(&bar(50.0)), Candle { volume: 3.0, ..bar(100.0) });
/// adjustment.dividend(10.0)?;
/// assert_eq!(adjustment.adjust(&bar(40.0)).close, 100.0);
/// # Ok::<(), AdjustmentError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjustment {
    price_factor: f64,
    volume_factor: f64,
    /// As traded, but in the units of now.
    last_close: Option<f64>,
}

impl Adjustment {
    /// One that changes nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { price_factor: 1.0, volume_factor: 1.0, last_close: None }
    }

    /// The bar on the continuous scale. Its close is remembered for the next dividend when
    /// it is a number above zero.
    pub fn adjust(&mut self, bar: &Candle) -> Candle {
        if bar.close > 0.0 && bar.close.is_finite() {
            self.last_close = Some(bar.close);
        }
        Candle {
            open: bar.open * self.price_factor,
            high: bar.high * self.price_factor,
            low: bar.low * self.price_factor,
            close: bar.close * self.price_factor,
            volume: bar.volume * self.volume_factor,
        }
    }

    /// From now on there are `ratio` units for each old one; below one for a merger of units.
    ///
    /// # Errors
    /// [`AdjustmentError::RatioNotPositive`].
    pub fn split(&mut self, ratio: f64) -> Result<(), AdjustmentError> {
        if !(ratio > 0.0 && ratio.is_finite()) {
            return Err(AdjustmentError::RatioNotPositive { ratio });
        }
        self.price_factor *= ratio;
        self.volume_factor /= ratio;
        self.last_close = self.last_close.map(|close| close / ratio);
        Ok(())
    }

    /// From now on the price is without this payment on each unit.
    ///
    /// # Errors
    /// [`AdjustmentError`] for a payment that is not above zero, one that came before any
    /// price, or one that is not below the price.
    pub fn dividend(&mut self, per_unit: f64) -> Result<(), AdjustmentError> {
        if !(per_unit > 0.0 && per_unit.is_finite()) {
            return Err(AdjustmentError::DividendNotPositive { per_unit });
        }
        let close = self.last_close.ok_or(AdjustmentError::NoPriceBefore { per_unit })?;
        let left = close - per_unit;
        if left <= 0.0 {
            return Err(AdjustmentError::DividendNotBelowPrice { per_unit, close });
        }
        self.price_factor *= close / left;
        // A second payment before the next bar is on what the first one left.
        self.last_close = Some(left);
        Ok(())
    }

    /// Follows the splits and dividends among market events; all others change nothing.
    ///
    /// # Errors
    /// Those of [`Adjustment::split`] and [`Adjustment::dividend`].
    pub fn on_event(&mut self, event: &MarketData<'_>) -> Result<(), AdjustmentError> {
        match event {
            // A decimal beyond the range of floats does not exist.
            MarketData::Split(Split { ratio }) => {
                self.split(f64::try_from(ratio.decimal()).unwrap_or(f64::NAN))
            }
            MarketData::Dividend(Dividend { per_unit }) => self.dividend(per_unit.to_f64()),
            _ => Ok(()),
        }
    }

    /// What prices are multiplied by now.
    #[must_use]
    pub const fn price_factor(&self) -> f64 {
        self.price_factor
    }

    /// What volumes are multiplied by now.
    #[must_use]
    pub const fn volume_factor(&self) -> f64 {
        self.volume_factor
    }
}

impl Default for Adjustment {
    fn default() -> Self {
        Self::new()
    }
}

/// What a holder gained from one close to the next, as a fraction: 0.01 is one percent.
///
/// It is `split * (close + dividend) / previous_close - 1`: there are `split` new units for
/// each old one, and every new unit pays `dividend`. Without actions they are 1 and 0.
/// `None` when the close before is not above zero or the result is no number.
///
/// ```
/// # use market::adjustment::{Holding, total_return};
/// let day = Holding { previous_close: 100.0, close: 49.5, dividend: 1.5, split: 2.0 };
/// assert_eq!(total_return(&day).map(|gain| (gain * 100.0).round()), Some(2.0));
/// ```
#[must_use]
pub fn total_return(day: &Holding) -> Option<f64> {
    let Holding { previous_close, close, dividend, split } = *day;
    let gain = split * (close + dividend) / previous_close - 1.0;
    (previous_close > 0.0 && gain.is_finite()).then_some(gain)
}

/// What happened to one unit between two closes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holding {
    /// The close before, as traded.
    pub previous_close: f64,
    /// The close, as traded.
    pub close: f64,
    /// Paid on each new unit in between; 0 for none.
    pub dividend: f64,
    /// New units for each old one; 1 for no split.
    pub split: f64,
}

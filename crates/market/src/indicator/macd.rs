//! Moving average convergence and divergence.

use super::{Candle, Ema, IndicatorError, adapter::Feed};

/// The distance of two exponential averages, and its own average.
///
/// Shape: one `f64` in, a [`MacdValue`] out, constant memory. Units: those of the input.
/// Warm-up: `None` until `slow` values were seen; signal and histogram follow `signal - 1`
/// values later. Each average is seeded as [`Ema`] says, the signal's with the first lines.
/// Source: Appel (1979), The Moving Average Convergence-Divergence Trading Method.
///
/// ```
/// # use market::indicator::{IndicatorError, Macd, MacdPeriods};
/// let mut macd = Macd::new(MacdPeriods { fast: 1, slow: 2, signal: 1 })?;
/// macd.push(1.0);
/// let value = macd.push(2.0).expect("two values were seen");
/// assert_eq!((value.macd, value.signal, value.histogram), (0.5, Some(0.5), Some(0.0)));
/// # Ok::<(), IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Macd {
    periods: MacdPeriods,
    fast: Ema,
    slow: Ema,
    signal: Ema,
}

/// How many values each average spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacdPeriods {
    /// Of the quick average, below `slow`.
    pub fast: u32,
    /// Of the slow average.
    pub slow: u32,
    /// Of the line's own average.
    pub signal: u32,
}

impl Default for MacdPeriods {
    fn default() -> Self {
        Self { fast: 12, slow: 26, signal: 9 }
    }
}

/// The line, its average, and their distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MacdValue {
    /// The fast average minus the slow one.
    pub macd: f64,
    /// The average of the line; `None` while it warms up.
    pub signal: Option<f64>,
    /// The line minus its average; `None` while that warms up.
    pub histogram: Option<f64>,
    /// The fast average.
    pub fast: f64,
    /// The slow average.
    pub slow: f64,
}

impl Macd {
    /// Averages that have seen nothing.
    ///
    /// # Errors
    /// [`IndicatorError`] for a period of zero or beyond [`MAX_PERIOD`](super::MAX_PERIOD),
    /// or a fast period that is not below the slow one.
    pub fn new(periods: MacdPeriods) -> Result<Self, IndicatorError> {
        let MacdPeriods { fast, slow, signal } = periods;
        let macd = Self {
            periods,
            fast: Ema::named("fast", fast)?,
            slow: Ema::named("slow", slow)?,
            signal: Ema::named("signal", signal)?,
        };
        if fast < slow { Ok(macd) } else { Err(IndicatorError::FastNotBelowSlow { fast, slow }) }
    }

    /// Takes the next value. An unusable one starts the warm-up again.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<MacdValue> {
        if !super::usable(value) {
            self.reset();
            return None;
        }
        let (fast, slow) = (self.fast.push(value), self.slow.push(value));
        let (fast, slow) = fast.zip(slow)?;
        let macd = fast - slow;
        let signal = self.signal.push(macd);
        let histogram = signal.map(|signal| macd - signal);
        Some(MacdValue { macd, signal, histogram, fast, slow })
    }

    /// Forgets everything.
    pub const fn reset(&mut self) {
        self.fast.reset();
        self.slow.reset();
        self.signal.reset();
    }
}

impl Feed<5> for Macd {
    fn feed(&mut self, candle: &Candle) -> [Option<f64>; 5] {
        self.push(candle.close).map_or([None; 5], |value| {
            let MacdValue { macd, signal, histogram, fast, slow } = value;
            [Some(macd), signal, histogram, Some(fast), Some(slow)]
        })
    }

    fn warm_up(&self) -> u32 {
        self.periods.slow + self.periods.signal - 1
    }

    fn reset(&mut self) {
        Self::reset(self);
    }
}

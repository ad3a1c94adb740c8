//! The volatility of a price over a year, from its latest returns and the time they took.

use domain::Timestamp;
use market::indicator::{IndicatorError, Sma};

const SECONDS_PER_YEAR: f64 = 365.25 * 86_400.0;

/// Realised volatility: the root of the mean squared log return over the mean time it took.
///
/// Shape: times and prices in, one number out. Units: per square root of a year. Warm-up:
/// `None` until `window` returns were seen. No mean is subtracted: over short times it is
/// noise. As the time is measured, bars of any length, and gaps, need no setting.
#[derive(Clone, Debug)]
pub(super) struct Volatility {
    squares: Sma,
    seconds: Sma,
    last: Option<(Timestamp, f64)>,
    yearly: Option<f64>,
}

impl Volatility {
    pub(super) fn new(window: usize) -> Result<Self, IndicatorError> {
        let period = u32::try_from(window).unwrap_or(u32::MAX);
        let (squares, seconds) = (Sma::new(period)?, Sma::new(period)?);
        Ok(Self { squares, seconds, last: None, yearly: None })
    }

    /// Takes the next price. Times that do not grow and prices that are none are left out.
    pub(super) fn push(&mut self, time: Timestamp, price: f64) {
        if !(price > 0.0 && price.is_finite()) {
            return;
        }
        let Some((before, old)) = self.last else {
            self.last = Some((time, price));
            return;
        };
        let seconds = time.since(before).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        self.last = Some((time, price));
        let (square, step) =
            (self.squares.push((price / old).ln().powi(2)), self.seconds.push(seconds));
        self.yearly = match (square, step) {
            (Some(square), Some(step)) => Some((square / step * SECONDS_PER_YEAR).sqrt()),
            _ => None,
        };
    }

    /// The estimate; zero for a price that never moved.
    pub(super) const fn yearly(&self) -> Option<f64> {
        self.yearly
    }
}

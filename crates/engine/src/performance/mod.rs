//! How well a session did, computed while it runs: live and in a back-test by the same code.
//!
//! [`PerformanceTracker`] is told of equity after each event and of each round trip that ends. It
//! keeps sums, and equity at the ends of equal periods in bounded memory; [`Performance`] has the
//! figures. Ratios are defined in [`ratios`], their worth as evidence in [`sharpe_evidence`].

mod drawdown;
pub mod ratios;
mod round_trip;
mod sampling;
mod session;
pub mod sharpe_evidence;
mod trades;
mod written;

#[cfg(test)]
mod tests;

pub use round_trip::{RoundTrip, RoundTrips};
pub(crate) use session::SessionPerformance;
pub use trades::TradeFigures;

use domain::{Money, Span, Timestamp};
use serde::Serialize;

use self::{drawdown::DrawdownWatch, sampling::Samples, trades::TradeSums};

/// Figures are scaled to a year only for a history of at least a week.
const WEEK_SECONDS: f64 = 7.0 * 86_400.0;
/// Seconds in a mean Gregorian year.
const YEAR_SECONDS: f64 = 365.242_5 * 86_400.0;

/// Follows a session. Telling it of an event allocates nothing but a rare growth of its samples.
#[derive(Clone, Debug)]
pub struct PerformanceTracker {
    opening: Money,
    equity: Money,
    first: Option<Timestamp>,
    last: Timestamp,
    samples: Samples,
    drawdown: DrawdownWatch,
    trades: TradeSums,
    traded: Money,
    /// Whether anything was held after the last event.
    invested: bool,
    invested_for: Span,
}

/// The figures of a session so far. Ratios are those of returns over `period_seconds`; what the
/// data do not define is `None`, and so is everything scaled to a year while the history is
/// shorter than a week.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Performance {
    /// The length of the periods that returns are measured over, in seconds.
    pub period_seconds: f64,
    /// How many such periods had data.
    pub periods: usize,
    /// How many of them a year has, by the data's own calendar: 365 days for a market that never
    /// closes, about 252 for one with sessions.
    pub periods_per_year: f64,
    /// Growth of equity since the start.
    pub total_return: Option<f64>,
    /// The yearly growth that would give the same.
    pub annual_return: Option<f64>,
    /// The standard deviation of returns, scaled to a year.
    pub annual_volatility: Option<f64>,
    /// Mean over deviation of returns, scaled to a year.
    pub sharpe: Option<f64>,
    /// Mean over downside deviation, scaled to a year.
    pub sortino: Option<f64>,
    /// Yearly growth over the deepest drawdown.
    pub calmar: Option<f64>,
    /// The deepest fall from the highest equity before, as a share, at any event.
    pub max_drawdown: f64,
    /// The same in quote currency.
    pub max_drawdown_amount: Money,
    /// The longest time below an earlier peak, in seconds.
    pub longest_drawdown_seconds: f64,
    /// Root mean square of the drawdowns at the ends of periods.
    pub ulcer_index: Option<f64>,
    /// The size of the 95th percentile of returns over that of the 5th.
    pub tail_ratio: Option<f64>,
    /// The 5th percentile of returns of one period.
    pub value_at_risk: Option<f64>,
    /// Skewness of returns.
    pub skewness: Option<f64>,
    /// Kurtosis of returns; 3 for normal ones.
    pub kurtosis: Option<f64>,
    /// The probability that the true Sharpe ratio is above zero.
    pub probabilistic_sharpe: Option<f64>,
    /// Periods needed for that probability to reach 95 per cent.
    pub minimum_track_record: Option<f64>,
    /// The share of time in which something was held.
    pub exposure: Option<f64>,
    /// What was traded in a year over the mean of opening and final equity.
    pub turnover: Option<f64>,
    /// Figures about finished round trips.
    pub trades: TradeFigures,
}

impl PerformanceTracker {
    /// At the start, with what the account is worth.
    #[must_use]
    pub fn new(opening: Money) -> Self {
        Self {
            opening,
            equity: opening,
            first: None,
            last: Timestamp::EPOCH,
            samples: Samples::new(opening.to_f64()),
            drawdown: DrawdownWatch::new(opening),
            trades: TradeSums::default(),
            traded: Money::ZERO,
            invested: false,
            invested_for: Span::ZERO,
        }
    }

    /// What the account is worth after an event, and whether it holds anything. Times do not go
    /// back.
    #[inline]
    pub fn see(&mut self, time: Timestamp, equity: Money, invested: bool) {
        if self.first.is_none() {
            self.first = Some(time);
            self.last = time;
        }
        if self.invested {
            let longer =
                self.invested_for.as_nanos().saturating_add(time.since(self.last).as_nanos());
            self.invested_for = Span::from_nanos(longer);
        }
        (self.last, self.invested) = (time, invested);
        self.samples.push(time, equity);
        self.equity = equity;
        self.drawdown.see(time, equity);
    }

    /// Something was traded for this much, without sign.
    pub fn traded(&mut self, value: Money) {
        self.traded = self.traded.checked_add(value).unwrap_or(self.traded);
    }

    /// A round trip ended.
    pub fn ended(&mut self, trip: &RoundTrip) {
        self.trades.add(trip);
    }

    /// The figures so far. Allocates and takes time in proportion to the samples: not for the hot
    /// path.
    #[must_use]
    pub fn performance(&self) -> Performance {
        let returns = self.samples.returns();
        let (values, period) = (returns.values.as_slice(), seconds(returns.period));
        let elapsed = self.first.map_or(0.0, |first| self.last.since(first).as_secs_f64());
        let per_year = periods_per_year(values.len(), period, elapsed);
        let (opening, equity) = (self.opening.to_f64(), self.equity.to_f64());
        let middle = f64::midpoint(opening, equity);
        let years = elapsed / YEAR_SECONDS;
        let turnover = self.traded.to_f64() / middle / years;
        // Minutes scaled to a year say nothing, and say it with large numbers.
        let yearly = |figure: Option<f64>| figure.filter(|_| elapsed >= WEEK_SECONDS);
        Performance {
            period_seconds: period,
            periods: values.len(),
            periods_per_year: per_year,
            total_return: (opening > 0.0).then(|| equity / opening - 1.0),
            annual_return: yearly(ratios::annual_return(values, per_year)),
            annual_volatility: yearly(ratios::annual_volatility(values, per_year)),
            sharpe: yearly(ratios::sharpe(values, per_year)),
            sortino: yearly(ratios::sortino(values, per_year)),
            calmar: yearly(ratios::calmar(values, per_year)),
            max_drawdown: self.drawdown.deepest_share(),
            max_drawdown_amount: self.drawdown.deepest(),
            longest_drawdown_seconds: self.drawdown.longest().as_secs_f64(),
            ulcer_index: ratios::ulcer_index(values),
            tail_ratio: ratios::tail_ratio(values),
            value_at_risk: ratios::value_at_risk(values),
            skewness: ratios::skewness(values),
            kurtosis: ratios::kurtosis(values),
            probabilistic_sharpe: sharpe_evidence::probabilistic_sharpe(values, 0.0),
            minimum_track_record: sharpe_evidence::minimum_track_record(values),
            exposure: (elapsed > 0.0).then(|| self.invested_for.as_secs_f64() / elapsed),
            turnover: yearly(Some(turnover).filter(|turnover| turnover.is_finite())),
            trades: self.trades.figures(),
        }
    }

    /// Returns of equal periods and the length of one in seconds, for tests of significance.
    #[must_use]
    pub fn returns(&self) -> (Vec<f64>, f64) {
        let returns = self.samples.returns();
        let period = seconds(returns.period);
        (returns.values, period)
    }
}

/// How many periods with data a year has. A history of less than five days cannot show when its
/// market is closed, so it counts as one that never is.
fn periods_per_year(periods: usize, period: f64, elapsed: f64) -> f64 {
    const FIVE_DAYS: f64 = 5.0 * 86_400.0;
    let always_open = YEAR_SECONDS / period;
    if elapsed < FIVE_DAYS || periods < 2 {
        return always_open;
    }
    #[expect(clippy::cast_precision_loss, reason = "lists stay far below 2^53")]
    let seen = periods as f64 / ((elapsed + period) / YEAR_SECONDS);
    // Within two per cent of a market that never closes, it is one.
    if seen > 0.98 * always_open { always_open } else { seen }
}

#[expect(clippy::cast_precision_loss, reason = "periods are at most a week of nanoseconds")]
const fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

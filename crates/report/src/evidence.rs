//! How much the Sharpe ratio is worth as evidence, in one place for every form of the report.

use engine::performance::sharpe_evidence;
use serde::Serialize;

use crate::Sources;

/// Probabilities and lengths around the Sharpe ratio of the returns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Evidence {
    /// The yearly Sharpe ratio found.
    pub(crate) sharpe: Option<f64>,
    /// The one hoped for.
    pub(crate) sharpe_target: f64,
    /// The probability that the true one is above zero.
    pub(crate) probability_above_zero: Option<f64>,
    /// The probability that the true one is above the target.
    pub(crate) probability_above_target: Option<f64>,
    /// Attempts declared by the user.
    pub(crate) trials: u32,
    /// The probability that the true one is above what the best of so many worthless attempts
    /// would have reached.
    pub(crate) deflated_sharpe: Option<f64>,
    /// Returns at hand.
    pub(crate) track_record_periods: u64,
    /// Returns needed before 95 per cent probability of a Sharpe ratio above zero.
    pub(crate) minimum_track_record_periods: Option<f64>,
    /// The length of the periods in seconds.
    pub(crate) period_seconds: f64,
}

impl Evidence {
    pub(crate) fn new(sources: &Sources<'_>) -> Self {
        let (outcome, facts) = (sources.outcome, sources.facts);
        let (performance, returns) = (&outcome.performance, outcome.returns.as_slice());
        let target = facts.sharpe_target / performance.periods_per_year.sqrt();
        let above_target = sharpe_evidence::probabilistic_sharpe(returns, target);
        Self {
            sharpe: performance.sharpe,
            sharpe_target: facts.sharpe_target,
            probability_above_zero: performance.probabilistic_sharpe,
            probability_above_target: above_target.filter(|_| target.is_finite()),
            trials: facts.trials,
            deflated_sharpe: sharpe_evidence::deflated_sharpe(returns, None, facts.trials),
            track_record_periods: u64::try_from(performance.periods).unwrap_or(u64::MAX),
            minimum_track_record_periods: performance.minimum_track_record,
            period_seconds: performance.period_seconds,
        }
    }
}

/// `daily`, `five-minute` and so on.
pub(crate) fn period_name(seconds: f64) -> String {
    let names = [
        (1.0, "one-second"),
        (60.0, "one-minute"),
        (300.0, "five-minute"),
        (900.0, "15-minute"),
        (3_600.0, "hourly"),
        (14_400.0, "four-hour"),
        (86_400.0, "daily"),
        (604_800.0, "weekly"),
    ];
    let near = |(length, _): &&(f64, &str)| (seconds - length).abs() < 0.5;
    names
        .iter()
        .find(near)
        .map_or_else(|| crate::moment::length(seconds), |(_, name)| (*name).into())
}

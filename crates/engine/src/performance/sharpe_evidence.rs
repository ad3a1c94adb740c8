//! How much a Sharpe ratio is worth as evidence.

use statrs::distribution::{ContinuousCDF as _, Normal};

use super::ratios;

/// The Euler-Mascheroni constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// The probability that the true Sharpe ratio of one period is above `benchmark`, given these
/// returns with their skewness and kurtosis.
///
/// Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012:
/// `Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR^2))`. `None` without
/// variation or with fewer than three returns.
#[must_use]
pub fn probabilistic_sharpe(returns: &[f64], benchmark: f64) -> Option<f64> {
    let found = ratios::sharpe_per_period(returns).filter(|_| returns.len() > 2)?;
    let (skew, kurtosis) = (ratios::skewness(returns)?, ratios::kurtosis(returns)?);
    let variance = 1.0 - skew * found + (kurtosis - 1.0) / 4.0 * found * found;
    let score = (found - benchmark) * size(returns.len() - 1).sqrt() / variance.sqrt();
    score.is_finite().then(|| standard_normal().cdf(score))
}

/// The Sharpe ratio of one period that the best of `trials` worthless attempts would reach on
/// average, when their Sharpe ratios vary by `variance`.
///
/// Bailey and Lopez de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5),
/// 2014. Zero for a single attempt.
#[must_use]
pub fn expected_best_sharpe(variance: f64, trials: u32) -> f64 {
    if trials < 2 || variance <= 0.0 {
        return 0.0;
    }
    let (normal, trials) = (standard_normal(), f64::from(trials));
    let first = normal.inverse_cdf(1.0 - 1.0 / trials);
    let second = normal.inverse_cdf(1.0 - 1.0 / (trials * std::f64::consts::E));
    variance.sqrt() * ((1.0 - EULER) * first + EULER * second)
}

/// The probability that the true Sharpe ratio is above what the best of `trials` worthless
/// attempts would have reached. Where the variance among attempts is not known, that of an
/// estimate from as many normal returns, `1 / (n - 1)`, is assumed.
#[must_use]
pub fn deflated_sharpe(returns: &[f64], variance: Option<f64>, trials: u32) -> Option<f64> {
    let assumed = || 1.0 / size(returns.len().max(2) - 1);
    let benchmark = expected_best_sharpe(variance.unwrap_or_else(assumed), trials);
    probabilistic_sharpe(returns, benchmark)
}

/// How many returns are needed before a Sharpe ratio as found is above zero with 95 per cent
/// probability (the same source as [`probabilistic_sharpe`]). `None` unless it is above zero.
#[must_use]
pub fn minimum_track_record(returns: &[f64]) -> Option<f64> {
    let found = ratios::sharpe_per_period(returns).filter(|found| *found > 0.0)?;
    let (skew, kurtosis) = (ratios::skewness(returns)?, ratios::kurtosis(returns)?);
    let variance = 1.0 - skew * found + (kurtosis - 1.0) / 4.0 * found * found;
    let score = standard_normal().inverse_cdf(0.95) / found;
    Some(1.0 + variance * score * score)
}

fn standard_normal() -> Normal {
    Normal::standard()
}

#[expect(clippy::cast_precision_loss, reason = "lists stay far below 2^53")]
const fn size(count: usize) -> f64 {
    count as f64
}

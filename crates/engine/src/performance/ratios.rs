//! Definitions of performance figures, each a function of returns and nothing else.
//!
//! `returns` are simple returns of equal periods, such as 0.01 for one per cent; `per_year` is how
//! many such periods a year has. A figure that the data do not define is `None`, never zero.
//!
//! The definitions are those of the Python libraries `empyrical` and `quantstats`, whose values the
//! tests compare with; where they differ the doc comment says which one is followed.

/// The growth of one unit over all returns, less one.
#[must_use]
pub fn total_return(returns: &[f64]) -> Option<f64> {
    (!returns.is_empty()).then(|| returns.iter().fold(1.0, |worth, one| worth * (1.0 + one)) - 1.0)
}

/// The yearly growth that would give the same total: `(1 + total)^(per_year / n) - 1`. A total
/// loss is -1; a loss of more than everything has no such growth.
#[must_use]
pub fn annual_return(returns: &[f64], per_year: f64) -> Option<f64> {
    let worth = 1.0 + total_return(returns)?;
    let years = count(returns) / per_year;
    finite(if worth >= 0.0 { libm::pow(worth, 1.0 / years) - 1.0 } else { f64::NAN })
}

/// The standard deviation of returns (divisor n - 1), scaled to a year.
#[must_use]
pub fn annual_volatility(returns: &[f64], per_year: f64) -> Option<f64> {
    Some(deviation(returns)? * per_year.sqrt())
}

/// Mean over standard deviation (divisor n - 1), scaled to a year; Sharpe (1994), without a
/// risk-free rate. `None` without variation.
#[must_use]
pub fn sharpe(returns: &[f64], per_year: f64) -> Option<f64> {
    Some(sharpe_per_period(returns)? * per_year.sqrt())
}

/// [`sharpe`] of one period.
#[must_use]
pub fn sharpe_per_period(returns: &[f64]) -> Option<f64> {
    let spread = deviation(returns).filter(|spread| *spread > NO_VARIATION)?;
    finite(mean(returns)? / spread)
}

/// Mean over the root mean square of the losses, scaled to a year; Sortino and Price (1994) with
/// a target of zero, as in `empyrical`. `None` without a loss.
#[must_use]
pub fn sortino(returns: &[f64], per_year: f64) -> Option<f64> {
    let squares: f64 = returns.iter().map(|one| one.min(0.0) * one.min(0.0)).sum();
    let downside = (squares / count(returns)).sqrt();
    if downside <= NO_VARIATION {
        return None;
    }
    finite(mean(returns)? / downside * per_year.sqrt())
}

/// The yearly growth over the deepest drawdown; Young (1991). `None` without a drawdown.
#[must_use]
pub fn calmar(returns: &[f64], per_year: f64) -> Option<f64> {
    let deepest = max_drawdown(returns)?;
    if deepest <= 0.0 {
        return None;
    }
    finite(annual_return(returns, per_year)? / deepest)
}

/// The deepest fall of the growth of one unit from its highest value so far, the start included:
/// a fraction, 0 or more.
#[must_use]
pub fn max_drawdown(returns: &[f64]) -> Option<f64> {
    (!returns.is_empty()).then(|| drawdowns(returns).fold(0.0, f64::max))
}

/// The root of the sum of squared drawdowns over n - 1; P. Martin and B. `McCann` (1989), with the divisor
/// and the sampling of `quantstats`. `None` with fewer than two returns.
#[must_use]
pub fn ulcer_index(returns: &[f64]) -> Option<f64> {
    if returns.len() < 2 {
        return None;
    }
    let squares: f64 = drawdowns(returns).map(|fall| fall * fall).sum();
    Some((squares / (count(returns) - 1.0)).sqrt())
}

/// The size of the 95th percentile over that of the 5th, as in `empyrical`: above one, the good
/// tail is longer.
#[must_use]
pub fn tail_ratio(returns: &[f64]) -> Option<f64> {
    let (good, bad) = (percentile(returns, 0.95)?, percentile(returns, 0.05)?);
    finite(good.abs() / bad.abs())
}

/// The 5th percentile of returns: in one period of twenty it is worse. Negative for a loss.
#[must_use]
pub fn value_at_risk(returns: &[f64]) -> Option<f64> {
    percentile(returns, 0.05)
}

/// A percentile with linear interpolation between the neighbours, as `numpy` does by default.
#[must_use]
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "lists stay far below 2^53")]
    let place = share.clamp(0.0, 1.0) * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to last")]
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    let part = place - place.floor();
    // numpy's order of operations, for equal rounding.
    let step = sorted[above] - sorted[below];
    Some(if part >= 0.5 {
        sorted[above] - step * (1.0 - part)
    } else {
        sorted[below] + step * part
    })
}

/// The arithmetic mean; `None` of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values))
}

/// The standard deviation with divisor n - 1; `None` of fewer than two values.
#[must_use]
pub fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    Some((central_moment(values, 2)? * count(values) / (count(values) - 1.0)).sqrt())
}

/// Skewness, the third standardised moment with divisor n; zero for a symmetric distribution.
#[must_use]
pub fn skewness(values: &[f64]) -> Option<f64> {
    let variance = central_moment(values, 2).filter(|variance| *variance > 0.0)?;
    finite(central_moment(values, 3)? / libm::pow(variance, 1.5))
}

/// Kurtosis, the fourth standardised moment with divisor n; 3 for a normal distribution.
#[must_use]
pub fn kurtosis(values: &[f64]) -> Option<f64> {
    let variance = central_moment(values, 2).filter(|variance| *variance > 0.0)?;
    finite(central_moment(values, 4)? / (variance * variance))
}

fn central_moment(values: &[f64], order: i32) -> Option<f64> {
    let middle = mean(values)?;
    mean(&values.iter().map(|value| (value - middle).powi(order)).collect::<Vec<_>>())
}

/// How far below its highest value so far the growth of one unit is, after each return.
fn drawdowns(returns: &[f64]) -> impl Iterator<Item = f64> + '_ {
    returns.iter().scan((1.0_f64, 1.0_f64), |(worth, peak), one| {
        *worth *= 1.0 + one;
        *peak = peak.max(*worth);
        Some(1.0 - *worth / *peak)
    })
}

#[expect(clippy::cast_precision_loss, reason = "lists stay far below 2^53")]
fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Below this a deviation is rounding, not variation.
const NO_VARIATION: f64 = 1e-15;

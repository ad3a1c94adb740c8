//! Performance figures equal those of the libraries that define them.
#![allow(clippy::unwrap_used, reason = "tests")]

use engine::performance::{ratios, sharpe_evidence};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    per_year: f64,
    returns: Vec<f64>,
    figures: Figures,
    evidence: Evidence,
}

#[derive(Deserialize)]
struct Figures {
    total_return: Option<f64>,
    annual_return: Option<f64>,
    annual_volatility: Option<f64>,
    sharpe: Option<f64>,
    sortino: Option<f64>,
    calmar: Option<f64>,
    max_drawdown: Option<f64>,
    tail_ratio: Option<f64>,
    value_at_risk: Option<f64>,
    ulcer_index: Option<f64>,
    skewness: Option<f64>,
    kurtosis: Option<f64>,
}

#[derive(Deserialize)]
struct Evidence {
    probabilistic: f64,
    deflated_20_trials: f64,
}

/// Made by `reference/performance.py`, which runs the libraries.
fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("reference/performance.json")).unwrap()
}

fn assert_near(case: &Case, what: &str, ours: Option<f64>, theirs: Option<f64>) {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return assert_eq!(ours, theirs, "{what} of {}", case.name);
    };
    let allowed = 1e-9 * theirs.abs().max(1.0);
    assert!((ours - theirs).abs() <= allowed, "{what} of {}: {ours}, not {theirs}", case.name);
}

#[test]
fn figures_of_returns_equal_those_of_empyrical_and_quantstats() {
    for case in cases() {
        let (returns, year, theirs) = (case.returns.as_slice(), case.per_year, &case.figures);
        let pairs = [
            ("total return", ratios::total_return(returns), theirs.total_return),
            ("annual return", ratios::annual_return(returns, year), theirs.annual_return),
            ("volatility", ratios::annual_volatility(returns, year), theirs.annual_volatility),
            ("sharpe", ratios::sharpe(returns, year), theirs.sharpe),
            ("sortino", ratios::sortino(returns, year), theirs.sortino),
            ("calmar", ratios::calmar(returns, year), theirs.calmar),
            ("drawdown", ratios::max_drawdown(returns), theirs.max_drawdown),
            ("tail ratio", ratios::tail_ratio(returns), theirs.tail_ratio),
            ("value at risk", ratios::value_at_risk(returns), theirs.value_at_risk),
            ("ulcer index", ratios::ulcer_index(returns), theirs.ulcer_index),
            ("skewness", ratios::skewness(returns), theirs.skewness),
            ("kurtosis", ratios::kurtosis(returns), theirs.kurtosis),
        ];
        for (what, ours, theirs) in pairs {
            assert_near(&case, what, ours, theirs);
        }
    }
}

#[test]
fn evidence_equals_the_published_formulas_computed_with_scipy() {
    for case in cases() {
        let returns = case.returns.as_slice();
        let ours = sharpe_evidence::probabilistic_sharpe(returns, 0.0);
        assert_near(&case, "probabilistic sharpe", ours, Some(case.evidence.probabilistic));
        let ours = sharpe_evidence::deflated_sharpe(returns, None, 20);
        assert_near(&case, "deflated sharpe", ours, Some(case.evidence.deflated_20_trials));
    }
}

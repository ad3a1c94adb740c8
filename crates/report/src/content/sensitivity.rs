//! The result under other assumptions, and the check for knowledge of the future.

use domain::Money;
use research::{
    Outcome,
    experiment::Delay,
    lookahead::{Decision, LookaheadReport},
    sensitivity::Row,
};
use serde::Serialize;

use crate::moment;

/// The rows, sorted by what was varied.
#[derive(Debug, Serialize)]
pub(crate) struct SensitivityTables {
    pub(crate) costs: Vec<SensitivityRow>,
    pub(crate) delay: Vec<SensitivityRow>,
}

/// One variant and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct SensitivityRow {
    pub(crate) variant: String,
    pub(crate) profit: Money,
    pub(crate) total_return: Option<f64>,
    pub(crate) sharpe: Option<f64>,
    pub(crate) max_drawdown: f64,
    pub(crate) fills: u64,
}

impl SensitivityTables {
    pub(crate) fn new(rows: &[Row], outcome: &Outcome) -> Self {
        let of = |delayed: bool| {
            rows.iter()
                .filter(|row| (row.variant.delay != Delay::AsConfigured) == delayed)
                .map(|row| SensitivityRow::new(row, outcome.opening_equity))
                .collect()
        };
        Self { costs: of(false), delay: of(true) }
    }
}

impl SensitivityRow {
    fn new(row: &Row, opening: Money) -> Self {
        Self {
            variant: variant(row),
            profit: row.equity - opening,
            total_return: row.performance.total_return,
            sharpe: row.performance.sharpe,
            max_drawdown: row.performance.max_drawdown,
            fills: row.fills,
        }
    }
}

fn variant(row: &Row) -> String {
    match row.variant.delay {
        Delay::AsConfigured => format!("costs x{}", row.variant.cost_multiple),
        Delay::Bars(1) => "1 bar later".to_owned(),
        Delay::Bars(bars) => format!("{bars} bars later"),
        Delay::Millis(millis) => format!("{millis} ms later"),
    }
}

/// What the check for knowledge of the future found.
#[derive(Debug, Serialize)]
pub(crate) struct Lookahead {
    pub(crate) passed: bool,
    pub(crate) cuts: Vec<String>,
    pub(crate) decisions: u64,
    pub(crate) compared: u64,
    pub(crate) violation: Option<Violation>,
}

/// The first decision that changed when the data ended sooner.
#[derive(Debug, Serialize)]
pub(crate) struct Violation {
    pub(crate) cut: String,
    pub(crate) decision: u64,
    pub(crate) with_all_data: Option<String>,
    pub(crate) with_data_cut: Option<String>,
}

impl Lookahead {
    pub(crate) fn new(report: &LookaheadReport) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            passed: report.violation.is_none(),
            cuts: report.cuts.iter().copied().map(moment::iso).collect(),
            decisions: count(report.decisions),
            compared: count(report.compared),
            violation: report.violation.as_ref().map(|violation| Violation {
                cut: moment::iso(violation.cut),
                decision: count(violation.number),
                with_all_data: violation.whole.as_ref().map(describe),
                with_data_cut: violation.cut_short.as_ref().map(describe),
            }),
        }
    }
}

fn describe(decision: &Decision) -> String {
    let time = moment::iso(decision.time());
    match decision {
        Decision::Placed(order) => {
            let side = format!("{:?}", order.side).to_lowercase();
            format!("{side} {} lots at {time}", order.quantity.get())
        }
        Decision::Withdrawn(order, _) => format!("withdraw order {order} at {time}"),
    }
}

//! Where money went, in amounts and as shares.

use domain::Money;
use research::Outcome;
use serde::Serialize;

/// All costs, with what they are compared to.
#[derive(Debug, Serialize)]
pub(crate) struct CostTable {
    /// What all fills came to, without sign.
    pub(crate) traded: Money,
    /// The profit as it would be without any of the costs below: profit plus their total.
    pub(crate) profit_before_costs: Money,
    pub(crate) lines: Vec<CostLine>,
    pub(crate) total: CostLine,
    /// Positions closed by the venue by force.
    pub(crate) liquidations: u64,
}

/// One kind of cost. What was received is negative.
#[derive(Debug, Serialize)]
pub(crate) struct CostLine {
    pub(crate) name: &'static str,
    pub(crate) amount: Money,
    /// Amount over the traded value.
    pub(crate) share_of_traded: Option<f64>,
    /// Amount over the profit before costs; null unless that is a profit.
    pub(crate) share_of_profit_before_costs: Option<f64>,
}

impl CostTable {
    pub(crate) fn new(outcome: &Outcome) -> Self {
        let costs = &outcome.costs;
        let total = costs.total();
        let before = outcome.snapshot.equity - outcome.opening_equity + total;
        let share = |amount: Money, whole: Money| {
            (whole > Money::ZERO).then(|| amount.to_f64() / whole.to_f64())
        };
        let line = |(name, amount)| CostLine {
            name,
            amount,
            share_of_traded: share(amount, costs.traded),
            share_of_profit_before_costs: share(amount, before),
        };
        let lines = [
            ("fees", costs.fees),
            ("spread", costs.spread),
            ("slippage", costs.slippage),
            ("impact", costs.impact),
            ("funding", costs.funding),
            ("borrow", costs.borrow),
            ("dividends", costs.dividends),
            ("cash_in_lieu", costs.cash_in_lieu),
        ];
        Self {
            traded: costs.traded,
            profit_before_costs: before,
            lines: lines.map(line).into(),
            total: line(("total", total)),
            liquidations: costs.liquidations,
        }
    }
}

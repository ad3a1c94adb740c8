//! The Sharpe ratio of a strategy's equity, one snapshot at a time.

/// Mean and variance of the changes of equity between snapshots.
///
/// Shape: one equity in, constant memory. Units: quote currency; the ratio has none.
/// Warm-up: [`Self::sharpe_ratio`] is `None` before the third snapshot and while equity
/// does not vary. Source: Welford (1962), Technometrics 4(3), for the running variance.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EquityCurve {
    last: Option<f64>,
    changes: f64,
    mean: f64,
    squares: f64,
}

impl EquityCurve {
    pub(super) fn push(&mut self, equity: f64) {
        if let Some(last) = self.last.replace(equity) {
            let change = equity - last;
            let off = change - self.mean;
            self.changes += 1.0;
            self.mean += off / self.changes;
            self.squares += off * (change - self.mean);
        }
    }

    /// Mean change over its sample standard deviation, per snapshot and not annualised.
    pub(super) fn sharpe_ratio(&self) -> Option<f64> {
        let variance = self.squares / (self.changes - 1.0);
        (self.changes >= 2.0 && variance > 0.0).then(|| self.mean / variance.sqrt())
    }
}

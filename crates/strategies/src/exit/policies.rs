//! The policies, one by one.

use domain::{Rate, Span};

use super::{ExitPolicy, Holding, Verdict};
use crate::sizing::billionths;

/// A stop order where the position has lost a share of its cost.
#[derive(Clone, Copy, Debug)]
pub struct StopLoss(i64);

impl StopLoss {
    /// At this share, with at most nine decimals.
    #[must_use]
    pub fn new(share: Rate) -> Self {
        Self(billionths(share))
    }
}

impl ExitPolicy for StopLoss {
    fn judge(&self, holding: &Holding) -> Verdict {
        Verdict::stop(holding.at_gain(self.0.saturating_neg()))
    }
}

/// A limit order where the position has gained a share of its cost.
#[derive(Clone, Copy, Debug)]
pub struct TakeProfit(i64);

impl TakeProfit {
    /// At this share, with at most nine decimals.
    #[must_use]
    pub fn new(share: Rate) -> Self {
        Self(billionths(share))
    }
}

impl ExitPolicy for TakeProfit {
    fn judge(&self, holding: &Holding) -> Verdict {
        Verdict::target(holding.at_gain(self.0))
    }
}

/// A stop order behind the best price since the entry.
#[derive(Clone, Copy, Debug)]
pub struct TrailingStop(i64);

impl TrailingStop {
    /// At this share of the best price, with at most nine decimals.
    #[must_use]
    pub fn new(share: Rate) -> Self {
        Self(billionths(share))
    }
}

impl ExitPolicy for TrailingStop {
    fn judge(&self, holding: &Holding) -> Verdict {
        Verdict::stop(holding.behind_best(self.0))
    }
}

/// The position ends after a time.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimit(Span);

impl TimeLimit {
    /// After this time.
    #[must_use]
    pub const fn new(limit: Span) -> Self {
        Self(limit)
    }
}

impl ExitPolicy for TimeLimit {
    fn judge(&self, holding: &Holding) -> Verdict {
        Verdict { leave: holding.age >= self.0, ..Verdict::NONE }
    }
}

/// The strategy may not leave before the position has gained a share of its cost.
#[derive(Clone, Copy, Debug)]
pub struct MinimumProfit(i64);

impl MinimumProfit {
    /// This share, with at most nine decimals.
    #[must_use]
    pub fn new(share: Rate) -> Self {
        Self(billionths(share))
    }
}

impl ExitPolicy for MinimumProfit {
    fn judge(&self, holding: &Holding) -> Verdict {
        let enough = holding.price.is_some_and(|price| holding.gains(price, self.0));
        Verdict { stay: !enough, ..Verdict::NONE }
    }
}

/// Several policies: the first one that the market reaches ends the position.
#[derive(Debug)]
pub struct Composite(Vec<Box<dyn ExitPolicy>>);

impl Composite {
    /// All of these.
    #[must_use]
    pub const fn new(policies: Vec<Box<dyn ExitPolicy>>) -> Self {
        Self(policies)
    }
}

impl ExitPolicy for Composite {
    fn judge(&self, holding: &Holding) -> Verdict {
        let verdicts = self.0.iter().map(|policy| policy.judge(holding));
        verdicts.fold(Verdict::NONE, |all, one| all.and(one, holding.side))
    }
}

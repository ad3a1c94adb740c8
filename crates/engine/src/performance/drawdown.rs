//! The deepest and the longest fall of equity below its highest value.

use domain::{Money, Span, Timestamp};

/// Watches equity, to the last digit and at every event.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrawdownWatch {
    peak: Money,
    peak_time: Option<Timestamp>,
    /// Whether equity is below the peak.
    under: bool,
    /// The deepest fall from this very peak: no smaller one has a larger share.
    fallen: Money,
    deepest: Money,
    deepest_share: f64,
    longest: Span,
}

impl DrawdownWatch {
    pub(super) const fn new(opening: Money) -> Self {
        Self {
            peak: opening,
            peak_time: None,
            under: false,
            fallen: Money::ZERO,
            deepest: Money::ZERO,
            deepest_share: 0.0,
            longest: Span::ZERO,
        }
    }

    #[inline]
    pub(super) fn see(&mut self, time: Timestamp, equity: Money) {
        let since = *self.peak_time.get_or_insert(time);
        if self.under {
            self.longest = self.longest.max(time.since(since));
        }
        if equity >= self.peak {
            (self.peak, self.peak_time, self.under) = (equity, Some(time), false);
            self.fallen = Money::ZERO;
            return;
        }
        self.under = true;
        let fall = self.peak - equity;
        if fall <= self.fallen {
            return;
        }
        self.fallen = fall;
        self.deepest = self.deepest.max(fall);
        if self.peak > Money::ZERO {
            self.deepest_share = self.deepest_share.max(fall.to_f64() / self.peak.to_f64());
        }
    }

    /// In quote currency.
    pub(super) const fn deepest(&self) -> Money {
        self.deepest
    }

    /// As a share of the highest value before.
    pub(super) const fn deepest_share(&self) -> f64 {
        self.deepest_share
    }

    /// From a peak to the return to it, or to the last event while that has not come.
    pub(super) const fn longest(&self) -> Span {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_deepest_share_is_that_of_all_falls(equities in prop::collection::vec(1_i64..50, 1..60)) {
            let money = |units: i64| Money::from_atto(i128::from(units) * 1_000_000_000);
            let mut watch = DrawdownWatch::new(money(equities[0]));
            let (mut peak, mut deepest) = (money(equities[0]), 0.0_f64);
            for (second, equity) in (0..).zip(&equities) {
                let equity = money(*equity);
                watch.see(Timestamp::from_millis(second * 1_000), equity);
                peak = peak.max(equity);
                deepest = deepest.max((peak - equity).to_f64() / peak.to_f64());
            }
            prop_assert!(watch.deepest_share().total_cmp(&deepest).is_eq());
        }
    }
}

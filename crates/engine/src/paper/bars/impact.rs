//! The square-root law: what taking a part of a bar's volume costs.
//!
//! `cost = coefficient x volatility x sqrt(quantity / volume)`, with volatility and volume of the
//! same span, here the bar. Over a span `n` times as long volatility grows with `sqrt(n)` and volume
//! with `n`, so that the cost does not depend on the length of the bars. The coefficient is that of
//! the mean cost of an execution, not of the move it leaves behind, and is about one or below.
//!
//! Sources: Almgren, Thum, Hauptmann and Li, "Direct estimation of equity market impact", Risk 18(7),
//! 2005; Tóth and others, "Anomalous price impact and the critical nature of liquidity in financial
//! markets", Physical Review X 1, 021006, 2011. The volatility of a bar follows from its range:
//! `(high - low) / sqrt(4 ln 2)`, Parkinson, "The extreme value method for estimating the variance of
//! the rate of return", Journal of Business 53(1), 1980.

use domain::{Bar, Lots, Rate, Side, Ticks};
use rust_decimal::prelude::ToPrimitive as _;

/// The coefficient of the law.
#[derive(Clone, Copy, Debug)]
pub(super) struct Impact {
    coefficient: f64,
}

/// The mean range of the bars so far, in ticks: the later, the more weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeanRange(Option<f64>);

impl MeanRange {
    /// A sixteenth of each new bar.
    const WEIGHT: f64 = 1.0 / 16.0;
    /// No bar yet.
    pub(super) const NONE: Self = Self(None);

    #[expect(clippy::cast_precision_loss, reason = "a statistic of ticks")]
    pub(super) fn push(&mut self, bar: &Bar) {
        let range = bar.high.get().saturating_sub(bar.low.get()).max(0) as f64;
        self.0 = Some(self.0.map_or(range, |mean| mean + Self::WEIGHT * (range - mean)));
    }
}

impl Impact {
    /// One over the square root of `4 ln 2`.
    const OF_RANGE: f64 = 0.600_561_204_393_224_9;

    /// `None` for a coefficient outside 0 to 1,000.
    pub(super) fn new(coefficient: Rate) -> Option<Self> {
        let coefficient = coefficient.decimal().to_f64()?;
        (0.0..=1_000.0).contains(&coefficient).then_some(Self { coefficient })
    }

    /// Whether there is any.
    pub(super) fn is_felt(self) -> bool {
        self.coefficient > 0.0
    }

    /// The price reached by taking `quantity` out of a bar of `volume`, at least one tick, rounded
    /// against us. Before the first whole bar there is no volatility to reckon with: then that of the
    /// present bar counts.
    #[expect(clippy::cast_precision_loss, reason = "a statistic of ticks and lots")]
    #[expect(clippy::cast_possible_truncation, reason = "capped far below the largest tick")]
    pub(super) fn apply(
        self,
        touch: Ticks,
        side: Side,
        quantity: Lots,
        bar: &Bar,
        mut ranges: MeanRange,
    ) -> Ticks {
        if !self.is_felt() || bar.volume <= Lots::ZERO {
            return touch;
        }
        if ranges.0.is_none() {
            ranges.push(bar);
        }
        let volatility = Self::OF_RANGE * ranges.0.unwrap_or(0.0);
        let share = quantity.get() as f64 / bar.volume.get() as f64;
        let steps = (self.coefficient * volatility * share.sqrt()).ceil().min(1e15) as i64;
        match side {
            Side::Buy => touch.offset(steps),
            Side::Sell => touch.offset(-steps).max(Ticks::new(1).min(touch)),
        }
    }
}

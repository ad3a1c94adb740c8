//! How the mid price moved and the touch leaned within the window.

use super::{
    BookState, Feature, FeatureBuffer, FeatureConfig, FeatureExtractor, FeatureVector, Readiness,
    TradeTick, decayed::DecayedSum, factor::float, ring::Ring,
};
use crate::snapshot::SnapshotView;

/// After so many snapshots the running sums are computed afresh, before rounding errors
/// can add up to anything.
const RECOMPUTE_EVERY: u32 = 4096;

/// Steps of the mid price below this are small enough for a short series.
const LARGEST_SERIES_STEP: f64 = 1e-3;

/// Returns below which there is no sample variance.
const FEWEST_RETURNS: usize = 2;

/// Volatility, realised variance, momentum, imbalance, weighted imbalance and price
/// acceleration over the snapshots of the window.
#[derive(Clone, Debug)]
pub struct MicrostructureExtractor {
    window_ns: u64,
    snapshots: FeatureBuffer,
    /// The steps between neighbouring snapshots: one fewer than those.
    steps: Ring<Step>,
    squared: f64,
    momentum: DecayedSum,
    imbalance: DecayedSum,
    since_recompute: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Step {
    log_return: f64,
    /// The sum of all returns up to here, from some point before the window.
    log_price: f64,
}

impl MicrostructureExtractor {
    /// Follows the snapshots of one instrument. The settings must have been checked.
    #[must_use]
    pub fn new(config: &FeatureConfig) -> Self {
        let capacity = config.buffer_capacity;
        Self {
            window_ns: config.window.as_nanos().max(0).cast_unsigned(),
            snapshots: FeatureBuffer::new(capacity),
            steps: Ring::new(capacity),
            squared: 0.0,
            momentum: DecayedSum::new(config.momentum_alpha, capacity),
            imbalance: DecayedSum::new(config.imbalance_decay, capacity),
            since_recompute: 0,
        }
    }

    /// The snapshots of the window.
    #[must_use]
    pub const fn snapshots(&self) -> &FeatureBuffer {
        &self.snapshots
    }

    #[inline]
    fn make_room(&mut self, now_ns: u64) {
        while let Some(oldest) = self.snapshots.oldest() {
            let expired = now_ns.saturating_sub(oldest.timestamp_ns) > self.window_ns;
            if !expired && !self.snapshots.is_full() {
                break;
            }
            self.drop_oldest(oldest);
        }
    }

    fn drop_oldest(&mut self, oldest: SnapshotView) {
        self.imbalance.remove_oldest(oldest.imbalance, self.snapshots.len());
        self.snapshots.pop_oldest();
        let count = self.steps.len();
        if let Some(Step { log_return, .. }) = self.steps.pop_oldest() {
            self.momentum.remove_oldest(log_return, count);
            self.squared -= log_return * log_return;
        }
    }

    fn recompute(&mut self) {
        self.since_recompute = 0;
        self.squared = self.steps.iter().map(|step| step.log_return * step.log_return).sum();
        self.momentum.recompute(self.steps.iter().map(|step| step.log_return));
        self.imbalance.recompute(self.snapshots.iter().map(|view| view.imbalance));
    }

    fn realized_variance(&self) -> f64 {
        match self.steps.len() {
            // Rounding may leave a hair less than nothing.
            count @ FEWEST_RETURNS.. => self.squared.max(0.0) / count_float(count - 1),
            _ => 0.0,
        }
    }

    fn acceleration(&self) -> f64 {
        let half = self.steps.len() / 2;
        let back = |count: usize| {
            let index = self.steps.len().checked_sub(1 + count)?;
            self.steps.get(index).map(|step| step.log_price)
        };
        // The log price before the oldest step of an even number is one step farther back.
        let oldest = back(2 * half)
            .or_else(|| self.steps.oldest().map(|step| step.log_price - step.log_return));
        match (half, back(0), back(half), oldest) {
            (1.., Some(newest), Some(middle), Some(oldest)) => {
                ((newest - middle) - (middle - oldest)) / count_float(half)
            }
            _ => 0.0,
        }
    }
}

impl FeatureExtractor for MicrostructureExtractor {
    fn features(&self) -> &'static [Feature] {
        &[
            Feature::Volatility,
            Feature::RealizedVariance,
            Feature::Momentum,
            Feature::Imbalance,
            Feature::WeightedImbalance,
            Feature::PriceAcceleration,
        ]
    }

    #[inline]
    fn on_book(&mut self, state: &BookState<'_>) {
        let view = state.view;
        self.make_room(view.timestamp_ns);
        if let Some(before) = self.snapshots.newest() {
            let log_return = log_ratio(view.mid_price, before.mid_price);
            let log_price = self.steps.newest().map_or(0.0, |step| step.log_price) + log_return;
            self.steps.push(Step { log_return, log_price });
            self.squared += log_return * log_return;
            self.momentum.push(log_return);
        }
        self.snapshots.push(view);
        self.imbalance.push(view.imbalance);
        self.since_recompute += 1;
        if self.since_recompute >= RECOMPUTE_EVERY {
            self.recompute();
        }
    }

    /// Trades do not move these features: the book that follows from them does.
    fn on_trade(&mut self, _trade: &TradeTick) {}

    fn write(&self, vector: &mut FeatureVector) -> Readiness {
        let variance = self.realized_variance();
        vector.set(Feature::RealizedVariance, variance);
        vector.set(Feature::Volatility, variance.sqrt());
        vector.set(Feature::Momentum, self.momentum.sum());
        vector.set(Feature::Imbalance, self.snapshots.newest().map_or(0.0, |view| view.imbalance));
        let weighted = self.imbalance.mean(self.snapshots.len()).clamp(-1.0, 1.0);
        vector.set(Feature::WeightedImbalance, weighted);
        vector.set(Feature::PriceAcceleration, self.acceleration());
        if self.steps.len() < FEWEST_RETURNS { Readiness::WarmingUp } else { Readiness::Ready }
    }

    fn reset(&mut self) {
        self.snapshots.clear();
        self.steps.clear();
        self.recompute();
    }
}

/// `ln(now / before)`.
///
/// Steps of less than a thousandth, which is all that neighbouring snapshots do in practice,
/// take the series of `ln(1 + x)`: the first term left out is below 2e-16 of the result,
/// while rounding `now / before` alone costs a step of one basis point its last 12 bits. It
/// needs no library call, so it is also the same on every machine.
#[inline]
fn log_ratio(now: f64, before: f64) -> f64 {
    let step = (now - before) / before;
    if step.abs() >= LARGEST_SERIES_STEP {
        return (now / before).ln();
    }
    step * (1.0 - step * (1.0 / 2.0 - step * (1.0 / 3.0 - step * (1.0 / 4.0 - step / 5.0))))
}

fn count_float(count: usize) -> f64 {
    float(i64::try_from(count).unwrap_or(i64::MAX))
}

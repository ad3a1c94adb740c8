//! The documented threshold rule on the imbalance of the best prices.

use domain::{InstrumentId, Span, StrategyId, Timestamp};
use market::{
    feature::FeatureVector,
    signal::{Signal, SignalGenerator, SignalResult, SignalStrength, Suppression},
};

use super::{ImbalanceParams, StrengthMode};

/// Log return per window at which momentum alone makes the rule as sure as it can be.
const FULL_MOMENTUM: f64 = 0.01;
/// The volatility of a market that is neither calm nor wild, per snapshot.
const USUAL_VOLATILITY: f64 = 0.01;
/// Below this, calm is calm.
const LEAST_VOLATILITY: f64 = 0.001;

/// Follows the side of the book that shows more quantity at the best price.
///
/// - Below `imbalance_threshold` (in size): no signal.
/// - Strength: see [`StrengthMode`].
/// - Confidence: the mean of `min(|momentum| / 0.01, 1)` and
///   `min(0.01 / max(volatility, 0.001), 1)`. Below `min_confidence`: suppressed.
/// - Holding period: `1000 / |imbalance|` ms, cut to 100 ... 10,000 ms. As the imbalance
///   is at most 1, the lower cut never happens; the upper one needs a threshold below 0.1.
///
/// **What to expect.** The constants are those of a very volatile market. On liquid pairs
/// the momentum of a one-second window is about 1e-5 and the volatility far below 0.001,
/// so the second term is 1, the first next to 0, and the confidence always just above 0.5:
/// the documented `min_confidence` of 0.7 lets nothing through there. Choose 0.5 to trade.
#[derive(Clone, Debug)]
pub struct ImbalanceSignalGenerator {
    name: String,
    strategy: StrategyId,
    instrument: InstrumentId,
    threshold: f64,
    min_confidence: f64,
    mode: StrengthMode,
}

impl ImbalanceSignalGenerator {
    /// A generator of this name for one instrument of one strategy.
    #[must_use]
    pub fn new(
        name: &str,
        strategy: StrategyId,
        instrument: InstrumentId,
        params: &ImbalanceParams,
    ) -> Self {
        Self {
            name: name.to_owned(),
            strategy,
            instrument,
            threshold: params.imbalance_threshold,
            min_confidence: params.min_confidence,
            mode: params.strength_mode,
        }
    }

    fn strength(&self, imbalance: f64) -> SignalStrength {
        SignalStrength::new(match self.mode {
            StrengthMode::Seed => imbalance / self.threshold,
            StrengthMode::Excess => {
                let excess = (imbalance.abs() - self.threshold) / (1.0 - self.threshold);
                excess.copysign(imbalance)
            }
        })
    }
}

impl SignalGenerator for ImbalanceSignalGenerator {
    fn generate(&mut self, features: &FeatureVector, now: Timestamp) -> SignalResult {
        let imbalance = features.imbalance();
        if imbalance.is_nan() || imbalance.abs() < self.threshold {
            return SignalResult::NoSignal;
        }
        let confidence = confidence(features.momentum(), features.volatility());
        if confidence < self.min_confidence {
            return SignalResult::Suppressed(Suppression::LowConfidence);
        }
        SignalResult::Signal(Signal {
            timestamp: now,
            instrument: self.instrument,
            strategy: self.strategy,
            strength: self.strength(imbalance),
            confidence,
            holding_period: holding_period(imbalance),
            features: *features,
        })
    }

    fn strategy_id(&self) -> &str {
        &self.name
    }
}

fn confidence(momentum: f64, volatility: f64) -> f64 {
    let momentum_score = (momentum.abs() / FULL_MOMENTUM).min(1.0);
    let volatility_score = (USUAL_VOLATILITY / volatility.max(LEAST_VOLATILITY)).min(1.0);
    f64::midpoint(momentum_score, volatility_score)
}

#[expect(clippy::cast_possible_truncation, reason = "cut to at most ten seconds before")]
fn holding_period(imbalance: f64) -> Span {
    let millis = (1_000.0 / imbalance.abs()).clamp(100.0, 10_000.0);
    Span::from_nanos((millis * 1e6) as i64)
}

//! An opinion about the next moments of a market, and who forms one.
//!
//! A signal is not an order: a strategy turns it into a wish, and the engine's risk gate
//! decides about that.

#[cfg(test)]
mod tests;

use domain::{InstrumentId, Span, StrategyId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::feature::FeatureVector;

/// How strongly, and which way: -1 (sell) to 1 (buy).
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct SignalStrength(f64);

impl SignalStrength {
    /// No opinion.
    pub const NEUTRAL: Self = Self(0.0);

    /// Cut to the range; what is not a number is no opinion.
    #[must_use]
    pub const fn new(raw: f64) -> Self {
        if raw.is_nan() { Self::NEUTRAL } else { Self(raw.clamp(-1.0, 1.0)) }
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl From<f64> for SignalStrength {
    fn from(raw: f64) -> Self {
        Self::new(raw)
    }
}

impl From<SignalStrength> for f64 {
    fn from(strength: SignalStrength) -> Self {
        strength.0
    }
}

/// An opinion worth acting on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// When it was formed.
    pub timestamp: Timestamp,
    /// About what.
    pub instrument: InstrumentId,
    /// By whom.
    pub strategy: StrategyId,
    /// Which way and how strongly.
    pub strength: SignalStrength,
    /// How sure: 0 to 1.
    pub confidence: f64,
    /// How long a position taken on it should be held.
    pub holding_period: Span,
    /// What it was formed from.
    pub features: FeatureVector,
}

impl Signal {
    /// Whether nothing is left of it: `decay` or more has passed since it was formed.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp, decay: Span) -> bool {
        self.age(now) >= decay
    }

    /// Its strength now: full when formed, falling in a straight line to zero at `decay`.
    #[must_use]
    pub fn decayed_strength(&self, now: Timestamp, decay: Span) -> SignalStrength {
        if self.is_expired(now, decay) {
            return SignalStrength::NEUTRAL;
        }
        let left = 1.0 - self.age(now).as_secs_f64() / decay.as_secs_f64();
        SignalStrength::new(self.strength.value() * left)
    }

    /// A signal from the future has age zero.
    fn age(&self, now: Timestamp) -> Span {
        now.since(self.timestamp).max(Span::ZERO)
    }
}

/// Why an opinion is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    /// The confidence is below what is asked for.
    LowConfidence,
    /// Too little of the market was seen yet.
    WarmingUp,
    /// A position of an earlier signal is still to be held.
    Holding,
    /// The book cannot be trusted.
    OutOfSync,
}

impl Suppression {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, for counters.
    pub const ALL: [Self; 4] =
        [Self::LowConfidence, Self::WarmingUp, Self::Holding, Self::OutOfSync];

    /// Its name in summaries and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LowConfidence => "low_confidence",
            Self::WarmingUp => "warming_up",
            Self::Holding => "holding",
            Self::OutOfSync => "out_of_sync",
        }
    }

    /// Its place in a table of counters.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What a look at the features leads to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalResult {
    /// Nothing to say.
    NoSignal,
    /// Something to say, but not to act on.
    Suppressed(Suppression),
    /// Something to act on.
    Signal(Signal),
}

/// Forms opinions from features.
pub trait SignalGenerator: Send {
    /// Looks at the features of one moment. Must not allocate.
    fn generate(&mut self, features: &FeatureVector, now: Timestamp) -> SignalResult;

    /// The generator's name in files and metrics, such as `imbalance_v1`.
    fn strategy_id(&self) -> &str;
}

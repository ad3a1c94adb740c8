//! The settings of the features.

use domain::Span;
use serde::{Deserialize, Serialize};

use super::FeatureBuffer;

/// How features are computed. [`FeatureConfig::check`] says what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureConfig {
    /// How far back the window reaches (`feature_window_ms`). Above zero.
    pub window: Span,
    /// How many snapshots, and how many trades, the window holds at most: 3 to 2^20.
    pub buffer_capacity: usize,
    /// The weight of each return against the next newer one in the momentum: above 0, up to 1.
    pub momentum_alpha: f64,
    /// The same for the weighted imbalance: above 0, up to 1.
    pub imbalance_decay: f64,
    /// Levels per side behind the depth ratio and the pressures: 1 to 1,000.
    pub depth_levels: usize,
    /// The latest part of the window for the volume surge: above zero, up to the window.
    pub surge_window: Span,
    /// How many average trades fill a volume bucket of the toxicity: 1 to 1,000,000.
    pub toxicity_bucket_trades: u32,
    /// How many full buckets the toxicity looks back: 1 to 10,000.
    pub toxicity_buckets: usize,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        Self {
            window: Span::from_millis(1_000),
            buffer_capacity: FeatureBuffer::DEFAULT_CAPACITY,
            momentum_alpha: 0.9,
            imbalance_decay: 0.9,
            depth_levels: 5,
            surge_window: Span::from_millis(100),
            toxicity_bucket_trades: 20,
            toxicity_buckets: 50,
        }
    }
}

/// A setting to correct.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeatureConfigError {
    /// A value outside its range.
    #[error("{setting} = {value} must be {allowed}")]
    OutOfRange {
        /// The field.
        setting: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
}

impl FeatureConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`FeatureConfigError::OutOfRange`] for the first one that is not allowed.
    pub fn check(&self) -> Result<(), FeatureConfigError> {
        let fraction = |value: f64| value > 0.0 && value <= 1.0;
        let surge = self.surge_window;
        require("window", &self.window, "above zero", self.window > Span::ZERO)?;
        let capacity = self.buffer_capacity;
        require("buffer_capacity", &capacity, "3 to 1048576", (3..=1 << 20).contains(&capacity))?;
        let alpha = self.momentum_alpha;
        require("momentum_alpha", &alpha, "above 0 and at most 1", fraction(alpha))?;
        let decay = self.imbalance_decay;
        require("imbalance_decay", &decay, "above 0 and at most 1", fraction(decay))?;
        let levels = self.depth_levels;
        require("depth_levels", &levels, "1 to 1000", (1..=1_000).contains(&levels))?;
        let within = surge > Span::ZERO && surge <= self.window;
        require("surge_window", &surge, "above zero and at most the window", within)?;
        let trades = self.toxicity_bucket_trades;
        let some = (1..=1_000_000).contains(&trades);
        require("toxicity_bucket_trades", &trades, "1 to 1000000", some)?;
        let buckets = self.toxicity_buckets;
        require("toxicity_buckets", &buckets, "1 to 10000", (1..=10_000).contains(&buckets))
    }
}

fn require(
    setting: &'static str,
    value: &impl ToString,
    allowed: &'static str,
    holds: bool,
) -> Result<(), FeatureConfigError> {
    if holds {
        Ok(())
    } else {
        Err(FeatureConfigError::OutOfRange { setting, value: value.to_string(), allowed })
    }
}

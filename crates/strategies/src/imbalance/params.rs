//! The settings of the imbalance strategy.

use domain::{Qty, Rate, Span};
use serde::{Deserialize, Serialize};

use crate::SetupError;

/// How strong a signal is once the imbalance passes its threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrengthMode {
    /// `imbalance / threshold`, cut to one: the documented formula. As it is only used
    /// beyond the threshold, it is always one.
    Seed,
    /// How far the imbalance is beyond the threshold, from 0 at the threshold to 1.
    #[default]
    Excess,
}

/// How an entry is executed. An exit always takes: what has to end must end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryStyle {
    /// A limit order at the best price of the other side, as documented.
    #[default]
    Aggressive,
    /// An order that only rests, at the best price of its own side.
    Passive,
}

/// The settings; [`ImbalanceParams::default`] has the documented ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImbalanceParams {
    /// The smallest imbalance that means anything: above 0, below 1.
    pub imbalance_threshold: f64,
    /// The smallest confidence to act on: 0 to 1.
    pub min_confidence: f64,
    /// How far back the features look, in ms. The engine's features are made with it.
    pub feature_window_ms: u32,
    /// How long an entry may wait to be filled, in ms; above 0.
    pub signal_decay_ms: u32,
    /// The largest position in units of the base asset.
    pub max_position_size: Qty,
    /// The share of the largest position that the strongest signal takes: above 0, up to 1.
    pub order_size_fraction: Rate,
    /// How strength follows from imbalance.
    pub strength_mode: StrengthMode,
    /// How an entry is executed.
    pub order_style: EntryStyle,
}

impl Default for ImbalanceParams {
    fn default() -> Self {
        Self {
            imbalance_threshold: 0.3,
            min_confidence: 0.7,
            feature_window_ms: 1_000,
            signal_decay_ms: 500,
            max_position_size: "1".parse().expect("one is a quantity"),
            order_size_fraction: half(),
            strength_mode: StrengthMode::Excess,
            order_style: EntryStyle::Aggressive,
        }
    }
}

fn half() -> Rate {
    let half: Qty = "0.5".parse().expect("one half is a quantity");
    Rate::new(half.decimal())
}

impl ImbalanceParams {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`SetupError::OutOfRange`] for the first one outside its range.
    pub fn check(&self) -> Result<(), SetupError> {
        let threshold = self.imbalance_threshold;
        let inside = threshold > 0.0 && threshold < 1.0;
        require("imbalance_threshold", &threshold, "above 0 and below 1", inside)?;
        let confidence = self.min_confidence;
        require("min_confidence", &confidence, "0 to 1", (0.0..=1.0).contains(&confidence))?;
        let decay = self.signal_decay_ms;
        require("signal_decay_ms", &decay, "above 0", decay > 0)?;
        let window = self.feature_window_ms;
        require("feature_window_ms", &window, "above 0", window > 0)?;
        let fraction = self.order_size_fraction.decimal();
        let one = Qty::default().decimal() + half().decimal() + half().decimal();
        let inside = fraction > Qty::ZERO.decimal() && fraction <= one;
        require("order_size_fraction", &fraction, "above 0, up to 1", inside)
    }

    /// How long an entry may wait to be filled.
    #[must_use]
    pub fn signal_decay(&self) -> Span {
        Span::from_millis(i64::from(self.signal_decay_ms))
    }
}

fn require(
    setting: &'static str,
    value: &dyn std::fmt::Display,
    allowed: &'static str,
    holds: bool,
) -> Result<(), SetupError> {
    if holds {
        return Ok(());
    }
    Err(SetupError::OutOfRange { setting, value: value.to_string(), allowed })
}

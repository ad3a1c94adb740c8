//! The settings of the imbalance strategy.

use domain::{Qty, Rate, Span};
use market::feature::FeatureConfig;

use crate::{
    DecidesOn, Needs, ParamValues, Parameter, SetupError,
    parameter::{Preset, Range},
};

/// What the strategy can be told.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::real(
        "imbalance_threshold",
        Range::between(0, 1, 15),
        "0.3",
        "Smallest touch imbalance, without its sign, that makes a signal.",
    ),
    Parameter::real(
        "min_confidence",
        Range::from(0, 1, 18),
        "0.7",
        "Signals below this confidence are suppressed and counted. Liquid books move so little \
         within a second that their confidence stays near 0.5, so 0.7 rarely passes there.",
    ),
    Parameter::milliseconds(
        "feature_window_ms",
        (1, 3_600_000),
        "1000",
        "How far back the features look, in milliseconds of event time.",
    ),
    Parameter::milliseconds(
        "signal_decay_ms",
        (1, 3_600_000),
        "500",
        "A signal loses its strength over this time; an entry not filled by then is withdrawn.",
    ),
    Parameter::quantity(
        "max_position_size",
        Preset::PositionLimit,
        "Position the strategy asks for at full strength, in base units. \
         May be smaller than the risk limit, never larger.",
    ),
    Parameter::rate(
        "order_size_fraction",
        Range::above(0, 1, 18),
        "0.5",
        "Share of `max_position_size` that one signal of full strength asks for.",
    ),
    Parameter::choice(
        "strength_mode",
        &["excess", "seed"],
        "excess",
        "`excess`: sign(I) x (|I| - threshold) / (1 - threshold). `seed`: I / threshold cut to \
         [-1, 1], which is always -1 or 1.",
    ),
    Parameter::choice(
        "order_style",
        &["aggressive", "passive"],
        "aggressive",
        "`aggressive` enters with a limit at the other side of the book; `passive` \
         rests post-only on its own side. Exits always take.",
    ),
    Parameter::real(
        "momentum_alpha",
        Range::above(0, 1, 18),
        "0.9",
        "Weight ratio of one return to the next newer one in the momentum feature.",
    ),
    Parameter::real(
        "imbalance_decay",
        Range::above(0, 1, 18),
        "0.9",
        "Weight ratio of one snapshot to the next newer one in the weighted imbalance.",
    ),
];

/// The features of the book, over the strategy's window.
pub(super) fn needs(params: &ParamValues) -> Needs {
    let (window, defaults) = (params.span("feature_window_ms"), FeatureConfig::default());
    let features = FeatureConfig {
        window,
        momentum_alpha: params.real("momentum_alpha"),
        imbalance_decay: params.real("imbalance_decay"),
        surge_window: defaults.surge_window.min(window),
        ..defaults
    };
    Needs { decides_on: DecidesOn::Book, features: Some(features) }
}

/// How strong a signal is once the imbalance passes its threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StrengthMode {
    /// `imbalance / threshold`, cut to one: the documented formula. As it is only used
    /// beyond the threshold, it is always one.
    Seed,
    /// How far the imbalance is beyond the threshold, from 0 at the threshold to 1.
    #[default]
    Excess,
}

/// How an entry is executed. An exit always takes: what has to end must end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryStyle {
    /// A limit order at the best price of the other side, as documented.
    #[default]
    Aggressive,
    /// An order that only rests, at the best price of its own side.
    Passive,
}

/// The settings; [`ImbalanceParams::default`] has the documented ones.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// The settings among the values of the catalogue row.
    #[must_use]
    pub fn read(values: &ParamValues) -> Self {
        let millis = |name| u32::try_from(values.span(name).as_millis()).unwrap_or(u32::MAX);
        Self {
            imbalance_threshold: values.real("imbalance_threshold"),
            min_confidence: values.real("min_confidence"),
            feature_window_ms: millis("feature_window_ms"),
            signal_decay_ms: millis("signal_decay_ms"),
            max_position_size: values.quantity("max_position_size"),
            order_size_fraction: values.rate("order_size_fraction"),
            strength_mode: match values.choice("strength_mode") {
                "seed" => StrengthMode::Seed,
                _ => StrengthMode::Excess,
            },
            order_style: match values.choice("order_style") {
                "passive" => EntryStyle::Passive,
                _ => EntryStyle::Aggressive,
            },
        }
    }

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
    Err(SetupError::OutOfRange { setting, value: value.to_string(), allowed: allowed.to_owned() })
}

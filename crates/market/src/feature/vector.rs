//! All features of one moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Feature;

/// The value of every [`Feature`] at one moment: a fixed array, no allocation.
///
/// In files it is a map from names to values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeatureVector {
    values: [f64; Feature::COUNT],
}

macro_rules! named_getters {
    ($($getter:ident => $feature:ident),+ $(,)?) => {
        $(
            #[doc = concat!("[`Feature::", stringify!($feature), "`].")]
            #[must_use]
            pub const fn $getter(&self) -> f64 {
                self.get(Feature::$feature)
            }
        )+
    };
}

impl FeatureVector {
    /// The value of a feature.
    #[must_use]
    pub const fn get(&self, feature: Feature) -> f64 {
        self.values[feature.index()]
    }

    /// Replaces the value of a feature.
    pub const fn set(&mut self, feature: Feature, value: f64) {
        self.values[feature.index()] = value;
    }

    /// The values in the order of [`Feature::ALL`], as a model takes them.
    #[must_use]
    pub const fn as_slice(&self) -> &[f64] {
        &self.values
    }

    /// The features and their values in the order of [`Feature::ALL`].
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Feature, f64)> {
        Feature::ALL.into_iter().zip(self.values)
    }

    named_getters! {
        volatility => Volatility,
        realized_variance => RealizedVariance,
        momentum => Momentum,
        imbalance => Imbalance,
        weighted_imbalance => WeightedImbalance,
        spread_bps => SpreadBps,
        depth_ratio => DepthRatio,
        bid_pressure => BidPressure,
        ask_pressure => AskPressure,
        vwap => Vwap,
        trade_flow => TradeFlow,
        toxicity => Toxicity,
        price_acceleration => PriceAcceleration,
        volume_surge => VolumeSurge,
    }
}

impl Serialize for FeatureVector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Features that are not mentioned are zero.
impl<'de> Deserialize<'de> for FeatureVector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut vector = Self::default();
        for (name, value) in BTreeMap::<String, f64>::deserialize(deserializer)? {
            vector.set(name.parse().map_err(de::Error::custom)?, value);
        }
        Ok(vector)
    }
}

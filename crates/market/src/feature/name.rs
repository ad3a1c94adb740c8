//! The features: their names and what they mean.
//!
//! In all formulas the window is the newest snapshots (or trades) that are not older
//! than the configured time and not more than the configured number; `r` is the log
//! return of the mid price from one snapshot to the next, also where it is zero.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A number that describes the market, and its place in a [`FeatureVector`].
///
/// [`FeatureVector`]: super::FeatureVector
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Square root of [`Feature::RealizedVariance`].
    ///
    /// Units: log return per snapshot, as a fraction. Range: zero and up.
    /// Warm-up: two returns, that is three snapshots.
    Volatility,
    /// Sum of `r^2` over the window, divided by the number of returns less one.
    ///
    /// The mean return is taken as zero. Units: squared log return per snapshot.
    /// Range: zero and up. Warm-up: two returns. Source: Andersen, Bollerslev, Diebold and
    /// Labys (2003), Econometrica 71(2), with the divisor of a sample variance.
    RealizedVariance,
    /// Sum of `alpha^i r_i` over the window, where `i` counts returns back from the newest,
    /// which is 0.
    ///
    /// Units: log return, as a fraction. Range: any. Warm-up: one return.
    /// Source: exponential weights as in Roberts (1959), Technometrics 1(3), not normalised.
    Momentum,
    /// `(bid - ask) / (bid + ask)` of the quantities at the best bid and ask, now.
    ///
    /// Units: none. Range: -1 (only sellers) to 1 (only buyers). Warm-up: none.
    /// Source: Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading.
    Imbalance,
    /// Mean of [`Feature::Imbalance`] over the window with weights `decay^i`, where `i` counts
    /// snapshots back from the newest, which is 0.
    ///
    /// Units: none. Range: -1 to 1. Warm-up: none.
    WeightedImbalance,
    /// `(ask - bid) / mid x 10,000` of the best prices, now.
    ///
    /// Units: basis points. Range: above zero. Warm-up: none.
    SpreadBps,
    /// `bids / (bids + asks)` of the quantities of the best levels of both sides, now.
    ///
    /// How many levels is configured. Units: none. Range: 0 to 1, 0.5 is even.
    /// Warm-up: none.
    DepthRatio,
    /// Quantity of the best bids, each divided by one plus its distance from the mid price in
    /// basis points, now.
    ///
    /// Near quantity counts almost whole, quantity one basis point away half. How many
    /// levels is configured. Units: base asset. Range: above zero. Warm-up: none.
    BidPressure,
    /// As [`Feature::BidPressure`] for the best asks.
    AskPressure,
    /// Sum of price times quantity over sum of quantity of the trades of the window.
    ///
    /// Units: quote per base. Range: that of the trades. Warm-up: none: without a trade in
    /// the window it is the mid price.
    Vwap,
    /// `(buys - sells) / (buys + sells)` of the quantities taken by either side in the window.
    ///
    /// Units: none. Range: -1 to 1; zero without trades. Warm-up: none.
    TradeFlow,
    /// How one-sided trading has been: sum of `|buys - sells|` over sum of `buys + sells` of
    /// the latest full volume buckets (VPIN).
    ///
    /// Units: none. Range: 0 (balanced) to 1 (one side only). Warm-up: zero until the first
    /// bucket is full. Follows trade volume, not the time window.
    /// Source: Easley, Lopez de Prado and O'Hara (2012), Flow Toxicity and Liquidity in a
    /// High-frequency World, Review of Financial Studies 25(5). Here the taker's side is
    /// known, so buys and sells are counted and not estimated; trades are not split between
    /// buckets, and a bucket holds a number of average trades instead of a share of a day.
    Toxicity,
    /// Mean `r` of the newer half of the window less that of the older half.
    ///
    /// With an odd number of returns the oldest is left out. Units: log return per snapshot,
    /// per half window. Range: any. Warm-up: two returns.
    PriceAcceleration,
    /// Traded quantity per second of the latest part of the window over that of the whole.
    ///
    /// Until a whole window was seen, "whole" is what was seen. Units: none. Range: 0 to the
    /// ratio of the two lengths; 1 is even, also without trades. Warm-up: none.
    VolumeSurge,
}

impl Feature {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them in the order of their places.
    pub const ALL: [Self; 14] = [
        Self::Volatility,
        Self::RealizedVariance,
        Self::Momentum,
        Self::Imbalance,
        Self::WeightedImbalance,
        Self::SpreadBps,
        Self::DepthRatio,
        Self::BidPressure,
        Self::AskPressure,
        Self::Vwap,
        Self::TradeFlow,
        Self::Toxicity,
        Self::PriceAcceleration,
        Self::VolumeSurge,
    ];

    /// Its place in a vector.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in files and configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Volatility => "volatility",
            Self::RealizedVariance => "realized_variance",
            Self::Momentum => "momentum",
            Self::Imbalance => "imbalance",
            Self::WeightedImbalance => "weighted_imbalance",
            Self::SpreadBps => "spread_bps",
            Self::DepthRatio => "depth_ratio",
            Self::BidPressure => "bid_pressure",
            Self::AskPressure => "ask_pressure",
            Self::Vwap => "vwap",
            Self::TradeFlow => "trade_flow",
            Self::Toxicity => "toxicity",
            Self::PriceAcceleration => "price_acceleration",
            Self::VolumeSurge => "volume_surge",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no feature has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no feature named {0:?}")]
pub struct UnknownFeature(pub String);

impl FromStr for Feature {
    type Err = UnknownFeature;

    fn from_str(name: &str) -> Result<Self, UnknownFeature> {
        let found = Self::ALL.into_iter().find(|feature| feature.name() == name);
        found.ok_or_else(|| UnknownFeature(name.to_owned()))
    }
}

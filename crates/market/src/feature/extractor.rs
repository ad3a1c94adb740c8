//! What computes features: the trait and what it is told.

use std::collections::BTreeMap;

use domain::{Lots, Side, Ticks, Timestamp};

use super::{Feature, FeatureVector};
use crate::{book::OrderBook, snapshot::SnapshotView};

/// The book after a change. It has both sides and is not crossed.
#[derive(Clone, Copy, Debug)]
pub struct BookState<'a> {
    /// When we heard of it.
    pub time: Timestamp,
    /// Its touch.
    pub view: SnapshotView,
    /// All of it.
    pub book: &'a OrderBook,
}

/// A trade between others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeTick {
    /// When we heard of it.
    pub time: Timestamp,
    /// Its price.
    pub price: Ticks,
    /// Its quantity.
    pub quantity: Lots,
    /// The side that took.
    pub aggressor: Side,
}

/// Whether a value means something already.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// Too little was seen; the values written are neutral.
    WarmingUp,
    /// The values may be used.
    Ready,
}

/// Follows one instrument and knows the current values of a few features.
///
/// Updates neither allocate nor look at the whole window; times never go back, and one
/// that does counts as the latest seen.
pub trait FeatureExtractor: Send {
    /// The features it writes.
    fn features(&self) -> &'static [Feature];

    /// Takes in the book after a change.
    fn on_book(&mut self, state: &BookState<'_>);

    /// Takes in a trade.
    fn on_trade(&mut self, trade: &TradeTick);

    /// Writes the current values of its features and leaves the others alone.
    fn write(&self, vector: &mut FeatureVector) -> Readiness;

    /// Forgets the past, as after a gap in the data.
    fn reset(&mut self);
}

/// The values of an extractor by name, for notebooks and plug-ins; `None` while it warms up.
#[must_use]
pub fn by_name(extractor: &dyn FeatureExtractor) -> Option<BTreeMap<&'static str, f64>> {
    let mut vector = FeatureVector::default();
    match extractor.write(&mut vector) {
        Readiness::WarmingUp => None,
        Readiness::Ready => {
            let features = extractor.features().iter();
            Some(features.map(|&feature| (feature.name(), vector.get(feature))).collect())
        }
    }
}

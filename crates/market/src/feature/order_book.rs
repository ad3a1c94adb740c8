//! What rests near the touch, now.

use domain::{Instrument, Level};

use super::{
    BookState, Feature, FeatureConfig, FeatureExtractor, FeatureVector, Readiness, TradeTick,
    factor::{Factor, float},
};

const BPS: f64 = 10_000.0;

/// Spread, depth ratio and the pressures of both sides.
#[derive(Clone, Debug)]
pub struct OrderBookFeatureExtractor {
    levels: usize,
    lot: Factor,
    spread_bps: f64,
    bids: Depth,
    asks: Depth,
    readiness: Readiness,
}

/// The best levels of one side in lots.
#[derive(Clone, Copy, Debug, Default)]
struct Depth {
    total: f64,
    /// With each level divided by one plus its distance from the mid price in basis points.
    near: f64,
}

impl Depth {
    #[inline]
    fn of(levels: impl Iterator<Item = Level>, mid_ticks: f64) -> Self {
        levels.fold(Self::default(), |depth, level| {
            let quantity = float(level.quantity.get());
            let distance = (float(level.price.get()) - mid_ticks).abs();
            let weight = mid_ticks / (mid_ticks + BPS * distance);
            Self { total: depth.total + quantity, near: depth.near + quantity * weight }
        })
    }
}

impl OrderBookFeatureExtractor {
    /// Follows the book of one instrument. The settings must have been checked.
    #[must_use]
    pub fn new(config: &FeatureConfig, instrument: &Instrument) -> Self {
        Self {
            levels: config.depth_levels,
            lot: Factor::new(instrument.quantity_scale()),
            spread_bps: 0.0,
            bids: Depth::default(),
            asks: Depth::default(),
            readiness: Readiness::WarmingUp,
        }
    }
}

impl FeatureExtractor for OrderBookFeatureExtractor {
    fn features(&self) -> &'static [Feature] {
        &[Feature::SpreadBps, Feature::DepthRatio, Feature::BidPressure, Feature::AskPressure]
    }

    #[inline]
    fn on_book(&mut self, state: &BookState<'_>) {
        let book = state.book;
        let (Some(bid), Some(ask)) = (book.best_bid(), book.best_ask()) else { return };
        let mid_ticks = f64::midpoint(float(bid.price.get()), float(ask.price.get()));
        self.spread_bps = state.view.spread_bps;
        self.bids = Depth::of(book.levels(domain::Side::Buy).take(self.levels), mid_ticks);
        self.asks = Depth::of(book.levels(domain::Side::Sell).take(self.levels), mid_ticks);
        self.readiness = Readiness::Ready;
    }

    /// Trades do not move these features: the book that follows from them does.
    fn on_trade(&mut self, _trade: &TradeTick) {}

    fn write(&self, vector: &mut FeatureVector) -> Readiness {
        let both = self.bids.total + self.asks.total;
        let ratio = if both > 0.0 { self.bids.total / both } else { 0.5 };
        vector.set(Feature::SpreadBps, self.spread_bps);
        vector.set(Feature::DepthRatio, ratio);
        vector.set(Feature::BidPressure, self.lot.value(self.bids.near));
        vector.set(Feature::AskPressure, self.lot.value(self.asks.near));
        self.readiness
    }

    fn reset(&mut self) {
        self.spread_bps = 0.0;
        self.bids = Depth::default();
        self.asks = Depth::default();
        self.readiness = Readiness::WarmingUp;
    }
}

//! The features of one instrument, kept up to date event by event.

use domain::{Instrument, Timestamp, event::Trade};

use super::{
    BookState, FeatureBuffer, FeatureConfig, FeatureConfigError, FeatureExtractor as _,
    FeatureVector, MicrostructureExtractor, OrderBookFeatureExtractor, Readiness,
    TradeFeatureExtractor, TradeTick,
    factor::{Factor, balance, float},
};
use crate::{book::OrderBook, snapshot::SnapshotView};

/// Follows the book and the trades of one instrument and knows its features.
///
/// All memory is taken at construction. Feed either single trades or aggregate trades,
/// not both: they report the same volume.
#[derive(Clone, Debug)]
pub struct FeatureCalculator {
    tick: Factor,
    sequence: u64,
    microstructure: MicrostructureExtractor,
    order_book: OrderBookFeatureExtractor,
    trades: TradeFeatureExtractor,
}

impl FeatureCalculator {
    /// Prepares the features of an instrument.
    ///
    /// # Errors
    /// [`FeatureConfigError`] for settings outside their ranges.
    pub fn new(config: FeatureConfig, instrument: &Instrument) -> Result<Self, FeatureConfigError> {
        config.check()?;
        Ok(Self {
            tick: Factor::new(instrument.price_scale()),
            sequence: 0,
            microstructure: MicrostructureExtractor::new(&config),
            order_book: OrderBookFeatureExtractor::new(&config, instrument),
            trades: TradeFeatureExtractor::new(&config, instrument),
        })
    }

    /// Takes in the book after a change and returns its touch, ready to be published.
    ///
    /// `None`, and no change, for a book that is one-sided, empty or crossed, or has prices
    /// that are not above zero. The sequence of the views grows by one each time.
    #[inline]
    pub fn on_book(&mut self, time: Timestamp, book: &OrderBook) -> Option<SnapshotView> {
        let view = self.view(time, book)?;
        self.sequence = view.sequence;
        let state = BookState { time, view, book };
        self.microstructure.on_book(&state);
        self.order_book.on_book(&state);
        self.trades.on_book(&state);
        Some(view)
    }

    /// Takes in a trade between others.
    pub fn on_trade(&mut self, time: Timestamp, trade: &Trade) {
        let Trade { price, quantity, aggressor, .. } = *trade;
        let tick = TradeTick { time, price, quantity, aggressor };
        self.microstructure.on_trade(&tick);
        self.order_book.on_trade(&tick);
        self.trades.on_trade(&tick);
    }

    /// The features as of the last usable book, or `None` while warming up: until the window
    /// holds three snapshots.
    #[must_use]
    #[inline]
    pub fn vector(&self) -> Option<FeatureVector> {
        let mut vector = FeatureVector::default();
        let parts = [
            self.microstructure.write(&mut vector),
            self.order_book.write(&mut vector),
            self.trades.write(&mut vector),
        ];
        (parts == [Readiness::Ready; 3]).then_some(vector)
    }

    /// The snapshots of the window.
    #[must_use]
    pub const fn buffer(&self) -> &FeatureBuffer {
        self.microstructure.snapshots()
    }

    /// Forgets the past, as after a gap in the data. Sequences go on.
    pub fn reset(&mut self) {
        self.microstructure.reset();
        self.order_book.reset();
        self.trades.reset();
    }

    #[inline]
    fn view(&self, time: Timestamp, book: &OrderBook) -> Option<SnapshotView> {
        let (bid, ask) = (book.best_bid()?, book.best_ask()?);
        if bid.price >= ask.price || bid.price.get() <= 0 {
            return None;
        }
        let (bid_ticks, ask_ticks) = (float(bid.price.get()), float(ask.price.get()));
        let (best_bid, best_ask) = (self.tick.value(bid_ticks), self.tick.value(ask_ticks));
        Some(SnapshotView {
            timestamp_ns: time.as_nanos().max(0).cast_unsigned(),
            best_bid,
            best_ask,
            mid_price: f64::midpoint(best_bid, best_ask),
            imbalance: balance(float(bid.quantity.get()), float(ask.quantity.get())),
            spread_bps: (ask_ticks - bid_ticks) / f64::midpoint(bid_ticks, ask_ticks) * 10_000.0,
            sequence: self.sequence + 1,
        })
    }
}

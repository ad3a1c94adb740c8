//! Who traded, how much and at what price within the window.
//!
//! All sums are integers of ticks and lots, hence exact: nothing drifts, however long
//! the process runs and however different the sizes of trades are.

use domain::{Instrument, Side, Span, Timestamp};

use super::{
    BookState, Feature, FeatureConfig, FeatureExtractor, FeatureVector, Readiness, TradeTick,
    factor::{Factor, float_wide},
    ring::Ring,
    toxicity::VolumeBuckets,
};

/// Beyond this many ticks or lots a trade is a mistake. Sums of the largest possible window
/// of trades below it fit an `i128`.
const LARGEST_COUNT: i64 = 1 << 53;

/// Volume-weighted price, trade flow, toxicity and volume surge.
#[derive(Clone, Debug)]
pub struct TradeFeatureExtractor {
    window: Span,
    surge_window: Span,
    tick: Factor,
    trades: Ring<Print>,
    all: Sums,
    /// How many of the newest trades lie in the surge window, and their volume.
    recent: usize,
    recent_volume: i128,
    buckets: VolumeBuckets,
    started: Option<Timestamp>,
    now: Timestamp,
    mid_price: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Print {
    time: Timestamp,
    ticks: i64,
    /// Positive when the taker bought.
    signed_lots: i64,
}

impl Print {
    const fn lots(self) -> i64 {
        self.signed_lots.abs()
    }
}

/// Whether a trade enters a sum or leaves it.
#[derive(Clone, Copy)]
enum Direction {
    In = 1,
    Out = -1,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    volume: i128,
    net: i128,
    notional: i128,
}

impl Sums {
    /// The signs are put on before widening: products of two 64-bit numbers are cheap,
    /// products of 128-bit numbers are not.
    #[inline]
    fn count(&mut self, print: Print, direction: Direction) {
        let lots = print.lots() * direction as i64;
        self.volume += i128::from(lots);
        self.net += i128::from(print.signed_lots * direction as i64);
        self.notional += i128::from(print.ticks) * i128::from(lots);
    }
}

impl TradeFeatureExtractor {
    /// Follows the trades of one instrument. The settings must have been checked.
    #[must_use]
    pub fn new(config: &FeatureConfig, instrument: &Instrument) -> Self {
        Self {
            window: config.window,
            surge_window: config.surge_window,
            tick: Factor::new(instrument.price_scale()),
            trades: Ring::new(config.buffer_capacity),
            all: Sums::default(),
            recent: 0,
            recent_volume: 0,
            buckets: VolumeBuckets::new(config.toxicity_bucket_trades, config.toxicity_buckets),
            started: None,
            now: Timestamp::EPOCH,
            mid_price: None,
        }
    }

    /// Lets time pass: trades leave the surge window, then the window.
    #[inline]
    fn advance(&mut self, time: Timestamp) {
        self.now = self.started.map_or(time, |_| self.now.max(time));
        self.started.get_or_insert(time);
        while self.recent > 0
            && let Some(print) = self.trades.get(self.trades.len() - self.recent)
            && self.now.since(print.time) > self.surge_window
        {
            self.forget_recent(print);
        }
        while let Some(print) = self.trades.oldest()
            && self.now.since(print.time) > self.window
        {
            self.drop_oldest(print);
        }
    }

    fn forget_recent(&mut self, print: Print) {
        self.recent -= 1;
        self.recent_volume -= i128::from(print.lots());
    }

    fn drop_oldest(&mut self, print: Print) {
        if self.recent == self.trades.len() {
            self.forget_recent(print);
        }
        self.trades.pop_oldest();
        self.all.count(print, Direction::Out);
    }

    fn vwap(&self) -> Option<f64> {
        let ticks = float_wide(self.all.notional) / float_wide(self.all.volume);
        if self.all.volume > 0 { Some(self.tick.value(ticks)) } else { self.mid_price }
    }

    fn flow(&self) -> f64 {
        if self.all.volume > 0 {
            float_wide(self.all.net) / float_wide(self.all.volume)
        } else {
            0.0
        }
    }

    fn surge(&self) -> f64 {
        if self.all.volume == 0 {
            return 1.0;
        }
        let seen = self.started.map_or(Span::ZERO, |start| self.now.since(start));
        let whole = seen.min(self.window).max(self.surge_window);
        let share = float_wide(self.recent_volume) / float_wide(self.all.volume);
        share * whole.as_secs_f64() / self.surge_window.as_secs_f64()
    }
}

impl FeatureExtractor for TradeFeatureExtractor {
    fn features(&self) -> &'static [Feature] {
        &[Feature::Vwap, Feature::TradeFlow, Feature::Toxicity, Feature::VolumeSurge]
    }

    #[inline]
    fn on_book(&mut self, state: &BookState<'_>) {
        self.mid_price = Some(state.view.mid_price);
        self.advance(state.time);
    }

    /// A trade without a price or a quantity, or with more of either than any market has, is
    /// left out.
    fn on_trade(&mut self, trade: &TradeTick) {
        let (ticks, lots) = (trade.price.get(), trade.quantity.get());
        self.advance(trade.time);
        if !(1..=LARGEST_COUNT).contains(&ticks) || !(1..=LARGEST_COUNT).contains(&lots) {
            return;
        }
        if self.trades.is_full()
            && let Some(oldest) = self.trades.oldest()
        {
            self.drop_oldest(oldest);
        }
        let signed_lots = match trade.aggressor {
            Side::Buy => lots,
            Side::Sell => -lots,
        };
        let print = Print { time: self.now, ticks, signed_lots };
        self.trades.push(print);
        self.all.count(print, Direction::In);
        self.recent += 1;
        self.recent_volume += i128::from(print.lots());
        self.buckets.add(signed_lots);
    }

    fn write(&self, vector: &mut FeatureVector) -> Readiness {
        vector.set(Feature::TradeFlow, self.flow());
        vector.set(Feature::Toxicity, self.buckets.value());
        vector.set(Feature::VolumeSurge, self.surge());
        match self.vwap() {
            Some(price) => {
                vector.set(Feature::Vwap, price);
                Readiness::Ready
            }
            None => Readiness::WarmingUp,
        }
    }

    fn reset(&mut self) {
        self.trades.clear();
        self.all = Sums::default();
        (self.recent, self.recent_volume) = (0, 0);
        self.buckets.clear();
        self.started = None;
        self.mid_price = None;
    }
}

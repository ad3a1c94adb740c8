//! A strategy that always wants something, so that there are many orders to measure.
//!
//! It computes the same features and the same signal as the imbalance strategy, buys, sells
//! what it bought, and begins again. Its results mean nothing.

use domain::{Event, InstrumentId, MarketData, NetLots, StrategyId};
use engine::{Intents, OrderStyle, Strategy, View};
use market::signal::SignalGenerator as _;
use strategies::imbalance::{ImbalanceParams, ImbalanceSignalGenerator};

/// What one position is worth, in quote currency: above every venue's smallest order.
const WORTH: f64 = 500.0;

pub(super) struct EagerStrategy {
    instruments: [InstrumentId; 1],
    generator: ImbalanceSignalGenerator,
    target: NetLots,
}

impl EagerStrategy {
    pub(super) fn new(instrument: InstrumentId) -> Self {
        let (id, params) = (StrategyId::new(0), ImbalanceParams::default());
        Self {
            instruments: [instrument],
            generator: ImbalanceSignalGenerator::new("eager_bench", id, instrument, &params),
            target: NetLots::ZERO,
        }
    }
}

impl Strategy for EagerStrategy {
    fn id(&self) -> StrategyId {
        StrategyId::new(0)
    }

    fn name(&self) -> &'static str {
        "eager_bench"
    }

    fn instruments(&self) -> &[InstrumentId] {
        &self.instruments
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        let Event::Market(market) = event else { return };
        if !matches!(market.data, MarketData::BookDiff { .. } | MarketData::BookSnapshot { .. }) {
            return;
        }
        let [instrument] = self.instruments;
        let Some(features) = view.features(instrument) else { return };
        std::hint::black_box(self.generator.generate(&features, view.time()));
        let Some(bid) = view.best_bid(instrument) else { return };
        if view.position(instrument) != self.target {
            return;
        }
        self.target =
            if self.target.is_zero() { size(view, instrument, bid.price) } else { NetLots::ZERO };
        out.target(instrument, self.target, OrderStyle::IMMEDIATE);
    }
}

/// Enough lots to be worth [`WORTH`].
fn size(view: &View<'_>, instrument: InstrumentId, price: domain::Ticks) -> NetLots {
    let one_lot = view.instrument(instrument).notional(price, domain::Lots::new(1));
    let worth = one_lot.map_or(WORTH, domain::Money::to_f64).max(f64::MIN_POSITIVE);
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    NetLots::new(((WORTH / worth).ceil() as i64).clamp(1, 1 << 40))
}

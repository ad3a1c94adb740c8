//! The strategies of the comparison, by the rules that `benches/peers/README.md` states.
//!
//! They differ from those of the catalogue only in when they begin: published back-testers wait for
//! the first crossing, ours takes a stance as soon as there are averages.

use domain::{
    Event, InstrumentId, Level, Lots, MarketData, NetLots, Side, Span, StrategyId, Timestamp,
    event::Bar,
};
use engine::{Intents, OrderStyle, QuotedSide, Quotes, Requote, Strategy, View};
use market::indicator::Sma;

/// The only instrument.
const INSTRUMENT: [InstrumentId; 1] = [InstrumentId::new(0)];

/// What happened to two averages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crossing {
    Upwards,
    Downwards,
}

/// Long from one crossing upwards to the next one downwards.
trait Averages: Send {
    /// The crossing at this event, if there is one.
    fn crossing(&mut self, data: &MarketData<'_>, view: &View<'_>) -> Option<Crossing>;
}

/// Holds one unit, or nothing.
struct Crosser<A> {
    averages: A,
    unit: Lots,
    /// What was wished for last.
    held: NetLots,
}

impl<A: Averages> Strategy for Crosser<A> {
    fn id(&self) -> StrategyId {
        StrategyId::new(0)
    }

    fn name(&self) -> &'static str {
        "bench_cross"
    }

    fn instruments(&self) -> &[InstrumentId] {
        &INSTRUMENT
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        let Event::Market(market) = event else { return };
        let wanted = match self.averages.crossing(&market.data, view) {
            Some(Crossing::Upwards) => self.unit.signed(Side::Buy),
            Some(Crossing::Downwards) => NetLots::ZERO,
            None => return,
        };
        if wanted != self.held {
            self.held = wanted;
            out.signal();
            out.target(INSTRUMENT[0], wanted, OrderStyle::MARKET);
        }
    }
}

/// Simple averages of closes.
struct OfBars {
    fast: Sma,
    slow: Sma,
    above: Option<bool>,
}

impl Averages for OfBars {
    fn crossing(&mut self, data: &MarketData<'_>, view: &View<'_>) -> Option<Crossing> {
        let MarketData::Bar(Bar { close, .. }) = data else { return None };
        let close = view.adjusted(INSTRUMENT[0], *close);
        let (fast, slow) = (self.fast.push(close), self.slow.push(close));
        let above = fast? > slow?;
        change(&mut self.above, above)
    }
}

/// Exponential averages of the middle of quotes, each started at the first one.
struct OfQuotes {
    /// Of the newest middle, and of the average before it.
    weights: [(f64, f64); 2],
    averages: Option<[f64; 2]>,
    /// Quotes until the first state.
    warm_up: u32,
    above: Option<bool>,
}

impl Averages for OfQuotes {
    fn crossing(&mut self, data: &MarketData<'_>, view: &View<'_>) -> Option<Crossing> {
        let MarketData::Quote(quote) = data else { return None };
        let price = |ticks| view.adjusted(INSTRUMENT[0], ticks);
        let middle = f64::midpoint(price(quote.bid.price), price(quote.ask.price));
        let [fast, slow] = self.averages.insert(match self.averages {
            None => [middle; 2],
            Some(averages) => std::array::from_fn(|which| {
                let (newest, before) = self.weights[which];
                newest * middle + before * averages[which]
            }),
        });
        let above = *fast > *slow;
        self.warm_up = self.warm_up.saturating_sub(1);
        if self.warm_up > 0 { None } else { change(&mut self.above, above) }
    }
}

/// The first state is no crossing.
fn change(state: &mut Option<bool>, above: bool) -> Option<Crossing> {
    let before = state.replace(above)?;
    match (before, above) {
        (false, true) => Some(Crossing::Upwards),
        (true, false) => Some(Crossing::Downwards),
        _ => None,
    }
}

/// The strategy of the case `sma`.
pub(super) fn of_bars(fast: u32, slow: u32, unit: Lots) -> anyhow::Result<Box<dyn Strategy>> {
    let averages = OfBars { fast: Sma::new(fast)?, slow: Sma::new(slow)?, above: None };
    Ok(Box::new(Crosser { averages, unit, held: NetLots::ZERO }))
}

/// The strategy of the case `quotes`.
pub(super) fn of_quotes(fast: u32, slow: u32, unit: Lots) -> Box<dyn Strategy> {
    let weights = [fast, slow].map(|span| {
        let newest = 2.0 / (f64::from(span) + 1.0);
        (newest, 1.0 - newest)
    });
    let averages = OfQuotes { weights, averages: None, warm_up: slow, above: None };
    Box::new(Crosser { averages, unit, held: NetLots::ZERO })
}

/// Stands at both touches with one order each, and sends both again at fixed times.
struct Maker {
    unit: Lots,
    next: Timestamp,
    every: Span,
}

impl Strategy for Maker {
    fn id(&self) -> StrategyId {
        StrategyId::new(0)
    }

    fn name(&self) -> &'static str {
        "bench_maker"
    }

    fn instruments(&self) -> &[InstrumentId] {
        &INSTRUMENT
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        if *event != Event::Clock || view.time() < self.next {
            return;
        }
        self.next = view.time() + self.every;
        let side = |level: Option<Level>| {
            level.map(|level| QuotedSide { price: level.price, quantity: self.unit })
        };
        let bid = side(view.best_bid(INSTRUMENT[0]));
        let ask = side(view.best_ask(INSTRUMENT[0]));
        out.quote(INSTRUMENT[0], Quotes { bid, ask, requote: Requote::Always });
    }
}

/// The strategy of the case `l2`.
pub(super) fn of_book(first: Timestamp, every: Span, unit: Lots) -> Box<dyn Strategy> {
    Box::new(Maker { unit, next: first, every })
}

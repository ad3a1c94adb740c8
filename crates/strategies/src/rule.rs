//! Strategies that only say which way: long, flat or short, in each instrument on its own.
//!
//! A [`Rule`] looks at adjusted prices and takes a [`Stance`]; [`follow`] makes a strategy of
//! it. What is shared lives here: on what it decides, which sides it may take, how much it
//! holds. Whatever the rule says, orders are made only when the stance changes.

use domain::{
    Event, InstrumentId, MarketData, MarketEvent, NetLots, Side, StrategyId, event::Bar,
    event::Quote,
};
use engine::{Intents, OrderStyle, Strategy, View};
use market::indicator::Candle;

use crate::{DecidesOn, Needs, ParamValues, Parameter, Setup, SetupError, sizing::Sizer};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Prices will rise.
    Long,
    /// Nothing to say.
    Flat,
    /// Prices will fall.
    Short,
}

/// Looks at the prices of one instrument.
pub trait Rule: Send {
    /// Takes the next bar, adjusted for splits and dividends. `None` while it warms up and
    /// where it has no new opinion. Must not allocate after the warm-up.
    fn decide(&mut self, candle: &Candle) -> Option<Stance>;
}

/// What every strategy of this shape can be told.
pub const PARAMETERS: &[Parameter] = &[
    Parameter::choice(
        "on",
        &["bars", "quotes"],
        "bars",
        "`bars`: decides at the close of every bar. `quotes`: decides on the middle of every \
         best bid and ask.",
    ),
    Parameter::choice(
        "direction",
        &["long_only", "long_short", "short_only"],
        "long_only",
        "Sides it may take; instead of the other one it holds nothing.",
    ),
];

/// What a strategy with these [`PARAMETERS`] has to be shown.
#[must_use]
pub fn needs(params: &ParamValues) -> Needs {
    if params.choice("on") == "quotes" { Needs::QUOTES } else { Needs::BARS }
}

/// Makes a strategy that follows a rule of its own in each instrument. Its row includes
/// [`PARAMETERS`] and [`crate::sizing::PARAMETERS`].
///
/// # Errors
/// [`SetupError`] of the rule or of the size.
pub fn follow<R: Rule + 'static>(
    setup: &Setup<'_>,
    rule: impl Fn(&ParamValues) -> Result<R, SetupError>,
) -> Result<Box<dyn Strategy>, SetupError> {
    let lane = |&instrument: &InstrumentId| -> Result<Lane<R>, SetupError> {
        let sizer = Sizer::new(setup.params, setup.instruments.get(instrument))?;
        Ok(Lane { instrument, rule: rule(setup.params)?, sizer, stance: None })
    };
    Ok(Box::new(Follower {
        id: setup.id,
        name: setup.name.to_owned(),
        instruments: setup.trades.to_vec(),
        lanes: setup.trades.iter().map(lane).collect::<Result<_, _>>()?,
        decides_on: needs(setup.params).decides_on,
        direction: setup.params.choice("direction"),
    }))
}

struct Follower<R> {
    id: StrategyId,
    name: String,
    instruments: Vec<InstrumentId>,
    lanes: Vec<Lane<R>>,
    decides_on: DecidesOn,
    direction: &'static str,
}

/// One instrument.
struct Lane<R> {
    instrument: InstrumentId,
    rule: R,
    sizer: Sizer,
    /// The stance that was acted on.
    stance: Option<Stance>,
}

impl<R: Rule> Strategy for Follower<R> {
    fn id(&self) -> StrategyId {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn instruments(&self) -> &[InstrumentId] {
        &self.instruments
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        let Event::Market(market) = event else { return };
        let Some(candle) = candle(market, self.decides_on, view) else { return };
        let here = |lane: &&mut Lane<R>| lane.instrument == market.instrument;
        let Some(lane) = self.lanes.iter_mut().find(here) else { return };
        lane.sizer.observe(view.time(), candle.close);
        if let Some(stance) = lane.rule.decide(&candle) {
            lane.take(allowed(stance, self.direction), view, out);
        }
    }
}

impl<R> Lane<R> {
    /// Acts on a stance that is new. One that cannot be sized yet is tried again.
    fn take(&mut self, stance: Stance, view: &View<'_>, out: &mut Intents) {
        if self.stance == Some(stance) {
            return;
        }
        let position = match stance {
            Stance::Flat => NetLots::ZERO,
            Stance::Long => self.sizer.lots(view).signed(Side::Buy),
            Stance::Short => self.sizer.lots(view).signed(Side::Sell),
        };
        let sized = stance == Stance::Flat || !position.is_zero();
        let turns = self.stance.is_some() || !view.position(self.instrument).is_zero();
        if turns || !position.is_zero() {
            out.signal();
            out.target(self.instrument, position, OrderStyle::MARKET);
        }
        self.stance = sized.then_some(stance);
    }
}

fn allowed(stance: Stance, direction: &str) -> Stance {
    match (stance, direction) {
        (Stance::Short, "long_only") | (Stance::Long, "short_only") => Stance::Flat,
        (stance, _) => stance,
    }
}

/// What an event says about the price, if the strategy decides on such events.
fn candle(market: &MarketEvent<'_>, decides_on: DecidesOn, view: &View<'_>) -> Option<Candle> {
    match (&market.data, decides_on) {
        (MarketData::Bar(bar), DecidesOn::Bars) => Some(of_bar(market.instrument, bar, view)),
        (MarketData::Quote(quote), DecidesOn::Quotes) => {
            Some(of_quote(market.instrument, quote, view))
        }
        _ => None,
    }
}

fn of_bar(instrument: InstrumentId, bar: &Bar, view: &View<'_>) -> Candle {
    Candle {
        open: view.adjusted(instrument, bar.open),
        high: view.adjusted(instrument, bar.high),
        low: view.adjusted(instrument, bar.low),
        close: view.adjusted(instrument, bar.close),
        volume: view.adjusted_volume(instrument, bar.volume),
    }
}

/// The middle of a quote as a bar without extent.
fn of_quote(instrument: InstrumentId, quote: &Quote, view: &View<'_>) -> Candle {
    let bid = view.adjusted(instrument, quote.bid.price);
    let middle = f64::midpoint(bid, view.adjusted(instrument, quote.ask.price));
    Candle { open: middle, high: middle, low: middle, close: middle, volume: 0.0 }
}

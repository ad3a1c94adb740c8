//! Exit policies around any strategy.

use domain::{Event, InstrumentId, MarketData, NetLots, Side, StrategyId, Ticks, Timestamp};
use engine::{Intent, Intents, OrderStyle, Protection, Strategy, View};

use super::{Composite, ExitPolicy as _, Holding, Verdict};

/// A strategy whose positions end when a policy says so.
///
/// - Prices of the verdict become the position's protection at the venue. They follow from
///   its cost, which a split does not change, and stand from the fill that opened it.
/// - A position that was left, or that its protection closed, is not opened again on that
///   side until the strategy has wished for something else in between.
/// - While the verdict is to stay, the strategy's wish to leave or to turn waits.
pub struct Guarded {
    inner: Box<dyn Strategy>,
    policy: Composite,
    guards: Vec<Guard>,
}

impl Guarded {
    /// Puts the policy around a strategy.
    #[must_use]
    pub fn new(inner: Box<dyn Strategy>, policy: Composite) -> Self {
        let guards = inner.instruments().iter().map(|one| Guard::new(*one)).collect();
        Self { inner, policy, guards }
    }
}

impl Strategy for Guarded {
    fn id(&self) -> StrategyId {
        self.inner.id()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn instruments(&self) -> &[InstrumentId] {
        self.inner.instruments()
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        let first = out.wishes().len();
        self.inner.on_event(event, view, out);
        for guard in &mut self.guards {
            for wish in &out.wishes()[first..] {
                guard.note(wish);
            }
            guard.follow(&self.policy, Sight::of(event, guard.instrument, view), view, out);
        }
    }
}

/// What an event says about the price of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// Bid and ask, equal where there are only bars.
    Price { bid: Ticks, ask: Ticks },
    /// The position may be another one.
    Fill,
    /// Nothing. Between the two events of a split, price and position do not belong together.
    Nothing,
}

impl Sight {
    fn of(event: &Event<'_>, instrument: InstrumentId, view: &View<'_>) -> Self {
        let market = match event {
            Event::Market(market) => market,
            Event::Report(report) if report.instrument == instrument => return Self::Fill,
            _ => return Self::Nothing,
        };
        if market.instrument != instrument {
            return Self::Nothing;
        }
        let quoted = || {
            let (bid, ask) = (view.best_bid(instrument)?, view.best_ask(instrument)?);
            Some(Self::Price { bid: bid.price, ask: ask.price })
        };
        match &market.data {
            MarketData::Bar(bar) => {
                quoted().unwrap_or(Self::Price { bid: bar.close, ask: bar.close })
            }
            MarketData::BookSnapshot { .. }
            | MarketData::BookDiff { .. }
            | MarketData::Quote(_)
            | MarketData::Trade(_)
            | MarketData::AggregateTrade(_) => quoted().unwrap_or(Self::Nothing),
            _ => Self::Nothing,
        }
    }

    /// The price at which a position of this side could be closed.
    const fn to_close(self, side: Side) -> Option<Ticks> {
        match (self, side) {
            (Self::Price { bid, .. }, Side::Buy) => Some(bid),
            (Self::Price { ask, .. }, Side::Sell) => Some(ask),
            (Self::Fill | Self::Nothing, _) => None,
        }
    }

    const fn is_price(self) -> bool {
        matches!(self, Self::Price { .. })
    }
}

/// A position that is held.
#[derive(Clone, Copy, Debug)]
struct Watch {
    side: Side,
    opened: Timestamp,
    /// The best price since then, and the adjustment it was seen at.
    best: Option<(Ticks, f64)>,
}

/// What is known about one instrument.
#[derive(Debug)]
struct Guard {
    instrument: InstrumentId,
    /// What the strategy wishes for.
    wish: Option<(NetLots, OrderStyle)>,
    /// What the engine was last told.
    told: Option<(NetLots, OrderStyle)>,
    told_protection: Protection,
    watch: Option<Watch>,
    /// The side on which nothing is opened until the strategy has changed its mind.
    shut: Option<Side>,
    /// The wish to leave was good enough once: it does not wait any more.
    let_go: bool,
}

impl Guard {
    const fn new(instrument: InstrumentId) -> Self {
        let told_protection = Protection::NONE;
        Self {
            instrument,
            wish: None,
            told: None,
            told_protection,
            watch: None,
            shut: None,
            let_go: false,
        }
    }

    /// Takes note of a wish of the strategy, which the engine hears as well.
    fn note(&mut self, wish: &Intent) {
        match *wish {
            Intent::Target { instrument, position, style } if instrument == self.instrument => {
                let wish = Some((position, style));
                self.let_go &= wish == self.wish;
                (self.wish, self.told) = (wish, wish);
                if self.shut != position.side() {
                    self.shut = None;
                }
            }
            Intent::Withdraw { instrument } if instrument == self.instrument => {
                (self.wish, self.told) = (None, None);
                if self.watch.is_none() {
                    self.shut = None;
                }
            }
            _ => {}
        }
    }

    fn follow(&mut self, policy: &Composite, sight: Sight, view: &View<'_>, out: &mut Intents) {
        let held = view.position(self.instrument);
        self.note_held(held, view);
        let verdict = self.judge(policy, sight, view).unwrap_or(Verdict::NONE);
        let wished = self.wish.map(|(position, _)| position.side());
        let turning = wished.flatten().is_some_and(|side| Some(side) != held.side());
        let trusted = sight != Sight::Nothing;
        if trusted && verdict.leave && wished.is_none_or(|side| side == held.side()) {
            self.shut = held.side();
        }
        if trusted && !turning && verdict.protection != self.told_protection {
            self.told_protection = verdict.protection;
            out.protect(self.instrument, verdict.protection);
        }
        let leaving = wished.is_some_and(|side| side != held.side()) && self.watch.is_some();
        self.let_go |= leaving && sight.is_price() && !verdict.stay;
        let allowed = self.allowed(held, leaving && verdict.stay && !self.let_go);
        if let Some((position, style)) = allowed
            && allowed != self.told
        {
            self.told = allowed;
            out.target(self.instrument, position, style);
        }
    }

    /// Notices that a position was opened, or is gone.
    fn note_held(&mut self, held: NetLots, view: &View<'_>) {
        let (before, now) = (self.watch.map(|watch| watch.side), held.side());
        if before == now {
            return;
        }
        (self.told_protection, self.let_go) = (Protection::NONE, false);
        self.watch = now.map(|side| Watch { side, opened: view.time(), best: None });
        let wished = self.wish.and_then(|(position, _)| position.side());
        if now.is_none() && wished == before {
            // Nobody here asked for it: its protection closed it, or the venue did.
            self.shut = before;
        }
    }

    fn judge(&mut self, policy: &Composite, sight: Sight, view: &View<'_>) -> Option<Verdict> {
        let watch = self.watch.as_mut()?;
        let instrument = view.instrument(self.instrument);
        let position = view.account(self.instrument);
        let mut holding = Holding::of(position, instrument, watch.opened, view.time())?;
        let adjustment = view.adjustment(self.instrument);
        let seen = sight.to_close(watch.side);
        let best = watch.best.map_or(holding.best, |(best, then)| moved(best, then / adjustment));
        holding.best = match seen {
            Some(price) if holding.is_as_good(price, best) => price,
            _ => best,
        };
        if sight != Sight::Nothing {
            watch.best = Some((holding.best, adjustment));
        }
        holding.price = seen;
        Some(policy.judge(&holding))
    }

    /// What of the strategy's wish the engine may hear.
    fn allowed(&self, held: NetLots, stay: bool) -> Option<(NetLots, OrderStyle)> {
        let wished = self.wish.map(|(position, _)| position.side());
        let shut = self.shut.is_some();
        if shut && (wished == Some(self.shut) || (wished.is_none() && held.side() == self.shut)) {
            return Some((NetLots::ZERO, OrderStyle::MARKET));
        }
        match self.wish {
            Some((_, style)) if stay => Some((held, style)),
            wish => wish,
        }
    }
}

/// A price in the units after a split or a dividend: to the nearest tick.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "ticks are few")]
fn moved(price: Ticks, factor: f64) -> Ticks {
    if (factor - 1.0).abs() < f64::EPSILON {
        return price;
    }
    Ticks::new((price.get() as f64 * factor).round().max(1.0) as i64)
}

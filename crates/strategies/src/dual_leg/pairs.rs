//! Pairs trading: bet that the spread of two prices that move together comes back.
//!
//! At every time at which both instruments end a bar, the log price of the first is fitted
//! to that of the second over a moving window; the spread is what the line leaves over, its
//! z-score how unusual that is. A spread of `entry_z` or more is sold (the first leg short,
//! the second long), one of `-entry_z` or less is bought. Both legs are worth the same, so
//! the pair is neutral in money. It ends at `exit_z`, at `stop_z`, or after a time; after a
//! stop or a time limit the spread has to come back to `exit_z` before the next entry.
//!
//! Where one leg has no bar at a time, nothing is decided at that time. A pair of which only
//! one leg could be had is given up.

use domain::{Event, InstrumentId, Lots, MarketData, NetLots, Side, StrategyId, Timestamp};
use engine::{Intents, OrderStyle, Strategy, View};

use super::RollingFit;
use crate::{
    InstrumentCount, Needs, ParamValues, Parameter, Setup, SetupError, StrategyRow,
    parameter::{Preset, Range},
    sizing,
};

/// Its place in the catalogue.
pub(crate) const ROW: StrategyRow = StrategyRow {
    name: "dual_leg",
    purpose: "buys and sells the spread of two prices that move together when it is unusual",
    instruments: InstrumentCount::ExactlyTwo,
    parameters: &[PARAMETERS],
    needs: |_| Needs::BARS,
    build: |setup| Ok(Box::new(Pairs::new(setup)?)),
};

const PARAMETERS: &[Parameter] = &[
    Parameter::whole("window", (10, 10_000), "60", "Bars that the hedge ratio is fitted over."),
    Parameter::real(
        "entry_z",
        Range::above(0, 100, 6),
        "2",
        "Spread in standard deviations at which a pair is opened.",
    )
    .below("stop_z"),
    Parameter::real(
        "exit_z",
        Range::from(0, 100, 6),
        "0.5",
        "Spread in standard deviations at which a pair has come back and is closed.",
    )
    .below("entry_z"),
    Parameter::real(
        "stop_z",
        Range::above(0, 1_000, 6),
        "4",
        "Spread in standard deviations at which a pair is given up.",
    ),
    Parameter::whole(
        "max_holding_bars",
        (0, 1_000_000),
        "120",
        "Bars after which a pair is given up; 0 for never.",
    ),
    Parameter::rate(
        "leg_fraction",
        Range::above(0, 100, 9),
        "0.45",
        "Share of the account's equity that each of the two legs is worth.",
    ),
    Parameter::quantity(
        "max_position_size",
        Preset::PositionLimit,
        "Largest position in a leg, in base units; the other leg is made as small. May be smaller \
         than the risk limit, never larger.",
    ),
];

/// A latest close, adjusted, in logarithm.
#[derive(Clone, Copy, Debug)]
struct Close {
    end: Timestamp,
    log_price: f64,
}

/// What goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is wanted.
    Idle,
    /// The spread is held: `Buy` means the first leg long.
    Holding { spread: Side, bars: usize },
    /// Given up: nothing is opened before the spread has come back.
    Waiting,
}

/// When to enter and leave.
#[derive(Clone, Copy, Debug)]
struct Thresholds {
    entry: f64,
    exit: f64,
    stop: f64,
    max_bars: usize,
}

#[derive(Debug)]
struct Pairs {
    id: StrategyId,
    name: String,
    legs: [InstrumentId; 2],
    closes: [Option<Close>; 2],
    decided: Option<Timestamp>,
    fit: RollingFit,
    thresholds: Thresholds,
    /// In billionths of the equity.
    leg_share: i64,
    largest: [Lots; 2],
    phase: Phase,
}

impl Pairs {
    fn new(setup: &Setup<'_>) -> Result<Self, SetupError> {
        let &[first, second] = setup.trades else {
            let (name, count) = (setup.name.to_owned(), setup.trades.len());
            return Err(SetupError::NotTwo { name, count });
        };
        let params: &ParamValues = setup.params;
        let limit = params.quantity("max_position_size");
        let largest = |leg| setup.instruments.get(leg).lots_floor(limit);
        Ok(Self {
            id: setup.id,
            name: setup.name.to_owned(),
            legs: [first, second],
            closes: [None; 2],
            decided: None,
            fit: RollingFit::new(params.whole("window")),
            thresholds: Thresholds {
                entry: params.real("entry_z"),
                exit: params.real("exit_z"),
                stop: params.real("stop_z"),
                max_bars: params.whole("max_holding_bars"),
            },
            leg_share: sizing::billionths(params.rate("leg_fraction")),
            largest: [largest(first)?, largest(second)?],
            phase: Phase::Idle,
        })
    }

    /// Both log prices, once for each time at which both legs ended a bar.
    fn joint(&mut self) -> Option<[f64; 2]> {
        let [Some(first), Some(second)] = self.closes else { return None };
        if first.end != second.end || self.decided == Some(first.end) {
            return None;
        }
        self.decided = Some(first.end);
        Some([first.log_price, second.log_price])
    }

    fn decide(&mut self, z: Option<f64>, view: &View<'_>, out: &mut Intents) {
        let Thresholds { entry, exit, stop, .. } = self.thresholds;
        match self.phase {
            Phase::Idle => match z {
                Some(z) if z >= entry && z < stop => self.open(Side::Sell, view, out),
                Some(z) if z <= -entry && z > -stop => self.open(Side::Buy, view, out),
                _ => self.close_leftovers(view, out),
            },
            Phase::Holding { spread, bars } => {
                self.phase = Phase::Holding { spread, bars: bars + 1 };
                self.hold(spread, bars + 1, z, view, out);
            }
            Phase::Waiting => {
                if z.is_some_and(|z| z.abs() <= exit) {
                    self.phase = Phase::Idle;
                }
                self.close_leftovers(view, out);
            }
        }
    }

    /// Ends what has come back, gone too far, taken too long or lost a leg.
    fn hold(
        &mut self,
        spread: Side,
        bars: usize,
        z: Option<f64>,
        view: &View<'_>,
        out: &mut Intents,
    ) {
        let Thresholds { exit, stop, max_bars, .. } = self.thresholds;
        // The distance the spread has still to go, counted from the side of the entry.
        let left = z.map(|z| if spread == Side::Sell { z } else { -z });
        let next = if left.is_some_and(|left| left <= exit) {
            Phase::Idle
        } else if left.is_some_and(|left| left >= stop)
            || (max_bars > 0 && bars >= max_bars)
            || self.has_lost_a_leg(view)
        {
            Phase::Waiting
        } else {
            return;
        };
        self.phase = next;
        self.close(out);
    }

    /// Whether one leg is held, the other is not, and nothing is on its way.
    fn has_lost_a_leg(&self, view: &View<'_>) -> bool {
        let idle = |leg: InstrumentId| {
            let pending = view.pending(leg);
            pending.buys.is_zero() && pending.sells.is_zero()
        };
        let [first, second] = self.legs.map(|leg| view.position(leg).is_zero());
        first != second && self.legs.into_iter().all(idle)
    }

    fn open(&mut self, spread: Side, view: &View<'_>, out: &mut Intents) {
        let Some([first, second]) = self.sizes(view) else { return };
        out.signal();
        out.target(self.legs[0], first.signed(spread), OrderStyle::MARKET);
        out.target(self.legs[1], second.signed(spread.opposite()), OrderStyle::MARKET);
        self.phase = Phase::Holding { spread, bars: 0 };
    }

    /// Lots of both legs: each is worth its share of the equity, or as much as the largest
    /// position of either leg is. The first is rounded down, then the second to no more than
    /// that. `None` when one of them would be nothing.
    fn sizes(&self, view: &View<'_>) -> Option<[Lots; 2]> {
        let share = view.equity().share_toward_zero(self.leg_share, sizing::BILLION).ok()?;
        let [first, second] = self.legs.map(|leg| view.instrument(leg));
        let (price, other_price) =
            (sizing::price(view, first.id())?, sizing::price(view, second.id())?);
        let most = first.notional(price, self.largest[0]).ok()?;
        let other_most = second.notional(other_price, self.largest[1]).ok()?;
        let worth = share.min(most).min(other_most);
        let lots = sizing::lots_worth(worth, price, first).ok()?;
        let worth = first.notional(price, lots).ok()?;
        let other = sizing::lots_worth(worth, other_price, second).ok()?;
        (!lots.is_zero() && !other.is_zero()).then_some([lots, other])
    }

    fn close(&self, out: &mut Intents) {
        out.signal();
        for leg in self.legs {
            out.target(leg, NetLots::ZERO, OrderStyle::MARKET);
        }
    }

    /// While nothing is wanted, whatever is held is closed.
    fn close_leftovers(&self, view: &View<'_>, out: &mut Intents) {
        for leg in self.legs {
            if !view.position(leg).is_zero() {
                out.target(leg, NetLots::ZERO, OrderStyle::MARKET);
            }
        }
    }
}

impl Strategy for Pairs {
    fn id(&self) -> StrategyId {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn instruments(&self) -> &[InstrumentId] {
        &self.legs
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        let Event::Market(market) = event else { return };
        let MarketData::Bar(bar) = &market.data else { return };
        let Some(leg) = self.legs.iter().position(|leg| *leg == market.instrument) else { return };
        let log_price = view.adjusted(market.instrument, bar.close).ln();
        self.closes[leg] = Some(Close { end: bar.end, log_price });
        let Some([first, second]) = self.joint() else { return };
        // A line that falls is no hedge: nothing is opened on it.
        let fit = self.fit.push(first, second);
        let hedged = fit.filter(|fit| fit.beta > 0.0);
        self.decide(hedged.and_then(|fit| fit.z_score()), view, out);
    }
}

//! An open position as exit policies see it, and exact arithmetic on its price.

use domain::{Instrument, Money, Side, Span, Ticks, Timestamp};
use engine::portfolio::Position;

use crate::sizing::BILLION;

/// An open position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Long or short.
    pub side: Side,
    /// What it cost, or brought in when it is short.
    pub cost: Money,
    /// What one tick of price is worth for the whole position.
    pub tick_worth: Money,
    /// The best price for the position since it was opened.
    pub best: Ticks,
    /// The price it could be closed at now; `None` where that is not known at this moment.
    pub price: Option<Ticks>,
    /// How long it has been held.
    pub age: Span,
}

impl Holding {
    /// A position that was opened at `opened`. `None` when nothing is held, or when its worth
    /// does not fit.
    #[must_use]
    pub fn of(
        position: &Position,
        instrument: &Instrument,
        opened: Timestamp,
        now: Timestamp,
    ) -> Option<Self> {
        let side = position.quantity.side()?;
        let one_tick = Ticks::new(1);
        let tick_worth = instrument.notional(one_tick, position.quantity.size()).ok()?;
        let cost = position.cost_basis.abs();
        let mut holding =
            Self { side, cost, tick_worth, best: one_tick, price: None, age: now.since(opened) };
        holding.best = holding.at_gain(0)?;
        Some(holding)
    }

    /// The price at which the position has gained (or, below zero, lost) so many billionths of
    /// its cost, rounded to the tick at which it has gained at least, or lost at most, that
    /// much. `None` for a price of zero or less.
    #[must_use]
    pub fn at_gain(&self, billionths: i64) -> Option<Ticks> {
        let part = match self.side {
            Side::Buy => BILLION.checked_add(billionths)?,
            Side::Sell => BILLION.checked_sub(billionths)?,
        };
        let worth = self.cost.share_toward_zero(part, BILLION).ok()?;
        self.in_favour(worth.atto(), self.tick_worth.atto())
    }

    /// The best price less so many billionths of it, rounded in favour of the position.
    #[must_use]
    pub fn behind_best(&self, billionths: i64) -> Option<Ticks> {
        let part = match self.side {
            Side::Buy => BILLION.checked_sub(billionths)?,
            Side::Sell => BILLION.checked_add(billionths)?,
        };
        self.in_favour(i128::from(self.best.get()) * i128::from(part), i128::from(BILLION))
    }

    /// Whether closing at `price` gains at least so many billionths of the cost.
    #[must_use]
    pub fn gains(&self, price: Ticks, billionths: i64) -> bool {
        self.at_gain(billionths).is_some_and(|least| self.is_as_good(price, least))
    }

    /// Whether closing at `price` is at least as good as closing at `other`.
    #[must_use]
    pub fn is_as_good(&self, price: Ticks, other: Ticks) -> bool {
        match self.side {
            Side::Buy => price >= other,
            Side::Sell => price <= other,
        }
    }

    /// A quotient of prices: up for a long, down for a short.
    fn in_favour(&self, numerator: i128, denominator: i128) -> Option<Ticks> {
        if denominator <= 0 {
            return None;
        }
        let down = numerator.div_euclid(denominator);
        let rest = i128::from(numerator.rem_euclid(denominator) != 0);
        let ticks = if self.side == Side::Buy { down + rest } else { down };
        i64::try_from(ticks).ok().filter(|ticks| *ticks > 0).map(Ticks::new)
    }
}

//! Stop-loss and take-profit: what a position is to be protected by.

#[cfg(test)]
mod tests;

use domain::{
    InstrumentId, Lots, NetLots, OrderId, OrderStatus, OrderType, Rate, Side, StrategyId, Ticks,
    Timestamp,
};

use crate::{instrument_state::moved_by_split, order::Order, wish::Pause};

/// Where a position is closed without asking the strategy again.
///
/// It belongs to the position that the strategy wishes for at that moment, or holds if it
/// wishes for none, and ends with it: a later position needs a protection of its own, and one
/// for no position at all is forgotten at once. The engine keeps a `Stop` and a `Limit` order at the venue that can only reduce the position,
/// as large as it. Prices are as traded; a split of the instrument moves them along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Close at any price once the market trades here or beyond; `None` for no stop.
    pub stop: Option<Ticks>,
    /// Close at this price or better; `None` for no target.
    pub target: Option<Ticks>,
}

impl Protection {
    /// No protection: whatever stands is withdrawn.
    pub const NONE: Self = Self { stop: None, target: None };
}

/// Which of the two standing orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Stop,
    Target,
}

impl Role {
    pub(crate) const ALL: [Self; 2] = [Self::Stop, Self::Target];

    pub(crate) const fn order_type(self) -> OrderType {
        match self {
            Self::Stop => OrderType::Stop,
            Self::Target => OrderType::Limit,
        }
    }

    /// Whether an order of a protection has this role.
    pub(crate) fn is_of(self, order: &Order) -> bool {
        order.request().order_type == self.order_type()
    }

    fn price_of(self, order: &Order) -> Option<Ticks> {
        match self {
            Self::Stop => order.request().trigger,
            Self::Target => order.request().limit,
        }
    }
}

/// What one strategy's position in one instrument is protected by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guard {
    /// The protection and the side of the position that it is for.
    set: Option<(Protection, Side)>,
    /// Whether that position was held since.
    was_held: bool,
    /// Whether orders of it may be open, also after it was forgotten.
    stands: bool,
    units: Units,
    pauses: [Option<Pause>; 2],
}

/// Whether prices and position are in the units of the same side of a split. The market and
/// the account tell of one at different moments, and either may be first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Units {
    #[default]
    Same,
    /// The position is in new units, the prices are not yet.
    AwaitMarket,
    /// The prices are in new units, the position is not yet.
    AwaitAccount,
}

/// An order that should stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) side: Side,
    pub(crate) price: Ticks,
    pub(crate) quantity: Lots,
}

impl Wanted {
    /// The same, cut to the largest order that the venue takes.
    pub(crate) fn at_most(self, most: Option<Lots>) -> Self {
        Self { quantity: most.map_or(self.quantity, |most| self.quantity.min(most)), ..self }
    }
}

impl Guard {
    /// Whether there is anything to keep in line.
    pub(crate) const fn is_active(&self) -> bool {
        self.set.is_some() || self.stands
    }

    pub(crate) const fn note_standing(&mut self, stands: bool) {
        self.stands = stands;
    }

    /// Protects the position on `side` from now on.
    pub(crate) fn set(&mut self, protection: Protection, side: Side) {
        if self.set != Some((protection, side)) {
            let was_held = self.was_held && self.set.is_some_and(|(_, before)| before == side);
            (self.set, self.was_held) = (Some((protection, side)), was_held);
            self.unpause();
        }
    }

    pub(crate) fn forget(&mut self) {
        (self.set, self.was_held) = (None, false);
        self.unpause();
    }

    /// The market told of a split: the prices move into the new units.
    pub(crate) fn market_split(&mut self, ratio: Rate, held: NetLots) {
        self.units = match self.units {
            Units::AwaitMarket => Units::Same,
            _ if held.is_zero() => Units::Same,
            _ => Units::AwaitAccount,
        };
        if let Some((protection, _)) = &mut self.set {
            protection.stop = protection.stop.map(|price| moved_by_split(price, ratio));
            protection.target = protection.target.map(|price| moved_by_split(price, ratio));
        }
    }

    /// The account told of a split: the position is in the new units.
    pub(crate) fn account_split(&mut self) {
        self.units = match self.units {
            Units::AwaitAccount => Units::Same,
            Units::Same | Units::AwaitMarket => Units::AwaitMarket,
        };
    }

    /// Whether its prices mean nothing for the position as it is.
    pub(crate) fn awaits_market(&self) -> bool {
        self.units == Units::AwaitMarket
    }

    /// Follows the position: a protection ends with the position it is for.
    pub(crate) fn follow(&mut self, held: NetLots) {
        let Some((_, side)) = self.set else { return };
        if held.side() == Some(side) {
            self.was_held = true;
        } else if self.was_held {
            self.forget();
        }
    }

    /// The order that should stand for a role.
    pub(crate) fn wanted(&self, role: Role, held: NetLots) -> Option<Wanted> {
        let (protection, side) = self.set?;
        if held.side() != Some(side) {
            return None;
        }
        let price = match role {
            Role::Stop => protection.stop,
            Role::Target => protection.target,
        };
        Some(Wanted { side: side.opposite(), price: price?, quantity: held.size() })
    }

    pub(crate) fn is_paused(&self, role: Role, now: Timestamp) -> bool {
        self.pauses[role as usize].is_some_and(|pause| pause.lasts(now))
    }

    /// Notes that an order of this role was refused.
    pub(crate) fn refused(&mut self, role: Role, now: Timestamp) {
        let pause = &mut self.pauses[role as usize];
        *pause = Some(Pause::after(*pause, now));
    }

    /// Notes that an order of this role was let through.
    pub(crate) const fn accepted(&mut self, role: Role) {
        self.pauses[role as usize] = None;
    }

    pub(crate) const fn unpause(&mut self) {
        self.pauses = [None; 2];
    }
}

/// What to do about the standing order of one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Nothing,
    /// Withdraw every order of the role but this one.
    KeepOnly(Option<OrderId>),
    /// Place a new order, then withdraw the others.
    Place,
}

/// The next move, given what should stand and the open orders of the role.
///
/// A new order is placed before the old one is withdrawn, so that the position is never bare;
/// both can only reduce it, so together they close no more than is held. While an old one is
/// being withdrawn no third is added.
pub(crate) fn next_move<'a>(
    role: Role,
    wanted: Option<Wanted>,
    standing: impl Iterator<Item = &'a Order>,
) -> Move {
    let (mut alive, mut fitting, mut leaving) = (0, None, false);
    // An order of unknown fate protects nothing that one could count on.
    for order in standing.filter(|order| order.status() != OrderStatus::Unknown) {
        if order.cancel_requested() {
            leaving |= wanted.is_some_and(|wanted| wanted.side == order.side());
            continue;
        }
        alive += 1;
        let is = role.price_of(order).map(|price| Wanted {
            side: order.side(),
            price,
            quantity: order.remaining(),
        });
        if wanted.is_some() && is == wanted {
            fitting = Some(order.id());
        }
    }
    match (wanted, fitting) {
        (None, _) if alive > 0 => Move::KeepOnly(None),
        (Some(_), Some(id)) if alive > 1 => Move::KeepOnly(Some(id)),
        (Some(_), None) if !leaving => Move::Place,
        _ => Move::Nothing,
    }
}

/// All guards, by strategy, then instrument.
#[derive(Clone, Debug)]
pub(crate) struct Guards {
    instruments: usize,
    guards: Vec<Guard>,
}

impl Guards {
    pub(crate) fn new(strategies: usize, instruments: usize) -> Self {
        Self { instruments, guards: vec![Guard::default(); strategies * instruments] }
    }

    pub(crate) fn of(&self, strategy: StrategyId, instrument: InstrumentId) -> &Guard {
        &self.guards[strategy.index() * self.instruments + instrument.index()]
    }

    pub(crate) fn of_mut(&mut self, strategy: StrategyId, instrument: InstrumentId) -> &mut Guard {
        &mut self.guards[strategy.index() * self.instruments + instrument.index()]
    }

    /// Everybody's guards in one instrument.
    pub(crate) fn in_instrument(
        &mut self,
        instrument: InstrumentId,
    ) -> impl Iterator<Item = &mut Guard> {
        self.guards.iter_mut().skip(instrument.index()).step_by(self.instruments.max(1))
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Guard> {
        self.guards.iter_mut()
    }
}

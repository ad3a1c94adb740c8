//! Keeping stops and targets at the venue in line with what they protect.

use domain::{InstrumentId, NewOrder, OrderId, PositionEffect, Rate, Side, StrategyId, Timestamp};

use super::{Desk, Scene};
use crate::{
    Outputs,
    order::{Order, Purpose},
    protection::{Move, Protection, Role, Wanted, next_move},
};

impl Desk {
    /// Takes over where a strategy wants its position closed.
    pub(super) fn protect(
        &mut self,
        strategy: StrategyId,
        instrument: InstrumentId,
        protection: Protection,
    ) {
        let wished = self.wishes.of(strategy, instrument).target;
        let held = self.portfolio.position(strategy, instrument).quantity;
        let side = wished.and_then(|(target, _)| target.side()).or_else(|| held.side());
        let stopped = self.gate.is_killed() || protection == Protection::NONE;
        let guard = self.guards.of_mut(strategy, instrument);
        match side.filter(|_| !stopped) {
            Some(side) => guard.set(protection, side),
            None => guard.forget(),
        }
    }

    /// Makes the standing orders of a protection what they should be.
    pub(super) fn bring_in_line(
        &mut self,
        strategy: StrategyId,
        id: InstrumentId,
        scene: Scene<'_>,
        out: &mut Outputs,
    ) {
        let held = self.portfolio.position(strategy, id).quantity;
        let guard = self.guards.of_mut(strategy, id);
        if guard.awaits_market() && !held.is_zero() {
            return;
        }
        guard.follow(held);
        let most = self.gate.largest_order(id);
        for role in Role::ALL {
            let guard = self.guards.of(strategy, id);
            let paused = guard.is_paused(role, scene.now);
            let wanted = guard.wanted(role, held).map(|wanted| wanted.at_most(most));
            let standing = self.orders.protections(strategy, id).filter(|order| role.is_of(order));
            match (next_move(role, wanted, standing), wanted) {
                (Move::KeepOnly(kept), _) => {
                    self.keep_only(kept, role, (strategy, id), scene.now, out);
                }
                (Move::Place, Some(wanted)) if !paused => {
                    self.stand(wanted, role, (strategy, id), scene, out);
                }
                _ => {}
            }
        }
        let stands = self.orders.protections(strategy, id).next().is_some();
        self.guards.of_mut(strategy, id).note_standing(stands);
    }

    /// Places a standing order, and withdraws the one in its place before.
    fn stand(
        &mut self,
        wanted: Wanted,
        role: Role,
        whose: (StrategyId, InstrumentId),
        scene: Scene<'_>,
        out: &mut Outputs,
    ) {
        let (strategy, instrument) = whose;
        let order = NewOrder {
            id: self.orders.next_id(),
            strategy,
            instrument,
            side: wanted.side,
            order_type: role.order_type(),
            quantity: wanted.quantity,
            limit: (role == Role::Target).then_some(wanted.price),
            trigger: (role == Role::Stop).then_some(wanted.price),
            effect: PositionEffect::ReduceOnly,
            created: scene.now,
        };
        let exposure = self.exposure(scene.instruments.get(instrument), scene.instruments);
        if self.place(order, Purpose::Protection, scene, exposure, out) {
            self.guards.of_mut(strategy, instrument).accepted(role);
            self.keep_only(Some(order.id), role, whose, scene.now, out);
        } else {
            // The one before still guards what it can.
            self.guards.of_mut(strategy, instrument).refused(role, scene.now);
        }
    }

    fn keep_only(
        &mut self,
        kept: Option<OrderId>,
        role: Role,
        (strategy, instrument): (StrategyId, InstrumentId),
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let goes = |order: &Order| {
            order.protects()
                && order.strategy() == strategy
                && order.instrument() == instrument
                && role.is_of(order)
                && Some(order.id()) != kept
        };
        self.withdraw(goes, now, out);
    }

    /// While a stop or a target may close the position as well, an exit must not go beyond it.
    pub(super) fn effect_of_exit(
        &self,
        strategy: StrategyId,
        id: InstrumentId,
        side: Side,
    ) -> PositionEffect {
        let held = self.portfolio.position(strategy, id).quantity;
        let is_exit = held.side() == Some(side.opposite());
        if is_exit && self.orders.protections(strategy, id).next().is_some() {
            PositionEffect::ReduceOnly
        } else {
            PositionEffect::Any
        }
    }

    /// What a stop, a target or the venue has closed is not bought back for an old wish: the
    /// strategy hears of it and may wish anew. A wish that leads further the same way stays.
    pub(super) fn do_not_rebuild(
        &mut self,
        strategy: StrategyId,
        instrument: InstrumentId,
        closing: Side,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let held = self.portfolio.position(strategy, instrument).quantity;
        let wish = self.wishes.of_mut(strategy, instrument);
        let need = wish.target.and_then(|(target, _)| target.checked_sub(held)?.side());
        if need == Some(closing.opposite()) {
            wish.target = None;
        }
        let rebuilds = |order: &Order| {
            order.serves_wish()
                && order.strategy() == strategy
                && order.instrument() == instrument
                && order.side() == closing.opposite()
        };
        self.withdraw(rebuilds, now, out);
    }

    /// The units of an instrument changed: what everybody wishes for and what rests is in old
    /// ones and goes; what protects a position moves along.
    pub(crate) fn split(
        &mut self,
        instrument: InstrumentId,
        ratio: Rate,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        self.wishes.in_instrument(instrument).for_each(|wish| wish.target = None);
        for index in 0..self.tallies.len() {
            let strategy = StrategyId::new(u16::try_from(index).unwrap_or(u16::MAX));
            let held = self.portfolio.position(strategy, instrument).quantity;
            let guard = self.guards.of_mut(strategy, instrument);
            guard.market_split(ratio, held);
            // A venue ends what rests at old prices; the position is not left bare for that.
            guard.unpause();
        }
        self.withdraw_from(instrument, now, out);
    }

    /// The same for one strategy that hears of it by its account first. Its protection is
    /// brought in line when the market says what a unit is now.
    pub(super) fn drop_old_units(
        &mut self,
        strategy: StrategyId,
        instrument: InstrumentId,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        self.wishes.of_mut(strategy, instrument).target = None;
        self.guards.of_mut(strategy, instrument).account_split();
        let old = |order: &Order| {
            !order.protects() && order.strategy() == strategy && order.instrument() == instrument
        };
        self.withdraw(old, now, out);
    }
}

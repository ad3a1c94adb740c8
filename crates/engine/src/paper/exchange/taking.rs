//! Orders that arrive, or go off, and take.

use domain::{
    Level, Liquidity, Lots, NewOrder, NumberError, OrderType, Refusal, ReportKind, Side, Ticks,
};

use super::{
    super::{
        account::Room, consumed::Consumed, costs::Path, desk::Execution, fill_model::Place,
        resting::RestingOrder,
    },
    Depth, Desk, Exchange, as_market, is_reached, is_well_formed, matching,
};

/// What an order that is not refused does on arrival.
struct Admission {
    /// Parts of the opposite side's levels that it takes, and at what price.
    takes: Vec<(Level, Execution)>,
    /// What it would like to take beyond that.
    left: Lots,
    /// What it may not do for its account's sake, and why.
    barred: Option<(Lots, Refusal)>,
}

impl Exchange {
    /// An order arrives at a market; `depth` is `None` while nothing is known of it.
    pub(super) fn arrive<D: Depth>(
        &mut self,
        order: &NewOrder,
        depth: Option<&D>,
        desk: &mut Desk,
    ) {
        let Some(depth) = depth else {
            return desk.report(order, ReportKind::Rejected(Refusal::NoLiquidity), desk.now());
        };
        let waits_for_trigger =
            order.order_type == OrderType::Stop && !is_reached(order, None, depth);
        let is_stop = order.order_type == OrderType::Stop;
        let admitted = self.may_live(order, depth, desk).and_then(|()| match is_stop {
            true if waits_for_trigger => Ok(None),
            true => self.admit(&as_market(order), depth, desk).map(Some),
            false => self.admit(order, depth, desk).map(Some),
        });
        match admitted {
            Ok(None) => {
                desk.report(order, ReportKind::Accepted, desk.now());
                self.stops.push(*order);
            }
            Ok(Some(admission)) if is_stop => {
                self.carry_out(&as_market(order), &admission, depth, desk);
            }
            Ok(Some(admission)) => self.carry_out(order, &admission, depth, desk),
            Err(refusal) => desk.report(order, ReportKind::Rejected(refusal), desk.now()),
        }
    }

    /// A stop order that was accepted takes like a market order.
    pub(super) fn go_off<D: Depth>(&mut self, order: &NewOrder, depth: &D, desk: &mut Desk) {
        let market = as_market(order);
        let admitted =
            desk.account.admits_now(&market).and_then(|()| self.admit(&market, depth, desk));
        match admitted {
            Ok(admission) => self.carry_out(&market, &admission, depth, desk),
            Err(refusal) => desk.report(order, ReportKind::Expired(refusal), desk.now()),
        }
    }

    /// Whether the account and the form of an order allow it.
    fn may_live<D: Depth>(&self, order: &NewOrder, depth: &D, desk: &Desk) -> Result<(), Refusal> {
        if !is_well_formed(order, &self.instrument) {
            return Err(Refusal::NotFillable);
        }
        desk.account.admits(order)?;
        let Some(margin) = &desk.margin else { return Ok(()) };
        let touch = || depth.best(order.side.opposite()).map(|level| level.price);
        let price = order.limit.or(order.trigger).or_else(touch).ok_or(Refusal::NoLiquidity)?;
        match margin.covers(&desk.account, order, price) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::InsufficientMargin),
            Err(_overflow) => Err(Refusal::NotFillable),
        }
    }

    /// Decides about an order without changing anything.
    fn admit<D: Depth>(
        &self,
        order: &NewOrder,
        depth: &D,
        desk: &Desk,
    ) -> Result<Admission, Refusal> {
        let best = depth.best(order.side.opposite());
        let is_marketable =
            best.is_some_and(|best| matching::accepts(order.side, order.limit, best.price));
        if is_marketable && order.order_type == OrderType::PostOnly {
            return Err(Refusal::WouldTake);
        }
        let barred = desk.account.room(order).and_then(|Room { quantity, beyond }| {
            let barred = order.quantity.minus(quantity);
            (!barred.is_zero()).then_some((barred, beyond))
        });
        let wanted = order.quantity.minus(barred.map_or(Lots::ZERO, |(barred, _)| barred));
        let (parts, left) = liquidity(depth, &self.consumed, order.side, order.limit, wanted);
        match order.order_type {
            OrderType::FillOrKill if !left.is_zero() => return Err(Refusal::NotFillable),
            OrderType::Market if parts.is_empty() => return Err(Refusal::NoLiquidity),
            _ => {}
        }
        let takes = self.price(order, parts, best, depth.twice_mid(), desk);
        let takes = takes.map_err(|_overflow| Refusal::NotFillable)?;
        Ok(Admission { takes, left, barred })
    }

    /// Prices what the order takes, and makes sure that what may come to rest can be charged too.
    fn price(
        &self,
        order: &NewOrder,
        parts: Vec<Level>,
        best: Option<Level>,
        twice_mid: Option<Ticks>,
        desk: &Desk,
    ) -> Result<Vec<(Level, Execution)>, NumberError> {
        let execute = |part: Level| {
            let worse = desk.slippage.apply(part.price, order.side);
            let price = match (order.side, order.limit) {
                (_, None) => worse,
                (Side::Buy, Some(limit)) => worse.min(limit),
                (Side::Sell, Some(limit)) => worse.max(limit),
            };
            let touch = best.map_or(part.price, |best| best.price);
            let path = Path { twice_mid, touch, level: part.price };
            desk.execution(&self.instrument, Liquidity::Taker, price, part.quantity, path)
                .map(|execution| (part, execution))
        };
        let takes = parts.into_iter().map(execute).collect::<Result<Vec<_>, _>>()?;
        if let Some(limit) = order.limit {
            desk.check_waiting(&self.instrument, limit, order.quantity)?;
        }
        Ok(takes)
    }

    /// Reports what an admitted order does and lets its rest wait or end.
    fn carry_out<D: Depth>(
        &mut self,
        order: &NewOrder,
        admission: &Admission,
        depth: &D,
        desk: &mut Desk,
    ) {
        let now = desk.now();
        let Admission { takes, left, barred } = admission;
        let rests = !left.is_zero() && order.order_type.may_rest();
        if rests {
            desk.report(order, ReportKind::Accepted, now);
        }
        for (part, execution) in takes {
            if desk.fill(order, execution, now).is_err() {
                return desk.report(order, ReportKind::Expired(Refusal::NotFillable), now);
            }
            self.consumed.take(order.side.opposite(), *part);
        }
        match (order.limit, barred) {
            (Some(limit), _) if rests => {
                let barred = barred.map_or(Lots::ZERO, |(barred, _)| barred);
                let remaining = left.checked_add(barred).unwrap_or(*left);
                self.rest(
                    RestingOrder {
                        order: *order,
                        limit,
                        remaining,
                        place: Place::join(desk.model, ahead(depth, order.side, limit)),
                        guessed: depth.shown_at(order.side, limit).is_none(),
                    },
                    depth,
                    desk,
                );
            }
            (_, Some((_, reason))) if left.is_zero() => {
                desk.report(order, ReportKind::Expired(*reason), now);
            }
            _ if left.is_zero() => {}
            _ => desk.report(order, ReportKind::Expired(Refusal::RemainderCancelled), now),
        }
    }

    fn rest<D: Depth>(&mut self, resting: RestingOrder, depth: &D, desk: &mut Desk) {
        let side = resting.order.side;
        let index = self.resting.insert(resting);
        self.meet_touch(side, index, depth, desk);
        self.resting.remove_done(side);
    }
}

/// The volume ahead of somebody who joins a price: what is shown there, or as much as at the touch
/// where that cannot be seen.
pub(super) fn ahead<D: Depth>(depth: &D, side: Side, price: Ticks) -> Lots {
    let at_touch = || depth.best(side).map_or(Lots::ZERO, |touch| touch.quantity);
    depth.shown_at(side, price).unwrap_or_else(at_touch)
}

/// What somebody who trades on `side` can still take, level by level, and what is left of
/// the quantity after that. Allocates only where there is something to take.
pub(super) fn liquidity<D: Depth>(
    depth: &D,
    consumed: &Consumed,
    side: Side,
    limit: Option<Ticks>,
    quantity: Lots,
) -> (Vec<Level>, Lots) {
    let opposite = side.opposite();
    let mut parts = Vec::new();
    let levels = depth.levels(opposite).map(|level| consumed.rest_of(opposite, level));
    let left = matching::walk(levels, side, limit, quantity, |part| parts.push(part));
    (parts, left)
}

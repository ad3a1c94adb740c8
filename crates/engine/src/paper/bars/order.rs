//! One order in bars, and what may be taken for it.

use domain::{Liquidity, Lots, NewOrder, OrderType, Refusal, ReportKind, Side, Ticks, Timestamp};

use super::{
    super::{account::Room, costs::Path, desk::Desk},
    Budget,
};

/// An order that has arrived.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) order: NewOrder,
    pub(super) remaining: Lots,
    /// Whether it has been told that it waits.
    accepted: bool,
    /// Whether a stop order has gone off.
    pub(super) triggered: bool,
}

/// Which prices of a bar can matter to an order that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// Any.
    Always,
    /// This one and those below.
    Below(Ticks),
    /// This one and those above.
    Above(Ticks),
}

/// The prices of an execution, and when it happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) price: Ticks,
    pub(super) path: Path,
    pub(super) liquidity: Liquidity,
    pub(super) time: Timestamp,
}

impl Waiting {
    pub(super) const fn new(order: &NewOrder) -> Self {
        let remaining = order.quantity;
        Self { order: *order, remaining, accepted: false, triggered: false }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.remaining.is_zero()
    }

    /// Which prices can make it trade: a bid and a stop below the market lie in wait downwards.
    pub(super) const fn reach(&self) -> Reached {
        match (self.order.limit, self.order.trigger, self.order.side) {
            _ if self.takes_any_price() => Reached::Always,
            (Some(price), _, Side::Buy) | (None, Some(price), Side::Sell) => Reached::Below(price),
            (Some(price), _, Side::Sell) | (None, Some(price), Side::Buy) => Reached::Above(price),
            (None, None, _) => Reached::Always,
        }
    }

    /// Whether it takes at whatever price comes next.
    pub(super) const fn takes_any_price(&self) -> bool {
        matches!(self.order.order_type, OrderType::Market) || self.triggered
    }

    /// Whether its rest goes on after a bar.
    const fn goes_on(&self) -> bool {
        self.order.order_type.may_rest() || matches!(self.order.order_type, OrderType::Market)
    }

    /// What of it could trade now, and what would end it then.
    pub(super) fn wanted(&self, budget: &Budget, desk: &Desk) -> (Lots, Option<Room>) {
        let room = desk.account.room(&self.order);
        let allowed = room.map_or(self.remaining, |room| room.quantity.min(self.remaining));
        (allowed.min(budget.left), room)
    }

    /// Lets it wait, unless it is of a kind that does not.
    pub(super) fn wait(&mut self, time: Timestamp, desk: &mut Desk) {
        if !self.goes_on() {
            return self.end(Refusal::RemainderCancelled, time, desk);
        }
        if !self.accepted {
            self.accepted = true;
            desk.report(&self.order, ReportKind::Accepted, time);
        }
    }

    /// Ends it by the exchange's rules. Without any sign of life before it was refused.
    pub(super) fn end(&mut self, reason: Refusal, time: Timestamp, desk: &mut Desk) {
        let never_lived = !self.accepted && reason != Refusal::RemainderCancelled;
        let untouched = self.remaining == self.order.quantity;
        let kind = if never_lived && untouched {
            ReportKind::Rejected(reason)
        } else {
            ReportKind::Expired(reason)
        };
        self.remaining = Lots::ZERO;
        desk.report(&self.order, kind, time);
    }

    /// Trades what is wanted of it, and ends or keeps the rest.
    pub(super) fn trade(
        &mut self,
        (quantity, room): (Lots, Option<Room>),
        at: &Moment,
        budget: &mut Budget,
        desk: &mut Desk,
    ) {
        let time = at.time;
        let exhausted = room.filter(|room| room.quantity <= quantity);
        if let Some(room) = exhausted.filter(|room| room.quantity.is_zero()) {
            return self.end(room.beyond, time, desk);
        }
        let rest = self.remaining.minus(quantity);
        if !rest.is_zero() && exhausted.is_none() && self.goes_on() {
            self.wait(time, desk);
        }
        if !quantity.is_zero() && !self.fill(quantity, at, desk) {
            return self.end(Refusal::NotFillable, time, desk);
        }
        budget.left = budget.left.minus(quantity);
        if at.liquidity == Liquidity::Taker {
            budget.taken = budget.taken.checked_add(quantity).unwrap_or(budget.taken);
        }
        match exhausted {
            _ if self.is_done() => {}
            Some(room) => self.end(room.beyond, time, desk),
            None => self.wait(time, desk),
        }
    }

    /// Whether fee and account could be reckoned.
    fn fill(&mut self, quantity: Lots, at: &Moment, desk: &mut Desk) -> bool {
        let instrument = &desk.account.holding(self.order.instrument).instrument;
        let execution = desk.execution(instrument, at.liquidity, at.price, quantity, at.path);
        let done = execution.and_then(|execution| desk.fill(&self.order, &execution, at.time));
        if done.is_ok() {
            self.remaining = self.remaining.minus(quantity);
        }
        done.is_ok()
    }
}

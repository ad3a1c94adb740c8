//! The wishes that are still to be fulfilled, and the next step toward each.

#[cfg(test)]
mod tests;

use domain::{InstrumentId, Lots, NetLots, Side, Span, StrategyId, Timestamp};

use crate::{intent::OrderStyle, order::Pending};

const FIRST_PAUSE: Span = Span::from_secs(1);
const LONGEST_PAUSE: Span = Span::from_secs(64);

/// What to do next about a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: the wish is fulfilled, or what is under way will fulfil it.
    Nothing,
    /// Withdraw the open orders of a side and look again when they are gone.
    Withdraw(Side),
    /// Order this much more.
    Order(Side, Lots),
}

/// The next step from what is held and under way toward `target`.
///
/// Orders in the wrong direction, and more in the right direction than is needed, are
/// withdrawn first, so orders of both sides are never open for one wish. A turn from long
/// to short (or back) stops at flat: the closing order only reduces, which the limits allow
/// when they would refuse the whole.
pub(crate) fn next_step(target: NetLots, held: NetLots, pending: Pending) -> Step {
    let Some(need) = target.checked_sub(held) else { return Step::Nothing };
    let Some(side) = need.side() else {
        return match (pending.buys.is_zero(), pending.sells.is_zero()) {
            (true, true) => Step::Nothing,
            (false, _) => Step::Withdraw(Side::Buy),
            (true, false) => Step::Withdraw(Side::Sell),
        };
    };
    let on_the_way = pending.on(side);
    if !pending.on(side.opposite()).is_zero() {
        Step::Withdraw(side.opposite())
    } else if on_the_way > need.size() {
        Step::Withdraw(side)
    } else {
        let turns = held.side() == Some(side.opposite());
        let goal = if turns { need.size().min(held.size()) } else { need.size() };
        match goal.minus(on_the_way) {
            Lots::ZERO => Step::Nothing,
            more => Step::Order(side, more),
        }
    }
}

/// How long something that was refused is not tried again: one second, and after each further
/// refusal in a row twice as long, up to 64 seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    until: Timestamp,
    length: Span,
}

impl Pause {
    /// The pause after a refusal, given the one before it in a row.
    pub(crate) fn after(last: Option<Self>, now: Timestamp) -> Self {
        let length = last.map_or(FIRST_PAUSE, |last| {
            Span::from_nanos(last.length.as_nanos() * 2).min(LONGEST_PAUSE)
        });
        Self { until: now + length, length }
    }

    pub(crate) fn lasts(self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// What one strategy wants in one instrument.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) target: Option<(NetLots, OrderStyle)>,
    /// The direction in which an order was refused last.
    refusal: Option<(Side, Pause)>,
}

impl Wish {
    /// Whether an order on this side was refused so lately that it is not tried again yet.
    pub(crate) fn is_paused(&self, side: Side, now: Timestamp) -> bool {
        self.refusal.is_some_and(|(refused, pause)| refused == side && pause.lasts(now))
    }

    /// Notes that an order on this side was refused.
    pub(crate) fn refused(&mut self, side: Side, now: Timestamp) {
        let last = self.refusal.filter(|(refused, _)| *refused == side).map(|(_, pause)| pause);
        self.refusal = Some((side, Pause::after(last, now)));
    }

    /// Notes that something changed and an order may be tried at once.
    pub(crate) const fn unpause(&mut self) {
        self.refusal = None;
    }
}

/// All wishes, by strategy, then instrument.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    instruments: usize,
    wishes: Vec<Wish>,
}

impl Wishes {
    pub(crate) fn new(strategies: usize, instruments: usize) -> Self {
        Self { instruments, wishes: vec![Wish::default(); strategies * instruments] }
    }

    pub(crate) fn of(&self, strategy: StrategyId, instrument: InstrumentId) -> &Wish {
        &self.wishes[strategy.index() * self.instruments + instrument.index()]
    }

    pub(crate) fn of_mut(&mut self, strategy: StrategyId, instrument: InstrumentId) -> &mut Wish {
        &mut self.wishes[strategy.index() * self.instruments + instrument.index()]
    }

    /// Everybody's wishes in one instrument.
    pub(crate) fn in_instrument(
        &mut self,
        instrument: InstrumentId,
    ) -> impl Iterator<Item = &mut Wish> {
        self.wishes.iter_mut().skip(instrument.index()).step_by(self.instruments.max(1))
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Wish> {
        self.wishes.iter_mut()
    }
}

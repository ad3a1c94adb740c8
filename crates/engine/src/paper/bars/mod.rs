//! The pretend exchange of one instrument of which only bars are known.
//!
//! A request is carried out by the first bar that began at or after the moment of its decision, or
//! `delay` whole bars later. Within that bar, in this order:
//!
//! 1. Requests arrive: orders are looked at, withdrawals withdraw.
//! 2. At the open, in order of arrival: market orders take, limit orders that the open makes
//!    marketable take, and stop orders whose trigger the open has reached or jumped over take, all
//!    at the open's price made worse by half the spread, impact and slippage, never beyond a limit.
//!    Post-only orders that the open would make take are rejected on arrival.
//! 3. Within the range: stop orders that the range reaches take at their trigger, made worse
//!    likewise; then positions that the range leaves uncovered are closed; then limit orders trade
//!    at their limit, as maker. So where one bar touches a stop and a limit, the stop happened.
//!
//! When the range gives a waiting limit order its fill is up to the fill model:
//!
//! - `Touch`: by chance where the bar just touches the limit, one draw a bar; with certainty beyond.
//! - `Queue`: where the bar goes at least a tick beyond the limit, all that waited there has traded.
//! - `Through`: where it goes beyond the limit by more than half the spread.
//!
//! Slippage is asked of the range on top. With a `volume_share` all orders of a bar together get no
//! more than that share of its volume; what is left of market, stop, limit and post-only orders
//! goes on in the next bar, that of the others ends. A bar without volume fills nothing.
//!
//! Executions at the open bear the bar's start as their time, others its end.

mod impact;
mod order;
mod range;

use domain::{
    Bar, Instrument, Lots, NewOrder, OrderId, OrderType, Refusal, ReportKind, StrategyId, Ticks,
    Timestamp,
};

use self::{
    impact::{Impact, MeanRange},
    order::{Moment, Reached, Waiting},
};
use super::{
    BarConfig, PaperConfigError,
    desk::Desk,
    exchange::is_well_formed,
    margin::{self, Victim},
    slippage::Slippage,
    wide::{power_of_ten, product_over},
};
use crate::Command;

/// The settings, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct BarRules {
    spread: Slippage,
    delay: u32,
    /// Numerator and divisor.
    volume_share: Option<(i128, i128)>,
    impact: Impact,
}

impl BarRules {
    pub(super) fn new(config: &BarConfig) -> Result<Self, PaperConfigError> {
        let half_spread = config.half_spread;
        let spread =
            Slippage::new(half_spread).ok_or(PaperConfigError::HalfSpread { half_spread })?;
        let share = |share: domain::Rate| {
            let rate = share.decimal();
            let divisor = power_of_ten(rate.scale());
            let fits = rate > 0.into() && rate <= 1.into();
            divisor
                .filter(|_| fits)
                .map(|divisor| (rate.mantissa(), divisor))
                .ok_or(PaperConfigError::VolumeShare { share })
        };
        let impact =
            Impact::new(config.impact).ok_or(PaperConfigError::Impact { impact: config.impact })?;
        let volume_share = config.volume_share.map(share).transpose()?;
        Ok(Self { spread, delay: config.delay, volume_share, impact })
    }
}

/// No price is beyond these.
const ANY_PRICE: (Ticks, Ticks) = (Ticks::new(i64::MIN), Ticks::new(i64::MAX));

/// A request on its way.
#[derive(Clone, Copy, Debug)]
struct Request {
    command: Command,
    decided: Timestamp,
    /// Whole bars that it still lets pass.
    skips: u32,
}

/// Our orders in one instrument.
#[derive(Debug)]
pub(super) struct BarExchange {
    instrument: Instrument,
    rules: BarRules,
    requests: Vec<Request>,
    /// In order of arrival.
    waiting: Vec<Waiting>,
    /// Prices between which nothing that waits can trade; the ends can.
    calm: (Ticks, Ticks),
    ranges: MeanRange,
}

impl BarExchange {
    pub(super) const fn new(instrument: Instrument, rules: BarRules) -> Self {
        let ranges = MeanRange::NONE;
        Self {
            instrument,
            rules,
            requests: Vec::new(),
            waiting: Vec::new(),
            calm: ANY_PRICE,
            ranges,
        }
    }

    pub(super) const fn open_orders(&self) -> usize {
        self.waiting.len()
    }

    /// When the next request can arrive at the earliest, `None` when none is on its way.
    pub(super) fn earliest_arrival(&self) -> Option<Timestamp> {
        self.requests.iter().map(|request| request.decided).min()
    }

    pub(super) fn send(&mut self, command: Command, decided: Timestamp) {
        self.requests.push(Request { command, decided, skips: self.rules.delay });
    }

    /// Whether a bar means nothing to anybody here.
    pub(super) fn is_calm(&self, bar: &Bar) -> bool {
        self.requests.is_empty() && bar.low > self.calm.0 && bar.high < self.calm.1
    }

    /// Takes out what is done, and finds the prices between which the rest waits.
    fn settle_down(&mut self) {
        self.waiting.retain(|one| !one.is_done());
        let reach = |(low, high): (Ticks, Ticks), one: &Waiting| match one.reach() {
            Reached::Always => (Ticks::new(i64::MAX), high),
            Reached::Below(price) => (low.max(price), high),
            Reached::Above(price) => (low, high.min(price)),
        };
        self.calm = self.waiting.iter().fold(ANY_PRICE, reach);
    }

    /// Remembers a bar that is over.
    pub(super) fn note(&mut self, bar: &Bar) {
        if self.rules.impact.is_felt() {
            self.ranges.push(bar);
        }
    }

    /// What happens at a bar's open.
    pub(super) fn open(&mut self, bar: &Bar, desk: &mut Desk) -> Budget {
        self.take_in(bar, desk);
        let mut budget = Budget::of(bar, self.rules.volume_share);
        let mut orders = std::mem::take(&mut self.waiting);
        for one in &mut orders {
            self.at_open(one, bar, &mut budget, desk);
        }
        orders.retain(|one| !one.is_done());
        self.waiting = orders;
        budget
    }

    /// What happens within its range, after the open.
    pub(super) fn range(
        &mut self,
        bar: &Bar,
        mut budget: Budget,
        desk: &mut Desk,
        closed: &mut Vec<Victim>,
    ) {
        if bar.volume > Lots::ZERO {
            let mut orders = std::mem::take(&mut self.waiting);
            for one in &mut orders {
                self.stop_in_range(one, bar, &mut budget, desk);
            }
            self.waiting = orders;
        }
        if desk.has_cover_to_watch() {
            let before = closed.len();
            let way = (bar.open, [bar.low, bar.high]);
            margin::call_within(desk, self.instrument.id(), way, bar.end, closed);
            for victim in &closed[before..] {
                if victim.instrument == self.instrument.id() {
                    let reason = Refusal::InsufficientMargin;
                    self.end_orders(Some(victim.strategy), reason, bar.end, desk);
                }
            }
        }
        if bar.volume > Lots::ZERO {
            let mut orders = std::mem::take(&mut self.waiting);
            for one in &mut orders {
                self.limit_in_range(one, bar, &mut budget, desk);
            }
            self.waiting = orders;
        }
        self.settle_down();
    }

    /// Ends waiting orders by the exchange's rules: of one strategy, or of all.
    pub(super) fn end_orders(
        &mut self,
        strategy: Option<StrategyId>,
        reason: Refusal,
        time: Timestamp,
        desk: &mut Desk,
    ) {
        for one in &mut self.waiting {
            if strategy.is_none_or(|whose| one.order.strategy == whose) && !one.is_done() {
                one.end(reason, time, desk);
            }
        }
        self.settle_down();
    }

    /// A split: orders on their way are in old units too.
    pub(super) fn end_everything(&mut self, reason: Refusal, time: Timestamp, desk: &mut Desk) {
        self.end_orders(None, reason, time, desk);
        self.requests.retain(|request| match request.command {
            Command::Place(order) => {
                desk.report(&order.get(), ReportKind::Rejected(reason), time);
                false
            }
            Command::Cancel { .. } => true,
        });
    }

    /// Lets the requests arrive that this bar carries out.
    fn take_in(&mut self, bar: &Bar, desk: &mut Desk) {
        if self.requests.is_empty() {
            return;
        }
        let mut requests = std::mem::take(&mut self.requests);
        requests.retain_mut(|request| {
            if request.decided > bar.start {
                return true;
            }
            if let Some(fewer) = request.skips.checked_sub(1) {
                request.skips = fewer;
                return true;
            }
            match request.command {
                Command::Place(order) => self.arrive(&order.get(), bar, desk),
                Command::Cancel { order, .. } => self.cancel(order, bar.start, desk),
            }
            false
        });
        self.requests = requests;
    }

    fn arrive(&mut self, order: &NewOrder, bar: &Bar, desk: &mut Desk) {
        match self.may_live(order, bar, desk) {
            Ok(()) => self.waiting.push(Waiting::new(order)),
            Err(refusal) => desk.report(order, ReportKind::Rejected(refusal), bar.start),
        }
    }

    fn cancel(&mut self, id: OrderId, time: Timestamp, desk: &mut Desk) {
        let found = self.waiting.iter().position(|one| one.order.id == id);
        let kind = match found {
            Some(index) => {
                self.waiting.remove(index);
                ReportKind::Cancelled
            }
            None => ReportKind::CancelRejected(Refusal::UnknownOrder),
        };
        desk.tell(id, self.instrument.id(), kind, time);
    }

    /// Whether the form and the account of an order allow it, and whether the open does.
    fn may_live(&self, order: &NewOrder, bar: &Bar, desk: &Desk) -> Result<(), Refusal> {
        if !is_well_formed(order, &self.instrument) {
            return Err(Refusal::NotFillable);
        }
        desk.account.admits(order)?;
        if order.order_type == OrderType::PostOnly && self.is_marketable(order, bar) {
            return Err(Refusal::WouldTake);
        }
        let dearest = order.limit.or(order.trigger).unwrap_or(bar.open);
        desk.check_waiting(&self.instrument, dearest, order.quantity)
            .map_err(|_overflow| Refusal::NotFillable)?;
        let Some(margin) = &desk.margin else { return Ok(()) };
        match margin.covers(&desk.account, order, dearest) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::InsufficientMargin),
            Err(_overflow) => Err(Refusal::NotFillable),
        }
    }
}

/// What is left of a bar's volume for our orders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    left: Lots,
    /// What our orders that took have taken of it already.
    taken: Lots,
}

impl Budget {
    fn of(bar: &Bar, share: Option<(i128, i128)>) -> Self {
        let part = |(numerator, divisor)| {
            let part = product_over(i128::from(bar.volume.get()), numerator, divisor);
            part.and_then(|part| i64::try_from(part).ok()).unwrap_or(0)
        };
        let left = match share {
            _ if bar.volume <= Lots::ZERO => Lots::ZERO,
            None => Lots::new(i64::MAX),
            Some(share) => Lots::new(part(share)),
        };
        Self { left, taken: Lots::ZERO }
    }
}

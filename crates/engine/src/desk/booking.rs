//! What the venue says: reports on orders, fills, and what it does to the account itself.

use domain::{
    Fill, Instrument, InstrumentId, Instruments, OrderReport, Record, ReportKind, StrategyId,
    Timestamp,
    event::{AccountEvent, AccountEventKind},
    record::AccountRecord,
};

use super::{Desk, changed};
use crate::{
    Outputs,
    order::{Applied, Order},
    protection::Role,
};

impl Desk {
    /// Takes a venue's word on an order. Gives back whose order it was.
    pub(crate) fn report(
        &mut self,
        report: &OrderReport,
        instruments: &Instruments,
        now: Timestamp,
        out: &mut Outputs,
    ) -> Option<StrategyId> {
        if let ReportKind::Filled(fill) = &report.kind
            && (self.portfolio.has_booked(fill.trade) || fill.quantity.get() <= 0)
        {
            self.counters.duplicate_fills += u64::from(fill.quantity.get() > 0);
            self.counters.alarms += u64::from(fill.quantity.get() <= 0);
            return None;
        }
        let owner = self.orders.owner(report.order);
        let applied = self.orders.apply(report);
        self.note(applied, report, out);
        match &report.kind {
            ReportKind::Filled(fill) => {
                // A fill is never dropped: one of an order that nobody knows moves the first
                // strategy's account, and the alarm above says so.
                let strategy = owner.unwrap_or(StrategyId::new(0));
                self.book(strategy, fill, instruments.get(fill.instrument), now, out);
                if let Applied::Changed(order) | Applied::LateFill(order) = applied
                    && order.protects()
                {
                    self.do_not_rebuild(strategy, fill.instrument, fill.side, now, out);
                }
            }
            ReportKind::Rejected(_) => {
                self.counters.refused_by_venue += 1;
                if let Applied::Changed(order) = applied {
                    self.refused_by_venue(&order, now);
                }
            }
            ReportKind::CancelRejected(_) => self.counters.cancel_rejects += 1,
            ReportKind::Expired(_) => {
                // A protection ended by the venue is not tried again in the same breath.
                if let Applied::Changed(order) = applied
                    && order.protects()
                {
                    self.refused_by_venue(&order, now);
                }
            }
            ReportKind::Accepted | ReportKind::Cancelled => {}
        }
        owner
    }

    /// Notes that the venue would not have an order, or ended it.
    fn refused_by_venue(&mut self, order: &Order, now: Timestamp) {
        let (strategy, instrument) = (order.strategy(), order.instrument());
        if order.serves_wish() {
            self.wishes.of_mut(strategy, instrument).refused(order.side(), now);
        } else if let Some(role) = Role::ALL.into_iter().find(|role| role.is_of(order)) {
            self.guards.of_mut(strategy, instrument).refused(role, now);
        }
    }

    /// Writes down what a report did to its order, and whether that may be.
    fn note(&mut self, applied: Applied, report: &OrderReport, out: &mut Outputs) {
        match applied {
            Applied::Changed(order) | Applied::LateFill(order) => {
                out.records.push(changed(&order, report.time));
                self.counters.late_fills += u64::from(matches!(applied, Applied::LateFill(_)));
                self.counters.alarms += u64::from(contradicts(&order, report));
            }
            Applied::Unchanged(_) => {}
            Applied::Illegal(_) | Applied::NoSuchOrder => self.counters.alarms += 1,
        }
    }

    fn book(
        &mut self,
        strategy: StrategyId,
        fill: &Fill,
        instrument: &Instrument,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let known = strategy.index() < self.tallies.len();
        if !known || self.portfolio.book(strategy, fill, instrument).is_err() {
            // The money cannot be counted: stop rather than go on wrong.
            self.counters.alarms += 1;
            return self.kill(now, out);
        }
        self.record_account(strategy, fill.instrument, fill.time, out);
        self.digest.fill(fill);
        self.counters.fills += 1;
        self.tallies[strategy.index()].fills += 1;
    }

    fn record_account(
        &self,
        strategy: StrategyId,
        instrument: InstrumentId,
        time: Timestamp,
        out: &mut Outputs,
    ) {
        let position = self.portfolio.position(strategy, instrument);
        out.records.push(Record::Account(AccountRecord {
            time,
            strategy,
            instrument,
            position: position.quantity,
            cost_basis: position.cost_basis,
            realized_pnl: position.realized_pnl,
            fees: position.fees,
            carry: position.carry,
            cash: self.portfolio.cash(),
        }));
    }

    /// Books what the venue did to an account by its own rules, and says whether it could be
    /// booked.
    pub(crate) fn account(
        &mut self,
        event: &AccountEvent,
        instruments: &Instruments,
        now: Timestamp,
        out: &mut Outputs,
    ) -> bool {
        let known = event.strategy.index() < self.tallies.len()
            && event.instrument.index() < instruments.len();
        if known && let AccountEventKind::Liquidation { fill } = &event.kind {
            return self.liquidated(event, fill, instruments, now, out);
        }
        if !known || self.portfolio.book_event(event, instruments.get(event.instrument)).is_err() {
            // The money cannot be counted: stop rather than go on wrong.
            self.counters.alarms += 1;
            self.kill(now, out);
            return false;
        }
        self.counters.account_events += 1;
        self.digest.account(event);
        self.record_account(event.strategy, event.instrument, event.time, out);
        if let AccountEventKind::Split { .. } = event.kind {
            self.drop_old_units(event.strategy, event.instrument, now, out);
        }
        true
    }

    /// A forced execution is booked like any other, once, by its trade.
    fn liquidated(
        &mut self,
        event: &AccountEvent,
        fill: &Fill,
        instruments: &Instruments,
        now: Timestamp,
        out: &mut Outputs,
    ) -> bool {
        if self.portfolio.has_booked(fill.trade) {
            self.counters.duplicate_fills += 1;
            return false;
        }
        if fill.quantity.get() <= 0 || fill.instrument != event.instrument {
            self.counters.alarms += 1;
            return false;
        }
        self.counters.account_events += 1;
        self.digest.account(event);
        self.book(event.strategy, fill, instruments.get(fill.instrument), now, out);
        self.do_not_rebuild(event.strategy, fill.instrument, fill.side, now, out);
        true
    }
}

/// Whether a fill is more than was ordered, or something else.
fn contradicts(order: &Order, report: &OrderReport) -> bool {
    let ReportKind::Filled(fill) = &report.kind else { return false };
    order.filled() > order.request().quantity
        || (fill.side, fill.instrument) != (order.side(), order.instrument())
}

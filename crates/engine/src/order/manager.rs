//! Keeps every order that may still trade.
//!
//! Orders get their ids from a counter, so they are stored in order of id and found by
//! binary search; the risk gate bounds how many there are. Nothing allocates after the
//! manager is made.

use std::collections::VecDeque;

use domain::{
    Instrument, InstrumentId, Lots, NewOrder, NumberError, OrderId, OrderReport, OrderStatus,
    ReportKind, RunNumber, Side, StrategyId, Ticks,
};

use super::{Order, Pending, PendingValue, Purpose, state};
use crate::risk::Approved;

/// How many closed orders are remembered for late reports.
const RECENT: usize = 256;

/// What a report did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The order is now like this.
    Changed(Order),
    /// Nothing new: a repeated or overtaken acknowledgement, a refused cancel.
    Unchanged(Order),
    /// A fill of an order that was already closed. The money moved, the state did not.
    LateFill(Order),
    /// The report asks for a change the state machine forbids; nothing was changed.
    Illegal(Order),
    /// No order of this id is known (any more).
    NoSuchOrder,
}

/// All orders that may still trade, and the source of their ids.
#[derive(Clone, Debug)]
pub struct OrderManager {
    run: RunNumber,
    next: u64,
    open: Vec<Order>,
    closed: VecDeque<Order>,
}

impl OrderManager {
    /// An empty manager whose first order gets the counter `next`, with room for `capacity`
    /// open orders.
    #[must_use]
    pub fn new(run: RunNumber, next: u64, capacity: usize) -> Self {
        let closed = VecDeque::with_capacity(RECENT);
        Self { run, next, open: Vec::with_capacity(capacity), closed }
    }

    /// The id the next order will have. It is used up by [`Self::open`] only, so a refused
    /// order leaves no hole.
    #[must_use]
    pub const fn next_id(&self) -> OrderId {
        OrderId::new(self.run, self.next)
    }

    /// Takes an approved order in, in state `Created`.
    ///
    /// # Panics
    /// When the order does not carry [`Self::next_id`]: ids must never repeat.
    pub fn open(
        &mut self,
        order: Approved<NewOrder>,
        purpose: Purpose,
        reserve_price: Ticks,
    ) -> Order {
        assert_eq!(order.id, self.next_id(), "order ids are given out once and in order");
        self.next += 1;
        let order = Order {
            request: order.get(),
            purpose,
            reserve_price,
            status: OrderStatus::Created,
            filled: Lots::ZERO,
            cancel_requested: false,
        };
        self.open.push(order);
        order
    }

    /// Notes that an order was handed to the venue.
    pub fn sent(&mut self, id: OrderId) -> Applied {
        self.change(id, OrderStatus::Sent)
    }

    /// Notes that the fate of an order is not known: no answer in time, or an error that
    /// does not say what happened. It counts at worst case until a report proves its end.
    pub fn lost(&mut self, id: OrderId) -> Applied {
        self.change(id, OrderStatus::Unknown)
    }

    /// Applies what a venue says.
    pub fn apply(&mut self, report: &OrderReport) -> Applied {
        let Some(index) = self.index(report.order) else { return self.apply_late(report) };
        let order = &mut self.open[index];
        let filled = match report.kind {
            ReportKind::Filled(fill) => {
                order.filled.checked_add(fill.quantity).unwrap_or(order.request.quantity)
            }
            _ => order.filled,
        };
        let complete = filled >= order.request.quantity;
        if let ReportKind::CancelRejected(_) = report.kind {
            order.cancel_requested = false;
        }
        let Some(status) = state::asked_for(order.status, &report.kind, complete) else {
            return Applied::Unchanged(*order);
        };
        if !state::is_legal(order.status, status) {
            return Applied::Illegal(*order);
        }
        (order.status, order.filled) = (status, filled);
        Applied::Changed(self.settle(index))
    }

    /// An open order.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        self.index(id).map(|index| &self.open[index])
    }

    /// Whoever owns an order, open or recently closed.
    #[must_use]
    pub fn owner(&self, id: OrderId) -> Option<StrategyId> {
        let closed = || self.closed.iter().rev().find(|order| order.id() == id);
        self.get(id).or_else(closed).map(Order::strategy)
    }

    /// All open orders by id.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Order> {
        self.open.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Order> {
        self.open.iter_mut()
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The open orders of a strategy's protection in an instrument.
    pub fn protections(
        &self,
        strategy: StrategyId,
        instrument: InstrumentId,
    ) -> impl Iterator<Item = &Order> {
        self.open.iter().filter(move |order| {
            order.protects() && order.strategy() == strategy && order.instrument() == instrument
        })
    }

    /// The open orders of a strategy's quotes in an instrument.
    pub fn quotes(
        &self,
        strategy: StrategyId,
        instrument: InstrumentId,
    ) -> impl Iterator<Item = &Order> {
        self.open.iter().filter(move |order| {
            order.purpose == Purpose::Quote
                && order.strategy() == strategy
                && order.instrument() == instrument
        })
    }

    /// The unfilled rest of a strategy's orders for its wish in an instrument.
    #[must_use]
    pub fn pending(&self, strategy: StrategyId, instrument: InstrumentId) -> Pending {
        self.sum(|order| {
            order.serves_wish() && order.strategy() == strategy && order.instrument() == instrument
        })
    }

    /// The unfilled rest of everybody's orders in an instrument that may add to a position.
    #[must_use]
    pub fn pending_of_all(&self, instrument: InstrumentId) -> Pending {
        self.sum(|order| !order.protects() && order.instrument() == instrument)
    }

    /// What the unfilled rest of those orders is worth at the reserve prices.
    ///
    /// # Errors
    /// [`NumberError::Overflow`].
    pub fn pending_value(&self, instrument: &Instrument) -> Result<PendingValue, NumberError> {
        let mut value = PendingValue::default();
        let counts = |order: &&Order| !order.protects() && order.instrument() == instrument.id();
        for order in self.open.iter().filter(counts) {
            let rest = instrument.notional(order.reserve_price, order.remaining())?;
            let side = match order.side() {
                Side::Buy => &mut value.buys,
                Side::Sell => &mut value.sells,
            };
            *side =
                side.checked_add(rest).ok_or(NumberError::Overflow { what: "pending value" })?;
        }
        Ok(value)
    }

    fn sum(&self, wanted: impl Fn(&Order) -> bool) -> Pending {
        let mut pending = Pending::default();
        for order in self.open.iter().filter(|order| wanted(order)) {
            let side = match order.side() {
                Side::Buy => &mut pending.buys,
                Side::Sell => &mut pending.sells,
            };
            *side = side.checked_add(order.remaining()).unwrap_or(Lots::new(i64::MAX));
        }
        pending
    }

    fn index(&self, id: OrderId) -> Option<usize> {
        self.open.binary_search_by_key(&id, Order::id).ok()
    }

    fn change(&mut self, id: OrderId, status: OrderStatus) -> Applied {
        let Some(index) = self.index(id) else { return Applied::NoSuchOrder };
        let order = &mut self.open[index];
        if !state::is_legal(order.status, status) {
            return Applied::Illegal(*order);
        }
        order.status = status;
        Applied::Changed(*order)
    }

    /// A copy of the order at `index`, which leaves the open ones when it is final.
    fn settle(&mut self, index: usize) -> Order {
        let order = self.open[index];
        if order.status.is_final() {
            self.open.remove(index);
            if self.closed.len() == RECENT {
                self.closed.pop_front();
            }
            self.closed.push_back(order);
        }
        order
    }

    fn apply_late(&mut self, report: &OrderReport) -> Applied {
        let found = self.closed.iter_mut().rev().find(|order| order.id() == report.order);
        let Some(order) = found else { return Applied::NoSuchOrder };
        match report.kind {
            ReportKind::Filled(fill) => {
                order.filled =
                    order.filled.checked_add(fill.quantity).unwrap_or(order.request.quantity);
                Applied::LateFill(*order)
            }
            ReportKind::Accepted | ReportKind::CancelRejected(_) => Applied::Unchanged(*order),
            _ => Applied::Illegal(*order),
        }
    }
}

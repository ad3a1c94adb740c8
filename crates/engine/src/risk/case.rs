//! Everything a rule may look at when it judges one order.

use domain::{Instrument, NetLots, NewOrder, PositionEffect, Ticks, Timestamp};

use super::{
    config::{Collar, InstrumentLimits, RiskConfig},
    exposure::Exposure,
    order_rate::RateWindow,
};

/// Best bid and ask of a book in sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Best bid price.
    pub bid: Ticks,
    /// Best ask price.
    pub ask: Ticks,
}

/// The state of the market and of the account at the moment of an order.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Event time.
    pub now: Timestamp,
    /// What the order trades.
    pub instrument: &'a Instrument,
    /// Best prices; `None` when the book is out of sync or one-sided.
    pub touch: Option<Touch>,
    /// The last book change or trade, `None` before the first and while the feed is silent.
    pub last_data: Option<Timestamp>,
    /// What the strategy itself holds of it.
    pub held: NetLots,
    /// What is at stake already.
    pub exposure: Exposure,
    /// Orders open over all instruments.
    pub open_orders: usize,
}

/// What stops all trading while it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Switches {
    pub(crate) killed: bool,
    pub(crate) winding_down: bool,
    pub(crate) journal_stalled: bool,
}

/// One order on trial.
pub(super) struct Case<'a> {
    pub(super) order: &'a NewOrder,
    /// What the order is reckoned at: its limit, or for a market order the touch plus the
    /// collar. `None` when there is no touch, which a later rule refuses.
    pub(super) price: Option<Ticks>,
    pub(super) facts: &'a Facts<'a>,
    pub(super) config: &'a RiskConfig,
    pub(super) limits: &'a InstrumentLimits,
    pub(super) collar: Collar,
    pub(super) switches: Switches,
    pub(super) rate: &'a RateWindow,
}

impl Case<'_> {
    /// Whether the venue itself keeps the order from going beyond what is held.
    pub(super) fn is_reduce_only(&self) -> bool {
        self.order.effect == PositionEffect::ReduceOnly
    }

    /// Whether the order can only lower what is at stake.
    pub(super) fn is_reducing(&self) -> bool {
        self.is_reduce_only()
            || self.facts.exposure.is_reduced_by(self.order.side, self.order.quantity)
    }
}

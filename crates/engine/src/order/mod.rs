//! The life of our orders.
//!
//! An order lives here from the moment the gate approves it until its final state, and
//! counts with its whole unfilled rest in every limit meanwhile, also while nobody knows
//! what became of it. Closed orders leave memory, except for a short list that lets a
//! late report find its owner. Orders of a protection can only reduce what is held, so they
//! count as open and in no limit on what is at stake.

mod manager;
mod state;

#[cfg(test)]
mod tests;

pub use manager::{Applied, OrderManager};
pub use state::is_legal;

use domain::{InstrumentId, Lots, Money, NewOrder, OrderId, OrderStatus, Side, StrategyId, Ticks};

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To hold what a strategy wishes to hold.
    Wish,
    /// To stand in the book until somebody trades with it.
    Quote,
    /// To close what is held when the market gets to a stop or a target.
    Protection,
}

/// One order of ours, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    request: NewOrder,
    purpose: Purpose,
    reserve_price: Ticks,
    status: OrderStatus,
    filled: Lots,
    cancel_requested: bool,
}

impl Order {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> OrderId {
        self.request.id
    }

    /// What was asked for.
    #[must_use]
    pub const fn request(&self) -> &NewOrder {
        &self.request
    }

    /// What it is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Whether it serves a wish for a position.
    #[must_use]
    pub const fn serves_wish(&self) -> bool {
        matches!(self.purpose, Purpose::Wish)
    }

    /// Whether it only closes what is held, so that it adds nothing to what is at stake.
    #[must_use]
    pub const fn protects(&self) -> bool {
        matches!(self.purpose, Purpose::Protection)
    }

    /// Whose it is.
    #[must_use]
    pub const fn strategy(&self) -> StrategyId {
        self.request.strategy
    }

    /// What it trades.
    #[must_use]
    pub const fn instrument(&self) -> InstrumentId {
        self.request.instrument
    }

    /// Which way.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.request.side
    }

    /// Where it is in its life.
    #[must_use]
    pub const fn status(&self) -> OrderStatus {
        self.status
    }

    /// How much of it is done.
    #[must_use]
    pub const fn filled(&self) -> Lots {
        self.filled
    }

    /// How much of it may still be done; nothing once it is final.
    #[must_use]
    pub const fn remaining(&self) -> Lots {
        if self.status.is_final() { Lots::ZERO } else { self.request.quantity.minus(self.filled) }
    }

    /// The price its rest counts at in every limit: its limit, or for a market order the
    /// touch plus the collar at the time of approval.
    #[must_use]
    pub const fn reserve_price(&self) -> Ticks {
        self.reserve_price
    }

    /// Whether we have asked to withdraw it and not been refused.
    #[must_use]
    pub const fn cancel_requested(&self) -> bool {
        self.cancel_requested
    }

    /// Marks it as being withdrawn; `false` when it was marked before.
    pub(crate) const fn request_cancel(&mut self) -> bool {
        !std::mem::replace(&mut self.cancel_requested, true)
    }
}

/// The unfilled rest of a set of orders, per side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Lots that may still be bought.
    pub buys: Lots,
    /// Lots that may still be sold.
    pub sells: Lots,
}

impl Pending {
    /// The rest on one side.
    #[must_use]
    pub const fn on(&self, side: Side) -> Lots {
        match side {
            Side::Buy => self.buys,
            Side::Sell => self.sells,
        }
    }
}

/// The value of the unfilled rest of a set of orders at their reserve prices, per side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingValue {
    /// Of the buys.
    pub buys: Money,
    /// Of the sells.
    pub sells: Money,
}

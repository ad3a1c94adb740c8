//! What is at stake, at worst.
//!
//! Nobody knows which open orders will be done, so the worst is assumed: either all buys
//! and no sell, or all sells and no buy, each order at its reserve price and the position
//! at the middle price.

use domain::{Lots, Money, NetLots, Side};

/// The stake in one instrument and, as one number, in all the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Signed position over all strategies.
    pub position: NetLots,
    /// Unfilled rest of all open buys.
    pub open_buys: Lots,
    /// Unfilled rest of all open sells.
    pub open_sells: Lots,
    /// The position at the middle price, signed.
    pub position_value: Money,
    /// The open buys at their reserve prices.
    pub open_buy_value: Money,
    /// The open sells at their reserve prices.
    pub open_sell_value: Money,
    /// Worst case of all other instruments together.
    pub elsewhere: Money,
}

impl Exposure {
    /// The position if every open order of one side is done, and `more` with them. `None`
    /// when it does not fit.
    #[must_use]
    pub fn worst_position(&self, side: Side, more: Lots) -> Option<NetLots> {
        let open = match side {
            Side::Buy => self.open_buys,
            Side::Sell => self.open_sells,
        };
        self.position.checked_add(open.checked_add(more)?.signed(side))
    }

    /// The worst value of this instrument alone. `None` when it does not fit.
    #[must_use]
    pub fn worst_here(&self) -> Option<Money> {
        let long = self.position_value.checked_add(self.open_buy_value)?;
        let short = self.position_value.checked_sub(self.open_sell_value)?;
        Some(long.abs().max(short.abs()))
    }

    /// The worst value over all instruments. `None` when it does not fit.
    #[must_use]
    pub fn worst_total(&self) -> Option<Money> {
        self.worst_here()?.checked_add(self.elsewhere)
    }

    /// The same with one more order. `None` when it does not fit.
    #[must_use]
    pub fn with(&self, side: Side, quantity: Lots, value: Money) -> Option<Self> {
        let mut next = *self;
        match side {
            Side::Buy => {
                next.open_buys = self.open_buys.checked_add(quantity)?;
                next.open_buy_value = self.open_buy_value.checked_add(value)?;
            }
            Side::Sell => {
                next.open_sells = self.open_sells.checked_add(quantity)?;
                next.open_sell_value = self.open_sell_value.checked_add(value)?;
            }
        }
        Some(next)
    }

    /// Whether an order can only bring the position nearer to zero: it is on the other side
    /// of the position and, with all open orders of its side, not larger than it.
    #[must_use]
    pub fn is_reduced_by(&self, side: Side, quantity: Lots) -> bool {
        self.position.side() == Some(side.opposite())
            && self
                .worst_position(side, quantity)
                .is_some_and(|worst| worst.is_zero() || worst.side() == self.position.side())
    }
}

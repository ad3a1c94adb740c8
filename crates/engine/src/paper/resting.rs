//! Our orders that wait in the pretend exchange's book.

use domain::{Lots, NewOrder, OrderId, Side, Ticks};

use super::fill_model::Place;

/// An order of ours that waits.
#[derive(Debug)]
pub(super) struct RestingOrder {
    pub(super) order: NewOrder,
    pub(super) limit: Ticks,
    pub(super) remaining: Lots,
    pub(super) place: Place,
    /// Whether what stands at its price cannot be seen at present.
    pub(super) guessed: bool,
}

/// The waiting orders of one instrument, each side in price-time priority.
#[derive(Debug, Default)]
pub(super) struct Resting {
    bids: Vec<RestingOrder>,
    asks: Vec<RestingOrder>,
}

impl Resting {
    /// Adds an order behind those of the same or a better price; gives back its index.
    pub(super) fn insert(&mut self, resting: RestingOrder) -> usize {
        let (side, limit) = (resting.order.side, resting.limit);
        let orders = self.side(side);
        let index = orders.partition_point(|other| match side {
            Side::Buy => other.limit >= limit,
            Side::Sell => other.limit <= limit,
        });
        orders.insert(index, resting);
        index
    }

    /// Takes an order out.
    pub(super) fn remove(&mut self, id: OrderId) -> Option<RestingOrder> {
        [&mut self.bids, &mut self.asks].into_iter().find_map(|orders| {
            let index = orders.iter().position(|resting| resting.order.id == id)?;
            Some(orders.remove(index))
        })
    }

    /// Takes out the orders of a side that are done.
    pub(super) fn remove_done(&mut self, side: Side) {
        self.side(side).retain(|resting| !resting.remaining.is_zero());
    }

    /// The orders of a side, first in line first.
    pub(super) const fn side(&mut self, side: Side) -> &mut Vec<RestingOrder> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.bids.len() + self.asks.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

//! A price-time matching engine for the pretend exchange.
//!
//! Unlike the paper broker, which matches our orders against displayed quantities of somebody
//! else's market, this one knows each order: it is the market. Every change of a level and
//! every trade is reported, so that the public streams can be written from the reports alone.

use std::collections::{BTreeMap, VecDeque};

use domain::{Level, Lots, Side, Ticks};

use crate::market::reaches;

#[cfg(test)]
mod tests;

/// What happened inside the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// A level now holds this quantity; zero when it is gone.
    Level {
        /// Bids or asks.
        side: Side,
        /// Price and whole quantity.
        level: Level,
    },
    /// Two orders met.
    Trade {
        /// The resting order's price.
        price: Ticks,
        /// How much.
        quantity: Lots,
        /// The side of the order that came second.
        aggressor: Side,
        /// Whose order rested, where it was not one of the crowd's.
        maker: Option<u64>,
    },
}

/// Names a resting order until it is filled or cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderKey(u32);

#[derive(Clone, Copy, Debug)]
struct Order {
    side: Side,
    price: i64,
    left: i64,
    /// Names the order of an account; `None` for those of the crowd.
    owner: Option<u64>,
    /// Its place in the list of living orders.
    place: usize,
}

#[derive(Debug, Default)]
struct Queue {
    total: i64,
    orders: VecDeque<u32>,
}

/// Resting orders by price, and within a price by time.
#[derive(Debug, Default)]
pub(crate) struct MatchingBook {
    bids: BTreeMap<i64, Queue>,
    asks: BTreeMap<i64, Queue>,
    orders: Vec<Order>,
    free: Vec<u32>,
    living: Vec<u32>,
}

impl MatchingBook {
    /// Fills what it can at `limit` or better and lets the rest stand there.
    pub(crate) fn place(
        &mut self,
        side: Side,
        limit: Ticks,
        quantity: Lots,
        reports: &mut Vec<Report>,
    ) -> Option<OrderKey> {
        let left = self.take(side, limit, quantity, reports);
        (!left.is_zero()).then(|| self.rest(side, limit, left, None, reports))
    }

    /// Fills what it can at `limit` or better. Returns what could not be filled.
    pub(crate) fn take(
        &mut self,
        side: Side,
        limit: Ticks,
        quantity: Lots,
        reports: &mut Vec<Report>,
    ) -> Lots {
        let mut left = quantity.get();
        while left > 0 {
            let Some(level) = self.best(side.opposite()) else { break };
            if !reaches(side, limit, level.price) {
                break;
            }
            left -= self.trade_at(side.opposite(), level.price.get(), left, reports);
        }
        Lots::new(left)
    }

    /// Trades up to `most` against one level, oldest orders first.
    fn trade_at(&mut self, side: Side, price: i64, most: i64, reports: &mut Vec<Report>) -> i64 {
        let Some(queue) = self.side_mut(side).get_mut(&price) else { return 0 };
        let mut queue = std::mem::take(queue);
        let mut traded = 0;
        while let Some(&index) = queue.orders.front() {
            let order = &mut self.orders[index as usize];
            let part = order.left.min(most - traded);
            if part == 0 {
                break;
            }
            order.left -= part;
            traded += part;
            reports.push(Report::Trade {
                price: Ticks::new(price),
                quantity: Lots::new(part),
                aggressor: side.opposite(),
                maker: order.owner,
            });
            if self.orders[index as usize].left == 0 {
                queue.orders.pop_front();
                self.forget(index);
            }
        }
        queue.total -= traded;
        self.put_back(side, price, queue, reports);
        traded
    }

    /// Lets an order stand at a price, without looking for a counterpart.
    pub(crate) fn rest(
        &mut self,
        side: Side,
        price: Ticks,
        left: Lots,
        owner: Option<u64>,
        reports: &mut Vec<Report>,
    ) -> OrderKey {
        let (price, left) = (price.get(), left.get());
        let order = Order { side, price, left, owner, place: self.living.len() };
        let index = if let Some(index) = self.free.pop() {
            self.orders[index as usize] = order;
            index
        } else {
            self.orders.push(order);
            u32::try_from(self.orders.len() - 1).expect("memory ends before 2^32 orders")
        };
        self.living.push(index);
        let mut queue = self.side_mut(side).remove(&price).unwrap_or_default();
        queue.total += left;
        queue.orders.push_back(index);
        self.put_back(side, price, queue, reports);
        OrderKey(index)
    }

    /// Takes a resting order away.
    pub(crate) fn cancel(&mut self, key: OrderKey, reports: &mut Vec<Report>) {
        let Order { side, price, left, .. } = self.orders[key.0 as usize];
        let Some(mut queue) = self.side_mut(side).remove(&price) else { return };
        queue.orders.retain(|index| *index != key.0);
        queue.total -= left;
        self.forget(key.0);
        self.put_back(side, price, queue, reports);
    }

    /// Takes a part of a resting order away; it keeps its place in the queue.
    pub(crate) fn reduce(&mut self, key: OrderKey, by: Lots, reports: &mut Vec<Report>) {
        let Order { side, price, left, .. } = self.orders[key.0 as usize];
        if by.get() >= left {
            return self.cancel(key, reports);
        }
        let Some(mut queue) = self.side_mut(side).remove(&price) else { return };
        queue.total -= by.get();
        self.orders[key.0 as usize].left -= by.get();
        self.put_back(side, price, queue, reports);
    }

    /// The order that a taker of the other side would meet first: price, what is left, owner.
    pub(crate) fn front(&self, side: Side) -> Option<(Ticks, Lots, Option<u64>)> {
        let (price, queue) = match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        }?;
        let order = &self.orders[*queue.orders.front()? as usize];
        Some((Ticks::new(*price), Lots::new(order.left), order.owner))
    }

    /// Whether an order belongs to an account.
    pub(crate) fn is_owned(&self, key: OrderKey) -> bool {
        self.orders[key.0 as usize].owner.is_some()
    }

    fn put_back(&mut self, side: Side, price: i64, queue: Queue, reports: &mut Vec<Report>) {
        let level = Level::new(price, queue.total);
        if queue.total > 0 {
            self.side_mut(side).insert(price, queue);
        } else {
            self.side_mut(side).remove(&price);
        }
        reports.push(Report::Level { side, level });
    }

    fn forget(&mut self, index: u32) {
        let place = self.orders[index as usize].place;
        self.living.swap_remove(place);
        if let Some(&moved) = self.living.get(place) {
            self.orders[moved as usize].place = place;
        }
        self.free.push(index);
    }

    /// The best level of a side.
    pub(crate) fn best(&self, side: Side) -> Option<Level> {
        let entry = match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        };
        entry.map(|(price, queue)| Level::new(*price, queue.total))
    }

    /// The levels of a side, best first.
    pub(crate) fn levels(&self, side: Side) -> Box<dyn Iterator<Item = Level> + '_> {
        let level = |(price, queue): (&i64, &Queue)| Level::new(*price, queue.total);
        match side {
            Side::Buy => Box::new(self.bids.iter().rev().map(level)),
            Side::Sell => Box::new(self.asks.iter().map(level)),
        }
    }

    /// How many orders rest.
    pub(crate) fn len(&self) -> usize {
        self.living.len()
    }

    /// The resting order at a place below [`Self::len`], for picking one at random.
    pub(crate) fn order_at(&self, place: usize) -> Option<(OrderKey, Side, Ticks)> {
        let index = *self.living.get(place)?;
        let order = &self.orders[index as usize];
        Some((OrderKey(index), order.side, Ticks::new(order.price)))
    }

    /// The resting orders of one side at a price or better than it, best first.
    pub(crate) fn orders_from(&self, side: Side, price: Ticks, found: &mut Vec<OrderKey>) {
        let limit = price.get();
        let mut add = |(_, queue): (&i64, &Queue)| {
            found.extend(queue.orders.iter().map(|index| OrderKey(*index)));
        };
        match side {
            Side::Buy => self.bids.range(limit..).rev().for_each(&mut add),
            Side::Sell => self.asks.range(..=limit).for_each(&mut add),
        }
    }

    /// How many orders stand at a price.
    pub(crate) fn orders_at(&self, side: Side, price: Ticks) -> usize {
        let queues = match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        };
        queues.get(&price.get()).map_or(0, |queue| queue.orders.len())
    }

    const fn side_mut(&mut self, side: Side) -> &mut BTreeMap<i64, Queue> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

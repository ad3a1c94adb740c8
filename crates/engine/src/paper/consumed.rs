//! What we have already used up of the market's book.
//!
//! Our pretend trades do not change the real book, which goes on showing the quantity
//! we used. Without a memory the same quantity could be used again on the next event.

use domain::{Level, Lots, Side, Ticks};

/// Quantity used per level since the market itself last changed that level.
///
/// The market's own change is taken as fresh liquidity even where it only shrinks the level:
/// on a thick, busy level this is a little optimistic.
#[derive(Debug, Default)]
pub(super) struct Consumed {
    /// Few, in order of price.
    bids: Vec<Level>,
    asks: Vec<Level>,
}

impl Consumed {
    /// The level without what we used of it.
    #[inline]
    pub(super) fn rest_of(&self, side: Side, level: Level) -> Level {
        let used = self.side(side);
        if used.is_empty() {
            return level;
        }
        let taken = place(used, level.price).map_or(Lots::ZERO, |place| used[place].quantity);
        Level { price: level.price, quantity: level.quantity.minus(taken) }
    }

    /// Remembers a part used of a level.
    pub(super) fn take(&mut self, side: Side, part: Level) {
        let used = self.side_mut(side);
        match place(used, part.price) {
            Ok(place) => {
                let taken = &mut used[place].quantity;
                *taken = taken.checked_add(part.quantity).unwrap_or(Lots::new(i64::MAX));
            }
            Err(place) => used.insert(place, part),
        }
    }

    /// The market changed these levels itself. Most changes are far from what we used, and
    /// cost a comparison.
    #[inline]
    pub(super) fn forget(&mut self, side: Side, changed: &[Level]) {
        let used = self.side_mut(side);
        let (Some(lowest), Some(highest)) = (used.first(), used.last()) else { return };
        let (lowest, highest) = (lowest.price, highest.price);
        for level in changed.iter().filter(|level| (lowest..=highest).contains(&level.price)) {
            if let Ok(place) = place(used, level.price) {
                used.remove(place);
            }
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }

    /// The market shows a new book, or none.
    pub(super) fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    const fn side(&self, side: Side) -> &Vec<Level> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    const fn side_mut(&mut self, side: Side) -> &mut Vec<Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

/// Where a price is among used levels, or where it would be.
fn place(used: &[Level], price: Ticks) -> Result<usize, usize> {
    used.binary_search_by_key(&price, |level| level.price)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: Level = Level::new(105, 10);

    fn used(prices: &[i64]) -> Consumed {
        let mut consumed = Consumed::default();
        for &price in prices {
            consumed.take(Side::Sell, Level::new(price, 3));
        }
        consumed
    }

    fn left(consumed: &Consumed, side: Side) -> i64 {
        consumed.rest_of(side, TOP).quantity.get()
    }

    #[test]
    fn what_was_used_is_missing_until_the_market_changes_that_level() {
        let mut consumed = used(&[103, 105, 107]);
        consumed.forget(Side::Sell, &[Level::new(104, 1), Level::new(90, 1), Level::new(200, 0)]);
        consumed.forget(Side::Buy, &[TOP]);
        assert_eq!((left(&consumed, Side::Sell), left(&consumed, Side::Buy)), (7, 10));
        consumed.forget(Side::Sell, &[Level::new(104, 1), TOP]);
        assert_eq!(left(&consumed, Side::Sell), 10);
        let neighbour = consumed.rest_of(Side::Sell, Level::new(107, 10));
        assert_eq!(neighbour.quantity.get(), 7, "its neighbours did not change");
    }

    #[test]
    fn the_only_used_level_is_forgotten_like_any_other() {
        let mut consumed = used(&[105]);
        consumed.forget(Side::Sell, &[TOP]);
        assert_eq!(left(&consumed, Side::Sell), 10);
        consumed.forget(Side::Sell, &[TOP]);
        assert_eq!(left(&consumed, Side::Sell), 10);
    }
}

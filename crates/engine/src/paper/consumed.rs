//! What we have already used up of the market's book.
//!
//! Our pretend trades do not change the real book, which goes on showing the quantity
//! we used. Without a memory the same quantity could be used again on the next event.

use std::collections::BTreeMap;

use domain::{Level, Lots, Side, Ticks};

/// Quantity used per level since the market itself last changed that level.
///
/// The market's own change is taken as fresh liquidity even where it only shrinks the level:
/// on a thick, busy level this is a little optimistic.
#[derive(Debug, Default)]
pub(super) struct Consumed(BTreeMap<(Side, Ticks), Lots>);

impl Consumed {
    /// The level without what we used of it.
    pub(super) fn rest_of(&self, side: Side, level: Level) -> Level {
        let taken = self.0.get(&(side, level.price)).copied().unwrap_or_default();
        Level { price: level.price, quantity: level.quantity.minus(taken) }
    }

    /// Remembers a part used of a level.
    pub(super) fn take(&mut self, side: Side, part: Level) {
        let taken = self.0.entry((side, part.price)).or_default();
        *taken = taken.checked_add(part.quantity).unwrap_or(Lots::new(i64::MAX));
    }

    /// The market changed these levels itself. Most changes are far from what we used, and
    /// cost a comparison.
    pub(super) fn forget(&mut self, side: Side, changed: &[Level]) {
        let ends = (side, Ticks::new(i64::MIN))..=(side, Ticks::new(i64::MAX));
        let mut used = self.0.range(ends).map(|((_, price), _)| *price);
        let Some(lowest) = used.next() else { return };
        let highest = used.next_back().unwrap_or(lowest);
        for level in changed.iter().filter(|level| (lowest..=highest).contains(&level.price)) {
            self.0.remove(&(side, level.price));
        }
    }

    /// The market shows a new book, or none.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
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

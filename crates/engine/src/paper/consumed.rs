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

    /// The market changed these levels itself.
    pub(super) fn forget(&mut self, side: Side, changed: &[Level]) {
        if !self.0.is_empty() {
            for level in changed {
                self.0.remove(&(side, level.price));
            }
        }
    }

    /// The market shows a new book, or none.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

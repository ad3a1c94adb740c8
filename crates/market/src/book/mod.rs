//! The order book of one instrument, in whole ticks and lots.
//!
//! Each side is a flat window of ticks around its best price, with one bit per tick
//! to find the next level, and an ordered map for everything farther out. A change
//! inside the window costs a few nanoseconds and no allocation. Whether the changes
//! are complete and in sequence is the venue decoder's concern, not this module's.

mod far;
mod levels;
mod side;

#[cfg(test)]
mod tests;

use std::fmt;

use domain::{Level, Lots, Side, Ticks};

use self::side::BookSide;

/// All resting quantity of one instrument by price.
///
/// Bids are [`Side::Buy`], asks [`Side::Sell`]. A quantity of zero (or, against all
/// convention, below zero) means that there is no such level.
///
/// ```
/// use domain::Level;
/// use market::OrderBook;
///
/// let mut book = OrderBook::new();
/// book.load(&[Level::new(99, 5), Level::new(98, 7)], &[Level::new(101, 4)]);
/// book.apply(&[Level::new(99, 0)], &[Level::new(100, 2)]);
/// assert_eq!(book.best_bid(), Some(Level::new(98, 7)));
/// assert_eq!(book.best_ask(), Some(Level::new(100, 2)));
/// ```
#[derive(Clone)]
pub struct OrderBook {
    bids: BookSide,
    asks: BookSide,
}

impl OrderBook {
    /// Ticks per side kept in the flat window unless told otherwise.
    ///
    /// Wide enough for nine changes in ten on the finest grids, such as spot BTC in cents;
    /// memory that no level ever used is not touched.
    pub const DEFAULT_WINDOW: usize = 16_384;

    /// An empty book with the default window.
    #[must_use]
    pub fn new() -> Self {
        Self::with_window(Self::DEFAULT_WINDOW)
    }

    /// An empty book with at least `ticks` per side in the flat window.
    ///
    /// Rounded up to a power of two, and to 256 at least. Each tick costs eight bytes.
    #[must_use]
    pub fn with_window(ticks: usize) -> Self {
        Self { bids: BookSide::bids(ticks), asks: BookSide::asks(ticks) }
    }

    /// Replaces the whole book. The levels may come in any order; of two at one price the
    /// later one counts.
    pub fn load(&mut self, bids: &[Level], asks: &[Level]) {
        self.bids.load(bids);
        self.asks.load(asks);
    }

    /// Takes in changed levels with their new absolute quantities.
    pub fn apply(&mut self, bids: &[Level], asks: &[Level]) {
        self.bids.apply(bids);
        self.asks.apply(asks);
    }

    /// Removes every level.
    pub fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// The highest bid.
    #[must_use]
    pub fn best_bid(&self) -> Option<Level> {
        self.bids.best()
    }

    /// The lowest ask.
    #[must_use]
    pub fn best_ask(&self) -> Option<Level> {
        self.asks.best()
    }

    /// The quantity resting at a price, zero when there is none.
    #[must_use]
    pub fn quantity_at(&self, side: Side, price: Ticks) -> Lots {
        Lots::new(self.side(side).quantity_at(price.get()))
    }

    /// The levels of a side from the best outwards.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        self.side(side).levels()
    }

    /// How many levels a side has.
    #[must_use]
    pub fn depth(&self, side: Side) -> usize {
        self.side(side).depth()
    }

    /// Whether the best bid is at or above the best ask.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        match (self.best_bid(), self.best_ask()) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            _ => false,
        }
    }

    /// Whether there is no level on either side.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bids.depth() == 0 && self.asks.depth() == 0
    }

    const fn side(&self, side: Side) -> &BookSide {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }
}

impl Default for OrderBook {
    fn default() -> Self {
        Self::new()
    }
}

/// The touch and the depths: the windows would fill a screen.
impl fmt::Debug for OrderBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderBook")
            .field("best_bid", &self.best_bid())
            .field("best_ask", &self.best_ask())
            .field("bids", &self.bids.depth())
            .field("asks", &self.asks.depth())
            .finish()
    }
}

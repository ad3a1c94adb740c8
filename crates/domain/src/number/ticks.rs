//! Prices as counts of the instrument's tick.

use serde::{Deserialize, Serialize};

use super::Lots;

/// A price as a whole number of the instrument's tick size.
///
/// Only meaningful together with the [`Instrument`](crate::Instrument) it came from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Ticks(i64);

impl Ticks {
    /// Wraps a count.
    #[must_use]
    pub const fn new(count: i64) -> Self {
        Self(count)
    }

    /// The count.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The price `steps` ticks away, stopping at the ends of the range.
    #[must_use]
    pub const fn offset(self, steps: i64) -> Self {
        Self(self.0.saturating_add(steps))
    }
}

/// One step of an order book: a price and the quantity resting there.
///
/// In a change, quantity zero means that the level is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Level {
    /// The price in ticks.
    pub price: Ticks,
    /// The whole quantity at that price in lots.
    pub quantity: Lots,
}

impl Level {
    /// A level from raw counts.
    #[must_use]
    pub const fn new(price: i64, quantity: i64) -> Self {
        Self { price: Ticks::new(price), quantity: Lots::new(quantity) }
    }
}

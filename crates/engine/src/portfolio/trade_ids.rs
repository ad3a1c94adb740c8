//! Which executions were booked.
//!
//! Trade ids count upward, so the booked ones form few unbroken ranges: remembering every
//! one of them exactly, for ever, takes a handful of pairs.

use domain::TradeId;

/// A set of trade ids kept as sorted, disjoint, not touching ranges.
#[derive(Clone, Debug, Default)]
pub struct TradeIds {
    ranges: Vec<(u64, u64)>,
}

impl TradeIds {
    /// An empty set with room for `ranges` ranges.
    #[must_use]
    pub fn with_capacity(ranges: usize) -> Self {
        Self { ranges: Vec::with_capacity(ranges) }
    }

    /// Whether this id is in the set.
    #[must_use]
    pub fn contains(&self, id: TradeId) -> bool {
        let after = self.first_after(id.get());
        after > 0 && self.ranges[after - 1].1 >= id.get()
    }

    /// Adds an id; `false` when it was there.
    pub fn insert(&mut self, id: TradeId) -> bool {
        if self.contains(id) {
            return false;
        }
        let id = id.get();
        let after = self.first_after(id);
        let joins_left = after > 0 && self.ranges[after - 1].1.checked_add(1) == Some(id);
        let joins_right =
            self.ranges.get(after).is_some_and(|range| id.checked_add(1) == Some(range.0));
        match (joins_left, joins_right) {
            (true, true) => {
                self.ranges[after - 1].1 = self.ranges[after].1;
                self.ranges.remove(after);
            }
            (true, false) => self.ranges[after - 1].1 = id,
            (false, true) => self.ranges[after].0 = id,
            (false, false) => self.ranges.insert(after, (id, id)),
        }
        true
    }

    /// How many ranges the set takes.
    #[must_use]
    pub fn ranges(&self) -> usize {
        self.ranges.len()
    }

    fn first_after(&self, id: u64) -> usize {
        self.ranges.partition_point(|range| range.0 <= id)
    }
}

//! Which executions were seen, in little memory.
//!
//! The ids of a run count up, so they are kept as ranges: one for most runs.

use std::collections::BTreeMap;

use domain::TradeId;
use serde::{Deserialize, Serialize};

/// A set of trade ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TradeIds {
    /// First to last of each range; ranges never touch.
    ranges: BTreeMap<u64, u64>,
}

impl TradeIds {
    /// Adds an id; `false` when it was there.
    pub(crate) fn insert(&mut self, trade: TradeId) -> bool {
        let id = trade.get();
        let below = self.ranges.range(..=id).next_back().map(|(&first, &last)| (first, last));
        if below.is_some_and(|(_, last)| last >= id) {
            return false;
        }
        let first = match below {
            Some((first, last)) if last + 1 == id => first,
            _ => id,
        };
        let above = id.checked_add(1).and_then(|next| self.ranges.remove(&next));
        self.ranges.insert(first, above.unwrap_or(id));
        true
    }

    /// The highest id, `None` when there is none.
    pub(crate) fn last(&self) -> Option<TradeId> {
        self.ranges.last_key_value().map(|(_, &last)| TradeId::from_raw(last))
    }
}

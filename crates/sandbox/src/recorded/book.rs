//! The book of a recording: its snapshot, and the changes played since.

use std::collections::BTreeMap;

use domain::{Side, Timestamp};
use rust_decimal::Decimal;

use super::line::{DiffLine, Levels, SnapshotLine};
use crate::market::{Depth, DepthLevel};

/// What the venue would have answered to a depth request.
///
/// Before playback reaches the snapshot's number this is the snapshot itself: it comes from
/// the near future, which a reader that follows the venue's rules handles like any snapshot
/// that is newer than its stream.
#[derive(Clone, Debug, Default)]
pub(super) struct RecordedBook {
    last_update_id: u64,
    bids: BTreeMap<Decimal, Decimal>,
    asks: BTreeMap<Decimal, Decimal>,
}

impl RecordedBook {
    pub(super) fn from_snapshot(snapshot: &SnapshotLine<'_>) -> Result<Self, String> {
        let mut book = Self { last_update_id: snapshot.last_update_id, ..Self::default() };
        change(&mut book.bids, &snapshot.bids)?;
        change(&mut book.asks, &snapshot.asks)?;
        Ok(book)
    }

    /// Applies a change that is not older than the book.
    pub(super) fn apply(&mut self, diff: &DiffLine<'_>) -> Result<(), String> {
        if diff.last_id <= self.last_update_id {
            return Ok(());
        }
        change(&mut self.bids, &diff.bids)?;
        change(&mut self.asks, &diff.asks)?;
        self.last_update_id = diff.last_id;
        Ok(())
    }

    /// The levels of one side.
    pub(super) const fn side(&self, side: Side) -> &BTreeMap<Decimal, Decimal> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    pub(super) fn depth(&self, levels: usize, time: Timestamp) -> Depth {
        let level = |(price, quantity): (&Decimal, &Decimal)| DepthLevel {
            price: *price,
            quantity: *quantity,
        };
        Depth {
            last_update_id: self.last_update_id,
            time,
            bids: self.bids.iter().rev().take(levels).map(level).collect(),
            asks: self.asks.iter().take(levels).map(level).collect(),
        }
    }
}

fn change(side: &mut BTreeMap<Decimal, Decimal>, levels: &Levels<'_>) -> Result<(), String> {
    let decimal = |text: &str| {
        Decimal::from_str_exact(text).map_err(|_| format!("{text:?} is not a decimal number"))
    };
    for (price, quantity) in levels {
        let (price, quantity) = (decimal(price)?, decimal(quantity)?);
        if quantity.is_zero() {
            side.remove(&price);
        } else {
            side.insert(price, quantity);
        }
    }
    Ok(())
}

//! The newest picture of one market, published to other threads without a lock.
//!
//! One thread writes, any number read; readers never delay the writer and never see
//! half of an update. The protocol is a sequence lock on the published number: odd
//! while fields change, twice the view's sequence when they are at rest. It needs no
//! fence: every field is stored with `Release` and loaded with `Acquire`, so a reader
//! that has seen any field of a newer write also sees that write's odd number when it
//! looks again. On x86 all of these are plain moves.

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(loom)]
use loom::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

const IMBALANCE_SCALE: f64 = 1e9;
const SPREAD_SCALE: f64 = 100.0;

/// The touch of one market at one moment, as plain numbers for statistics and display.
///
/// Derived from the exact book, never the other way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SnapshotView {
    /// When, in nanoseconds since the epoch.
    pub timestamp_ns: u64,
    /// Highest bid, in quote currency per unit of base.
    pub best_bid: f64,
    /// Lowest ask, in quote currency per unit of base.
    pub best_ask: f64,
    /// Half of their sum.
    pub mid_price: f64,
    /// (bid - ask) / (bid + ask) of the quantities at the touch: -1 to 1.
    pub imbalance: f64,
    /// (ask - bid) / mid, in hundredths of a percent.
    pub spread_bps: f64,
    /// Grows with every view; below 2^63.
    pub sequence: u64,
}

/// Seven fields of eight bytes: the documents' 64 is the size of [`MarketSnapshot`].
const _: () = assert!(size_of::<SnapshotView>() == 56);

/// The newest [`SnapshotView`], for other threads, in one cache line.
///
/// Prices are the bits of an `f64`; the imbalance is kept in units of 1e-9 and the spread
/// in hundredths of a basis point, both rounded to the nearest, halves away from zero.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct MarketSnapshot {
    timestamp_ns: AtomicU64,
    best_bid: AtomicU64,
    best_ask: AtomicU64,
    mid_price: AtomicU64,
    imbalance: AtomicI64,
    sequence: AtomicU64,
    spread_bps: AtomicU32,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<MarketSnapshot>() == 64 && align_of::<MarketSnapshot>() == 64);

impl MarketSnapshot {
    /// All zero, with sequence zero: nothing was published yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            timestamp_ns: AtomicU64::new(0),
            best_bid: AtomicU64::new(0),
            best_ask: AtomicU64::new(0),
            mid_price: AtomicU64::new(0),
            imbalance: AtomicI64::new(0),
            sequence: AtomicU64::new(0),
            spread_bps: AtomicU32::new(0),
        }
    }

    /// Publishes a view. Never waits.
    ///
    /// Only one thread may write. Published sequences grow strictly: one that does not is
    /// replaced by the number after the last.
    #[inline]
    pub fn write(&self, view: &SnapshotView) {
        let last = self.sequence.load(Ordering::Relaxed) >> 1;
        let stable = view.sequence.max(last + 1) << 1;
        // No ordering: each Release store below keeps it before itself.
        self.sequence.store(stable.wrapping_sub(1), Ordering::Relaxed);
        self.timestamp_ns.store(view.timestamp_ns, Ordering::Release);
        self.best_bid.store(view.best_bid.to_bits(), Ordering::Release);
        self.best_ask.store(view.best_ask.to_bits(), Ordering::Release);
        self.mid_price.store(view.mid_price.to_bits(), Ordering::Release);
        self.imbalance.store(imbalance_units(view.imbalance), Ordering::Release);
        self.spread_bps.store(spread_units(view.spread_bps), Ordering::Release);
        self.sequence.store(stable, Ordering::Release);
    }

    /// The newest view. Waits out a write that is in progress.
    #[must_use]
    pub fn read(&self) -> SnapshotView {
        loop {
            if let Some(view) = self.try_read() {
                return view;
            }
            relax();
        }
    }

    /// The newest view, or `None` when a write got in the way.
    #[must_use]
    #[inline]
    pub fn try_read(&self) -> Option<SnapshotView> {
        let before = self.sequence.load(Ordering::Acquire);
        let view = SnapshotView {
            timestamp_ns: self.timestamp_ns.load(Ordering::Acquire),
            best_bid: f64::from_bits(self.best_bid.load(Ordering::Acquire)),
            best_ask: f64::from_bits(self.best_ask.load(Ordering::Acquire)),
            mid_price: f64::from_bits(self.mid_price.load(Ordering::Acquire)),
            imbalance: from_imbalance_units(self.imbalance.load(Ordering::Acquire)),
            spread_bps: f64::from(self.spread_bps.load(Ordering::Acquire)) / SPREAD_SCALE,
            sequence: before >> 1,
        };
        // Cannot move up: the loads above are Acquire.
        let after = self.sequence.load(Ordering::Relaxed);
        (before == after && before & 1 == 0).then_some(view)
    }
}

impl Default for MarketSnapshot {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, which is meant")]
fn imbalance_units(imbalance: f64) -> i64 {
    let scaled = imbalance * IMBALANCE_SCALE;
    (scaled + 0.5_f64.copysign(scaled)) as i64
}

#[expect(clippy::cast_precision_loss, reason = "an imbalance has at most ten digits")]
fn from_imbalance_units(units: i64) -> f64 {
    units as f64 / IMBALANCE_SCALE
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, which is meant")]
#[expect(clippy::cast_sign_loss, reason = "the cast saturates, which is meant")]
fn spread_units(spread_bps: f64) -> u32 {
    (spread_bps * SPREAD_SCALE + 0.5) as u32
}

#[cfg(not(loom))]
fn relax() {
    std::hint::spin_loop();
}

#[cfg(loom)]
fn relax() {
    loom::thread::yield_now();
}

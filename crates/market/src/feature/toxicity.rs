//! Volume buckets: how one-sided the latest traded volume was.
//!
//! The clock of this feature is volume. A bucket is full with the trade that brings it
//! to its size; that trade is not split, so a huge one makes one huge bucket and counts
//! with its whole volume. The first bucket is full after a number of trades; later ones
//! at that many times the mean trade of the buckets looked at, so that the size follows
//! the market and needs no setting per instrument.

use super::{factor::float_wide, ring::Ring};

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// Buys less sells, in lots.
    net: i128,
    volume: i128,
    trades: u32,
}

/// The sums over the latest full buckets, exact.
#[derive(Clone, Debug)]
pub(super) struct VolumeBuckets {
    bucket_trades: u32,
    full: Ring<Bucket>,
    open: Bucket,
    one_sided: i128,
    volume: i128,
    trades: i128,
}

impl VolumeBuckets {
    pub(super) fn new(bucket_trades: u32, buckets: usize) -> Self {
        let full = Ring::new(buckets);
        let open = Bucket::default();
        Self { bucket_trades, full, open, one_sided: 0, volume: 0, trades: 0 }
    }

    /// Takes in a trade; positive lots were bought by the taker.
    pub(super) fn add(&mut self, signed_lots: i64) {
        self.open.net += i128::from(signed_lots);
        self.open.volume += i128::from(signed_lots).abs();
        self.open.trades = self.open.trades.saturating_add(1);
        if self.is_open_bucket_full() {
            self.close();
        }
    }

    /// Sum of `|net|` over sum of volume, zero before the first full bucket.
    pub(super) fn value(&self) -> f64 {
        if self.volume == 0 { 0.0 } else { float_wide(self.one_sided) / float_wide(self.volume) }
    }

    pub(super) fn clear(&mut self) {
        self.full.clear();
        self.open = Bucket::default();
        (self.one_sided, self.volume, self.trades) = (0, 0, 0);
    }

    fn is_open_bucket_full(&self) -> bool {
        let wanted = i128::from(self.bucket_trades);
        if self.full.is_empty() {
            self.open.trades >= self.bucket_trades
        } else {
            // volume >= wanted x mean trade, without the division.
            self.open.volume * self.trades >= wanted * self.volume
        }
    }

    fn close(&mut self) {
        if self.full.is_full()
            && let Some(oldest) = self.full.pop_oldest()
        {
            self.one_sided -= oldest.net.abs();
            self.volume -= oldest.volume;
            self.trades -= i128::from(oldest.trades);
        }
        self.one_sided += self.open.net.abs();
        self.volume += self.open.volume;
        self.trades += i128::from(self.open.trades);
        self.full.push(self.open);
        self.open = Bucket::default();
    }
}

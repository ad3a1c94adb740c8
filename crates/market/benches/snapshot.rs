//! Publishing a snapshot: the sequence lock against seven sequentially consistent stores.
#![expect(clippy::unwrap_used, reason = "an endless iterator has a next item")]

use std::{
    hint::black_box,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

use market::{MarketSnapshot, SnapshotView};
use testkit::bench::{self, Duel, Random};

#[derive(Default)]
#[repr(align(64))]
struct SevenWords([AtomicU64; 7]);

impl SevenWords {
    fn write(&self, view: &SnapshotView) {
        let words = [
            view.timestamp_ns,
            view.best_bid.to_bits(),
            view.best_ask.to_bits(),
            view.mid_price.to_bits(),
            view.imbalance.to_bits(),
            view.spread_bps.to_bits(),
            view.sequence,
        ];
        for (word, value) in self.0.iter().zip(words) {
            word.store(value, Ordering::SeqCst);
        }
    }
}

fn views() -> Vec<SnapshotView> {
    let mut random = Random::new(7);
    let mut view = || {
        let bid = f64::from(i32::try_from(600_000 + random.below(1_000)).unwrap()) / 10.0;
        let lean = f64::from(i32::try_from(random.below(2_001)).unwrap()) / 1_000.0 - 1.0;
        SnapshotView {
            timestamp_ns: 1_723_000_000_000_000_000,
            best_bid: bid,
            best_ask: bid + 0.1,
            mid_price: bid + 0.05,
            imbalance: lean,
            spread_bps: 1_000.0 / bid,
            sequence: 0,
        }
    };
    (0..256).map(|_| view()).collect()
}

fn main() -> ExitCode {
    let views = views();
    let snapshot = MarketSnapshot::new();
    let words = SevenWords::default();
    let (mut ours, mut theirs) = (views.iter().cycle(), views.iter().cycle());
    let publish = Duel { name: "snapshot publish vs seven SeqCst stores", goal: Some(0.2) }.run(
        || black_box(&snapshot).write(ours.next().unwrap()),
        || black_box(&words).write(theirs.next().unwrap()),
    );
    let mut again = views.iter().cycle();
    let read = Duel { name: "snapshot read vs seven SeqCst stores", goal: None }.run(
        || {
            black_box(black_box(&snapshot).read());
        },
        || black_box(&words).write(again.next().unwrap()),
    );
    bench::all([publish, read])
}

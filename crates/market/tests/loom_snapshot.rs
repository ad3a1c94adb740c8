//! Every interleaving and every allowed reordering of a small writer and a small reader.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p market --test loom_snapshot --release`; without
//! that flag this file is empty.
#![cfg(loom)]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::panic;

use loom::{
    model::Builder,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use market::{MarketSnapshot, SnapshotView};

fn numbered(sequence: u32) -> SnapshotView {
    let number = f64::from(sequence);
    SnapshotView {
        timestamp_ns: u64::from(sequence),
        best_bid: number,
        best_ask: number,
        mid_price: number,
        imbalance: number / 8.0,
        spread_bps: number,
        sequence: u64::from(sequence),
    }
}

fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

fn is_whole(view: &SnapshotView) -> bool {
    (0..=2).any(|sequence| *view == numbered(sequence))
}

#[test]
fn a_single_attempt_sees_a_whole_view_or_none() {
    explore(3, || {
        let snapshot = Arc::new(MarketSnapshot::new());
        let shared = Arc::clone(&snapshot);
        let writer = thread::spawn(move || {
            shared.write(&numbered(1));
            shared.write(&numbered(2));
        });
        if let Some(view) = snapshot.try_read() {
            assert!(is_whole(&view), "torn: {view:?}");
        }
        writer.join().unwrap();
        assert_eq!(snapshot.try_read(), Some(numbered(2)));
    });
}

#[test]
fn later_reads_never_see_an_older_view() {
    explore(2, || {
        let snapshot = Arc::new(MarketSnapshot::new());
        let shared = Arc::clone(&snapshot);
        let writer = thread::spawn(move || shared.write(&numbered(1)));
        let first = snapshot.read();
        let second = snapshot.read();
        assert!(is_whole(&first) && is_whole(&second));
        assert!(first.sequence <= second.sequence);
        writer.join().unwrap();
    });
}

/// Two words under a sequence lock whose field stores have the given ordering.
struct Pair {
    sequence: AtomicU64,
    words: [AtomicU64; 2],
    field_store: Ordering,
}

impl Pair {
    fn new(field_store: Ordering) -> Self {
        let words = [AtomicU64::new(0), AtomicU64::new(0)];
        Self { sequence: AtomicU64::new(0), words, field_store }
    }

    fn write(&self, value: u64) {
        self.sequence.store(2 * value - 1, Ordering::Relaxed);
        self.words[0].store(value, self.field_store);
        self.words[1].store(value, self.field_store);
        self.sequence.store(2 * value, Ordering::Release);
    }

    fn try_read(&self) -> Option<[u64; 2]> {
        let before = self.sequence.load(Ordering::Acquire);
        let words = [0, 1].map(|index: usize| self.words[index].load(Ordering::Acquire));
        let after = self.sequence.load(Ordering::Relaxed);
        (before == after && before.is_multiple_of(2)).then_some(words)
    }

    #[expect(clippy::unnecessary_wraps, reason = "has the shape of the checked one")]
    fn read_unchecked(&self) -> Option<[u64; 2]> {
        Some([0, 1].map(|index: usize| self.words[index].load(Ordering::Acquire)))
    }
}

fn tears(field_store: Ordering, read: fn(&Pair) -> Option<[u64; 2]>) -> bool {
    let outcome = panic::catch_unwind(|| {
        explore(3, move || {
            let pair = Arc::new(Pair::new(field_store));
            let shared = Arc::clone(&pair);
            let writer = thread::spawn(move || {
                shared.write(1);
                shared.write(2);
            });
            if let Some([first, second]) = read(&pair) {
                assert_eq!(first, second);
            }
            writer.join().unwrap();
        });
    });
    outcome.is_err()
}

#[test]
fn this_method_catches_a_missing_sequence_check_and_a_missing_release() {
    assert!(!tears(Ordering::Release, Pair::try_read));
    assert!(tears(Ordering::Release, Pair::read_unchecked));
    assert!(tears(Ordering::Relaxed, Pair::try_read));
}

//! What readers see of a published view, alone and against a busy writer.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::{MarketSnapshot, SnapshotView};

/// A view whose fields all follow from its sequence.
fn numbered(sequence: u32) -> SnapshotView {
    let number = f64::from(sequence);
    SnapshotView {
        timestamp_ns: u64::from(sequence) * 3,
        best_bid: number * 2.0,
        best_ask: number * 2.0 + 2.0,
        mid_price: number * 2.0 + 1.0,
        imbalance: f64::from(sequence % 1_000) / 1_000.0,
        spread_bps: f64::from(sequence % 512),
        sequence: u64::from(sequence),
    }
}

#[test]
fn a_reader_gets_back_what_was_written() {
    let snapshot = MarketSnapshot::new();
    assert_eq!(snapshot.read(), SnapshotView::default());
    let view = SnapshotView {
        timestamp_ns: 1_700_000_000_123_456_789,
        best_bid: 61_793.4,
        best_ask: 61_793.5,
        mid_price: 61_793.45,
        imbalance: -0.123_456_789,
        spread_bps: 0.02,
        sequence: 41,
    };
    snapshot.write(&view);
    assert_eq!(snapshot.try_read(), Some(view));
}

#[test]
fn the_imbalance_keeps_nine_decimals_and_the_spread_two_rounded_to_the_nearest() {
    let snapshot = MarketSnapshot::new();
    let round_trip = |imbalance, spread_bps| {
        snapshot.write(&SnapshotView { imbalance, spread_bps, ..SnapshotView::default() });
        (snapshot.read().imbalance, snapshot.read().spread_bps)
    };
    assert_eq!(round_trip(0.333_333_333_6, 1.236), (0.333_333_334, 1.24));
    assert_eq!(round_trip(-0.333_333_333_6, 1.234), (-0.333_333_334, 1.23));
    assert_eq!(round_trip(1.0, 1e12), (1.0, f64::from(u32::MAX) / 100.0));
    assert_eq!(round_trip(-1.0, f64::NAN), (-1.0, 0.0));
}

#[test]
fn published_sequences_grow_even_when_the_given_ones_do_not() {
    let snapshot = MarketSnapshot::new();
    let published = [5, 5, 3, 9].map(|sequence| {
        snapshot.write(&SnapshotView { sequence, ..SnapshotView::default() });
        snapshot.read().sequence
    });
    assert_eq!(published, [5, 6, 7, 9]);
}

#[test]
fn two_readers_never_see_a_torn_view_or_an_older_one_again() {
    const WRITES: u32 = 300_000;
    let snapshot = MarketSnapshot::new();
    let done = AtomicBool::new(false);
    let follow = || {
        let (mut last, mut seen) = (0, 0_u32);
        while !done.load(Ordering::Acquire) || last < u64::from(WRITES) {
            let view = snapshot.read();
            let sequence = u32::try_from(view.sequence).unwrap();
            assert!(view.sequence >= last, "{} after {last}", view.sequence);
            assert_eq!(
                view,
                if sequence == 0 { SnapshotView::default() } else { numbered(sequence) }
            );
            last = view.sequence;
            seen += 1;
        }
        seen
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(follow), scope.spawn(follow)];
        for sequence in 1..=WRITES {
            snapshot.write(&numbered(sequence));
        }
        done.store(true, Ordering::Release);
        assert!(readers.map(|reader| reader.join().unwrap()).iter().all(|&seen| seen > 0));
    });
}

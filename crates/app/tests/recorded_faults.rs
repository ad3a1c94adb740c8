//! Recordings damaged on purpose: every break is noticed, every book comes back, and nothing
//! is ordered in between.

mod recorded;

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use recorded::{
    ALL, COINM_ETH, EVENING, Replay, SPOT_BTC, SPOT_ETH, Summary, USDM_BTC_2023, USDM_ETH,
    damage::{self, Edit},
    journal::{self, Ledger},
    recordings,
};

/// Replays damaged by the player, which answers depth requests like a venue would.
fn damaged(captures: &[PathBuf], plan: [u64; 3], seed: u64) -> (Replay, u64) {
    let [drop, duplicate, swap] = plan;
    let faults = format!("drop={drop},duplicate={duplicate},swap={swap}");
    let replay = Replay::of(captures).with(&["--verify-top", "--faults", &faults]);
    let gaps = (drop + swap) * captures.len() as u64;
    (replay.with(&["--fault-seed", &seed.to_string()]), gaps)
}

/// What holds of every damaged replay: as many breaks seen as made, and sound books between.
fn assert_noticed(summary: &Summary, gaps: u64, duplicates: u64, what: &str) {
    let found = |name: &str| summary.count(name);
    assert_eq!(found("/faults/injected_gaps"), gaps, "{what}");
    assert_eq!(found("/faults/injected_duplicates"), duplicates, "{what}");
    assert_eq!(found("/faults/detected_gaps"), gaps, "{what}");
    assert_eq!(found("/sequence_gaps"), gaps, "{what}");
    assert_eq!(found("/parse_errors"), 0, "{what}");
    assert_eq!(found("/verify_top/equal"), found("/verify_top/compared"), "{what}");
    assert!(found("/verify_top/compared") > 100, "{what}");
}

/// With breaks far enough apart each of them has a resync of its own.
fn assert_noticed_in_each(names: &[&str], plan: [u64; 3], seed: u64) {
    for &name in names {
        let Some(captures) = recordings(&[name]) else { return };
        let plan = if name == USDM_BTC_2023 { plan.map(|count| count / 8) } else { plan };
        let (replay, gaps) = damaged(&captures, plan, seed);
        let (summary, what) = (replay.run(), format!("{name}, seed {seed}"));
        assert_noticed(&summary, gaps, plan[1], &what);
        assert_eq!((summary.count("/resyncs"), summary.lost_books()), (gaps, 0), "{what}");
    }
}

#[test]
fn each_dropped_and_each_swapped_change_is_one_gap_and_one_resync_in_every_recording() {
    assert_noticed_in_each(&ALL, [40, 20, 30], 1);
}

#[test]
fn other_damage_at_other_places_is_noticed_too() {
    let names = [USDM_ETH, SPOT_BTC, COINM_ETH, USDM_BTC_2023];
    assert_noticed_in_each(&names, [8, 96, 64], 20_240_808);
    assert_noticed_in_each(&[SPOT_ETH, USDM_BTC_2023], [72, 0, 8], 77);
}

#[test]
fn breaks_in_six_merged_recordings_are_noticed_each_in_its_own_book() {
    let Some(captures) = recordings(&EVENING) else { return };
    let (replay, gaps) = damaged(&captures, [15, 10, 15], 3);
    let summary = replay.run();
    assert_noticed(&summary, gaps, 60, "six recordings");
    assert_eq!((summary.count("/resyncs"), summary.lost_books()), (gaps, 0));
}

#[test]
fn in_a_storm_of_breaks_several_share_a_resync_so_that_the_venue_is_not_hammered() {
    let Some(captures) = recordings(&[USDM_BTC_2023]) else { return };
    let dir = tempfile::tempdir().unwrap();
    let (replay, gaps) = damaged(&captures, [100, 50, 100], 6);
    let summary = replay.into_dir(dir.path()).run();
    assert_noticed(&summary, gaps, 50, "a storm");
    let ledger = journal::ledger(dir.path());
    // The recording may end while the last of them still waits for its snapshot.
    assert_eq!(ledger.losses, ledger.resyncs + summary.lost_books() as u64);
    assert_eq!(summary.count("/resyncs"), ledger.resyncs);
    // One in two seconds, and a few more after a quiet second: a third of the breaks.
    assert!((10..=gaps / 3).contains(&ledger.resyncs), "{} in 99 seconds", ledger.resyncs);
    assert!(summary.count("/suppressed/out_of_sync") > 0);
}

#[test]
fn repeated_changes_are_no_gaps_and_change_no_decision() {
    let Some(captures) = recordings(&[SPOT_BTC, SPOT_ETH]) else { return };
    let (replay, _) = damaged(&captures, [0, 200, 0], 4);
    let repeated = replay.run();
    assert_noticed(&repeated, 0, 400, "repeats");
    assert_eq!(repeated.fingerprint(), Replay::of(&captures).run().fingerprint());
    assert!(repeated.count("/fills") > 0);
}

/// The journal of a replay of damaged files, in which passive orders wait in the books.
fn ledger(captures: &[PathBuf], data_dir: &Path) -> (Summary, Ledger) {
    let eager = ["strategy.params.order_style=passive", "strategy.params.imbalance_threshold=0.1"];
    let summary = Replay::of(captures).set(&eager).into_dir(data_dir).run();
    let ledger = journal::ledger(data_dir);
    assert_eq!(ledger.placed.len() as u64, summary.count("/orders"));
    (summary, ledger)
}

/// Every 150th change of a file is damaged, each kind in its turn.
fn edit(change: u64) -> Edit {
    match change % 450 {
        100 => Edit::Drop,
        250 => Edit::Duplicate,
        400 => Edit::Swap,
        _ => Edit::Keep,
    }
}

fn breaks(changes: Range<u64>) -> u64 {
    changes.map(|one| u64::from(matches!(edit(one), Edit::Drop | Edit::Swap))).sum()
}

#[test]
fn nothing_is_ordered_between_a_break_and_the_snapshot_that_comes_much_later() {
    for name in [USDM_ETH, SPOT_BTC] {
        let Some(captures) = recordings(&[name]) else { return };
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("damaged.txt");
        damage::copy(&captures[0], &copy, Some(40), edit);
        let gaps = breaks(0..damage::changes(&captures[0]));
        let (summary, ledger) = ledger(&[copy], dir.path());
        assert!(gaps > 10, "{name}: {gaps}");
        assert_eq!(summary.count("/sequence_gaps"), gaps, "{name}");
        assert_eq!((ledger.losses, ledger.resyncs), (gaps, gaps), "{name}");
        assert_eq!((summary.count("/resyncs"), summary.lost_books()), (gaps, 0), "{name}");
        assert!(summary.count("/suppressed/out_of_sync") > 100 * gaps / 2, "{name}");
        assert!(ledger.fills > 0, "{name}");
    }
}

#[test]
fn without_another_snapshot_a_broken_book_stays_lost_and_every_break_is_still_counted() {
    for name in [USDM_BTC_2023, SPOT_ETH] {
        let Some(captures) = recordings(&[name]) else { return };
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("damaged.txt");
        let first = damage::changes(&captures[0]) / 2;
        let late = |change| if change < first { Edit::Keep } else { edit(change) };
        damage::copy(&captures[0], &copy, None, late);
        let breaks = breaks(first..damage::changes(&captures[0]));
        let (summary, ledger) = ledger(&[copy], dir.path());
        assert_eq!(summary.count("/sequence_gaps"), breaks, "{name}");
        assert_eq!((ledger.losses, ledger.resyncs, summary.lost_books()), (1, 0, 1), "{name}");
        assert!(ledger.fills > 0, "{name}");
    }
}

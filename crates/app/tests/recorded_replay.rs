//! The same recording gives the same commands: on every run, in both thread layouts, at any
//! speed, in pieces of any size, with and without a journal.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod recorded;

use std::path::{Path, PathBuf};

use recorded::{
    Replay, SPOT_BTC, USDM_BTC, damage, journal, recordings,
    session::{Chunks, Session},
};

/// The first seconds of two markets of one coin, so that the order of a merge matters too.
fn two_markets(dir: &Path, seconds: i64) -> Option<Vec<PathBuf>> {
    let captures = recordings(&[SPOT_BTC, USDM_BTC])?;
    let slice = |path: &PathBuf| {
        let slice = dir.join(path.with_extension("").file_name().unwrap());
        damage::beginning(path, &slice, seconds * 1_000_000_000);
        slice
    };
    Some(captures.iter().map(slice).collect())
}

#[test]
fn two_runs_and_two_thread_layouts_send_the_same_commands() {
    let dir = tempfile::tempdir().unwrap();
    let Some(captures) = two_markets(dir.path(), 120) else { return };
    let replay = |layout| Replay::of(&captures).with(&["--layout", layout]).run();
    let first = replay("fused");
    assert!(first.count("/fills") > 50, "{} fills", first.count("/fills"));
    for layout in ["fused", "pipelined", "pipelined"] {
        let again = replay(layout);
        assert_eq!(again.fingerprint(), first.fingerprint(), "{layout}");
        assert_eq!(again.count("/orders"), first.count("/orders"), "{layout}");
    }
    let other = Replay::of(&captures).set(&["paper.order_latency_ms=7"]).run();
    assert_ne!(other.fingerprint(), first.fingerprint(), "the fingerprint sees what is done");
}

#[test]
fn every_fill_model_and_order_style_is_the_same_in_both_layouts() {
    let dir = tempfile::tempdir().unwrap();
    let Some(captures) = two_markets(dir.path(), 15) else { return };
    for model in ["queue", "touch", "through"] {
        for style in ["aggressive", "passive"] {
            let settings = [
                format!("paper.fill_model={model}"),
                format!("strategy.params.order_style={style}"),
            ];
            let replay = Replay::of(&captures).set(&settings.each_ref().map(String::as_str));
            let fused = replay.clone().with(&["--layout", "fused"]).run();
            let pipelined = replay.with(&["--layout", "pipelined"]).run();
            assert_eq!(fused.fingerprint(), pipelined.fingerprint(), "{settings:?}");
            assert!(fused.count("/orders") > 0, "{settings:?}");
        }
    }
}

#[test]
fn a_journal_and_a_second_run_in_its_folder_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let Some(captures) = two_markets(dir.path(), 40) else { return };
    let bare = Replay::of(&captures).run();
    assert!(bare.count("/fills") > 0);
    for (run, layout) in [(1, "fused"), (2, "fused"), (3, "pipelined")] {
        let kept = Replay::of(&captures).with(&["--layout", layout]).into_dir(dir.path()).run();
        assert_eq!(kept.fingerprint(), bare.fingerprint(), "run {run}");
        assert_eq!(kept.count("/run"), run, "each replay is a run of its own");
    }
    let mut ended = Vec::new();
    journal::read(dir.path(), |record| {
        if let domain::Record::SessionEnded(end) = record {
            ended.push(end.commands_sha256);
        }
    });
    assert_eq!(ended, [bare.fingerprint(); 3]);
}

#[test]
fn a_slice_played_at_its_own_pace_sends_the_same_commands_as_at_full_speed() {
    let dir = tempfile::tempdir().unwrap();
    let Some(slices) = two_markets(dir.path(), 3) else { return };
    let eager = ["strategy.params.imbalance_threshold=0.05", "strategy.params.min_confidence=0"];
    let replay = |speed| Replay::of(&slices).set(&eager).with(&["--speed", speed]).run();
    let (paced, fast) = (replay("1"), replay("max"));
    assert_eq!(paced.fingerprint(), fast.fingerprint());
    assert!(fast.count("/fills") > 0);
    assert!(paced.count("/elapsed_ms") >= 2_000, "it took as long as it did then");
}

#[test]
fn pieces_of_any_size_send_the_same_commands_as_the_binary() {
    let Some(captures) = recordings(&[SPOT_BTC]) else { return };
    let session = Session::of(&captures, &[]);
    let binary = Replay::of(&captures).run();
    for lines in [1, 7, 256, 100_000] {
        let source = Chunks::of(session.player(), lines);
        let done = session.run(source, None);
        assert_eq!(done.ended.commands_sha256, binary.fingerprint(), "{lines} lines a poll");
        assert_eq!(done.ended.fills, binary.count("/fills"));
    }
}

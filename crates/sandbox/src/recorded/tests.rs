//! Playing small recordings written by hand, in virtual time.

use std::path::PathBuf;

use domain::{InstrumentId, Span};

use super::Recording;
use crate::{
    config::Repeat,
    error::SandboxError,
    market::{Channel, Market as _, Outlet, Progress, Stream},
};

const FIRST: InstrumentId = InstrumentId::new(0);

/// Takes everything.
#[derive(Default)]
struct All(Vec<(Stream, String)>);

impl Outlet for All {
    fn wants(&self, _: Stream) -> bool {
        true
    }

    fn publish(&mut self, stream: Stream, frame: &str) {
        self.0.push((stream, frame.to_owned()));
    }
}

fn write(folder: &tempfile::TempDir, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, lines.concat()).unwrap();
    path
}

fn diff(millis: i64, first: u64, last: u64, bid: &str) -> String {
    let time = 1_723_161_000_000_000_000 + millis * 1_000_000;
    format!(
        "{time} {{\"stream\":\"btcusdt@depth@100ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":1,\
         \"s\":\"BTCUSDT\",\"U\":{first},\"u\":{last},\"b\":[[\"{bid}\",\"1.0\"]],\"a\":[]}}}}\n"
    )
}

fn snapshot(millis: i64, id: u64) -> String {
    let time = 1_723_161_000_000_000_000 + millis * 1_000_000;
    format!(
        "{time} {{\"lastUpdateId\":{id},\"bids\":[[\"99.00\",\"2.0\"]],\"asks\":[[\"101.00\",\"3.0\"]]}}\n"
    )
}

fn play(recording: &mut Recording, millis: i64) -> (Progress, Vec<String>) {
    let mut all = All::default();
    let progress = recording.run_until(Span::from_millis(millis), &mut all);
    (progress, all.0.into_iter().map(|(_, frame)| frame).collect())
}

#[test]
fn frames_come_when_they_are_due_and_the_book_follows_them() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        diff(0, 1, 5, "98.00"),
        diff(100, 6, 9, "97.00"),
        snapshot(150, 7),
        diff(200, 10, 12, "100.00"),
        diff(300, 13, 15, "100.00"),
    ];
    let path = write(&folder, "a.txt", &lines);
    let mut recording = Recording::open(&[path], &[], Repeat::Once).unwrap();
    // Before playback reaches the snapshot the answer is the snapshot itself.
    let early = recording.depth(FIRST, 10).unwrap();
    assert_eq!((early.last_update_id, early.bids.len()), (7, 1));

    let (progress, frames) = play(&mut recording, 100);
    assert_eq!((progress, frames.len()), (Progress::NextAt(Span::from_millis(150)), 2));
    let reached = recording.depth(FIRST, 10).unwrap();
    assert_eq!((reached.last_update_id, reached.bids.len()), (9, 2));

    let (progress, frames) = play(&mut recording, 250);
    assert_eq!((progress, frames.len()), (Progress::NextAt(Span::from_millis(300)), 1));
    assert_eq!(recording.depth(FIRST, 1).unwrap().bids[0].price.to_string(), "100.00");
    assert_eq!(recording.depth(FIRST, 1).unwrap().asks.len(), 1);
    let (progress, frames) = play(&mut recording, 10_000);
    assert_eq!((progress, frames.len()), (Progress::Finished, 1));
}

#[test]
fn a_frame_is_passed_on_to_the_last_byte() {
    let folder = tempfile::tempdir().unwrap();
    let line = diff(0, 1, 5, "98.00");
    let path = write(&folder, "a.txt", std::slice::from_ref(&line));
    let mut recording = Recording::open(&[path], &[], Repeat::Once).unwrap();
    let (_, frames) = play(&mut recording, 0);
    let data = line.split_once("\"data\":").unwrap().1.trim_end();
    assert_eq!(frames, [data.strip_suffix('}').unwrap()]);
}

#[test]
fn several_recordings_are_merged_by_receive_time_and_by_order_on_ties() {
    let folder = tempfile::tempdir().unwrap();
    let futures = |line: String| line.replace("\"b\":", "\"pu\":0,\"b\":");
    let one = [diff(0, 1, 1, "1"), diff(20, 2, 2, "1"), diff(40, 3, 3, "1")];
    let two = [futures(diff(10, 11, 11, "1")), futures(diff(20, 12, 12, "1"))];
    let files = [write(&folder, "one.txt", &one), write(&folder, "two.txt", &two)];
    let mut recording = Recording::open(&files, &[], Repeat::Once).unwrap();
    assert_eq!(recording.instruments().len(), 2);
    let mut all = All::default();
    recording.run_until(Span::from_secs(1), &mut all);
    let order: Vec<usize> = all.0.iter().map(|(stream, _)| stream.instrument.index()).collect();
    assert_eq!(order, [0, 1, 0, 1, 0]);
    assert!(all.0.iter().all(|(stream, _)| stream.channel == Channel::Depth { millis: 0 }));
}

#[test]
fn a_repeated_recording_begins_again_with_its_first_book() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [diff(0, 1, 5, "98.00"), snapshot(50, 7), diff(100, 8, 9, "97.00")];
    let path = write(&folder, "a.txt", &lines);
    let mut recording = Recording::open(&[path], &[], Repeat::Forever).unwrap();
    for _ in 0..3 {
        let (progress, frames) = play(&mut recording, 1_000);
        assert_eq!((progress, frames.len()), (Progress::Again, 2));
        assert_eq!(recording.depth(FIRST, 9).unwrap().last_update_id, 7);
    }
}

#[test]
fn what_cannot_be_played_is_refused_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |lines: &[String]| {
        let path = write(&folder, "bad.txt", lines);
        Recording::open(&[path], &[], Repeat::Once).err().unwrap()
    };
    let cause = |error: &SandboxError| std::error::Error::source(error).unwrap().to_string();
    assert!(cause(&refusal(&[])).contains("bad.txt"));
    assert!(cause(&refusal(&["hello world\n".into()])).contains("bad.txt, line 1"));
    let unknown = refusal(&[diff(0, 1, 2, "1").replace("btc", "doge").replace("BTC", "DOGE")]);
    assert!(unknown.to_string().contains("spot DOGEUSDT"), "{unknown}");
    let wrong = snapshot(0, 7).replace("99.00", "x");
    let bad_book = refusal(&[wrong, diff(0, 1, 2, "1")]);
    assert!(matches!(bad_book, SandboxError::BadSnapshot { .. }), "{bad_book}");
    let missing = Recording::open(&[folder.path().join("none.txt")], &[], Repeat::Once);
    assert!(matches!(missing.err(), Some(SandboxError::Capture(_))));
}

#[test]
fn a_recording_that_is_cut_off_fails_at_its_line_after_everything_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = diff(200, 10, 12, "100.00");
    last.truncate(60);
    let path = write(&folder, "a.txt", &[diff(0, 1, 5, "98.00"), snapshot(10, 3), last]);
    let mut recording = Recording::open(&[path], &[], Repeat::Once).unwrap();
    let (progress, frames) = play(&mut recording, 1_000);
    assert_eq!(frames.len(), 1);
    match progress {
        Progress::Failed(reason) => assert!(reason.contains("a.txt") && reason.contains("line 3")),
        other => panic!("{other:?}"),
    }
}

//! Recordings are read, written and damaged as promised.

use std::{
    fs,
    io::{BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

use domain::{Market, Timestamp, instrument::InstrumentSpec};
use proptest::prelude::*;

use super::{CaptureError, CaptureFacts, CaptureReader, CaptureWriter, FaultPlan, Merge, faults};
use crate::binance::known_instrument;

const FRAMES: [&str; 3] = [
    r#"{"stream":"btcusdt@trade","data":{"e":"trade"}}"#,
    r#"{"lastUpdateId":5,"bids":[],"asks":[]}"#,
    r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","s":"BTCUSDT","U":1,"u":2,"pu":0}}"#,
];

/// Three lines at 1.7e18 ns and after.
fn recording() -> String {
    let mut frames = FRAMES.iter();
    text_of(0..3, |_| frames.next().unwrap().to_string())
}

/// One line for each time after the start.
fn text_of(times: impl Iterator<Item = u64>, mut frame: impl FnMut(u64) -> String) -> String {
    times.fold(String::new(), |text, time| {
        text + &(START + time).to_string() + " " + &frame(time) + "\n"
    })
}

const START: u64 = 1_700_000_000_000_000_000;

type Lines = Vec<(i64, String)>;

/// All lines of a reader, and how it ended.
fn lines(mut reader: CaptureReader) -> (Lines, Option<CaptureError>) {
    let mut lines = Vec::new();
    loop {
        match reader.next_line() {
            Ok(Some(line)) => {
                let text = String::from_utf8(line.text.to_vec()).unwrap();
                lines.push((line.time.as_nanos(), text));
                assert_eq!(line.number, lines.len() as u64);
            }
            Ok(None) => return (lines, None),
            Err(error) => return (lines, Some(error)),
        }
    }
}

fn open(bytes: &[u8]) -> CaptureReader {
    CaptureReader::new(Path::new("a.txt"), Cursor::new(bytes.to_vec())).unwrap()
}

fn read(bytes: &[u8]) -> (Lines, Option<String>) {
    let (lines, error) = lines(open(bytes));
    (lines, error.map(|error| error.to_string()))
}

fn spec() -> InstrumentSpec {
    known_instrument(Market::LinearPerpetual, "BTCUSDT").unwrap()
}

/// A directory that is gone after the test.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn written(path: &Path, frames: &[&str]) -> CaptureWriter {
    let mut writer = CaptureWriter::create(path, &spec()).unwrap();
    for (frame, number) in frames.iter().zip(0..) {
        writer
            .write(Timestamp::from_nanos(1_700_000_000_000_000_000 + number), frame.as_bytes())
            .unwrap();
    }
    writer
}

#[test]
fn plain_and_compressed_recordings_read_the_same() {
    let plain = recording();
    let (lines, error) = read(plain.as_bytes());
    assert_eq!((lines.len(), error), (3, None));
    assert_eq!(lines[1], (1_700_000_000_000_000_001, FRAMES[1].to_owned()));
    let packed = zstd::encode_all(plain.as_bytes(), 3).unwrap();
    assert_eq!(read(&packed), (lines, None));
}

#[test]
fn microseconds_and_nanoseconds_are_told_apart_by_their_digits() {
    let (lines, _) = read(b"1680652700423575 {}\n1723161255030314667 {}\n");
    let times: Vec<i64> = lines.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [1_680_652_700_423_575_000, 1_723_161_255_030_314_667]);
}

#[test]
fn a_last_line_without_a_line_break_counts_only_when_it_is_whole() {
    let whole = recording();
    let whole = whole.trim_end().as_bytes();
    assert_eq!(read(whole).0.len(), 3);
    let (lines, error) = read(&whole[..whole.len() - 1]);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        error.unwrap(),
        "a.txt ends in the middle of line 3: the recording was cut off there"
    );
}

#[test]
fn a_compressed_recording_that_was_cut_off_says_where() {
    let many = recording().repeat(2_000);
    let packed = zstd::encode_all(many.as_bytes(), 3).unwrap();
    let (lines, error) = lines(open(&packed[..packed.len() - 10]));
    match error.unwrap() {
        CaptureError::Truncated { line, .. } => assert_eq!(line, lines.len() as u64 + 1),
        other => panic!("{other}"),
    }
}

#[test]
fn a_damaged_compressed_recording_is_an_error_and_not_an_end() {
    let many = text_of(0..20_000, |number| format!("{{\"n\":{}}}", number * number));
    let mut packed = zstd::encode_all(many.as_bytes(), 3).unwrap();
    let middle = packed.len() / 2;
    packed[middle..middle + 64].reverse();
    let (lines, error) = lines(open(&packed));
    assert!(lines.len() < 20_000);
    assert!(error.is_some());
}

#[test]
fn a_line_that_is_no_record_is_named() {
    for bad in [
        "hello\n",
        "123 {}\n",
        "1700000000000000000{}\n",
        "1700000000000000000 []\n",
        "-700000000000000000 {}\n",
    ] {
        let (lines, error) = read(format!("{}{bad}", recording()).as_bytes());
        assert_eq!(lines.len(), 3);
        let expected =
            "a.txt, line 4: expected a receive time of 16 or 19 digits, a space, and a JSON object";
        assert_eq!(error.as_deref(), Some(expected), "{bad:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error_with_its_name() {
    let error = CaptureReader::open(Path::new("no/such/file.zst")).err().unwrap();
    assert!(matches!(&error, CaptureError::Open { path, .. } if path.ends_with("file.zst")));
    assert!(error.to_string().starts_with("cannot open no/such/file.zst: "));
}

#[test]
fn what_is_written_can_be_read_back() {
    let folder = directory();
    for name in ["a.txt", "a.txt.zst"] {
        let path = folder.path().join(name);
        assert_eq!(written(&path, &FRAMES).finish().unwrap(), 3);
        let (lines, error) = lines(CaptureReader::open(&path).unwrap());
        assert!(error.is_none());
        let texts: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, FRAMES);
        let facts = CaptureFacts::read(&path).unwrap();
        assert_eq!(facts.spec, Some(spec()));
    }
}

#[test]
fn line_breaks_within_a_frame_do_not_break_the_recording() {
    let folder = directory();
    let path = folder.path().join("a.txt");
    written(&path, &["{\n\"a\":\r\n1}", "{}"]).finish().unwrap();
    let (lines, error) = lines(CaptureReader::open(&path).unwrap());
    assert!(error.is_none());
    assert_eq!(lines[0].1, "{ \"a\":  1}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_recording_is_never_overwritten() {
    let folder = directory();
    let path = folder.path().join("a.txt");
    written(&path, &FRAMES).finish().unwrap();
    let error = CaptureWriter::create(&path, &spec()).err().unwrap();
    assert!(matches!(error, CaptureError::Exists { .. }));
    assert_eq!(lines(CaptureReader::open(&path).unwrap()).0.len(), 3);
}

#[test]
fn a_killed_recorder_loses_nothing_before_its_last_checkpoint() {
    let folder = directory();
    for name in ["a.txt", "a.txt.zst"] {
        let path = folder.path().join(name);
        let mut writer = written(&path, &FRAMES);
        writer.checkpoint().unwrap();
        writer.write(Timestamp::from_nanos(1_700_000_000_000_000_009), b"{}").unwrap();
        // As a killed process does: nothing is flushed, closed or ended.
        std::mem::forget(writer);
        let (lines, error) = lines(CaptureReader::open(&path).unwrap());
        assert_eq!(lines.len(), 3, "{name}");
        assert!(error.is_none() || matches!(error, Some(CaptureError::Truncated { line: 4, .. })));
    }
}

#[test]
fn much_data_is_checkpointed_on_its_own() {
    let folder = directory();
    let path = folder.path().join("a.txt.zst");
    let mut writer = CaptureWriter::create(&path, &spec()).unwrap();
    let frame = format!("{{\"x\":\"{}\"}}", "y".repeat(100_000));
    for number in 0..25 {
        writer
            .write(Timestamp::from_nanos(1_700_000_000_000_000_000 + number), frame.as_bytes())
            .unwrap();
    }
    std::mem::forget(writer);
    let (lines, _) = lines(CaptureReader::open(&path).unwrap());
    assert!(lines.len() >= 20, "only {} of 25 lines were saved", lines.len());
}

fn facts_of(frames: &[&str]) -> Result<CaptureFacts, CaptureError> {
    let folder = directory();
    let path = folder.path().join("a.txt");
    let mut frames = frames.iter();
    let text = text_of(0..frames.len() as u64, |_| frames.next().unwrap().to_string());
    fs::write(&path, text).unwrap();
    CaptureFacts::read(&path)
}

#[test]
fn the_market_is_told_by_the_shape_of_the_frames() {
    let told = |frame: &str| {
        let frame = format!(r#"{{"stream":"x","data":{frame}}}"#);
        let trade = r#"{"stream":"x","data":{"e":"trade","s":"OTHER","t":1}}"#;
        let facts = facts_of(&[trade, FRAMES[1], &frame]).unwrap();
        (facts.market, facts.symbol)
    };
    let depth = |symbol: &str, more: &str| {
        format!(r#"{{"e":"depthUpdate","E":1,"s":"{symbol}","U":1,"u":2{more},"b":[],"a":[]}}"#)
    };
    let quote = r#"{"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}"#;
    for (frame, market, symbol) in [
        (depth("BTCUSDT", ""), Market::Spot, "BTCUSDT"),
        (quote.to_owned(), Market::Spot, "BTCUSDT"),
        (depth("BTCUSDT", r#","pu":0"#), Market::LinearPerpetual, "BTCUSDT"),
        (depth("BTCUSDT", r#","pu":0,"ps":"BTCUSDT""#), Market::LinearPerpetual, "BTCUSDT"),
        (depth("BTCUSD_PERP", r#","pu":0,"ps":"BTCUSD""#), Market::InversePerpetual, "BTCUSD_PERP"),
        (quote.replacen('{', r#"{"e":"bookTicker","#, 1), Market::LinearPerpetual, "BTCUSDT"),
    ] {
        assert_eq!(told(&frame), (market, symbol.to_owned()), "{frame}");
    }
}

#[test]
fn a_recording_of_nothing_we_know_is_an_error() {
    let error = facts_of(&[r#"{"stream":"x","data":{"e":"trade","s":"BTCUSDT","t":1}}"#]);
    assert!(matches!(error, Err(CaptureError::Unrecognised { .. })));
}

#[test]
fn a_broken_file_of_facts_is_an_error_and_a_missing_one_is_not() {
    let folder = directory();
    let path = folder.path().join("a.txt");
    fs::write(&path, recording()).unwrap();
    assert_eq!(CaptureFacts::read(&path).unwrap().spec, None);
    fs::write(folder.path().join("a.txt.instruments.json"), "[\n{\"venue\": 5}]").unwrap();
    match CaptureFacts::read(&path).unwrap_err() {
        CaptureError::BadLine { path, line: 2, .. } => {
            assert!(path.ends_with("a.txt.instruments.json"));
        }
        other => panic!("{other}"),
    }
}

fn merged(files: &[&[u64]]) -> Vec<(usize, u64)> {
    let reader =
        |times: &&[u64]| open(text_of(times.iter().copied(), |_| "{}".to_owned()).as_bytes());
    let mut merge = Merge::new(files.iter().map(reader).collect()).unwrap();
    let (mut text, mut order) = (Vec::new(), Vec::new());
    loop {
        let announced = merge.next_time();
        let Some((file, time)) = merge.next_into(&mut text).unwrap() else { return order };
        assert_eq!(announced, Some(time));
        order.push((file, u64::try_from(time.as_nanos()).unwrap() - START));
    }
}

#[test]
fn recordings_merge_by_time_and_at_equal_times_by_their_order() {
    let order = merged(&[&[1, 5, 5], &[], &[1, 2, 5, 9]]);
    assert_eq!(order, [(0, 1), (2, 1), (2, 2), (0, 5), (0, 5), (2, 5), (2, 9)]);
}

#[test]
fn a_recording_whose_clock_went_back_keeps_its_own_order() {
    let order = merged(&[&[5, 3, 8], &[4, 6]]);
    assert_eq!(order, [(1, 4), (0, 5), (0, 5), (1, 6), (0, 8)]);
}

#[test]
fn a_plan_of_faults_is_read_from_text() {
    let plan = FaultPlan { drop: 3, duplicate: 0, swap: 2 };
    assert_eq!("drop=3, swap=2".parse(), Ok(plan));
    let error = "drop=3,lose=1".parse::<FaultPlan>().unwrap_err();
    let expected =
        "\"lose=1\" is not drop=N, duplicate=N or swap=N; write them separated by commas";
    assert_eq!(error.to_string(), expected);
    assert!("drop=-1".parse::<FaultPlan>().is_err() && "".parse::<FaultPlan>().is_err());
}

/// Hands out at most so many bytes at once.
struct Trickle {
    bytes: Cursor<Vec<u8>>,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.turn += 1;
        let size = self.sizes[self.turn % self.sizes.len()].min(buffer.len());
        self.bytes.read(&mut buffer[..size])
    }
}

proptest! {
    #[test]
    fn the_size_of_the_pieces_does_not_matter(
        sizes in prop::collection::vec(1_usize..50, 1..8),
        capacity in 1_usize..100,
        packed in any::<bool>(),
        cut in 0_usize..200,
    ) {
        let text = recording().into_bytes();
        let mut bytes = if packed { zstd::encode_all(&text[..], 3).unwrap() } else { text };
        bytes.truncate(bytes.len().saturating_sub(cut));
        let whole = read(&bytes);
        let trickle = Trickle { bytes: Cursor::new(bytes), sizes, turn: 0 };
        let input = BufReader::with_capacity(capacity, trickle);
        let (pieces, error) = lines(CaptureReader::new(Path::new("a.txt"), input).unwrap());
        prop_assert_eq!((pieces, error.map(|error| error.to_string())), whole);
    }

    #[test]
    fn planned_faults_are_all_there_and_keep_their_distance(
        drop in 0_u32..20, duplicate in 0_u32..20, swap in 0_u32..20, seed in any::<u64>(),
    ) {
        let plan = FaultPlan { drop, duplicate, swap };
        let places = plan.place(2_000, seed);
        let count = |wanted| places.values().filter(|fault| **fault == wanted).count();
        prop_assert_eq!(count(faults::Fault::Drop), drop as usize);
        prop_assert_eq!(count(faults::Fault::Duplicate), duplicate as usize);
        prop_assert_eq!(count(faults::Fault::Swap), swap as usize);
        let at: Vec<u64> = places.keys().copied().collect();
        prop_assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= 4), "{at:?}");
        prop_assert!(at.iter().all(|place| (8..1_992).contains(place)), "{at:?}");
        prop_assert_eq!(plan.place(2_000, seed), places);
    }

    #[test]
    fn written_frames_survive(frames in prop::collection::vec("\\{\"[a-z0-9 é]{0,60}\":1\\}", 0..40)) {
        let folder = directory();
        let path: PathBuf = folder.path().join("a.txt.zst");
        let texts: Vec<&str> = frames.iter().map(String::as_str).collect();
        written(&path, &texts).finish().unwrap();
        let (lines, error) = lines(CaptureReader::open(&path).unwrap());
        prop_assert!(error.is_none());
        let back: Vec<String> = lines.into_iter().map(|(_, text)| text).collect();
        prop_assert_eq!(back, frames);
    }
}

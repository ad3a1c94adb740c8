//! Every mistake in a file is named with the file and the row or field, and leaves no trace.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::format_push_string, clippy::format_collect, reason = "small tables")]

mod support;

use std::io::Write as _;

use history::{Content, ImportError, IntakeSettings, Kind, ReadOptions};
use support::{Place, files_below, named};

const BARS: &str = "\
time,open,high,low,close,volume
2024-01-01T00:00:00Z,10,12,9,11,5
2024-01-01T00:01:00Z,11,12,10,12,1.5
2024-01-01T00:02:00Z,12,13,11,11,0
";

/// Imports bars with something replaced, and expects to be told these words.
fn refuses(from: &str, to: &str, words: &[&str]) {
    let place = Place::new();
    assert!(BARS.contains(from), "{from}");
    let error = place.text(Content::Bars, &BARS.replacen(from, to, 1)).unwrap_err().to_string();
    for word in [&["data.csv"], words].concat() {
        assert!(error.contains(word), "{word:?} is missing from: {error}");
    }
    assert!(place.catalogue().list().unwrap().is_empty(), "{error}");
}

#[test]
fn a_row_that_is_wrong_is_named_with_its_field() {
    refuses("10,12,9,11,5", "NaN,12,9,11,5", &["row 2", "open", "NaN"]);
    refuses("10,12,9,11,5", "0,12,0,11,5", &["row 2", "open", "zero"]);
    refuses("10,12,9,11,5", "-10,12,-10,11,5", &["row 2", "negative"]);
    refuses("10,12,9,11,5", "10,12,9,11,-5", &["row 2", "volume", "negative"]);
    refuses("10,12,9,11,5", "10,10.5,9,11,5", &["row 2", "high"]);
    refuses("10,12,9,11,5", "10,12,10.5,11,5", &["row 2", "low"]);
    refuses("10,12,9,11,5", "10,12,9,11", &["row 2", "5 fields instead of 6"]);
    refuses("10,12,9,11,5", "10,12,9,,5", &["row 2", "close", "empty"]);
    refuses("10,12,9,11,5", "10,12,9,11,", &["row 2", "volume", "empty"]);
    refuses("10,12,9,11,5", "10,1e40,9,11,5", &["row 2", "high"]);
    refuses("2024-01-01T00:01:00Z", "soon", &["row 3", "time", "soon"]);
    refuses("2024-01-01T00:01:00Z", "", &["row 3", "time"]);
    refuses("2024-01-01T00:01:00Z", "2024-01-01T00:01:00", &["row 3", "mixed times"]);
    refuses("2024-01-01T00:01:00Z", "1704067260", &["row 3", "mixed times"]);
    refuses("2024-01-01T00:02:00Z", "2023-12-31T00:02:00Z", &["row 4", "before", "--unsorted"]);
    refuses("2024-01-01T00:02:00Z", "2024-01-01T00:01:00Z", &["row 4", "row 3 already"]);
}

#[test]
fn columns_that_are_missing_are_named() {
    refuses("time,open", "moment,open", &["time", "--column time=NAME"]);
    refuses(",close,", ",end_price,", &["close", "--column close=NAME"]);
    refuses(",high,", ",h1gh,", &["open, high and low"]);
    refuses("time,open,high,low,close,volume\n", "", &["header", "--header"]);
    let place = Place::new();
    let file = place.file("data.csv", BARS);
    let odd =
        ReadOptions { columns: vec![("close".into(), "Last".into())], ..named(Content::Bars) };
    let error = place.import(&[file], &odd).unwrap_err().to_string();
    assert!(error.contains("\"Last\"") && error.contains("volume"), "{error}");
}

#[test]
fn files_without_rows_and_missing_files_are_named() {
    for text in ["", "\n\n", "time,open,high,low,close,volume\n"] {
        let place = Place::new();
        let error = place.text(Content::Bars, text).unwrap_err();
        assert!(matches!(error, ImportError::Empty { .. }), "{error}");
        assert!(error.to_string().contains("data.csv"));
    }
    let place = Place::new();
    let error = place.import(&[place.dir.path().join("none.csv")], &named(Content::Bars));
    assert!(error.unwrap_err().to_string().contains("none.csv"));
    assert!(!place.path().exists(), "a mistake in the command makes no catalogue");
}

#[test]
fn a_file_that_ends_too_early_is_damaged_whatever_its_compression() {
    let mut text = String::from("time,open,high,low,close,volume\n");
    for minute in 0..5_000_i64 {
        let price = 1_000 + minute * 7_919 % 997;
        text +=
            &format!("{},{price},{price},{price},{price},{minute}\n", 1_704_067_200 + minute * 60);
    }
    let zst = zstd::encode_all(text.as_bytes(), 3).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(text.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("data.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    for (name, bytes) in [("data.csv.zst", zst), ("data.csv.gz", gz), ("data.zip", zip)] {
        let place = Place::new();
        let whole = place.file(name, &bytes);
        let report = place.import(&[whole], &named(Content::Bars)).unwrap();
        assert_eq!(report.series[0].added, 5_000, "{name}");
        let place = Place::new();
        let cut = place.file(name, &bytes[..bytes.len() * 2 / 3]);
        let error = place.import(&[cut], &named(Content::Bars)).unwrap_err();
        assert!(matches!(error, ImportError::Damaged { .. }), "{name}: {error}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(place.catalogue().list().unwrap().is_empty());
    }
    let place = Place::new();
    let binary = place.file("data.csv", [0xff, 0xfe, 0x00, 0x0a]);
    let error = place.import(&[binary], &named(Content::Bars)).unwrap_err().to_string();
    assert!(error.contains("data.csv") && error.contains("not text"), "{error}");
}

#[test]
fn an_error_in_the_last_file_leaves_the_catalogue_as_it_was() {
    let place = Place::new();
    place.text(Content::Bars, BARS).unwrap();
    let before = files_below(&place.path());
    let fine = place.file("fine.csv", BARS.replace("2024-01-01", "2024-01-02"));
    let bad =
        place.file("bad.csv", BARS.replace("2024-01-01", "2024-01-03").replace("11,0", "x,0"));
    let error = place.import(&[fine, bad], &named(Content::Bars)).unwrap_err().to_string();
    assert!(error.contains("bad.csv: row 4"), "{error}");
    assert_eq!(files_below(&place.path()), before);
}

#[test]
fn rows_that_contradict_the_catalogue_or_each_other_name_both_places() {
    let place = Place::new();
    place.text(Content::Bars, BARS).unwrap();
    let other = place.file("other.csv", BARS.replace("11,12,10,12,1.5", "11,12,10,11.5,1.5"));
    let error =
        place.import(std::slice::from_ref(&other), &named(Content::Bars)).unwrap_err().to_string();
    let words = [
        "day=2024-01-01/part-0.parquet row 2",
        "other.csv row 3",
        "00:01:00Z",
        "close 12.0 against 11.5",
    ];
    for word in words {
        assert!(error.contains(word), "{word} is missing from {error}");
    }
    let data = place.dir.path().join("data.csv");
    let fresh = Place::new();
    let error =
        fresh.import(&[data, other.clone()], &named(Content::Bars)).unwrap_err().to_string();
    assert!(error.contains("data.csv row 3") && error.contains("other.csv row 3"), "{error}");
    let replace = IntakeSettings { replace: true, ..IntakeSettings::default() };
    let report = place.import_with(&[other], &named(Content::Bars), replace).unwrap();
    let one = &report.series[0];
    assert_eq!((one.added, one.replaced, one.known), (0, 1, 2));
    let table = place.exported(support::KEY, Kind::Bars("1m".parse().unwrap()));
    assert!(table.contains(",11.5,1.5\n"), "{table}");
}

#[test]
fn prices_finer_than_a_stated_tick_are_refused_or_rounded_on_request() {
    let place = Place::new();
    let file = place.file("data.csv", BARS.replace("11,12,10,12,1.5", "11,12,10,11.13,1.5"));
    let quarter =
        IntakeSettings { tick: Some("0.25".parse().unwrap()), ..IntakeSettings::default() };
    let error =
        place.import_with(std::slice::from_ref(&file), &named(Content::Bars), quarter.clone());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("row 3: close") && error.contains("tick 0.25"), "{error}");
    let rounded = IntakeSettings { round: true, ..quarter };
    place.import_with(&[file], &named(Content::Bars), rounded).unwrap();
    let table = place.exported(support::KEY, Kind::Bars("1m".parse().unwrap()));
    assert!(table.contains(",11.25,1.5\n"), "{table}");
}

#[test]
fn a_table_of_several_symbols_must_be_filtered_down_to_one() {
    let text = "time,symbol,price,quantity,side\n1704067200,A,10,1,buy\n1704067201,B,20,1,sell\n";
    let place = Place::new();
    let file = place.file("trades.csv", text);
    let all = ReadOptions::new(Content::Trades);
    let error = place.import(std::slice::from_ref(&file), &all).unwrap_err().to_string();
    assert!(error.contains("row 3") && error.contains("--filter symbol="), "{error}");
    let one = ReadOptions { filters: vec![("symbol".into(), "B".into())], ..all };
    let report = place.import(&[file], &one).unwrap();
    assert_eq!(report.series[0].series.to_string(), "local:spot:B trades");
}

#[test]
fn bars_whose_length_cannot_be_told_need_it_stated() {
    let odd = BARS.replace("00:02:00Z", "00:01:13.5Z");
    let error = Place::new().text(Content::Bars, &odd).unwrap_err().to_string();
    assert!(error.contains("13.500 s apart") && error.contains("--interval"), "{error}");
    let one: String = BARS.lines().take(2).map(|line| format!("{line}\n")).collect();
    let error = Place::new().text(Content::Bars, &one).unwrap_err().to_string();
    assert!(error.contains("one bar") && error.contains("--interval"), "{error}");
}

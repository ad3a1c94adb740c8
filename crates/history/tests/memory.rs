//! An import and a reading need the same memory for a file of any size.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support;

use std::{fmt::Write as _, io::Write as _};

use history::{Content, Kind};
use support::{KEY, Place, named, select};

/// Trades of one day, so that all of them go into one file of the catalogue.
fn trades(place: &Place, count: i64) -> std::path::PathBuf {
    let path = place.file("trades.csv", "");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "time,id,price,quantity,side").unwrap();
    let mut line = String::new();
    for number in 0..count {
        line.clear();
        let price = 10_000 + number * 7_919 % 997;
        let time = 1_704_067_200_000_000 + number * 100_000;
        let _ = writeln!(line, "{time},{number},{price}.25,0.{price},buy");
        file.write_all(line.as_bytes()).unwrap();
    }
    path
}

/// Most bytes in use at once during an import, and during a reading.
fn peaks(count: i64) -> (u64, u64) {
    let place = Place::new();
    let file = trades(&place, count);
    let import = allocation_counter::measure(|| {
        let report = place.import(std::slice::from_ref(&file), &named(Content::Trades)).unwrap();
        assert_eq!(report.series[0].added, u64::try_from(count).unwrap());
    });
    let reading = allocation_counter::measure(|| {
        let catalogue = place.catalogue();
        let mut history = select(&[KEY], &[Kind::Trades]).open(&catalogue).unwrap();
        let mut read = 0;
        while history.next().unwrap().is_some() {
            read += 1;
        }
        assert_eq!(read, count);
    });
    (import.bytes_max, reading.bytes_max)
}

#[test]
fn memory_does_not_grow_with_the_file() {
    // The smaller one already is more than what an import keeps in memory.
    let (import, reading) = peaks(200_000);
    let (larger_import, larger_reading) = peaks(600_000);
    assert!(larger_import * 10 < import * 11, "{import} bytes, then {larger_import}");
    assert!(larger_reading * 10 < reading * 11, "{reading} bytes, then {larger_reading}");
    assert!(larger_import < 48 << 20, "{larger_import} bytes");
    assert!(larger_reading < 16 << 20, "{larger_reading} bytes");
}

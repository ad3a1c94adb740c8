//! How quick an import and a reading are: rows and events a second.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot run should stop")]

use std::{fmt::Write as _, time::Instant};

use history::{
    Catalogue, Content, IntakeSettings, Interval, Kind, ReadOptions, Selection, SqliteBars, Target,
};

const BARS: i64 = 2_000_000;

fn rate(what: &str, count: u64, start: Instant) {
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let rate = count as f64 / start.elapsed().as_secs_f64() / 1e6;
    println!("{what:<40} {count:>10} in {:>8.3} s  {rate:>7.2} M/s", start.elapsed().as_secs_f64());
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = String::from("time,open,high,low,close,volume\n");
    let mut price = 5_000_000_i64;
    for minute in 0..BARS {
        price += minute * 7_919 % 401 - 200;
        let (whole, cents) = (price / 100, price % 100);
        let _ = writeln!(
            text,
            "{},{whole}.{cents:02},{}.{cents:02},{}.{cents:02},{whole}.{cents:02},{}.125",
            1_500_000_000 + minute * 60,
            whole + 2,
            whole - 2,
            minute % 97
        );
    }
    let file = dir.path().join("bars.csv");
    std::fs::write(&file, text).unwrap();
    let catalogue = dir.path().join("catalogue");
    let options = ReadOptions { symbol: Some("BTC-USD".into()), ..ReadOptions::new(Content::Bars) };
    let settings =
        IntakeSettings { tick: Some("0.01".parse().unwrap()), ..IntakeSettings::default() };
    let rows = u64::try_from(BARS).unwrap();
    for what in ["import of minute bars, CSV", "the same again, nothing new"] {
        let start = Instant::now();
        let target = Target::Catalogue(catalogue.clone());
        history::import(
            std::slice::from_ref(&file),
            &options,
            target,
            settings.clone(),
            &mut |_| {},
        )
        .unwrap();
        rate(what, rows, start);
    }
    let database = dir.path().join("bars.db");
    let start = Instant::now();
    let target = Target::Sqlite(database.clone());
    history::import(&[file], &options, target, settings, &mut |_| {}).unwrap();
    rate("import of minute bars, SQLite", rows, start);
    let selection = Selection {
        instruments: vec!["local:spot:BTC-USD".parse().unwrap()],
        kinds: vec![Kind::Bars(Interval::MINUTE)],
        ..Selection::default()
    };
    let store = Catalogue::open(&catalogue).unwrap();
    for _ in 0..2 {
        let start = Instant::now();
        let mut history = selection.open(&store).unwrap();
        rate("opening, with the content hash", rows, start);
        let start = Instant::now();
        let (mut count, mut sum) = (0, 0);
        while let Some((time, _)) = history.next().unwrap() {
            count += 1;
            sum ^= time.as_nanos();
        }
        std::hint::black_box(sum);
        rate("reading, Parquet", count, start);
    }
    let start = Instant::now();
    let bars = SqliteBars::open(&database).unwrap();
    let mut history = selection.open(&bars).unwrap();
    let mut count = 0;
    while history.next().unwrap().is_some() {
        count += 1;
    }
    rate("opening and reading, SQLite", count, start);
}

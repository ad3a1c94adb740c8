//! `data` as a person types it: import, list, show, check, export, and what goes wrong.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use std::{fmt::Write as _, fs, path::Path};

use nix::sys::signal::Signal;
use support_cli::{Program, folder, text};

const BARS: &str = "time,open,high,low,close,volume
2024-01-01T00:00:00Z,10,12,9,11,5
2024-01-01T00:01:00Z,11,12,10,12,1.5
2024-01-01T00:05:00Z,12,13,11,11,0
";

fn import(dir: &Path, content: &str) -> Program {
    let file = dir.join("bars.csv");
    fs::write(&file, content).unwrap();
    let line = "data import --as bars --symbol BTC-USD --venue coinbase";
    Program::line(line).and(file).inside(dir)
}

#[test]
fn what_is_imported_is_listed_shown_checked_and_exported() {
    let dir = folder();
    let here = dir.path();
    let said = import(here, BARS).run().exits(0).quietly().out;
    assert!(said.contains("coinbase:spot:BTC-USD bars_1m") && said.contains("3 new"), "{said}");
    let report = import(here, BARS).and("--json").run().exits(0).document();
    assert_eq!(
        (&report["series"][0]["added"], &report["series"][0]["known"]),
        (&0.into(), &3.into())
    );

    let listed = Program::line("data list --json").inside(here).run().exits(0).document();
    assert_eq!(listed[0]["instrument"], "coinbase:spot:BTC-USD");
    assert_eq!(
        (&listed[0]["rows"], &listed[0]["last"]),
        (&3.into(), &"2024-01-01T00:06:00Z".into())
    );
    let listed = Program::line("data list").inside(here).run().exits(0).quietly().out;
    assert!(listed.contains("2024-01-01T00:01:00Z .. 2024-01-01T00:06:00Z"), "{listed}");

    let show = "data show coinbase:spot:BTC-USD --rows 1";
    let shown = Program::line(show).inside(here).run().exits(0).quietly().out;
    for part in
        ["tick     1 (the finest seen)", "lot      0.1", "bars.csv as bars_1m", ",11,5.0", "..."]
    {
        assert!(shown.contains(part), "{part} is missing from\n{shown}");
    }
    let shown = Program::line(show).and("--json").inside(here).run().exits(0).document();
    assert_eq!(shown["instrument"]["spec"]["base"], "BTC");
    assert_eq!(shown["series"][0]["first_rows"].as_array().unwrap().len(), 1);

    let check = "data check --hours always --json";
    let found = Program::line(check).inside(here).run().exits(0).document();
    assert_eq!((&found[0]["gap_count"], &found[0]["missing"]), (&1.into(), &3.into()));
    assert_eq!(found[0]["longest_gaps"][0]["from"], "2024-01-01T00:02:00Z");
    assert_eq!(found[0]["completeness"], 0.5);
    let found = Program::line("data check").inside(here).run().exits(0).quietly().out;
    assert!(found.contains("sound, 3 rows, 50.00 % complete"), "{found}");

    let export = "data export coinbase:spot:BTC-USD --kind bars_1m";
    let table = Program::line(export).inside(here).run().exits(0).quietly().out;
    let out = here.join("out.csv");
    let to_file = Program::line(export).and("--out").and(&out).and("--json").inside(here);
    assert_eq!(to_file.run().exits(0).document()["rows"], 3);
    assert_eq!(fs::read_to_string(&out).unwrap(), table);
    let again = Program::line("data import --as bars --symbol BTC-USD --venue coinbase --json");
    let again = again.and(&out).inside(here).run().exits(0).document();
    assert_eq!(
        (&again["series"][0]["added"], &again["series"][0]["known"]),
        (&0.into(), &3.into())
    );
    let part = Program::line(export).and("--from").and("2024-01-01 00:01").inside(here);
    assert_eq!(part.run().exits(0).out.lines().count(), 3);
}

#[test]
fn bars_in_a_database_are_used_like_those_of_the_catalogue() {
    let dir = folder();
    let here = dir.path();
    import(here, BARS).and("--sqlite").and("bars.db").run().exits(0);
    assert!(!here.join("data").exists(), "the catalogue is not touched");
    let line = |line: &str| Program::line(line).and("--sqlite").and("bars.db").inside(here);
    let listed = line("data list --json").run().exits(0).document();
    assert_eq!((&listed[0]["rows"], &listed[0]["kind"]), (&3.into(), &"bars_1m".into()));
    let table = line("data export coinbase:spot:BTC-USD --kind bars_1m").run().exits(0).out;
    assert!(table.contains("2024-01-01T00:00:00Z,2024-01-01T00:01:00Z,10,12,9,11,5.0"), "{table}");
    let shown = line("data show coinbase:spot:BTC-USD").run().exits(0).out;
    assert!(shown.contains("bars.csv as bars_1m"), "{shown}");
}

#[test]
fn a_mistake_is_named_and_changes_nothing() {
    let dir = folder();
    let here = dir.path();
    let bad = BARS.replace("11,12,10,12,1.5", "11,12,10,NaN,1.5");
    import(here, &bad).run().exits(1).says_nothing().complains(&["bars.csv: row 3: close", "NaN"]);
    let listed = Program::line("data list").inside(here).run().exits(0).out;
    assert!(listed.contains("nothing yet"), "{listed}");
    let cases: [(&str, i32, &[&str]); 8] = [
        ("data import bars.csv", 2, &["--as"]),
        ("data import none.csv --as bars", 1, &["none.csv"]),
        ("data import bars.csv --as bars --assets BTC", 2, &["--assets"]),
        ("data import bars.csv --as bars --filter x", 2, &["--filter x"]),
        ("data import bars.csv --as bars --time-zone Mars/Olympus", 2, &["--time-zone", "Mars"]),
        ("data import bars.csv --as bars --interval 7x", 2, &["--interval", "7x"]),
        ("data show coinbase:spot:ETH-USD", 2, &["coinbase:spot:ETH-USD"]),
        ("data list --data nowhere", 2, &["nowhere", "data import"]),
    ];
    for (line, code, words) in cases {
        Program::line(line).inside(here).run().exits(code).says_nothing().complains(words);
    }
}

#[test]
fn data_that_nobody_should_use_fail_the_check() {
    let dir = folder();
    let here = dir.path();
    let mut bars = String::from("date,open,high,low,close,volume,split_coefficient\n");
    for day in 1..=9 {
        let split = if day == 5 { "2" } else { "1" };
        let _ = writeln!(bars, "2024-01-0{day},100,100,100,100,1,{split}");
    }
    import(here, &bars).run().exits(0);
    let found = Program::line("data check --json").inside(here).run().exits(1).document();
    let bars = found.as_array().unwrap().iter().find(|one| one["kind"] == "bars_1d").unwrap();
    assert_eq!((&bars["sound"], &bars["counts"]["silent_split"]), (&false.into(), &1.into()));
}

#[test]
fn an_import_that_is_killed_leaves_the_catalogue_as_it_was() {
    let dir = folder();
    let here = dir.path();
    import(here, BARS).run().exits(0);
    let export = || {
        let line = "data export coinbase:spot:BTC-USD --kind bars_1m";
        Program::line(line).inside(here).run().exits(0).out
    };
    let before = export();
    let mut more = String::from("time,open,high,low,close,volume\n");
    for minute in 0..200_000_i64 {
        let time = 1_704_153_600 + minute * 60;
        let _ = writeln!(more, "{time},10,10,10,10,1");
    }
    let running = import(here, &more).start();
    // It has begun as soon as its rows are on their way.
    let runs = here.join("data/history/_import/runs");
    support_cli::eventually("an import that runs", || fs::read_dir(&runs).ok()?.next().map(|_| ()));
    running.signal(Signal::SIGKILL);
    drop(running);
    assert_eq!(export(), before);
    // What it left behind is in nobody's way.
    let report = import(here, &more).and("--json").run().exits(0).document();
    assert_eq!(report["series"][0]["added"], 200_000);
    assert!(!text(&runs).is_empty() && !runs.exists());
}

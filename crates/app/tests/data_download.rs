//! `data download` through the real program, from a venue on this machine.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use std::path::Path;

use nix::sys::signal::Signal;
use sandbox::{ArchiveFaults, SandboxHandle};
use serde_json::Value;
use support_cli::{Finished, Program, eventually, folder, venue};

const ARCHIVE: &str = "data download --from binance-vision --symbol BTCUSDT --kind klines \
                       --interval 1h --json --data h";

/// A download into the folder `h` below `dir`.
fn from(venue: &SandboxHandle, dir: &Path, line: &str) -> Program {
    Program::line(line).and("--base-url").and(&venue.urls().spot_rest).inside(dir)
}

fn archive(venue: &SandboxHandle, dir: &Path, days: &str) -> Program {
    from(venue, dir, &format!("{ARCHIVE} {days}"))
}

fn listed(dir: &Path) -> Value {
    Program::line("data list --json --data h").inside(dir).run().exits(0).document()
}

fn with_faults(seed: u64, faults: ArchiveFaults) -> SandboxHandle {
    let venue = venue::simulated(seed);
    venue.set_archive_faults(faults);
    venue
}

/// The catalogue has nothing, not even a folder of a venue.
fn assert_nothing_imported(dir: &Path) {
    assert!(!dir.join("h/venue=binance").exists());
}

fn rows_of(download: &Finished) -> u64 {
    download.document()["imported"]["series"][0]["added"].as_u64().unwrap()
}

#[test]
fn a_week_of_the_archive_is_fetched_once() {
    let (venue, dir) = (venue::simulated(7), folder());
    let week = "--start 2024-01-01 --end 2024-01-07";
    let first = archive(&venue, dir.path(), week).run().exits(0).quietly();
    assert_eq!(rows_of(&first), 7 * 24);
    assert_eq!(first.document()["requests"], 14, "{first}");
    let before = listed(dir.path());
    assert!(before.to_string().contains("bars_1h"), "{before}");
    assert!(before.to_string().contains("binance:spot:BTCUSDT"), "{before}");

    let asked = venue.asked_about_the_past().len();
    let again = archive(&venue, dir.path(), week).run().exits(0).quietly().document();
    assert_eq!(venue.asked_about_the_past().len(), asked, "no request for days that are there");
    assert_eq!((&again["requests"], &again["known_days"]), (&0.into(), &7.into()));
    assert_eq!(listed(dir.path()), before);

    let longer = "--start 2023-12-31 --end 2024-01-08";
    let more = archive(&venue, dir.path(), longer).run().exits(0);
    assert_eq!((rows_of(&more), &more.document()["requests"]), (48, &4.into()));
}

#[test]
fn a_whole_month_is_one_file() {
    let (venue, dir) = (venue::simulated(7), folder());
    let month = archive(&venue, dir.path(), "--start 2024-02-01 --end 2024-02-29").run().exits(0);
    assert_eq!(rows_of(&month), 29 * 24);
    let asked = venue.asked_about_the_past();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[1].ends_with("monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip"), "{asked:?}");
}

#[test]
fn a_month_that_is_not_published_yet_is_fetched_by_days() {
    let missing = vec!["/monthly/".to_owned()];
    let venue = with_faults(7, ArchiveFaults { missing, ..ArchiveFaults::default() });
    let dir = folder();
    let month = archive(&venue, dir.path(), "--start 2024-02-01 --end 2024-02-29").run().exits(0);
    assert_eq!(rows_of(&month), 29 * 24);
    assert_eq!(month.document()["absent"], Value::Array(Vec::new()));
}

#[test]
fn a_killed_download_carries_on_where_it_was() {
    let faults = ArchiveFaults { hold_after: Some(6), ..ArchiveFaults::default() };
    let (venue, dir) = (with_faults(7, faults), folder());
    let week = "--start 2024-01-01 --end 2024-01-07";
    let running = archive(&venue, dir.path(), week).start();
    eventually("the seventh request", || (venue.asked_about_the_past().len() == 7).then_some(()));
    running.signal(Signal::SIGKILL);
    drop(running);
    assert_nothing_imported(dir.path());

    venue.set_archive_faults(ArchiveFaults::default());
    let rest = archive(&venue, dir.path(), week).run().exits(0);
    assert_eq!(rows_of(&rest), 7 * 24);
    let rest = rest.document();
    assert_eq!((&rest["reused"], &rest["requests"]), (&3.into(), &8.into()), "{rest}");
    let asked = venue.asked_about_the_past();
    let first_day = |path: &&String| path.ends_with("2024-01-01.zip");
    assert_eq!(asked.iter().filter(first_day).count(), 1, "{asked:?}");
    let parts = dir.path().join("h/_downloads/binance-vision/data/spot/daily/klines/BTCUSDT/1h");
    assert_eq!(std::fs::read_dir(parts).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn ctrl_c_ends_a_download_with_130_and_imports_nothing() {
    let faults = ArchiveFaults { hold_after: Some(4), ..ArchiveFaults::default() };
    let (venue, dir) = (with_faults(7, faults), folder());
    let running = archive(&venue, dir.path(), "--start 2024-01-01 --end 2024-01-07").start();
    eventually("the fifth request", || (venue.asked_about_the_past().len() == 5).then_some(()));
    running.signal(Signal::SIGINT);
    running.finish().exits(130).says_nothing();
    assert_nothing_imported(dir.path());
}

#[test]
fn a_file_with_a_wrong_checksum_is_refused_and_deleted() {
    let faults = ArchiveFaults { wrong_checksums: true, ..ArchiveFaults::default() };
    let (venue, dir) = (with_faults(7, faults), folder());
    let day = "--start 2024-01-01 --end 2024-01-01";
    let refused = archive(&venue, dir.path(), day).run().exits(1).says_nothing();
    refused.complains(&["wrong checksum", "BTCUSDT-1h-2024-01-01.zip"]);
    assert_nothing_imported(dir.path());
    venue.set_archive_faults(ArchiveFaults::default());
    let again = archive(&venue, dir.path(), day).run().exits(0);
    assert_eq!(again.document()["reused"], 0, "{again}");
}

#[test]
fn an_answer_that_ends_in_the_middle_is_fetched_again() {
    let faults = ArchiveFaults { cut: 2, ..ArchiveFaults::default() };
    let (venue, dir) = (with_faults(7, faults), folder());
    let day = archive(&venue, dir.path(), "--start 2024-01-01 --end 2024-01-01").run().exits(0);
    assert_eq!((rows_of(&day), &day.document()["requests"]), (24, &4.into()));
}

#[test]
fn a_venue_that_asks_for_a_pause_gets_it() {
    let faults = ArchiveFaults { throttle: 2, retry_after_secs: 1, ..ArchiveFaults::default() };
    let (venue, dir) = (with_faults(7, faults), folder());
    let started = std::time::Instant::now();
    let line = "data download --from binance --symbol BTCUSDT --kind klines --interval 1m \
                --start 2024-01-01 --end 2024-01-02 --json --data h";
    let got = Program::line(line).at(&venue).inside(dir.path()).run().exits(0);
    assert!(started.elapsed() >= std::time::Duration::from_secs(2), "{got}");
    // 2,880 bars are three pages of at most a thousand.
    assert_eq!((rows_of(&got), &got.document()["requests"]), (2_880, &5.into()), "{got}");

    venue.set_archive_faults(ArchiveFaults {
        throttle: 1,
        retry_after_secs: 7_200,
        ..ArchiveFaults::default()
    });
    let line = line.replace("2024-01-0", "2024-03-0");
    let sent_away = Program::line(&line).at(&venue).inside(dir.path()).run().exits(1);
    sent_away.complains(&["stay away for 7200 s"]);
}

#[test]
fn a_day_that_is_not_there_is_told_and_the_others_are_taken() {
    let missing = vec!["2024-01-03".to_owned()];
    let venue = with_faults(7, ArchiveFaults { missing, ..ArchiveFaults::default() });
    let dir = folder();
    let days = "--start 2024-01-02 --end 2024-01-04";
    let some = archive(&venue, dir.path(), days).run().exits(0);
    assert_eq!(rows_of(&some), 48);
    let absent = &some.document()["absent"];
    assert_eq!(absent[0]["first"], "2024-01-03", "{absent}");
    assert!(absent[0]["reason"].as_str().unwrap().contains("404"), "{absent}");
    let only = archive(&venue, dir.path(), "--start 2024-01-03 --end 2024-01-03");
    only.run().exits(1).says_nothing().complains(&["nothing was found", "2024-01-03"]);
}

#[test]
fn every_origin_and_kind_ends_in_the_catalogue() {
    let (venue, dir) = (venue::simulated(7), folder());
    let cases = [
        ("binance-vision --market usdm --symbol BTCUSDT --kind aggTrades", 2 * 1_440),
        ("binance-vision --market spot --symbol ETHUSDT --kind trades", 2 * 1_440),
        ("binance-vision --market usdm --symbol ETHUSDT --kind fundingRate", 31 * 3),
        ("binance --market usdm --symbol BTCUSDT --kind fundingRate", 6),
        ("binance --market usdm --symbol BTCUSDT --kind klines --interval 5m", 2 * 288),
        ("coinbase --symbol BTC-USD --kind klines --interval 1m", 2 * 1_440),
    ];
    for (case, rows) in cases {
        let line = format!(
            "data download --from {case} --start 2024-01-01 --end 2024-01-02 --json --data h"
        );
        let got = from(&venue, dir.path(), &line).run().exits(0).quietly();
        assert_eq!(rows_of(&got), rows, "{got}");
        let asked = venue.asked_about_the_past().len();
        let again = from(&venue, dir.path(), &line).run().exits(0).document();
        assert_eq!(again["known_days"], 2, "{case}");
        assert_eq!(venue.asked_about_the_past().len(), asked, "{case}");
    }
    assert_eq!(listed(dir.path()).to_string().matches("binance:").count(), 5);
    Program::line("data check --data h").inside(dir.path()).run().exits(0);
}

#[test]
fn archive_and_interface_tell_the_same_past() {
    let (venue, dir) = (venue::simulated(7), folder());
    let days = "--start 2024-01-01 --end 2024-01-02";
    archive(&venue, dir.path(), days).run().exits(0);
    let rest = format!(
        "data download --from binance --symbol BTCUSDT --kind klines --interval 1h {days} \
         --data other --keep --json"
    );
    from(&venue, dir.path(), &rest).run().exits(0);
    let export = |data: &str| {
        let line = "data export binance:spot:BTCUSDT --kind bars_1h --data";
        Program::line(line).and(data).inside(dir.path()).run().exits(0).out
    };
    assert_eq!(export("h"), export("other"));
    let kept = dir.path().join("other/_downloads/binance-rest/spot/BTCUSDT/1h");
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 1, "--keep keeps");
}

#[test]
fn an_order_that_nobody_can_carry_out_is_refused_before_any_request() {
    let (venue, dir) = (venue::simulated(7), folder());
    let cases = [
        ("--from binance --symbol BTCUSDT --kind trades", "binance-vision"),
        ("--from binance-vision --symbol BTCUSDT --kind fundingRate", "--market usdm"),
        ("--from binance-vision --symbol BTCUSDT --kind klines", "--interval"),
        ("--from binance-vision --symbol ../BTC --kind trades", "BTCUSDT"),
        ("--from coinbase --symbol BTC-USD --kind klines --interval 3m", "3m"),
        ("--from coinbase --symbol BTCUSD --kind klines --interval 1m", "BTC-USD"),
    ];
    for (case, complaint) in cases {
        let line = format!("data download {case} --start 2024-01-01 --end 2024-01-02 --data h");
        let refused = from(&venue, dir.path(), &line).run().exits(2);
        refused.says_nothing().complains(&["error:", complaint]);
    }
    let backwards = archive(&venue, dir.path(), "--start 2024-01-02 --end 2024-01-01");
    backwards.run().exits(2).complains(&["2024-01-01", "before"]);
    let future = archive(&venue, dir.path(), "--start 2261-01-01 --end 2261-01-02");
    future.run().exits(2).complains(&["not over"]);
    assert_eq!(venue.asked_about_the_past(), Vec::<String>::new());
    let unknown = "data download --from binance --symbol NOSUCH --kind klines --interval 1h \
                   --start 2024-01-01 --end 2024-01-02 --data h";
    let unknown = from(&venue, dir.path(), unknown).run().exits(1);
    unknown.complains(&["400", "Invalid symbol"]);
    assert_nothing_imported(dir.path());
}

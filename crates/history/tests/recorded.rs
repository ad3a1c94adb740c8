//! Every recorded set can be imported, and says afterwards what its description says.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support;

use std::path::PathBuf;

use domain::{Market, MarketData};
use history::{
    Content, Format, IntakeSettings, Interval, Kind, ReadOptions, Series, Window,
    check::{What, check},
    iso,
};
use support::Place;
use testkit::recorded;

/// All files below a folder of the recorded data whose path ends so.
fn files(folder: &str, ending: &str) -> Option<Vec<PathBuf>> {
    let root = recorded(folder)?;
    let all = support::files_below(&root);
    let fits = |path: &PathBuf| path.to_string_lossy().ends_with(ending);
    let files: Vec<_> =
        all.into_iter().map(|(path, _)| path).filter(fits).map(|path| root.join(path)).collect();
    assert!(!files.is_empty(), "{folder} {ending}");
    Some(files)
}

fn options(content: Content) -> ReadOptions {
    ReadOptions::new(content)
}

fn rounding() -> IntakeSettings {
    IntakeSettings { round: true, ..IntakeSettings::default() }
}

#[test]
fn hourly_bars_of_june_2020_have_their_hole_of_three_and_no_bar_is_invented() {
    let Some(file) = recorded("binance-rest/responses.jsonl.zst") else { return };
    let place = Place::new();
    let hourly = ReadOptions {
        symbol: Some("BTCUSDT".into()),
        interval: Some(Interval::HOUR),
        ..options(Content::Bars)
    };
    let report = place.import(&[file], &hourly).unwrap();
    assert_eq!(report.series[0].added, 1_000 + 468 + 176 - 1 + 0, "{report:?}");
    let series: Series = Series {
        instrument: "binance:spot:BTCUSDT".parse().unwrap(),
        kind: Kind::Bars(Interval::HOUR),
    };
    let june = Window { from: 1_588_280_400_000_000_000, to: 1_593_572_400_000_000_000 };
    let findings = check(&place.catalogue(), &series, june, None).unwrap();
    assert_eq!((findings.gap_count, findings.missing), (1, 3), "{findings:?}");
    assert_eq!(iso(findings.gaps[0].from), "2020-06-28T02:00:00Z");
    assert_eq!(iso(findings.gaps[0].to), "2020-06-28T05:00:00Z");
    assert!(findings.is_sound());
}

//! `trades.csv` and `equity.csv`: what is in them, and what becomes of errors.

use std::{fs, path::Path};

use domain::{Instruments, Lots, Market, Money, Side, StrategyId, Timestamp};
use engine::performance::RoundTrip;
use report::{CsvListener, MarketSource, ReportError};
use research::recorder::{EquityPoint, Listener as _};
use testkit::instruments::{instruments, spec};

use crate::sample::{Plan, Sample};

fn table() -> Instruments {
    instruments([spec(Market::LinearPerpetual, "BTC/USDT", "0.1", "0.001")])
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn trip() -> RoundTrip {
    RoundTrip {
        strategy: StrategyId::new(0),
        instrument: table().iter().next().unwrap().id(),
        side: Side::Sell,
        opened: Timestamp::from_millis(1_704_067_200_000),
        closed: Some(Timestamp::from_millis(1_704_070_800_500)),
        quantity: Lots::new(250),
        entry_value: money("10000"),
        closed_quantity: Lots::new(250),
        exit_value: money("9900"),
        fees: money("1.25"),
        carry: money("-0.5"),
        fills: 3,
        maker_fills: 1,
        liquidated: false,
    }
}

fn point() -> EquityPoint {
    EquityPoint {
        time: Timestamp::from_millis(1_704_067_200_000),
        equity: money("100000.000000000000000001"),
        cash: money("110000"),
        exposure: money("9999.999999999999999999"),
        drawdown: 0.125,
    }
}

fn listener(dir: &Path, strategy: &str, market: &MarketSource) -> Result<CsvListener, ReportError> {
    CsvListener::create(dir, &table(), &[strategy.to_owned()], market)
}

fn recorded(dir: &Path) -> CsvListener {
    listener(dir, "crossing", &MarketSource::Recorded).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn rows_are_exact_and_open_positions_come_last_without_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut listener = recorded(dir.path());
    listener.round_trip(&trip());
    listener.equity(&point());
    let open =
        RoundTrip { closed: None, closed_quantity: Lots::ZERO, exit_value: Money::ZERO, ..trip() };
    let files = listener.finish(&[open]).unwrap();
    assert_eq!(files, [dir.path().join("trades.csv"), dir.path().join("equity.csv")]);
    let name = table().iter().next().unwrap().to_string();
    let expected = format!(
        "market,strategy,instrument,side,opened,closed,quantity,entry_price,exit_price,entry_value,\
         exit_value,profit,return,fees,carry,fills,maker_fills,liquidated\n\
         recorded,crossing,{name},short,2024-01-01T00:00:00Z,2024-01-01T01:00:00.5Z,0.25,40000,39600,\
         10000,9900,98.25,0.009825,1.25,-0.5,3,1,false\n\
         recorded,crossing,{name},short,2024-01-01T00:00:00Z,,0.25,40000,,\
         10000,0,,,1.25,-0.5,3,1,false\n"
    );
    assert_eq!(fs::read_to_string(&files[0]).unwrap(), expected);
    assert_eq!(
        fs::read_to_string(&files[1]).unwrap(),
        "market,time,equity,cash,exposure,drawdown\n\
         recorded,2024-01-01T00:00:00Z,100000.000000000000000001,110000,9999.999999999999999999,0.125\n"
    );
}

#[test]
fn a_made_up_market_is_named_in_every_row_and_a_formula_is_text() {
    let dir = tempfile::tempdir().unwrap();
    let market = MarketSource::Synthetic { seed: 7, model: "a walk".into() };
    let mut listener = listener(dir.path(), "=HYPERLINK(\"x\"),1", &market).unwrap();
    listener.round_trip(&trip());
    listener.equity(&point());
    listener.finish(&[]).unwrap();
    for name in ["trades.csv", "equity.csv"] {
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(text.lines().skip(1).all(|line| line.starts_with("synthetic,")), "{text}");
    }
    let trades = fs::read_to_string(dir.path().join("trades.csv")).unwrap();
    assert!(trades.contains("synthetic,\"'=HYPERLINK(\"\"x\"\"),1\","), "{trades}");
}

#[test]
fn a_session_leaves_a_row_for_every_trade_and_the_last_equity() {
    let dir = tempfile::tempdir().unwrap();
    let plan = Plan { symbols: 1, ..Plan::SHORT };
    let mut listener = recorded(dir.path());
    let sample = Sample::heard(plan, &mut listener);
    listener.finish(&sample.outcome.open_trips).unwrap();
    let rows = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        text.lines().skip(1).map(str::to_owned).collect()
    };
    let finished = sample.outcome.round_trips.len();
    assert!(finished > 10, "the sample trades");
    assert_eq!(rows("trades.csv").len(), finished + sample.outcome.open_trips.len());
    let profits = rows("trades.csv").into_iter().take(finished);
    let total: Money = profits.map(|row| money(row.split(',').nth(11).unwrap())).sum();
    let expected: Money = sample.outcome.round_trips.iter().filter_map(RoundTrip::profit).sum();
    assert_eq!(total, expected, "money is exact in the table");
    let last = rows("equity.csv").pop().unwrap();
    assert_eq!(money(last.split(',').nth(2).unwrap()), sample.outcome.snapshot.equity);
}

#[test]
fn without_an_end_nothing_remains() {
    let dir = tempfile::tempdir().unwrap();
    let mut listener = recorded(dir.path());
    listener.equity(&point());
    assert_eq!(names(dir.path()), [".equity.csv.unfinished", ".trades.csv.unfinished"]);
    drop(listener);
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_folder_that_is_a_file_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("taken");
    fs::write(&path, "x").unwrap();
    let error = listener(&path, "crossing", &MarketSource::Recorded).unwrap_err();
    assert!(matches!(error, ReportError::Folder { .. }), "{error:?}");
    assert!(error.to_string().contains("taken"), "{error}");
}

#[test]
fn a_table_that_cannot_be_opened_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".equity.csv.unfinished")).unwrap();
    let error = listener(dir.path(), "crossing", &MarketSource::Recorded).unwrap_err();
    assert!(error.to_string().ends_with("equity.csv cannot be written"), "{error}");
}

#[test]
fn a_table_whose_name_is_taken_by_a_folder_is_named_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("trades.csv")).unwrap();
    let error = recorded(dir.path()).finish(&[]).unwrap_err();
    assert!(error.to_string().ends_with("trades.csv cannot be written"), "{error}");
    assert_eq!(names(dir.path()), ["trades.csv"], "only the folder in the way");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_in_the_middle_is_told_at_the_end_with_the_name() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join(".equity.csv.unfinished")).unwrap();
    let mut listener = recorded(dir.path());
    for _ in 0..10_000 {
        listener.equity(&point());
    }
    let error = listener.finish(&[]).unwrap_err();
    assert!(error.to_string().ends_with("equity.csv cannot be written"), "{error}");
    assert!(!dir.path().join("equity.csv").exists(), "no half table");
}

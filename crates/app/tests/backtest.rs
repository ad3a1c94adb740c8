//! `backtest` as a user types it: on a made-up market, on recorded bars, on recorded frames.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use std::{fmt::Write as _, fs, path::Path};

use serde_json::Value;
use support_cli::{Finished, Program, config, folder};

const DOCUMENTED: &str =
    "backtest --strategy moving_average --symbols BTC-USD --duration 60 --synthetic";

fn json(dir: &Path, line: &str) -> Value {
    Program::line(line).and("--json").inside(dir).run().exits(0).document()
}

fn import(dir: &Path, line: &str, file: &Path) -> Finished {
    Program::line(&format!("data import {line}")).and(file).inside(dir).run().exits(0)
}

#[test]
fn the_documented_command_works_and_leaves_every_file() {
    let dir = folder();
    let finished = Program::line(DOCUMENTED).inside(dir.path()).run().exits(0);
    assert!(finished.out.starts_with("*** SYNTHETIC MARKET, seed 7"), "{finished}");
    assert!(finished.out.contains("Why you should not believe this"), "{finished}");
    let results = dir.path().join("results");
    for name in ["report.html", "report.json", "trades.csv", "equity.csv"] {
        let text = fs::read_to_string(results.join(name)).unwrap();
        assert!(
            text.to_lowercase().contains("synthetic"),
            "{name} says that the market is made up"
        );
    }
    for name in ["equity", "price-1-btcusd", "months", "trades", "exposure"] {
        for ending in ["png", "svg"] {
            let file = results.join(format!("charts/{name}.{ending}"));
            assert!(fs::metadata(&file).unwrap().len() > 500, "{}", file.display());
        }
    }
}

#[test]
fn two_symbols_are_traded_against_each_other() {
    let dir = folder();
    let report = json(
        dir.path(),
        "backtest --strategy dual_leg --symbols BTC-USD,ETH-USD --synthetic --duration 1d \
         --no-sensitivity --output-dir ./results",
    );
    let text = report.to_string();
    assert!(text.contains("BTC-USD") && text.contains("ETH-USD"), "{text}");
    let trades = fs::read_to_string(dir.path().join("results/trades.csv")).unwrap();
    let of = |symbol: &str| trades.lines().filter(|line| line.contains(symbol)).count();
    assert!(of("BTC-USD") > 3 && of("ETH-USD") > 3, "{trades}");
}

#[test]
fn the_same_input_gives_the_same_report_and_another_seed_another() {
    let dir = folder();
    let hash = |line: &str| {
        let line = format!("{DOCUMENTED} --no-sensitivity {line}");
        json(dir.path(), &line)["content_sha256"].as_str().unwrap().to_owned()
    };
    let first = hash("");
    assert_eq!(first, hash(""));
    assert_ne!(first, hash("--seed 8"));
}

#[test]
fn hyphens_are_underscores_and_durations_have_units() {
    let dir = folder();
    for line in [
        "backtest --strategy moving-average --symbols btc-usd --duration 7d --interval 1h \
         --synthetic --no-sensitivity",
        "backtest --symbols BTC-USD --duration 168h --interval 1h --synthetic --no-sensitivity",
    ] {
        Program::line(line).inside(dir.path()).run().exits(0);
    }
}

#[test]
fn no_decision_depends_on_the_future() {
    let dir = folder();
    let line = "backtest --symbols BTC-USD --duration 2d --interval 5m --synthetic \
                --no-sensitivity --check-lookahead 6";
    let finished = Program::line(line).inside(dir.path()).run().exits(0);
    assert!(finished.out.contains("found a decision that changed"), "{finished}");
    assert!(finished.out.contains("(6 cuts)"), "{finished}");
}

#[test]
fn mistakes_are_named_and_nothing_is_written() {
    let dir = folder();
    let cases: [(&str, &[&str]); 7] = [
        ("backtest --strategy nosuch --synthetic", &["strategy.kind", "moving_average"]),
        ("backtest --symbols BTC-USD", &["no catalogue", "data import"]),
        ("backtest --synthetic --duration soon", &["--duration", "168h"]),
        ("backtest --synthetic --data somewhere", &["--synthetic", "--data"]),
        ("backtest --synthetic --duration 30s", &["--duration", "shorter than one bar"]),
        ("backtest --strategy imbalance --synthetic", &["bars only", "demo"]),
        ("backtest --synthetic --set strategy.params.fast=99", &["fast", "slow"]),
    ];
    for (line, words) in cases {
        Program::line(line).inside(dir.path()).run().exits(2).says_nothing().complains(words);
    }
    assert!(!dir.path().join("results").exists());
}

#[test]
fn recorded_bars_are_the_same_from_parquet_and_from_sqlite() {
    let Some(bars) = testkit::recorded("crypto-bars/crypto/coinbase/daily") else { return };
    let dir = folder();
    let file = bars.join("btcusd_trade.csv.zst");
    import(dir.path(), "--as bars", &file);
    import(dir.path(), "--as bars --sqlite bars.db", &file);
    let line = "backtest --symbols BTC-USD --no-sensitivity --from 2015-01-01 --to 2018-01-01";
    let parquet = json(dir.path(), line);
    let sqlite = json(dir.path(), &format!("{line} --db bars.db"));
    let commands = |report: &Value| find(report, "commands_sha256").unwrap().clone();
    assert_eq!(commands(&parquet), commands(&sqlite));
    let run = find(&parquet, "run").unwrap();
    let (from, to) = (run["from"].as_str().unwrap(), run["to"].as_str().unwrap());
    assert!(from.starts_with("2015-01") && to.starts_with("2018-01-01"), "{from} to {to}");
}

#[test]
fn imported_frames_give_the_commands_of_a_replay_of_the_recording() {
    let Some(raw) = testkit::recorded("binance-raw") else { return };
    let dir = folder();
    let file = raw.join("usdm_btcusdt_20230404_markprice.txt.zst");
    import(dir.path(), "--format frames", &file);
    let replay = Program::line("replay --json --config").and(config("replay.toml"));
    let replay = replay.and("--capture").and(&file).inside(dir.path()).run().exits(0).document();
    let backtest =
        Program::line("backtest --json --no-sensitivity --symbols usdm:BTCUSDT --config")
            .and(config("replay.toml"))
            .inside(dir.path())
            .run()
            .exits(0)
            .document();
    assert_eq!(find(&backtest, "commands_sha256"), replay.get("commands_sha256"));
    assert!(replay["fills"].as_u64().unwrap() > 0, "{replay}");
}

#[test]
fn a_perpetual_without_funding_is_an_error_and_not_free() {
    let Some(bars) = testkit::recorded("crypto-bars/cryptofuture/binance/daily") else { return };
    let dir = folder();
    let Some(file) = fs::read_dir(bars)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("_trade"))
    else {
        return;
    };
    import(dir.path(), "--as bars", &file);
    let list = Program::line("data list --json").inside(dir.path()).run().exits(0).out;
    assert!(list.contains("perpetual"), "{list}");
    let line = "backtest --symbols ADAUSDT --no-sensitivity --set strategy.params.fast=1 \
                --set strategy.params.slow=2 --set strategy.params.direction=long_short";
    let finished = Program::line(line).inside(dir.path()).run();
    if finished.status.code() == Some(0) {
        // So few bars may hold no position over a settlement; then nothing is missing.
        let trades = fs::read_to_string(dir.path().join("results/trades.csv")).unwrap();
        assert!(trades.lines().count() <= 1, "a position was held without funding: {trades}");
    } else {
        finished.exits(1).complains(&["funding"]);
    }
}

#[test]
fn bars_are_built_from_trades_and_joined_from_shorter_ones_and_the_report_says_so() {
    let dir = folder();
    let mut trades = String::from("time,id,price,quantity,side\n");
    let mut minutes = String::from("time,open,high,low,close,volume\n");
    for minute in 0..600_i64 {
        let time = 1_704_067_200 + minute * 60;
        let price = 40_000 + (minute / 40 % 2 * 2 - 1) * (minute % 40) * 10;
        let (open, close) = (price, price + 5);
        for (part, price) in (0..).zip([open, open + 9, open - 9, close]) {
            let (time, id) = (time + 10 * part, 4 * minute + part);
            writeln!(trades, "{time},{id},{price},0.25,buy").unwrap();
        }
        let (high, low) = (open + 9, open - 9);
        writeln!(minutes, "{time},{open},{high},{low},{close},1").unwrap();
    }
    // The last minute is over when something happens behind it.
    writeln!(trades, "{},9999,40000,0.25,buy", 1_704_067_200 + 600 * 60).unwrap();
    for (what, text) in [("trades", trades), ("bars", minutes)] {
        let file = dir.path().join(format!("{what}.csv"));
        fs::write(&file, text).unwrap();
        let line = format!(
            "--as {what} --venue binance --market spot --symbol BTCUSDT --tick 0.01 \
             --lot 0.00001 --data {what}"
        );
        import(dir.path(), &line, &file);
    }
    let run = |data: &str, more: &str| {
        let line = format!(
            "backtest --symbols BTCUSDT --data {data} --check-lookahead 20 --no-sensitivity {more}"
        );
        let report = json(dir.path(), &line);
        let orders = find(&report, "trades").unwrap().clone();
        let told = find(&report, "fill_model").unwrap().to_string();
        (orders, told, fs::read_to_string(dir.path().join("results/trades.csv")).unwrap())
    };
    let (_, told, from_trades) = run("trades", "--interval 1m");
    assert!(told.contains("Bars of 60s were built from trades."), "{told}");
    let (_, _, stored) = run("bars", "");
    assert!(from_trades.lines().count() > 5, "{from_trades}");
    assert_eq!(from_trades, stored, "bars built from trades are those that were stored");
    let (_, told, joined) = run("bars", "--interval 5m");
    assert!(told.contains("Bars of 300s were joined from shorter ones."), "{told}");
    assert_eq!(joined, run("trades", "--interval 5m").2);
}

/// The first value of that name anywhere in a document.
fn find<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    match document {
        Value::Object(fields) => {
            fields.get(name).or_else(|| fields.values().find_map(|value| find(value, name)))
        }
        Value::Array(items) => items.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

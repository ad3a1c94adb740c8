//! `trade` as a user sees it: products, bars from the command line, paper money said plainly.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use nix::sys::signal::Signal;
use support_cli::{Program, config, eventually, folder, page, venue};

/// The command as it is documented.
const DOCUMENTED: &str = "trade --product-id BTC-USD --duration 60";

#[test]
fn the_documented_command_says_what_it_trades_where_and_with_which_money() {
    let (venue, dir) = (venue::simulated(3), folder());
    let run = |flags: &str| {
        let line = format!("{DOCUMENTED} --run-for 2 {flags}");
        Program::line(&line).inside(dir.path()).at(&venue).run().exits(0)
    };
    let paper = run("--paper");
    let first = paper.out.lines().next().unwrap_or_default();
    for part in ["BTC-USD", "BTCUSDT on Binance spot", "SIMULATED", "seed 3", "paper money", "60 s"]
    {
        assert!(first.contains(part), "no {part}: {paper}");
    }
    assert!(!paper.out.contains("live orders"), "it was asked for: {paper}");
    let product = "BTC-USD: spot:BTCUSDT on binance, paper money";
    for part in [product, "moving_average, bars of 60s", "SIMULATED market, seed 3, paper money"] {
        assert!(paper.out.lines().skip(1).any(|line| line.contains(part)), "no {part}: {paper}");
    }
    assert!(dir.path().join("data/trade/strategy.db").is_file(), "where its file says");

    let silent = run("");
    let first = silent.out.lines().next().unwrap_or_default();
    for part in ["BTCUSDT on Binance spot", "live orders are not part of this release", "paper"] {
        assert!(first.contains(part), "no {part}: {silent}");
    }
    assert!(silent.out.contains("say --paper"), "and again at the end: {silent}");
}

#[test]
fn fast_bars_of_a_simulated_market_are_traded_and_the_books_agree() {
    let dir = folder();
    let trade = Program::line("trade --product-id BTC-USD --paper --duration 1 --sandbox --seed 5");
    let trade = trade
        .and("--set=strategy.params.fast=1")
        .and("--set=strategy.params.slow=2")
        .and("--set=strategy.persistence.snapshot_interval_ms=1000")
        .and("--json")
        .and("--data-dir=d")
        .logged()
        .inside(dir.path())
        .start();
    let pages = trade.pages();
    eventually("a fill and its place in the figures", || {
        let metrics = page::get(&format!("{pages}/metrics")).body;
        let above_zero = |name| page::sample(&metrics, name).is_some_and(|value| value > 0.0);
        let traded = above_zero("algopioneer_fills_total");
        (traded && above_zero("algopioneer_exposure_ratio")).then_some(())
    });
    trade.signal(Signal::SIGTERM);
    let summary = trade.finish().exits(0).document();
    assert_eq!(summary["command"], "trade", "{summary}");
    assert_eq!((&summary["market"], &summary["seed"]), (&"simulated".into(), &5.into()));
    assert_eq!((&summary["strategy"], &summary["bars"]), (&"moving_average".into(), &"1s".into()));
    let product = serde_json::json!({
        "product": "BTC-USD", "venue": "binance", "symbol": "spot:BTCUSDT", "money": "paper"
    });
    assert_eq!(summary["product"], product, "{summary}");
    assert!(summary["fills"].as_u64() > Some(0), "{summary}");
    assert!(summary["performance"]["exposure"].as_f64() > Some(0.0), "{summary}");
    assert!(summary["performance"]["sharpe"].is_null(), "seconds are no year: {summary}");
    let audit = Program::line("audit --data-dir d --json").inside(dir.path()).run();
    assert_eq!(audit.exits(0).document()["fills"], summary["fills"]);
}

#[test]
fn a_configuration_gives_everything_but_the_product_and_the_bars() {
    let (venue, dir) = (venue::simulated(3), folder());
    let trade = Program::line("trade --product-id ETHUSDT --interval 5 --run-for 1 --paper --json");
    let trade = trade.and("--data-dir=d").and("--config").and(config("paper-moving-average.toml"));
    let summary = trade.inside(dir.path()).at(&venue).run().exits(0).document();
    assert_eq!((&summary["bars"], &summary["ended"]), (&"5s".into(), &"time_up".into()));
    assert_eq!(summary["product"]["symbol"], "spot:ETHUSDT", "{summary}");
    assert!(summary["notes"].as_array().is_some_and(|notes| notes.len() == 1), "{summary}");
}

#[test]
fn an_unknown_product_gets_the_nearest_names_and_nothing_is_started() {
    let dir = folder();
    for (line, nearest) in [
        ("--product-id BTC-USB", "BTC-USD"),
        ("--product-id ETHEREUM", "ETH-USD"),
        // Well formed, but the venue does not list it.
        ("--product-id ETHX-USD --sandbox", "ETH-USD"),
    ] {
        let name = line.split(' ').nth(1).unwrap();
        let trade = Program::line(&format!("trade --paper --json {line}")).inside(dir.path());
        trade.run().exits(2).says_nothing().complains(&["--product-id", name, nearest]);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn flags_that_make_no_sense_are_named() {
    let wrong = [
        ("", "--product-id"),
        ("--product-id BTC-USD --duration 0", "--duration"),
        ("--product-id BTC-USD --duration 1m", "--duration"),
        ("--product-id BTC-USD --duration 86401", "--duration"),
        ("--product-id BTC-USD --run-for 0", "--run-for"),
        ("--product-id BTC-USD --seed 3", "--sandbox"),
        ("--product-id BTC-USD --rate 3", "--sandbox"),
        ("--product-id BTC-USD --set strategy.params.fats=3", "fats"),
        ("--product-id BTC-USD --set strategy.kind=momentum", "momentum"),
    ];
    for (line, flag) in wrong {
        let dir = folder();
        let trade = Program::line(&format!("trade {line}")).inside(dir.path());
        trade.run().exits(2).says_nothing().complains(&["error", flag]);
    }
}

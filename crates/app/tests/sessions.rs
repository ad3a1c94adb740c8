//! Sessions as a user sees them: first line, summary, streams, signals.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use std::time::Duration;

use nix::sys::signal::Signal;
use rust_decimal::Decimal;
use serde_json::Value;
use support_cli::{Finished, PATIENCE, Program, config, folder, page, recording, text, venue};

/// The longest that an orderly end may take.
const ORDERLY: Duration = Duration::from_secs(5);

/// The promised fields of a session's JSON summary, each with the right kind of value.
fn check_summary(summary: &Value, market: &str) {
    assert_eq!(summary["market"], market, "{summary}");
    let counts = [
        "frames",
        "parse_errors",
        "sequence_gaps",
        "resyncs",
        "book_updates",
        "trades",
        "signals",
        "orders",
        "fills",
        "elapsed_ms",
        "frames_per_second",
        "peak_rss_bytes",
    ];
    for name in counts {
        assert!(summary[name].is_u64(), "{name} is not a count: {summary}");
    }
    for name in ["cash", "fees", "realized_pnl", "unrealized_pnl"] {
        check_decimal(&summary[name], name);
    }
    // Amounts of different assets have no sum.
    if !summary["position"].is_null() {
        check_decimal(&summary["position"], "position");
    }
    assert!(summary.as_object().is_some_and(|fields| fields.contains_key("position")));
    for name in ["suppressed", "rejected"] {
        let reasons = summary[name].as_object().unwrap_or_else(|| panic!("{name}: {summary}"));
        assert!(!reasons.is_empty(), "{name}: {summary}");
        assert!(reasons.values().all(Value::is_u64), "{name}: {summary}");
    }
    for name in ["p50", "p99", "p999", "max", "count"] {
        assert!(summary["tick_to_trade_ns"][name].is_u64(), "{name}: {summary}");
    }
    let hash = summary["commands_sha256"].as_str().unwrap_or_default();
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{summary}");
    assert_eq!(summary["parse_errors"], 0, "{summary}");
}

fn check_decimal(value: &Value, name: &str) {
    let parsed = value.as_str().map(str::parse::<Decimal>);
    assert!(matches!(parsed, Some(Ok(_))), "{name} is not a decimal in a string: {value}");
}

fn count(summary: &Value, name: &str) -> u64 {
    summary[name].as_u64().unwrap_or_else(|| panic!("{name}: {summary}"))
}

#[test]
fn a_demo_says_that_its_market_is_simulated_and_with_which_seed() {
    let dir = folder();
    let demo = Program::line("demo --seconds 2 --seed 11").inside(dir.path()).run();
    let demo = demo.exits(0).quietly();
    let first = demo.out.lines().next().unwrap_or_default();
    assert!(first.contains("SIMULATED") && first.contains("seed 11"), "{demo}");
    let again = demo.out.lines().skip(1).find(|line| line.contains("SIMULATED"));
    assert!(again.is_some_and(|line| line.contains("seed 11")), "{demo}");
    for part in ["messages", "repairs", "held back", "fills", "cash", "fees", "p99.9", "memory"] {
        assert!(demo.out.contains(part), "no {part}: {demo}");
    }
    let journal = demo.out.lines().find_map(|line| line.trim().strip_prefix("journal"));
    let journal = journal.unwrap_or_else(|| panic!("{demo}")).trim();
    assert!(dir.path().join(journal).is_dir(), "{journal} is where the journal is");
}

#[test]
fn the_summary_of_a_demo_is_one_document_with_every_promised_field() {
    let dir = folder();
    let demo = Program::line("demo --seconds 2 --json --data-dir d").inside(dir.path()).run();
    let summary = demo.exits(0).quietly().document();
    check_summary(&summary, "simulated");
    assert_eq!(summary["seed"], 7, "{summary}");
    assert_eq!(summary["ended"], "time_up", "{summary}");
    for name in ["frames", "book_updates"] {
        assert!(count(&summary, name) > 0, "{name}: {summary}");
    }
    assert_eq!(summary["files"]["database"], "d/strategy.db");
}

#[test]
fn a_demo_with_a_recording_says_recorded() {
    let Some(capture) = testkit::recorded(recording::SHORT) else { return };
    let dir = folder();
    let demo = |more: &str| {
        Program::line("demo --seconds 2 --speed 20 --data-dir d --capture")
            .and(&capture)
            .and(more)
            .inside(dir.path())
            .run()
            .exits(0)
    };
    let shown = demo("--layout=pipelined");
    let first = shown.out.lines().next().unwrap_or_default();
    assert!(first.contains("RECORDED") && first.contains("usdm_btcusdt_20230404"), "{shown}");
    assert!(!shown.out.contains("SIMULATED"), "{shown}");
    let summary = demo("--json").document();
    check_summary(&summary, "recorded");
    assert_eq!(summary["seed"], Value::Null);
    assert!(count(&summary, "book_updates") > 0, "{summary}");
    assert!(count(&summary, "trades") > 0, "{summary}");
}

#[test]
fn a_run_has_the_same_summary_and_does_not_call_a_pretend_venue_live() {
    let venue = venue::simulated(3);
    let dir = folder();
    let run = |more: &str| {
        Program::line("run --seconds 3 --data-dir d --config")
            .and(config("paper-binance.toml"))
            .and(more)
            .inside(dir.path())
            .at(&venue)
            .run()
            .exits(0)
            .quietly()
    };
    let summary = run("--json").document();
    check_summary(&summary, "simulated");
    assert_eq!(summary["seed"], 3, "{summary}");
    assert_eq!(summary["run"], 1, "{summary}");
    check_decimal(&summary["position"], "position");
    assert!(count(&summary, "book_updates") > 0, "{summary}");
    let shown = run("--layout=fused");
    let first = shown.out.lines().next().unwrap_or_default();
    assert!(first.contains("SIMULATED") && first.contains("seed 3"), "{shown}");
    assert!(!shown.out.contains("LIVE"), "{shown}");
}

#[test]
fn what_was_recorded_is_replayed_without_loss_and_with_one_result() {
    let dir = folder();
    let made = recording::made_in(dir.path(), 4);
    let replay = |layout: &str| {
        let program = Program::line("replay --json --verify-top --config");
        let program = program.and(config("replay.toml")).and("--capture").and(text(&made));
        program.and("--layout").and(layout).inside(dir.path()).run().exits(0).quietly().document()
    };
    let fused = replay("fused");
    check_summary(&fused, "recorded");
    assert_eq!(fused["ended"], "end_of_data");
    assert_eq!(count(&fused, "sequence_gaps"), 0, "{fused}");
    assert!(count(&fused, "book_updates") > 0 && count(&fused, "orders") > 0, "{fused}");
    assert!(count(&fused["verify_top"], "compared") > 0, "{fused}");
    assert_eq!(fused["verify_top"]["compared"], fused["verify_top"]["equal"], "{fused}");
    let pipelined = replay("pipelined");
    assert_eq!(fused["commands_sha256"], pipelined["commands_sha256"]);
    assert_ne!(fused["layout"], pipelined["layout"]);
}

#[test]
fn a_recording_is_never_overwritten() {
    let dir = folder();
    let venue = venue::simulated(1);
    std::fs::write(dir.path().join("kept.txt.zst"), "precious").unwrap();
    let record = Program::line("record --seconds 1 --out kept.txt.zst --config");
    let record = record.and(config("sandbox.toml")).inside(dir.path()).at(&venue).run();
    record.exits(1).says_nothing().complains(&["kept.txt.zst"]);
    assert_eq!(std::fs::read(dir.path().join("kept.txt.zst")).unwrap(), b"precious");
}

/// A demo that trades, and then gets this signal.
fn interrupted_demo(signal: Signal) -> Finished {
    let dir = folder();
    let demo = Program::line("demo --seconds 600 --json --data-dir d").logged().inside(dir.path());
    let demo = demo.start();
    let pages = demo.pages();
    support_cli::eventually("the first order", || {
        let metrics = page::get(&format!("{pages}/metrics")).body;
        page::sample(&metrics, "strategy_orders_submitted_total").filter(|orders| *orders > 0.0)
    });
    demo.signal(signal);
    let finished = demo.finish_within(ORDERLY).exits(0);
    let audit = Program::line("audit --data-dir d").inside(dir.path()).run();
    audit.exits(0).quietly();
    finished
}

#[test]
fn an_interrupted_demo_ends_in_order_and_sums_up() {
    let summary = interrupted_demo(Signal::SIGINT).document();
    check_summary(&summary, "simulated");
    assert_eq!(summary["ended"], "interrupted", "{summary}");
    assert!(count(&summary, "orders") > 0, "{summary}");
}

#[test]
fn a_terminated_demo_ends_in_order_and_sums_up() {
    let summary = interrupted_demo(Signal::SIGTERM).document();
    check_summary(&summary, "simulated");
    assert_eq!(summary["ended"], "interrupted", "{summary}");
}

#[test]
fn a_signal_right_after_the_start_is_not_lost() {
    let dir = folder();
    let demo = Program::line("demo --seconds 600 --data-dir d").logged().inside(dir.path()).start();
    // Connected is logged by the trading thread, after the signals are listened to.
    demo.wait_for_log("connected");
    demo.signal(Signal::SIGINT);
    let finished = demo.finish_within(ORDERLY).exits(0);
    assert!(finished.out.contains("SIMULATED market, seed 7, paper money"), "{finished}");
}

#[test]
fn a_replay_that_is_interrupted_has_no_result_and_says_so() {
    let Some(capture) = testkit::recorded(recording::SHORT) else { return };
    let dir = folder();
    let replay = Program::line("replay --speed 1 --json --data-dir d --config");
    let replay = replay.and(config("replay.toml")).and("--capture").and(&capture);
    let replay = replay.inside(dir.path()).start();
    let finished = end_by_signal(replay);
    finished.exits(130).says_nothing().complains(&["interrupted"]);
}

/// Waits until the process listens to the signal, then sends it.
fn end_by_signal(process: support_cli::Running) -> Finished {
    support_cli::eventually("a handler for the signal", || process.catches(Signal::SIGINT));
    process.signal(Signal::SIGINT);
    process.finish_within(ORDERLY)
}

#[test]
fn logs_are_json_lines_on_the_other_stream() {
    let dir = folder();
    let demo = Program::line("demo --seconds 2 --json --data-dir d").logged().inside(dir.path());
    let demo = demo.run().exits(0);
    check_summary(&demo.document(), "simulated");
    assert!(!demo.err.is_empty(), "{demo}");
    for line in demo.err.lines() {
        let log: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let parts = ["timestamp", "level", "target"];
        assert!(parts.iter().all(|part| log[part].is_string()), "{line}");
        assert!(log["fields"]["message"].is_string(), "{line}");
    }
}

#[test]
fn progress_goes_to_the_other_stream_too() {
    let dir = folder();
    let demo = Program::line("demo --seconds 600 --data-dir d").inside(dir.path()).start();
    let status = demo.wait_for_complaint(|text| Some(text.lines().next()?.to_owned()));
    for part in ["/600 s", "updates", "signals", "orders", "fills", "PnL", "p99"] {
        assert!(status.contains(part), "no {part}: {status}");
    }
    demo.signal(Signal::SIGTERM);
    let demo = demo.finish().exits(0);
    assert!(!demo.err.contains('\u{1b}'), "no terminal codes in a pipe: {demo}");
    assert!(!demo.out.contains("/600 s"), "{demo}");
}

#[test]
fn the_sandbox_prints_its_addresses_serves_and_ends_when_told() {
    let sandbox = Program::line("sandbox --venue binance --seed 4 --json").start();
    let document: Value = sandbox.wait_for_output(|out| serde_json::from_str(out).ok());
    assert_eq!(document["market"], "simulated");
    assert_eq!(document["seed"], 4);
    let rest = document["urls"]["futures_rest"].as_str().unwrap();
    assert!(rest.starts_with("http://127.0.0.1:"), "{rest}");
    let facts = page::get(&format!("{rest}/fapi/v1/exchangeInfo")).json();
    assert!(facts["symbols"].as_array().is_some_and(|symbols| !symbols.is_empty()), "{facts}");
    sandbox.signal(Signal::SIGTERM);
    let finished = sandbox.finish_within(ORDERLY).exits(0).quietly();
    assert_eq!(finished.document(), document, "one document and nothing else");
}

#[test]
fn the_command_that_the_sandbox_suggests_works_as_it_stands() {
    let sandbox = Program::line("sandbox --venue binance --seed 4").start();
    let suggested = sandbox.wait_for_output(|out| {
        let (_, rest) = out.split_once("Trade on it:  algopioneer ")?;
        let (command, _) = rest.split_once("\nStop with")?;
        Some(command.replace("\\\n", " "))
    });
    let dir = folder();
    let folder_of_configs = config("");
    let suggested = suggested.replace("config/", &folder_of_configs);
    let run = Program::line(&suggested).and("--seconds=2").and("--json");
    let run = run.with("ALGOPIONEER__HTTP__LISTEN", "127.0.0.1:0").inside(dir.path()).run();
    let summary = run.exits(0).quietly().document();
    check_summary(&summary, "simulated");
    assert_eq!(summary["seed"], 4, "{summary}");
    assert!(count(&summary, "book_updates") > 0, "{summary}");
    sandbox.signal(Signal::SIGINT);
    let finished = sandbox.finish_within(PATIENCE).exits(0);
    assert!(finished.out.contains("SIMULATED market, seed 4"), "{finished}");
}

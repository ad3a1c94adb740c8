//! The pages of a session, and the kill switch from every side.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod documentation;
mod support_cli;

use std::{collections::BTreeSet, fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path};

use nix::sys::signal::Signal;
use serde_json::Value;
use support_cli::{Program, Running, config, eventually, folder, page, venue};

/// The documented metrics and their kinds.
const DOCUMENTED: [(&str, &str); 8] = [
    ("strategy_market_updates_total", "counter"),
    ("strategy_signals_generated_total", "counter"),
    ("strategy_orders_submitted_total", "counter"),
    ("strategy_tick_to_trade_duration_seconds", "histogram"),
    ("strategy_feature_calculation_duration_seconds", "histogram"),
    ("strategy_pnl_total", "untyped"),
    ("strategy_position_size", "gauge"),
    ("strategy_channel_utilization_ratio", "gauge"),
];

/// The documented buckets, and the one that every histogram ends with.
const BUCKETS: [f64; 7] = [1e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, f64::INFINITY];

/// A demo in the folder `d`, and where its pages are.
fn demo(dir: &Path) -> (Running, String) {
    let demo = Program::line("demo --seconds 600 --json --data-dir d").logged().inside(dir).start();
    let pages = demo.pages();
    (demo, pages)
}

fn wait_until_ready(pages: &str) {
    eventually("readiness", || (page::get(&format!("{pages}/ready")).status == 200).then_some(()));
}

fn wait_for_sample(pages: &str, name: &str, wanted: impl Fn(f64) -> bool) {
    eventually(name, || {
        let metrics = page::get(&format!("{pages}/metrics")).body;
        page::sample(&metrics, name).filter(|value| wanted(*value))
    });
}

fn end(demo: Running) -> Value {
    demo.signal(Signal::SIGTERM);
    demo.finish().exits(0).document()
}

#[test]
fn the_pages_say_that_the_session_lives_is_ready_and_what_it_is() {
    let dir = folder();
    let (demo, pages) = demo(dir.path());
    assert!(pages.starts_with("http://127.0.0.1:"), "loopback unless configured: {pages}");
    let health = page::get(&format!("{pages}/health"));
    assert_eq!((health.status, health.kind.as_str()), (200, "application/json"));
    let health = health.json();
    assert_eq!(health["status"], "alive");
    assert_eq!(health["session"]["market"], "simulated", "{health}");
    assert_eq!(health["session"]["seed"], 7, "{health}");
    assert_eq!(health["session"]["mode"], "paper", "{health}");
    wait_until_ready(&pages);
    let ready = page::get(&format!("{pages}/ready"));
    assert_eq!(ready.json(), serde_json::json!({"ready": true, "waiting_for": []}));
    assert_eq!(page::get(&format!("{pages}/nothing")).status, 404);
    assert_eq!(page::get(&format!("{pages}/kill")).status, 405, "looking does not kill");
    end(demo);
}

#[test]
fn a_session_without_its_streams_is_alive_but_not_ready_and_does_not_trade() {
    let venue = venue::simulated(2);
    // It accepts connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("ws://{}", silent.local_addr().unwrap());
    let dir = folder();
    let run = Program::line("run --json --data-dir d --config").and(config("paper-binance.toml"));
    let run = run
        .at(&venue)
        .with("ALGOPIONEER__VENUE__BINANCE__FUTURES_WS_PUBLIC", &silent_url)
        .with("ALGOPIONEER__VENUE__BINANCE__FUTURES_WS_MARKET", &silent_url)
        .logged()
        .inside(dir.path())
        .start();
    let pages = run.pages();
    let ready = eventually("the reason that stays", || {
        let ready = page::get(&format!("{pages}/ready"));
        assert_eq!(ready.status, 503, "{}", ready.body);
        ready.body.contains("to be in sync").then_some(ready)
    });
    let ready = ready.json();
    assert_eq!(ready["ready"], false);
    assert!(ready["waiting_for"][0].as_str().is_some_and(|why| why.contains("BTCUSDT")), "{ready}");
    assert_eq!(page::get(&format!("{pages}/health")).status, 200);
    let metrics = page::get(&format!("{pages}/metrics")).body;
    let in_sync = "algopioneer_book_in_sync{symbol=\"BTCUSDT\",market=\"usdm\"}";
    assert_eq!(page::sample(&metrics, in_sync), Some(0.0), "{metrics}");
    let summary = end(run);
    assert_eq!(summary["orders"], 0, "{summary}");
}

#[test]
fn the_metrics_page_has_the_documented_names_kinds_and_buckets() {
    let dir = folder();
    let (demo, pages) = demo(dir.path());
    for (name, _) in DOCUMENTED.iter().filter(|(_, kind)| *kind == "histogram") {
        wait_for_sample(&pages, &format!("{name}_count"), |count| count > 0.5);
    }
    let answer = page::get(&format!("{pages}/metrics"));
    assert!(answer.kind.starts_with("text/plain; version=0.0.4"), "{}", answer.kind);
    let metrics = answer.body;
    for (name, kind) in DOCUMENTED {
        let kinds =
            metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let kinds: Vec<_> = kinds.filter(|(one, _)| *one == name).collect();
        assert_eq!(kinds, [(name, kind)], "{metrics}");
    }
    for (name, _) in DOCUMENTED.iter().filter(|(_, kind)| *kind == "histogram") {
        check_buckets(&metrics, name);
    }
    for market in ["spot", "usdm"] {
        let labels = format!("strategy_position_size{{symbol=\"BTCUSDT\",market=\"{market}\"}}");
        assert!(page::sample(&metrics, &labels).is_some(), "{metrics}");
    }
    for channel in ["market", "order", "journal", "persist"] {
        let name = format!("strategy_channel_utilization_ratio{{channel=\"{channel}\"}}");
        let ratio = page::sample(&metrics, &name).unwrap_or_else(|| panic!("{name}:\n{metrics}"));
        assert!((0.0..=1.0).contains(&ratio), "{name} {ratio}");
    }
    check_with_promtool(dir.path(), &metrics);
    let summary = end(demo);
    let seen = page::sample(&metrics, "strategy_orders_submitted_total").unwrap();
    assert!(summary["orders"].as_f64().unwrap() >= seen, "the page never runs ahead: {summary}");
}

/// The buckets are the documented ones, and their counts add up.
fn check_buckets(metrics: &str, name: &str) {
    let prefix = format!("{name}_bucket{{le=\"");
    let buckets: Vec<(f64, f64)> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix(&prefix)?.split_once("\"} "))
        .map(|(bound, count)| (bound.replace('+', "").parse().unwrap(), count.parse().unwrap()))
        .collect();
    let bounds: Vec<_> = buckets.iter().map(|(bound, _)| *bound).collect();
    assert_eq!(bounds, BUCKETS, "{name}");
    assert!(buckets.is_sorted_by(|one, next| one.1 <= next.1), "not cumulative: {buckets:?}");
    let count = page::sample(metrics, &format!("{name}_count"));
    assert_eq!(count, buckets.last().map(|(_, count)| *count), "{name}");
    assert!(count > Some(0.0), "{name} has measured something");
    assert!(page::sample(metrics, &format!("{name}_sum")) > Some(0.0), "{name}");
}

#[expect(clippy::print_stdout, reason = "a skipped check must say so")]
fn check_with_promtool(dir: &Path, metrics: &str) {
    let file = dir.join("metrics.txt");
    fs::write(&file, metrics).unwrap();
    let promtool = std::process::Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(fs::File::open(&file).unwrap())
        .output();
    match promtool {
        Ok(checked) => {
            let said = [checked.stdout, checked.stderr].concat();
            let said = String::from_utf8_lossy(&said).into_owned();
            assert!(checked.status.success() && said.is_empty(), "promtool: {said}\n{metrics}");
        }
        Err(error) => {
            let strict = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!strict, "promtool: {error}");
            println!("skipped: promtool check metrics ({error})");
        }
    }
}

/// Name, kind and labels of each metric, as a page of the program has them.
fn served(metrics: &str) -> BTreeSet<(String, String, String)> {
    let kinds = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let labels_of = |name: &str| {
        let of_it = |line: &&str| line.starts_with(&format!("{name}{{"));
        let Some(line) = metrics.lines().find(of_it) else { return String::new() };
        let (inside, _) = line[name.len() + 1..].split_once('}').unwrap();
        let names =
            inside.split(',').map(|label| format!("`{}`", label.split_once('=').unwrap().0));
        names.collect::<Vec<_>>().join(", ")
    };
    let row = |(name, kind): (&str, &str)| {
        // Its buckets have one label more.
        let sample = if kind == "histogram" { format!("{name}_count") } else { name.to_owned() };
        (name.to_owned(), kind.to_owned(), labels_of(&sample))
    };
    kinds.map(row).collect()
}

#[test]
fn the_page_about_observability_lists_every_metric() {
    let dir = folder();
    let (demo, pages) = demo(dir.path());
    wait_until_ready(&pages);
    let served = served(&page::get(&format!("{pages}/metrics")).body);
    end(demo);
    let written = fs::read_to_string(documentation::root().join("docs/observability.md")).unwrap();
    let rows = written.lines().filter(|line| {
        line.starts_with("| `")
            && ["counter", "gauge", "histogram", "untyped"]
                .iter()
                .any(|kind| line.contains(&format!("| {kind} |")))
    });
    let listed = rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned(), cells[3].to_owned())
    });
    assert_eq!(listed.collect::<BTreeSet<_>>(), served);
}

#[expect(clippy::print_stdout, reason = "a skipped check must say so")]
#[test]
fn the_documented_requests_work() {
    let requests: Vec<_> = documentation::commands()
        .into_iter()
        .filter(|command| command.line.starts_with("curl "))
        .collect();
    assert!(requests.len() >= 5, "they are documented: {requests:?}");
    let dir = folder();
    let (demo, pages) = demo(dir.path());
    wait_until_ready(&pages);
    for request in requests {
        let line = request.line.replace("http://127.0.0.1:9464", &pages);
        // This demo's data directory is another one.
        let line = line.replace("data/control.token", "d/control.token");
        let curl = std::process::Command::new("sh")
            .args(["-c", &format!("{line} --fail")])
            .current_dir(dir.path())
            .output()
            .unwrap();
        if curl.status.code() == Some(127) {
            println!("skipped: there is no curl for {}", request.place);
            continue;
        }
        let said = String::from_utf8_lossy(&curl.stdout).into_owned();
        assert!(curl.status.success() && !said.is_empty(), "{}: {line}: {said}", request.place);
        if line.ends_with("/kill") || line.ends_with("/resume") {
            let thrown = dir.path().join("d/KILL").exists();
            assert_eq!(thrown, line.ends_with("/kill"), "{}: {said}", request.place);
        }
    }
    end(demo);
}

#[test]
fn the_kill_switch_over_http_needs_the_token_and_stops_all_trading() {
    let dir = folder();
    let (demo, pages) = demo(dir.path());
    wait_until_ready(&pages);
    let token_file = dir.path().join("d/control.token");
    assert_eq!(fs::metadata(&token_file).unwrap().permissions().mode() & 0o777, 0o600);
    let token = fs::read_to_string(&token_file).unwrap().trim().to_owned();
    let kill = format!("{pages}/kill");
    let wrong = token.chars().rev().collect::<String>() + "0";
    assert_eq!(page::post(&kill, None).status, 401);
    for wrong in [wrong.as_str(), "", &token[..63]] {
        let refused = page::post(&kill, Some(wrong));
        assert_eq!(refused.status, 401, "{wrong:?}");
        assert!(!refused.body.contains(&token), "the token is not told");
    }
    assert!(!dir.path().join("d/KILL").exists(), "nothing has happened yet");
    assert_eq!(page::get(&format!("{pages}/ready")).status, 200);

    let killed = page::post(&kill, Some(&token));
    assert_eq!(killed.status, 200, "{}", killed.body);
    assert!(dir.path().join("d/KILL").exists(), "it survives the process");
    let ready = page::get(&format!("{pages}/ready"));
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("kill switch"), "{}", ready.body);
    wait_for_sample(&pages, "algopioneer_kill_switch_thrown", |thrown| thrown > 0.5);
    wait_for_sample(&pages, "algopioneer_open_orders", |open| open < 0.5);
    let orders = |page: &str| page::sample(page, "strategy_orders_submitted_total").unwrap();
    let before = orders(&page::get(&format!("{pages}/metrics")).body);
    let refused = "algopioneer_orders_refused_total{rule=\"kill_switch\"}";
    wait_for_sample(&pages, refused, |count| count > 0.0);
    let after = orders(&page::get(&format!("{pages}/metrics")).body);
    assert!((before - after).abs() < 0.5, "{before} orders, then {after}");

    let resumed = page::post(&format!("{pages}/resume"), Some(&token));
    assert_eq!(resumed.status, 200, "{}", resumed.body);
    wait_until_ready(&pages);
    end(demo);
}

#[test]
fn the_kill_switch_survives_a_restart_until_it_is_lifted() {
    let dir = folder();
    let at = |line: &str| Program::line(line).inside(dir.path()).run().exits(0).quietly().out;
    let (first, pages) = demo(dir.path());
    wait_until_ready(&pages);
    let said = at("kill --data-dir d");
    assert!(said.contains("algopioneer resume --data-dir d"), "{said}");
    wait_for_sample(&pages, "algopioneer_kill_switch_thrown", |thrown| thrown > 0.5);
    end(first);

    let (second, pages) = demo(dir.path());
    let refused = "algopioneer_orders_refused_total{rule=\"kill_switch\"}";
    wait_for_sample(&pages, refused, |count| count > 0.0);
    assert_eq!(page::get(&format!("{pages}/ready")).status, 503);
    let summary = end(second);
    assert_eq!(summary["orders"], 0, "{summary}");
    let notes = summary["notes"].to_string();
    assert!(notes.contains("the kill switch is thrown"), "{notes}");

    let (third, pages) = demo(dir.path());
    wait_for_sample(&pages, "algopioneer_kill_switch_thrown", |thrown| thrown > 0.5);
    assert!(at("resume --data-dir d").contains("lifted"));
    wait_until_ready(&pages);
    wait_for_sample(&pages, "strategy_orders_submitted_total", |orders| orders > 0.0);
    end(third);
    assert!(at("resume --data-dir d").contains("was not thrown"));
}

#[test]
fn a_file_made_by_hand_throws_the_switch_too() {
    let dir = folder();
    let (demo, pages) = demo(dir.path());
    wait_until_ready(&pages);
    fs::write(dir.path().join("d/KILL"), "").unwrap();
    wait_for_sample(&pages, "algopioneer_kill_switch_thrown", |thrown| thrown > 0.5);
    fs::remove_file(dir.path().join("d/KILL")).unwrap();
    wait_for_sample(&pages, "algopioneer_kill_switch_thrown", |thrown| thrown < 0.5);
    wait_until_ready(&pages);
    end(demo);
}

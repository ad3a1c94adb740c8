//! What a session holds in memory: `run` with one symbol, journal, database and metrics,
//! against a venue in another process.
//!
//! Most of it are pages of the program's own file, and unoptimised code is three times as
//! large. So the goal for the whole is asserted of optimised builds, and what the program
//! asks for itself is asserted of every build.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

const MB: u64 = 1_000_000;
/// Resident at most, in an optimised build.
const MOST: u64 = 20 * MB;
/// Heap and stacks at most, in any build.
const MOST_OF_OUR_OWN: u64 = 8 * MB;
/// How long anything here may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that does not outlive its test.
struct Guarded(Child);

impl Guarded {
    fn start(arguments: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_algopioneer"))
            .args(arguments)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Reads the JSON document it prints, to its end.
    fn announcement(&mut self) -> Value {
        let output = BufReader::new(self.0.stdout.as_mut().unwrap());
        let mut text = String::new();
        for line in output.lines() {
            text.push_str(&line.unwrap());
            if let Ok(document) = serde_json::from_str(&text) {
                return document;
            }
        }
        panic!("it ended without saying where it is: {text}");
    }

    /// Its memory now; `None` when it has ended.
    fn memory(&self) -> Option<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).ok()?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            Some(kib * 1_024)
        };
        Some(Memory { resident: bytes("VmRSS:")?, own: bytes("RssAnon:")? })
    }
}

/// Bytes in memory.
#[derive(Clone, Copy, Debug)]
struct Memory {
    resident: u64,
    /// Of these, heap and stacks.
    own: u64,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Trades against a sandbox; the summary, and memory as seen from outside.
fn trade(data_dir: &Path, seconds: &str) -> (Value, Vec<Memory>) {
    let mut sandbox = Guarded::start(&["sandbox", "--venue", "binance", "--rate", "500", "--json"]);
    let urls = sandbox.announcement()["urls"].clone();
    let set = |name: &str| format!("venue.binance.{name}={}", urls[name].as_str().unwrap());
    let [rest, public, market] =
        ["futures_rest", "futures_ws_public", "futures_ws_market"].map(set);
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/sandbox.toml");
    let data_dir = data_dir.to_str().unwrap();
    let mut run = Guarded::start(&[
        "run",
        "--config",
        config,
        "--data-dir",
        data_dir,
        "--seconds",
        seconds,
        "--json",
        "--set",
        &rest,
        "--set",
        &public,
        "--set",
        &market,
        "--set",
        "strategy.params.order_style=aggressive",
        "--set",
        "http.enabled=true",
        "--set",
        "http.listen=127.0.0.1:0",
    ]);
    let (deadline, mut seen) = (Instant::now() + PATIENCE, Vec::new());
    while run.0.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "the session does not end");
        seen.extend(run.memory());
        std::thread::park_timeout(Duration::from_millis(100));
    }
    (run.announcement(), seen)
}

#[test]
#[cfg(target_os = "linux")]
#[expect(clippy::print_stdout, reason = "the figures are worth reading")]
fn a_session_with_journal_database_and_metrics_stays_small() {
    let dir = tempfile::tempdir().unwrap();
    let (summary, seen) = trade(dir.path(), "6");
    assert!(summary["frames"].as_u64().unwrap() > 1_000, "{summary}");
    assert!(summary["fills"].as_u64().unwrap() > 0, "{summary}");
    assert!(dir.path().join("strategy.db").exists());
    let peak = summary["peak_rss_bytes"].as_u64().unwrap();
    let steady = seen[seen.len() / 2];
    let own = seen.iter().map(|memory| memory.own).max().unwrap();
    let mb = |bytes: u64| format!("{}.{} MB", bytes / MB, bytes % MB * 10 / MB);
    println!("peak {}, steady {}, own {}", mb(peak), mb(steady.resident), mb(own));
    assert!(own <= MOST_OF_OUR_OWN, "{} of its own", mb(own));
    assert!(cfg!(debug_assertions) || peak <= MOST, "a peak of {}", mb(peak));
}

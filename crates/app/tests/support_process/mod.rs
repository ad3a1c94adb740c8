//! The real program as a child process: started, watched, signalled, killed, always waited for.

#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

pub(crate) mod books;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take that should happen soon, on a machine that has other work too.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(4);

/// A configuration that trades often.
pub(crate) const BUSY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support_process/busy.toml");

/// Asks again and again until there is an answer.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "in vain waited for {what}");
        thread::sleep(PAUSE);
    }
}

/// Tells whoever reads the output of a test.
#[expect(clippy::print_stdout, reason = "a skipped test and a seed must be told")]
pub(crate) fn note(text: &str) {
    println!("{text}");
}

/// Whether the long form of a test was asked for.
pub(crate) fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value != "0")
}

/// A command of the program, not yet started.
pub(crate) fn algopioneer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_algopioneer"));
    command.args(arguments).env("RUST_LOG", "algopioneer=info,storage=info").stdin(Stdio::null());
    command
}

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// The exit code; the outcome is shown when a signal ended the process.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self:#?}"))
    }

    pub(crate) fn assert_code(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    pub(crate) fn assert_says(&self, words: &[&str]) {
        for word in words {
            assert!(self.stderr.contains(word), "no \"{word}\" in {self:#?}");
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A running process of the program. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    output: TempDir,
    address: Option<SocketAddr>,
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(algopioneer(arguments))
    }

    /// Starts a command. Its output goes to files, so that it never waits for a reader.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let output = tempfile::tempdir().unwrap();
        let file = |name: &str| fs::File::create(output.path().join(name)).unwrap();
        let child = command.stdout(file("stdout")).stderr(file("stderr")).spawn().unwrap();
        Self { child, output, address: None }
    }

    /// Runs a command to its end.
    pub(crate) fn run(arguments: &[&str]) -> Outcome {
        Self::start(arguments).wait()
    }

    pub(crate) fn stdout(&self) -> String {
        self.read("stdout")
    }

    pub(crate) fn stderr(&self) -> String {
        self.read("stderr")
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.output.path().join(name)).unwrap()).into_owned()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn terminate(&self) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
    }

    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for the end, but not for ever.
    pub(crate) fn wait(mut self) -> Outcome {
        let status = until("the end of a process", || self.has_ended());
        Outcome { status, stdout: self.stdout(), stderr: self.stderr() }
    }

    /// Asks for the end and waits for it.
    pub(crate) fn stop(self) -> Outcome {
        self.terminate();
        self.wait()
    }

    /// Where it serves its pages, once it has said so.
    pub(crate) fn address(&mut self) -> Option<SocketAddr> {
        if self.address.is_none() {
            let log = self.stderr();
            let rest = log.split_once("serving /health").map(|(_, rest)| rest);
            self.address = rest.and_then(|rest| {
                let plain = without_colours(rest);
                let word = plain.split_once("address=")?.1.split_whitespace().next()?.to_owned();
                // The last line may be half written.
                plain.contains('\n').then(|| word.parse().ok())?
            });
        }
        self.address
    }

    /// One of its pages: status and body. `None` while it does not answer.
    pub(crate) fn page(&mut self, path: &str) -> Option<(u16, String)> {
        let url = format!("http://{}{path}", self.address()?);
        let request = ureq::get(&url).config().http_status_as_error(false);
        let answer = request.timeout_global(Some(Duration::from_secs(5))).build().call();
        let mut answer = answer.ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
    }

    /// The sum of a metric over its labels.
    pub(crate) fn metric(&mut self, name: &str) -> Option<f64> {
        metric(&self.page("/metrics")?.1, name)
    }

    /// Waits until a metric is at least so much.
    pub(crate) fn await_metric(&mut self, name: &str, least: f64) -> f64 {
        until(&format!("{name} >= {least}"), || {
            assert!(self.has_ended().is_none(), "ended early: {}", self.stderr());
            self.metric(name).filter(|&value| value >= least)
        })
    }

    pub(crate) fn is_ready(&mut self) -> Option<bool> {
        self.page("/ready").map(|(status, _)| status == 200)
    }

    pub(crate) fn await_ready(&mut self, ready: bool) {
        until(&format!("ready = {ready}"), || {
            assert!(self.has_ended().is_none(), "ended early: {}", self.stderr());
            (self.is_ready() == Some(ready)).then_some(())
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sum of a metric over its labels on a page.
pub(crate) fn metric(page: &str, name: &str) -> Option<f64> {
    let values: Vec<f64> = page
        .lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit(' ').next()?.parse().ok())
        .collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, colour)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = colour.split_once('m').map_or("", |(_, behind)| behind);
    }
    plain + rest
}

/// A pretended exchange in a process of its own.
pub(crate) struct Venue {
    process: Process,
    urls: Value,
}

impl Venue {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let common = ["sandbox", "--venue", "binance", "--json"];
        let mut process = Process::start(&[&common, arguments].concat());
        let urls = until("the sandbox's addresses", || {
            assert!(process.has_ended().is_none(), "no sandbox: {}", process.stderr());
            serde_json::from_str::<Value>(&process.stdout()).ok()
        });
        Self { process, urls: urls["urls"].clone() }
    }

    /// The settings that lead a session to this exchange.
    pub(crate) fn settings(&self) -> Vec<String> {
        settings(&self.urls)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.urls["spot_rest"].as_str().unwrap().trim_start_matches("http://").to_owned()
    }

    pub(crate) fn kill(mut self) {
        self.process.kill();
    }
}

/// The settings that lead a session to the addresses of an exchange.
pub(crate) fn settings(urls: &Value) -> Vec<String> {
    let names = ["spot_rest", "spot_ws", "futures_rest", "futures_ws_public", "futures_ws_market"];
    let set = |name| format!("--set=venue.binance.{name}={}", urls[name]);
    names.into_iter().map(set).collect()
}

/// A data directory with everything around it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn text(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("strategy.db")
    }

    /// A paper session against a pretended exchange.
    pub(crate) fn run(&self, venue: &[String], more: &[&str]) -> Process {
        Process::start(&words(&session_words(&self.text(), venue, more)))
    }

    pub(crate) fn audit(&self) -> Outcome {
        audit(&self.path())
    }

    /// Audits: nothing differs.
    pub(crate) fn assert_sound(&self) -> Value {
        assert_sound(&self.path())
    }

    pub(crate) fn rebuild(&self) -> Outcome {
        Process::run(&["rebuild", "--data-dir", &self.text()])
    }
}

/// The command line of a paper session.
pub(crate) fn session_words(data_dir: &str, venue: &[String], more: &[&str]) -> Vec<String> {
    let own = ["run", "--config", BUSY, "--json", "--data-dir", data_dir];
    let own = own.into_iter().chain(more.iter().copied()).map(str::to_owned);
    own.chain(venue.iter().cloned()).collect()
}

pub(crate) fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

pub(crate) fn audit(data_dir: &Path) -> Outcome {
    Process::run(&["audit", "--json", "--data-dir", data_dir.to_str().unwrap()])
}

pub(crate) fn assert_sound(data_dir: &Path) -> Value {
    let report = audit(data_dir).assert_code(0).json();
    assert_eq!(report["differences"], 0, "{report:#}");
    assert!(report["first_difference"].is_null(), "{report:#}");
    report
}

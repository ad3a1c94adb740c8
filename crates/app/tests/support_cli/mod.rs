//! Runs the built program as a person at a shell would: arguments, variables, folder, signals.
//!
//! Every process has a deadline and dies with its guard, so that a failing test leaves nothing
//! behind. No process may panic, whatever it was given.

#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod page;
pub(crate) mod peers_case;
pub(crate) mod recording;
pub(crate) mod venue;

use std::{
    ffi::OsStr,
    io::Read,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

/// The longest that anything in these tests may take. Nothing comes near it unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The program with its arguments, ready to start.
pub(crate) struct Program {
    command: Command,
}

impl Program {
    /// The program as built, without any variable of the process that runs the tests.
    pub(crate) fn new<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_algopioneer"));
        command.env_clear().args(arguments);
        Self { command }
    }

    /// The words of a command line without quotes.
    pub(crate) fn line(line: &str) -> Self {
        Self::new(line.split_whitespace())
    }

    /// One more argument.
    pub(crate) fn and(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// The folder to run in.
    pub(crate) fn inside(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// One variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Logs as JSON lines from `info` up, which is how tests learn what is going on inside.
    pub(crate) fn logged(self) -> Self {
        self.with("RUST_LOG", "info").and("--log-format").and("json")
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Finished {
        self.start().finish()
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = format!("{:?}", self.command);
        let mut child = self.command.spawn().expect("the program was built before its tests");
        let out = Listener::of(child.stdout.take().expect("it is piped"));
        let err = Listener::of(child.stderr.take().expect("it is piped"));
        Running { shown, child, out, err }
    }
}

/// A process that is killed when nobody waits for it any more.
pub(crate) struct Running {
    shown: String,
    child: Child,
    out: Listener,
    err: Listener,
}

impl Running {
    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("process ids are small");
        kill(Pid::from_raw(id), signal).expect("the process is ours and was not waited for yet");
    }

    /// Whether it has a handler for this signal by now.
    pub(crate) fn catches(&self, signal: Signal) -> Option<()> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        let caught = u64::from_str_radix(caught.trim(), 16).ok()?;
        let number = signal as u32;
        (caught >> (number - 1) & 1 == 1).then_some(())
    }

    /// Waits until standard output has what `find` looks for.
    pub(crate) fn wait_for_output<T>(&self, find: impl FnMut(&str) -> Option<T>) -> T {
        self.out.wait_for(&self.shown, find)
    }

    /// Waits until standard error has what `find` looks for.
    pub(crate) fn wait_for_complaint<T>(&self, find: impl FnMut(&str) -> Option<T>) -> T {
        self.err.wait_for(&self.shown, find)
    }

    /// Waits for a JSON log line with this beginning of its message.
    pub(crate) fn wait_for_log(&self, message: &str) -> Value {
        self.wait_for_complaint(|text| {
            let mut lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
            lines.find(|line: &Value| {
                line["fields"]["message"].as_str().is_some_and(|one| one.starts_with(message))
            })
        })
    }

    /// The address of the pages of a session that was started with [`Program::logged`].
    pub(crate) fn pages(&self) -> String {
        let line = self.wait_for_log("serving /health");
        format!("http://{}", line["fields"]["address"].as_str().expect("an address"))
    }

    /// Waits for the end.
    pub(crate) fn finish(self) -> Finished {
        self.finish_within(PATIENCE)
    }

    /// Waits for the end, which must come within `limit`.
    pub(crate) fn finish_within(mut self, limit: Duration) -> Finished {
        let deadline = Instant::now() + limit;
        // Both streams close when the process ends.
        let ended = self.out.wait_for_close(deadline) && self.err.wait_for_close(deadline);
        if !ended {
            let (out, err) = (self.out.text(), self.err.text());
            panic!("{} did not end within {limit:?}\n{out}\n{err}", self.shown);
        }
        let status = self.child.wait().expect("it is our child");
        let finished = Finished {
            shown: self.shown.clone(),
            status,
            out: self.out.text(),
            err: self.err.text(),
        };
        assert!(!finished.err.contains("panicked"), "{finished}");
        finished
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when the process has already been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process said and how it ended.
pub(crate) struct Finished {
    shown: String,
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { shown, status, out, err } = self;
        write!(f, "{shown}: {status}\n--- stdout\n{out}\n--- stderr\n{err}")
    }
}

impl Finished {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self}");
        self
    }

    /// Checks that results are complete and no complaint was made.
    #[track_caller]
    pub(crate) fn quietly(self) -> Self {
        assert_eq!(self.err, "", "{self}");
        self
    }

    /// Checks that the complaint names each of these, and that there is no result.
    #[track_caller]
    pub(crate) fn complains(self, about: &[&str]) -> Self {
        for part in about {
            assert!(self.err.contains(part), "no {part:?} in: {self}");
        }
        self
    }

    /// Checks that standard output has nothing.
    #[track_caller]
    pub(crate) fn says_nothing(self) -> Self {
        assert_eq!(self.out, "", "{self}");
        self
    }

    /// The one JSON document on standard output.
    #[track_caller]
    pub(crate) fn document(&self) -> Value {
        match serde_json::from_str(&self.out) {
            Ok(value) => value,
            Err(error) => panic!("not one JSON document ({error}): {self}"),
        }
    }
}

/// Text that arrives on a pipe, collected by a thread.
struct Listener {
    heard: Arc<(Mutex<Heard>, Condvar)>,
}

#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    closed: bool,
}

impl Listener {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let heard = Arc::<(Mutex<Heard>, Condvar)>::default();
        let shared = Arc::clone(&heard);
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let count = pipe.read(&mut buffer).unwrap_or(0);
                let mut heard = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
                heard.bytes.extend_from_slice(&buffer[..count]);
                heard.closed = count == 0;
                shared.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self { heard }
    }

    fn text(&self) -> String {
        let heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&heard.bytes).into_owned()
    }

    fn wait_for_close(&self, deadline: Instant) -> bool {
        let heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.heard.1.wait_timeout_while(heard, left, |heard| !heard.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    fn wait_for<T>(&self, whose: &str, mut find: impl FnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let text = String::from_utf8_lossy(&heard.bytes).into_owned();
            if let Some(found) = find(&text) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!heard.closed && !left.is_zero(), "{whose} never said it:\n{text}");
            let waited = self.heard.1.wait_timeout(heard, left);
            heard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A demo in the folder `d` below `dir`, which ends in order as soon as it has filled an order.
pub(crate) fn traded(dir: &Path, more: &str) -> Finished {
    let demo = Program::line("demo --seconds 600 --json --data-dir d");
    let demo = more.split_whitespace().fold(demo, Program::and).logged().inside(dir).start();
    let pages = demo.pages();
    eventually("the first fill", || {
        let metrics = page::get(&format!("{pages}/metrics")).body;
        page::sample(&metrics, "algopioneer_fills_total").filter(|fills| *fills > 0.5)
    });
    demo.signal(Signal::SIGTERM);
    demo.finish().exits(0)
}

/// Looks again and again until something is there.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it never happened: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A folder for one test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("the machine has room for a test")
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// A file of the repository's `config` folder.
pub(crate) fn config(name: &str) -> String {
    format!("{}/../../config/{name}", env!("CARGO_MANIFEST_DIR"))
}

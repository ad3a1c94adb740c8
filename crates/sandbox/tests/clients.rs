//! Two independent client libraries of the venue, unchanged, against the sandbox.
//!
//! They come from the Python index, pinned, into an environment of the tests' own. Where it
//! cannot be reached this is skipped, except in continuous integration.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use sandbox::{EXAMPLE_KEY, EXAMPLE_SECRET, Sandbox, SandboxConfig};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

fn text(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(error))
}

/// The interpreter of an environment with the libraries, or why there is none.
fn python() -> Result<PathBuf, String> {
    // One program runs both tests; another one may have made the environment before.
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    MADE.get_or_init(make).clone()
}

fn make() -> Result<PathBuf, String> {
    let process = std::process::id();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let list = std::fs::read_to_string(folder().join("requirements.txt")).unwrap();
    let name = list.replace(['\n', '='], "-");
    let ready = home.join(format!("python-{name}"));
    let python = ready.join("bin/python");
    if ready.join("complete").exists() {
        return Ok(python);
    }
    let run = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() { Ok(()) } else { Err(text(&output)) }
    };
    // Made aside, so that two programs do not write into one environment; a virtual
    // environment may not be moved, but a link to it may.
    let own = home.join(format!("python-{process}"));
    run(Path::new("python3"), &["-m", "venv", own.to_str().unwrap()])?;
    let requirements = folder().join("requirements.txt");
    let pip = ["-m", "pip", "install", "--quiet", "-r", requirements.to_str().unwrap()];
    run(&own.join("bin/python"), &pip)?;
    std::fs::write(own.join("complete"), "").unwrap();
    // Somebody else may have been quicker.
    let _ = std::os::unix::fs::symlink(&own, &ready);
    Ok(python)
}

fn trade_with(script: &str, content: &str) {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "no client library: {reason}");
            println!("skipped: no client library: {reason}");
            return;
        }
    };
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let output = Command::new(python)
        .arg(folder().join(script))
        .env("SANDBOX_REST", &sandbox.urls().spot_rest)
        .env("SANDBOX_WS", &sandbox.urls().spot_ws)
        .env("SANDBOX_KEY", EXAMPLE_KEY)
        .env("SANDBOX_SECRET", EXAMPLE_SECRET)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains(content), "{}", text(&output));
}

#[test]
fn ccxt_trades_on_the_sandbox() {
    trade_with("ccxt_trades.py", "ccxt is content");
}

#[test]
fn python_binance_trades_on_the_sandbox() {
    trade_with("python_binance_trades.py", "python-binance is content");
}

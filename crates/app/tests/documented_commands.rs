//! Whatever the documents tell a reader to type works.
//!
//! The commands are found by reading the documents, so that a new one cannot be forgotten:
//! it is run, or it is checked for what it names, or the test fails.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod documentation;
mod support_cli;

use std::{collections::BTreeSet, fs, path::Path, sync::Mutex, thread};

use algopioneer::cli::Cli;
use clap::{CommandFactory, Parser, error::ErrorKind};
use documentation::{Documented, reference};
use sandbox::SandboxHandle;
use support_cli::{Program, folder, peers_case, recording, venue};

/// Commands that go on for long, and what makes them short.
const SHORTER: [(&str, [&str; 2]); 5] = [
    ("demo", ["--seconds", "2"]),
    ("run", ["--seconds", "2"]),
    ("trade", ["--run-for", "2"]),
    ("record", ["--seconds", "1"]),
    ("sandbox", ["--seconds", "1"]),
];

/// Commands about a data directory, which a session must have filled.
const AFTER_A_SESSION: [&str; 4] = ["audit", "rebuild", "kill", "resume"];

/// What the documents import before they look at it.
const DAILY_BARS: &str = "../shared/data/crypto-bars/crypto/coinbase/daily/btcusd_trade.csv.zst";

/// Commands that need a circle of nodes at work. `tests/mpc.rs` runs each of them with one.
const AFTER_A_CIRCLE: [&str; 6] = ["node", "open", "submit", "result", "sessions", "audit"];

/// Tools of people who work on the repository. They run when its checks run; here it is
/// checked that what they name exists.
const CARGO_TOOLS: [&str; 7] = ["bench", "build", "clippy", "fmt", "nextest", "test", "xtask"];

/// How many commands run at once. Most of them wait most of the time.
const WORKERS: usize = 4;

#[test]
fn the_command_reference_is_what_the_program_says() {
    let path = documentation::root().join("docs/commands.md");
    let page = reference::page();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/commands.md is old: run this test with UPDATE_GOLDEN=1");
}

#[test]
fn the_command_reference_lists_every_field_of_the_summary() {
    let dir = folder();
    let made = recording::made_in(dir.path(), 1);
    let replay = Program::line("replay --json --config").and(support_cli::config("replay.toml"));
    let summary = replay.and("--capture").and(&made).inside(dir.path()).run().exits(0).document();
    let fields: BTreeSet<_> = summary.as_object().unwrap().keys().map(String::as_str).collect();
    let page = reference::page();
    let (_, table) = page.split_once("## The JSON summary").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<BTreeSet<_>>(), fields);
}

#[test]
fn every_documented_command_works() {
    let venue = venue::simulated(7);
    let mut seen = BTreeSet::new();
    let mut ours: Vec<_> = every_command()
        .into_iter()
        .filter_map(|command| typed(&command).map(|typed| (command, typed)))
        .filter(|(_, typed)| seen.insert(typed.clone()))
        .filter(|(command, typed)| !needs_a_circle(command, &typed.words))
        .collect();
    assert!(ours.len() >= 15, "so many were written down at least: {ours:?}");
    ours.reverse();
    let left = Mutex::new(ours);
    thread::scope(|scope| {
        let worker = || {
            loop {
                let next = left.lock().unwrap().pop();
                let Some((command, typed)) = next else { return };
                run(&command, &typed, &venue);
            }
        };
        for _ in 0..WORKERS {
            scope.spawn(worker);
        }
    });
}

#[test]
fn commands_in_running_text_exist() {
    for (name, text) in documentation::texts() {
        for (number, code) in documentation::inline_code(&text) {
            if code.split(' ').any(|word| word == "cargo") {
                let place = format!("{name}:{number}");
                check_names(
                    &Documented { place, line: code.clone() },
                    &documentation::words(&code),
                );
            }
            if !code.starts_with("algopioneer ") {
                continue;
            }
            if let Err(error) = Cli::try_parse_from(documentation::words(&code)) {
                // A mention may leave out what a command needs, but not invent anything.
                let incomplete = [
                    ErrorKind::MissingRequiredArgument,
                    ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                ];
                let kind = error.kind();
                assert!(incomplete.contains(&kind), "{name}:{number}: `{code}`: {error}");
            }
        }
    }
}

/// Those of the documents and those of the program's own help.
fn every_command() -> Vec<Documented> {
    let mut root = Cli::command();
    root.build();
    let of_help = |(words, command): (String, clap::Command)| Documented {
        place: format!("algopioneer {words} --help"),
        line: reference::example(&command).expect("every command has one").replace("\\\n", " "),
    };
    let mut commands = documentation::commands();
    commands.extend(reference::leaves(&root).into_iter().map(of_help));
    commands
}

/// A command of ours as it is run here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Typed {
    variables: Vec<(String, String)>,
    words: Vec<String>,
}

/// Reads a command. `None` for a tool of others, of which only the names are checked.
fn typed(command: &Documented) -> Option<Typed> {
    let mut words = documentation::words(&without_options(&command.line));
    let mut variables = Vec::new();
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        variables.push((name.to_owned(), value.to_owned()));
        words.remove(0);
    }
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["algopioneer", ..] => words.drain(..1),
        ["cargo", "run", "--release", "--", ..] => words.drain(..4),
        ["cargo", tool, ..] if CARGO_TOOLS.contains(&tool) => {
            check_names(command, &words);
            return None;
        }
        [script] if script.starts_with('.') => {
            let file = documentation::root().join(script);
            assert!(file.is_file(), "{}: there is no {script}", command.place);
            return None;
        }
        // The tests of the pages run these.
        ["curl", ..] => return None,
        _ => panic!("{}: no test knows how to run `{}`", command.place, command.line),
    };
    Some(Typed { variables, words })
}

/// Whether other processes must be there first. What is written must still be a command.
fn needs_a_circle(command: &Documented, words: &[String]) -> bool {
    let needs = words.len() > 1 && words[0] == "mpc" && AFTER_A_CIRCLE.contains(&words[1].as_str());
    if needs {
        let line = ["algopioneer".to_owned()].into_iter().chain(words.iter().cloned());
        if let Err(error) = Cli::try_parse_from(line) {
            panic!("{}: {error}", command.place);
        }
    }
    needs
}

/// Leaves out what is in brackets: it may be typed, and need not be.
fn without_options(line: &str) -> String {
    let mut rest = line;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once(" [") {
        out.push_str(before);
        rest = after.split_once(']').map_or("", |(_, behind)| behind);
    }
    out + rest
}

/// Packages, test programs and benchmarks that a tool is told to use exist.
fn check_names(command: &Documented, words: &[String]) {
    let crates = documentation::root().join("crates");
    let exists = |flag: &str, name: &str| {
        let mut folders = fs::read_dir(&crates).unwrap().map(|entry| entry.unwrap().path());
        folders.any(|folder| match flag {
            "-p" => fs::read_to_string(folder.join("Cargo.toml"))
                .is_ok_and(|manifest| manifest.contains(&format!("\nname = \"{name}\"\n"))),
            "--test" => folder.join(format!("tests/{name}.rs")).is_file(),
            _ => folder.join(format!("benches/{name}.rs")).is_file(),
        })
    };
    for pair in words.windows(2) {
        if matches!(pair[0].as_str(), "-p" | "--test" | "--bench") {
            assert!(exists(&pair[0], &pair[1]), "{}: no {}", command.place, pair.join(" "));
        }
    }
}

/// A folder like a clone of the repository with the recordings where they usually are.
fn clone_in(dir: &Path) -> std::path::PathBuf {
    let clone = dir.join("clone");
    fs::create_dir_all(clone.join("config")).unwrap();
    for entry in fs::read_dir(documentation::root().join("config")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), clone.join("config").join(entry.file_name())).unwrap();
    }
    clone
}

/// Puts the recordings beside the clone, where there are any.
fn with_recordings(dir: &Path) -> bool {
    let Some(recordings) = testkit::data_dir() else { return false };
    let there = dir.join("shared/data");
    if !there.exists() {
        fs::create_dir_all(dir.join("shared")).unwrap();
        std::os::unix::fs::symlink(recordings, there).unwrap();
    }
    true
}

fn run(command: &Documented, typed: &Typed, venue: &SandboxHandle) {
    let dir = folder();
    let clone = clone_in(dir.path());
    let needs_recordings =
        typed.words.iter().any(|word| word == "FILE" || word.contains("shared/"));
    if needs_recordings && !with_recordings(dir.path()) {
        return;
    }
    let mut words = adapted(&typed.words);
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["data", part, ..] if !["import", "download"].contains(&part) => {
            if !with_recordings(dir.path()) {
                return;
            }
            let import = Program::line(&format!("data import {DAILY_BARS} --as bars"));
            import.inside(&clone).run().exits(0);
        }
        ["bench", "backtest", ..] => peers_case::made_in(&clone.join("target/peers-data/sma"), 600),
        _ => {}
    }
    if words.get(1).is_some_and(|word| word == "download") {
        words.extend(["--base-url".to_owned(), venue.urls().spot_rest.clone()]);
    }
    if AFTER_A_SESSION.contains(&words[0].as_str()) {
        let place = words.iter().position(|word| word == "--data-dir").unwrap() + 1;
        let session = Program::line("demo --seconds 1 --data-dir").and(&words[place]);
        session.inside(&clone).run().exits(0);
    }
    let mut program = Program::new(&words).inside(&clone).at(venue);
    for (name, value) in &typed.variables {
        program = program.with(name, value);
    }
    let finished = program.run();
    assert_eq!(finished.status.code(), Some(0), "{}: {finished}", command.place);
    assert!(!finished.out.is_empty(), "{}: it says what it did: {finished}", command.place);
}

/// The same command for a test: short, with a real file for a placeholder, on a free port.
fn adapted(words: &[String]) -> Vec<String> {
    let recording = format!("../shared/data/{}", recording::SHORT);
    let mut words: Vec<_> = words
        .iter()
        .map(|word| match word.as_str() {
            "FILE" => recording.clone(),
            "127.0.0.1:18080" => "127.0.0.1:0".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    if words.starts_with(&["bench".to_owned(), "latency".to_owned()]) {
        words.extend(["--frames".to_owned(), "500".to_owned()]);
    }
    for (command, [flag, value]) in SHORTER {
        if words[0] != command {
            continue;
        }
        if let Some(place) = words.iter().position(|word| word == flag) {
            words.splice(place + 1..=place + 1, [value.to_owned()]);
        } else {
            words.extend([flag.to_owned(), value.to_owned()]);
        }
    }
    words
}

#[test]
fn commands_are_found_wherever_a_reader_would_see_them() {
    let places: Vec<_> = documentation::commands().iter().map(|one| one.place.clone()).collect();
    for file in
        ["README.md", "CONTRIBUTING.md", "docs/configuration.md", "config/paper-binance.toml"]
    {
        assert!(places.iter().any(|place| place.starts_with(&format!("{file}:"))), "{file}");
    }
    assert_eq!(documentation::words("a --set 'b = [\"c\"]' d"), ["a", "--set", "b = [\"c\"]", "d"]);
    assert_eq!(without_options("a [b c] d [e]"), "a d");
}

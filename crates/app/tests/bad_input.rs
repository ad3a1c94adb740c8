//! Wrong files, folders, addresses: each is named in a clear message, with the right exit code.
//!
//! No process may hang, which the deadline of every run checks, or panic, which is checked
//! wherever a process ends.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use std::{fs, net::TcpListener, path::Path};

use support_cli::{Finished, Program, config, folder, recording, venue};

/// Replays a file of this content.
fn replay_of(name: &str, content: &[u8]) -> Finished {
    let dir = folder();
    fs::write(dir.path().join(name), content).unwrap();
    replay(dir.path(), name)
}

fn replay(dir: &Path, name: &str) -> Finished {
    let program = Program::line("replay --json --config").and(config("replay.toml"));
    program.and("--capture").and(name).inside(dir).run()
}

/// Runs one of the commands on a folder.
fn at(dir: &Path, line: &str) -> Finished {
    Program::line(line).inside(dir).run()
}

/// A folder with a finished session in `d`.
fn traded() -> tempfile::TempDir {
    let dir = folder();
    support_cli::traded(dir.path(), "");
    dir
}

fn joined(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

#[test]
fn all_mistakes_of_a_configuration_are_shown_at_once_with_their_places() {
    let dir = folder();
    let lines = [
        "[strategy]",
        "symbols = [\"BTCUSDT\"]",
        "strategy_idd = \"x\"",
        "[strategy.params]",
        "min_confidence = 1.5",
        "imbalance_threshold = \"high\"",
        "[papr]",
    ];
    fs::write(dir.path().join("wrong.toml"), lines.join("\n")).unwrap();
    let every = [
        "config check wrong.toml",
        "config show wrong.toml",
        "demo --config wrong.toml --data-dir d",
        "run --config wrong.toml --data-dir d",
        "record --config wrong.toml --out x.txt.zst",
        "replay --config wrong.toml --capture x.txt --data-dir d",
    ];
    for line in every {
        at(dir.path(), line).exits(2).says_nothing().complains(&[
            "wrong.toml:3:1",
            "did you mean `strategy_id`?",
            "wrong.toml:5:18",
            "                 ^^^ 1.5 is out of range",
            "wrong.toml:6:23",
            "wrong.toml:7:2",
            "4 problems",
        ]);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was started");
}

#[test]
fn settings_that_contradict_each_other_are_errors() {
    let dir = folder();
    let text = "[strategy]\nsymbols = [\"BTCUSDT\"]\n[strategy.params]\nmax_position_size = 5\n\
        [strategy.risk_limits]\nmax_position_size = 1\n";
    fs::write(dir.path().join("wrong.toml"), text).unwrap();
    let checked = at(dir.path(), "config check wrong.toml").exits(2).says_nothing();
    checked.complains(&["wrong.toml:4", "params.max_position_size", "risk_limits", "^"]);
}

#[test]
fn text_that_is_not_toml_is_shown_where_it_breaks() {
    let dir = folder();
    fs::write(dir.path().join("wrong.toml"), "[strategy]\nsymbols = [\"BTCUSDT\"\n").unwrap();
    at(dir.path(), "config check wrong.toml").exits(2).complains(&["wrong.toml:", "^"]);
    fs::write(dir.path().join("wrong.toml"), [0xff, 0xfe, 0x00, 0x9f]).unwrap();
    at(dir.path(), "config check wrong.toml").exits(2).complains(&["wrong.toml"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let dir = folder();
    for line in [
        "config check none.toml",
        "config show none.toml",
        "demo --config none.toml",
        "run --config none.toml",
        "record --config none.toml --out x",
        "replay --config none.toml --capture x",
    ] {
        at(dir.path(), line).exits(2).says_nothing().complains(&["none.toml", "No such file"]);
    }
    replay(dir.path(), "none.txt.zst").exits(1).says_nothing().complains(&["none.txt.zst"]);
    for line in [
        "sandbox --venue binance --capture none.txt",
        "demo --json --capture none.txt",
        "bench latency --capture none.txt",
    ] {
        at(dir.path(), line).exits(1).says_nothing().complains(&["error:", "none.txt"]);
    }
    for flag in ["--faults", "--keys"] {
        let line = format!("sandbox --venue binance {flag} none.toml");
        at(dir.path(), &line).exits(2).says_nothing().complains(&[
            flag,
            "none.toml",
            "No such file",
        ]);
    }
    at(dir.path(), "audit --data-dir none").exits(2).complains(&["none", "--data-dir"]);
    at(dir.path(), "rebuild --data-dir none").exits(2).complains(&["none", "--data-dir"]);
    at(dir.path(), "kill --data-dir none").exits(2).complains(&["none", "--data-dir"]);
    at(dir.path(), "resume --data-dir none").exits(2).complains(&["none", "--data-dir"]);
}

#[test]
fn mistakes_in_the_files_of_the_sandbox_are_named_and_secrets_are_not_repeated() {
    let dir = folder();
    fs::write(dir.path().join("faults.toml"), "[[fault]]\nkind = \"earthquake\"\n").unwrap();
    let keys = "[[account]]\nname = \"a\"\n[[account.key]]\nkey = \"k\"\nsecret = \"hush\"\nsecrett = \"hush\"\n";
    fs::write(dir.path().join("keys.toml"), keys).unwrap();
    let wrong = at(dir.path(), "sandbox --venue binance --faults faults.toml").exits(2);
    wrong.complains(&["--faults", "faults.toml", "line 2", "earthquake"]);
    let wrong = at(dir.path(), "sandbox --venue binance --keys keys.toml").exits(2);
    let wrong = wrong.complains(&["--keys", "keys.toml", "secrett"]);
    assert!(!wrong.err.contains("hush"), "{wrong}");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_named() {
    let dir = folder();
    fs::create_dir(dir.path().join("sub")).unwrap();
    replay(dir.path(), "sub").exits(1).says_nothing().complains(&["sub", "directory"]);
    at(dir.path(), "config check sub").exits(2).complains(&["sub", "directory"]);
}

#[test]
fn an_empty_recording_is_an_error() {
    for name in ["empty.txt", "usdm_btcusdt_empty.txt", "usdm_btcusdt_empty.txt.zst"] {
        replay_of(name, b"").exits(1).says_nothing().complains(&[name]);
    }
}

#[test]
fn a_recording_that_was_cut_off_says_where() {
    let Some(whole) = testkit::recorded(recording::SHORT) else { return };
    let packed = fs::read(whole).unwrap();
    let cut = replay_of("usdm_btcusdt_cut.txt.zst", &packed[..packed.len() / 2]);
    cut.exits(1).says_nothing().complains(&["usdm_btcusdt_cut.txt.zst", "line ", "cut off"]);

    let lines = recording::first_lines(400).unwrap();
    let plain = joined(&lines);
    let cut = replay_of("usdm_btcusdt_cut.txt", &plain.as_bytes()[..plain.len() - 40]);
    cut.exits(1).says_nothing().complains(&["usdm_btcusdt_cut.txt", "line 400", "cut off"]);

    // The same lines whole: what was wrong was the missing end and nothing else.
    replay_of("usdm_btcusdt_whole.txt", plain.as_bytes()).exits(0).quietly();
}

#[test]
fn a_line_that_is_no_recording_is_shown_with_its_number() {
    let Some(lines) = recording::first_lines(300) else { return };
    for garbage in ["garbage", "12 {}", "1680567000000000{}", "1680567000000000 [1,2]", "\u{7}"] {
        let mut lines = lines.clone();
        lines.insert(200, garbage.to_owned());
        let name = "usdm_btcusdt_garbage.txt";
        let finished = replay_of(name, joined(&lines).as_bytes());
        finished.exits(1).says_nothing().complains(&[name, "line 201", "receive time"]);
    }
    let noise: Vec<u8> =
        (0..4_000_u32).map(|byte| (byte.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for name in ["noise.txt", "noise.txt.zst"] {
        replay_of(name, &noise).exits(1).says_nothing().complains(&[name]);
    }
}

/// Replays 600 recorded lines with one more after the 400th, at the time of the line before.
fn with_frame(frame: &str) -> Option<Finished> {
    let mut lines = recording::first_lines(600)?;
    let (time, _) = lines[399].split_once(' ').unwrap();
    lines.insert(400, format!("{time} {frame}"));
    Some(replay_of("usdm_btcusdt_x.txt", joined(&lines).as_bytes()))
}

#[test]
fn an_unreadable_frame_is_counted_logged_and_survived() {
    let Some(harmless) = with_frame(r#"{"stream":"btcusdt@kline_1m","data":{}}"#) else { return };
    let whole = harmless.exits(0).quietly().document();
    assert_eq!(whole["parse_errors"], 0, "streams that nobody asked for are not errors: {whole}");

    let torn = with_frame(r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":16805"#).unwrap();
    let torn = torn.exits(0).complains(&["cannot be read"]).document();
    assert_eq!(torn["parse_errors"], 1, "{torn}");
    assert_eq!(torn["book_updates"], whole["book_updates"], "the others were all taken");
}

#[test]
fn a_book_is_not_trusted_after_an_unreadable_change_of_it() {
    let torn = r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":16805"#;
    let Some(finished) = with_frame(torn) else { return };
    let summary = finished.exits(0).complains(&["cannot be read"]).document();
    assert_eq!(summary["parse_errors"], 1, "{summary}");
    assert!(summary["suppressed"]["out_of_sync"].as_u64() > Some(100), "{summary}");
    let notes = summary["notes"].to_string();
    assert!(notes.contains("not in sync at the end"), "the reader is told: {summary}");
}

#[test]
fn a_recording_of_an_unknown_instrument_asks_for_its_facts() {
    let Some(lines) = recording::first_lines(200) else { return };
    let foreign = joined(&lines).replace("btcusdt", "xyzusdt").replace("BTCUSDT", "XYZUSDT");
    let finished = replay_of("usdm_xyzusdt.txt", foreign.as_bytes()).exits(2).says_nothing();
    finished.complains(&["usdm_xyzusdt.txt", "XYZUSDT", "[[instruments]]"]);
}

#[test]
fn damage_that_is_not_described_right_is_refused() {
    for faults in ["bla", "drop=", "drop=-1", "drop=1;swap=2", ""] {
        let program = Program::line("replay --capture x.txt --config").and(config("replay.toml"));
        let finished = program.and("--faults").and(faults).run();
        finished.exits(2).says_nothing().complains(&["--faults"]);
    }
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = folder();
    let demo = Program::line("demo --seconds 1 --json --data-dir d --listen").and(&address);
    let demo = demo.inside(dir.path()).run().exits(1).says_nothing();
    demo.complains(&[&address, "http.listen", "in use"]);
    let sandbox = Program::line("sandbox --venue binance --seconds 1 --listen").and(&address);
    sandbox.run().exits(1).says_nothing().complains(&[&address, "in use"]);
}

#[test]
fn a_venue_that_does_not_answer_is_named() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    drop(silent);
    let dir = folder();
    for line in ["run --seconds 1 --data-dir d --json", "record --seconds 1 --out x.txt.zst"] {
        let program = Program::line(line).and("--config").and(config("sandbox.toml"));
        let url = format!("http://{address}");
        let program = program.with("ALGOPIONEER__VENUE__BINANCE__FUTURES_REST", &url);
        let finished = program.inside(dir.path()).run().exits(1).says_nothing();
        finished.complains(&["usdm:BTCUSDT", &address]);
    }
    assert!(!dir.path().join("x.txt.zst").exists(), "no empty recording is left behind");
}

#[test]
fn a_symbol_that_the_venue_does_not_list_is_named() {
    let venue = venue::simulated(1);
    let dir = folder();
    let run = Program::line("run --seconds 1 --json --data-dir d --config");
    let run = run.and(config("paper-binance.toml")).and("--set");
    let run = run.and(r#"strategy.symbols=["NOSUCHUSDT"]"#).inside(dir.path()).at(&venue).run();
    run.exits(1).says_nothing().complains(&["NOSUCHUSDT", "does not list"]);
}

#[test]
fn a_file_in_the_place_of_the_data_directory_is_named() {
    let dir = folder();
    fs::write(dir.path().join("occupied"), "").unwrap();
    let demo = at(dir.path(), "demo --seconds 1 --json --data-dir occupied");
    demo.exits(1).says_nothing().complains(&["occupied"]);
    let below = at(dir.path(), "demo --seconds 1 --json --data-dir occupied/below");
    below.exits(1).says_nothing().complains(&["occupied/below", "data directory"]);
    for command in ["audit", "rebuild", "kill", "resume"] {
        let finished = at(dir.path(), &format!("{command} --data-dir occupied"));
        finished.exits(2).says_nothing().complains(&["occupied", "--data-dir"]);
    }
    fs::create_dir(dir.path().join("d")).unwrap();
    fs::write(dir.path().join("d/journal"), "").unwrap();
    let demo = at(dir.path(), "demo --seconds 1 --json --data-dir d");
    demo.exits(1).says_nothing().complains(&["d/journal"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    // Nobody, not even root, can make a folder there.
    let demo = Program::line("demo --seconds 1 --json --data-dir /proc/algopioneer").run();
    demo.exits(1).says_nothing().complains(&["/proc/algopioneer", "data directory"]);
    let dir = folder();
    let kill = Program::line("kill --data-dir /proc/self").inside(dir.path()).run();
    kill.exits(1).says_nothing().complains(&["/proc/self/KILL"]);
}

#[test]
fn two_sessions_do_not_share_a_data_directory() {
    let dir = folder();
    let first = Program::line("demo --seconds 600 --data-dir d").logged().inside(dir.path());
    let first = first.start();
    first.wait_for_log("connected");
    let second = at(dir.path(), "demo --seconds 1 --json --data-dir d").exits(1).says_nothing();
    second.complains(&["d is in use by another process", "--data-dir"]);
    let rebuild = at(dir.path(), "rebuild --data-dir d").exits(1).says_nothing();
    rebuild.complains(&["d is in use by another process"]);
    at(dir.path(), "audit --data-dir d").exits(0).quietly();
    first.signal(nix::sys::signal::Signal::SIGTERM);
    first.finish().exits(0);
    at(dir.path(), "demo --seconds 1 --json --data-dir d").exits(0).quietly();
}

#[test]
fn an_empty_folder_is_not_a_data_directory() {
    let dir = folder();
    fs::create_dir(dir.path().join("d")).unwrap();
    for command in ["audit", "rebuild"] {
        let finished = at(dir.path(), &format!("{command} --data-dir d"));
        finished.exits(2).says_nothing().complains(&["d has no journal", "--data-dir"]);
    }
    assert_eq!(fs::read_dir(dir.path().join("d")).unwrap().count(), 0, "nothing was made there");
}

#[test]
fn a_database_that_is_none_is_reported_and_can_be_rebuilt() {
    let dir = traded();
    let database = dir.path().join("d/strategy.db");
    fs::write(&database, "this is not a database".repeat(100)).unwrap();
    let audit = at(dir.path(), "audit --data-dir d").exits(1).says_nothing();
    audit.complains(&["d/strategy.db", "algopioneer rebuild"]);
    let demo = at(dir.path(), "demo --seconds 1 --json --data-dir d").exits(1).says_nothing();
    demo.complains(&["d/strategy.db", "algopioneer rebuild"]);
    at(dir.path(), "rebuild --data-dir d").exits(0).quietly();
    let audit = at(dir.path(), "audit --data-dir d").exits(0).quietly();
    assert!(audit.out.contains("agrees to the last digit"), "{audit}");
}

#[test]
fn a_database_that_says_something_else_fails_the_audit_with_the_first_difference() {
    let dir = traded();
    let database = rusqlite::Connection::open(dir.path().join("d/strategy.db")).unwrap();
    let changed = database.execute("UPDATE trades SET price = '1'", []).unwrap();
    assert!(changed > 0, "the demo has traded");
    drop(database);
    let audit = at(dir.path(), "audit --data-dir d").exits(1).quietly();
    assert!(audit.out.contains("price") && audit.out.contains("database"), "{audit}");
    let document = at(dir.path(), "audit --json --data-dir d").exits(1).quietly().document();
    assert!(document["first_difference"].is_object() || document["first_difference"].is_string());
}

#[test]
fn a_journal_damaged_in_its_middle_is_refused_and_the_place_named() {
    let dir = traded();
    let files = fs::read_dir(dir.path().join("d/journal")).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    let segment = files.find(|file| file.extension().is_some_and(|one| one == "journal")).unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&segment, bytes).unwrap();
    let name = segment.file_name().unwrap().to_str().unwrap().to_owned();
    for line in
        ["audit --data-dir d", "rebuild --data-dir d", "demo --seconds 1 --json --data-dir d"]
    {
        at(dir.path(), line).exits(1).says_nothing().complains(&[&name]);
    }
}

#[test]
fn a_damaged_or_missing_checkpoint_costs_nothing() {
    let dir = traded();
    let before = at(dir.path(), "audit --data-dir d").exits(0).out;
    let checkpoint = dir.path().join("d/journal/checkpoint.json");
    for damage in [Some("{\"not\": \"a checkpoint\"}"), Some("\u{0}"), Some(""), None] {
        match damage {
            Some(text) => fs::write(&checkpoint, text).unwrap(),
            None => fs::remove_file(&checkpoint).unwrap(),
        }
        let after = at(dir.path(), "audit --data-dir d").exits(0).quietly().out;
        assert_eq!(after, before, "{damage:?}");
    }
    let summary = at(dir.path(), "demo --seconds 1 --json --data-dir d").exits(0).document();
    assert_eq!(summary["run"], 2, "{summary}");
    at(dir.path(), "audit --data-dir d").exits(0).quietly();
}

#[test]
fn a_token_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = traded();
    let token = dir.path().join("d/control.token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let demo = at(dir.path(), "demo --seconds 1 --json --data-dir d").exits(1).says_nothing();
    demo.complains(&["control.token", "chmod 600"]);
}

#[test]
fn a_configuration_that_trades_something_else_than_what_is_held_is_refused() {
    let dir = folder();
    let summary = support_cli::traded(dir.path(), "").document();
    let held = summary["positions"].as_array().unwrap();
    assert!(held.iter().any(|one| one["position"] != "0"), "the demo holds something: {summary}");
    let other = "demo --seconds 1 --json --data-dir d --set strategy.strategy_id=another";
    let other = at(dir.path(), other).exits(1).says_nothing();
    other.complains(&["imbalance_demo", "another", "--data-dir"]);
}

#[test]
fn a_recording_whose_path_is_not_plain_text_is_still_played() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let Some(lines) = recording::first_lines(300) else { return };
    let dir = folder();
    let name = OsStr::from_bytes(b"usdm_btcusdt_\xff.txt");
    if fs::write(dir.path().join(name), joined(&lines)).is_err() {
        // Some file systems have no such names.
        return;
    }
    let program = Program::line("replay --json --config").and(config("replay.toml"));
    let replay = program.and("--capture").and(name).inside(dir.path()).run();
    assert_eq!(replay.exits(0).document()["parse_errors"], 0);
}

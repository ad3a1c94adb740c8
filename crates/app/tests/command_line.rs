//! The command line: help, mistakes, exit codes, and what goes to which stream.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use algopioneer::cli::Cli;
use clap::CommandFactory;
use support_cli::{Program, config, folder, recording, text};

/// The words of every command that does something, such as `config check`.
fn commands() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
        let parts: Vec<_> = command.get_subcommands().collect();
        if parts.is_empty() {
            found.push(words.to_vec());
        }
        for part in parts {
            let words = [words, &[part.get_name().to_owned()]].concat();
            walk(part, &words, found);
        }
    }
    let mut found = Vec::new();
    walk(&Cli::command(), &[], &mut found);
    found
}

#[test]
fn there_is_a_command_for_every_job() {
    let named: Vec<_> = commands().iter().map(|words| words.join(" ")).collect();
    let expected = [
        "demo",
        "replay",
        "run",
        "trade",
        "record",
        "sandbox",
        "config check",
        "config show",
        "audit",
        "rebuild",
        "kill",
        "resume",
        "bench latency",
        "bench backtest",
        "backtest",
        "data import",
        "data list",
        "data show",
        "data check",
        "data export",
    ];
    for command in expected {
        assert!(named.iter().any(|one| one == command), "no {command} in {named:?}");
    }
}

#[test]
fn every_command_has_help_with_an_example_of_itself() {
    for words in commands() {
        let help = Program::new(&words).and("--help").run().exits(0).quietly();
        let example = help.out.lines().find_map(|line| line.strip_prefix("Example:"));
        let example = example.unwrap_or_else(|| panic!("no example: {help}")).trim();
        let own = format!("algopioneer {}", words.join(" "));
        assert!(example.starts_with(&own), "{example:?} is not about {own}");
        assert!(help.out.contains("--help"), "{help}");
    }
}

#[test]
fn short_help_fits_on_a_screen_and_long_help_says_more() {
    for words in commands() {
        let short = Program::new(&words).and("-h").run().exits(0).quietly().out;
        let long = Program::new(&words).and("--help").run().exits(0).quietly().out;
        assert!(short.lines().count() <= 30, "{} lines:\n{short}", short.lines().count());
        assert!(short.len() <= long.len(), "{short}");
    }
}

#[test]
fn the_program_without_a_command_shows_what_there_is_and_fails() {
    let shown = Program::line("").run().exits(2).says_nothing();
    shown.complains(&["Usage: algopioneer", "demo", "replay", "Exit codes"]);
    let help = Program::line("--help").run().exits(0).quietly().out;
    assert!(help.contains("130 interrupted"), "{help}");
    let version = Program::line("--version").run().exits(0).quietly().out;
    assert_eq!(version, format!("algopioneer {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_flag_is_named_by_every_command() {
    for words in commands() {
        let finished = Program::new(&words).and("--frobnicate").run().exits(2).says_nothing();
        finished.complains(&["error:", "--frobnicate"]);
    }
}

#[test]
fn a_misspelt_word_gets_a_suggestion() {
    Program::line("demo --secnds 3").run().exits(2).complains(&["--secnds", "--seconds"]);
    Program::line("replya").run().exits(2).complains(&["replya", "replay"]);
}

#[test]
fn a_missing_argument_is_named() {
    let missing = [
        ("replay --config x.toml", "--capture"),
        ("replay --capture x.txt", "--config"),
        ("run", "--config"),
        ("record --out x.txt.zst", "--config"),
        ("record --config x.toml", "--out"),
        ("sandbox", "--venue"),
        ("config check", "FILE"),
        ("config show", "FILE"),
        ("audit", "--data-dir"),
        ("rebuild", "--data-dir"),
        ("kill", "--data-dir"),
        ("resume", "--data-dir"),
        ("data import", "FILE"),
        ("data show", "VENUE:MARKET:SYMBOL"),
        ("data export coinbase:spot:BTCUSD", "--kind"),
        ("demo --speed 2", "--capture"),
        ("replay --capture x --config y --fault-seed 3", "--faults"),
        ("demo --seed", "--seed"),
    ];
    for (line, name) in missing {
        Program::line(line).run().exits(2).says_nothing().complains(&["error:", name]);
    }
}

#[test]
fn a_value_that_cannot_be_is_shown_with_its_flag() {
    let wrong = [
        ("demo --seconds 0", "--seconds"),
        ("demo --seconds soon", "--seconds"),
        ("demo --seed=-1", "--seed"),
        ("demo --rate many", "--rate"),
        ("demo --layout round", "--layout"),
        ("demo --listen here", "--listen"),
        ("demo --capture x --speed 0", "--speed"),
        ("demo --capture x --speed NaN", "--speed"),
        ("replay --capture x --config y --speed=-1", "--speed"),
        ("run --config x --seconds=-1", "--seconds"),
        ("sandbox --venue kraken", "--venue"),
        ("sandbox --venue binance --listen 127.0.0.1", "--listen"),
        ("bench latency --rate 0", "--rate"),
        ("bench latency --rate 1000,fast", "--rate"),
        ("bench latency --layout fused,square", "--layout"),
        ("bench latency --frames few", "--frames"),
        ("--log-format xml demo", "--log-format"),
    ];
    for (line, flag) in wrong {
        Program::line(line).run().exits(2).says_nothing().complains(&["error:", flag]);
    }
}

#[test]
fn flags_that_contradict_each_other_are_both_named() {
    for other in ["--seed 1", "--rate 100"] {
        let flag = other.split(' ').next().unwrap();
        for command in ["demo", "sandbox --venue binance"] {
            let line = format!("{command} --capture x.txt {other}");
            Program::line(&line).run().exits(2).complains(&[flag, "--capture"]);
        }
    }
}

#[test]
fn a_setting_on_the_command_line_is_checked_like_one_in_the_file() {
    let dir = folder();
    let demo = |setting: &str| {
        let program = Program::line("demo --seconds 1 --data-dir d --set").and(setting);
        program.inside(dir.path()).run().exits(2).says_nothing()
    };
    demo("foo=1").complains(&["`foo`", "--set"]);
    demo("foo").complains(&["--set", "NAME=VALUE"]);
    demo("strategy.params.min_confidense=0.5").complains(&["min_confidence", "did you mean"]);
    demo("strategy.params.min_confidence=7").complains(&["min_confidence", "from 0 to 1"]);
    assert!(!dir.path().join("d").exists(), "nothing is started before the settings are right");
}

#[test]
fn a_variable_that_names_no_setting_is_an_error() {
    let program = Program::line("config show").and(config("demo.toml"));
    let finished = program.with("ALGOPIONEER__STRATEGY__PARAMS__MIN_CONFIDENSE", "0.5").run();
    finished.exits(2).says_nothing().complains(&["MIN_CONFIDENSE"]);
}

#[test]
fn config_show_says_where_each_value_comes_from() {
    let dir = folder();
    std::fs::write(dir.path().join(".env"), "ALGOPIONEER__PAPER__SEED=9\n").unwrap();
    let shown = Program::line("config show --origin --set paper.maker_fee_bps=1")
        .and(config("demo.toml"))
        .with("ALGOPIONEER__PAPER__TAKER_FEE_BPS", "3")
        .inside(dir.path())
        .run()
        .exits(0)
        .quietly();
    let line = |name: &str| {
        let mut lines = shown.out.lines();
        lines.find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {shown}"))
    };
    for (name, value, origin) in [
        ("seed", "9", ".env"),
        ("taker_fee_bps", "3", "ALGOPIONEER__PAPER__TAKER_FEE_BPS"),
        ("maker_fee_bps", "1", "--set"),
        ("strategy_id", "imbalance_demo", "demo.toml:"),
        ("slippage_bps", "0", "default"),
    ] {
        assert!(line(name).contains(value) && line(name).contains(origin), "{}", line(name));
    }
}

#[test]
fn what_config_show_prints_is_a_configuration_with_the_same_meaning() {
    let dir = folder();
    let shown = Program::line("config show").and(config("replay.toml")).run().exits(0).quietly();
    let copy = dir.path().join("copy.toml");
    std::fs::write(&copy, &shown.out).unwrap();
    Program::line("config check").and(&copy).run().exits(0).quietly();
    let again = Program::line("config show").and(&copy).run().exits(0).quietly();
    assert_eq!(again.out, shown.out);
}

#[test]
fn with_json_every_report_is_one_document_and_nothing_else() {
    let dir = folder();
    let made = recording::made_in(dir.path(), 2);
    let replay = Program::line("replay --json --data-dir d --config")
        .and(config("replay.toml"))
        .and("--capture")
        .and(text(&made))
        .inside(dir.path())
        .run()
        .exits(0)
        .quietly();
    assert_eq!(replay.document()["market"], "recorded");
    let of_data_dir = |line| Program::line(line).inside(dir.path()).run().exits(0).quietly();
    let audit = of_data_dir("audit --json --data-dir d").document();
    assert_eq!(audit["first_difference"], serde_json::Value::Null, "{audit}");
    let rebuilt = of_data_dir("rebuild --json --data-dir d").document();
    assert!(rebuilt["records"].as_u64().is_some_and(|records| records > 0), "{rebuilt}");
    let bench = of_data_dir("bench latency --json --frames 500 --rate max --layout fused");
    assert!(bench.document().is_object(), "{bench}");
}

#[test]
fn a_reader_that_has_seen_enough_is_not_an_error() {
    let program = env!("CARGO_BIN_EXE_algopioneer");
    let script = "\"$0\" config show \"$1\" | head -n 1; echo \"${PIPESTATUS[0]}\"";
    let shell = std::process::Command::new("bash")
        .args(["-c", script, program, &config("replay.toml")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&shell.stdout).into_owned();
    assert!(said.ends_with("\n0\n"), "{said}{}", String::from_utf8_lossy(&shell.stderr));
    assert!(shell.stderr.is_empty(), "{}", String::from_utf8_lossy(&shell.stderr));
}

//! Joint computation through the built program: the demonstration, and a circle of three nodes
//! and participants as separate processes.
#![allow(clippy::unwrap_used, reason = "a failure is the test's answer")]

mod support_cli;

use std::{fs, net::TcpListener, path::Path};

use nix::sys::signal::Signal;
use serde_json::Value;
use support_cli::{Finished, Program, Running, folder};

fn demo(arguments: &str) -> Finished {
    Program::line("mpc demo --json").and_line(arguments).run()
}

/// More words of a command line.
trait AndLine {
    fn and_line(self, line: &str) -> Self;
}

impl AndLine for Program {
    fn and_line(self, line: &str) -> Self {
        line.split_whitespace().fold(self, Program::and)
    }
}

#[test]
fn the_demonstration_of_every_function_equals_its_plain_reference() {
    let listed = Program::line("mpc functions --json").run().exits(0).quietly().document();
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.len() >= 13, "{names:?}");
    for name in names {
        let report = demo(&format!("--function {name} --participants 4")).exits(0).document();
        assert_eq!(report["verdict"], "right", "{name}");
        assert_eq!(report["inputs"], "GENERATED");
        assert_eq!(report["participants"].as_array().unwrap().len(), 4);
        let nodes = report["nodes"].as_array().unwrap();
        assert!(nodes.iter().all(|node| node["checks"].as_u64() > Some(0)), "{name}");
        assert!(nodes.iter().all(|node| node["sent_bytes"].as_u64() > Some(0)), "{name}");
        let estimates = report["estimates"].as_array().unwrap();
        assert!(estimates[0]["run_us"].as_u64() < estimates[2]["run_us"].as_u64(), "{name}");
    }
}

#[test]
fn the_text_of_the_demonstration_says_what_is_made_up_and_what_was_checked() {
    let text = Program::line("mpc demo --function vwap").run().exits(0).quietly().out;
    for part in ["GENERATED from seed 7", "Every result equals the plain computation", "35.0 ms"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn a_cheating_node_makes_the_honest_ones_stop_and_that_is_a_success() {
    for function in ["match", "vwap", "arbitrage", "cycles", "median", "auction", "portfolio"] {
        let report =
            demo(&format!("--function {function} --cheat node=1,kind=flip")).exits(0).document();
        assert_eq!(report["verdict"], "caught", "{function}: {report}");
        let participants = report["participants"].as_array().unwrap();
        assert_eq!(participants.len(), 5);
        for learned in participants {
            assert!(learned["own"].is_null() && learned["public"].is_null(), "{learned}");
            assert!(learned["error"].as_str().unwrap().contains("has no result"), "{learned}");
        }
    }
}

#[test]
fn a_function_that_is_not_there_is_a_mistake_that_lists_the_others() {
    for name in ["lottery", "Median"] {
        let finished = demo(&format!("--function {name}")).exits(2).says_nothing();
        finished.complains(&[name, "match (match_midpoint)", "vwap (vwap_floor)", "cycles"]);
    }
    let finished = demo("--cheat node=4,kind=flip").exits(2).says_nothing();
    finished.complains(&["--cheat", "a node is 0, 1 or 2"]);
}

#[test]
fn an_interrupted_demonstration_leaves_no_node_behind() {
    let dir = folder();
    let program = Program::line("mpc demo --participants 32 --function cycles");
    let running = program.with("TMPDIR", dir.path().to_str().unwrap()).start();
    let end = std::time::Instant::now() + support_cli::PATIENCE;
    while nodes_of(dir.path()).len() < 3 {
        assert!(std::time::Instant::now() < end, "the nodes do not start");
        std::thread::yield_now();
    }
    running.signal(Signal::SIGINT);
    running.finish().exits(130);
    while !nodes_of(dir.path()).is_empty() {
        assert!(std::time::Instant::now() < end, "a node stays: {:?}", nodes_of(dir.path()));
        std::thread::yield_now();
    }
}

/// Command lines of processes that were given a configuration in this folder.
fn nodes_of(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let folder = folder.to_str().unwrap();
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(folder) && line.contains("mpc node")).collect()
}

/// A circle of its own: certificates, and three running nodes.
struct Circle {
    dir: tempfile::TempDir,
    nodes: Vec<Running>,
}

impl Circle {
    fn start() -> Self {
        let dir = folder();
        let free: Vec<TcpListener> =
            (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses: Vec<String> =
            free.iter().map(|one| one.local_addr().unwrap().to_string()).collect();
        drop(free);
        Program::line("mpc keygen --out circle --participants anna,bert,cleo --nodes")
            .and(addresses.join(","))
            .inside(dir.path())
            .run()
            .exits(0)
            .quietly();
        let start = |node: usize| {
            let running = Program::line("mpc node --config")
                .and(format!("circle/node{node}.toml"))
                .inside(dir.path())
                .start();
            running.wait_for_output(|text| text.contains("stop with Ctrl-C").then_some(()));
            running
        };
        let nodes = (0..3).map(start).collect();
        Self { dir, nodes }
    }

    fn run(&self, who: &str, line: &str) -> Finished {
        let mut words = line.split_whitespace();
        Program::new(["mpc", words.next().unwrap(), "--config"])
            .and(format!("circle/{who}.toml"))
            .and_line(&words.collect::<Vec<_>>().join(" "))
            .inside(self.dir.path())
            .run()
    }

    fn result(&self, who: &str) -> Value {
        self.run(who, "result --session 1 --json").exits(0).quietly().document()
    }
}

#[test]
fn three_nodes_and_two_participants_compute_what_no_one_of_them_could() {
    let circle = Circle::start();
    let open = "open --session 1 --function match --participants anna,bert --minimum 2 \
                --parameter orders=1,2 --parameter sequence=0,1,2";
    circle.run("anna", open).exits(0).quietly();
    circle.run("bert", open).exits(1).says_nothing();
    circle.run("anna", "submit --session 1 --trade 1,1").exits(2).complains(&["--trade"]);
    let submitted = circle.run("anna", "submit --session 1 --order buy,10 --receipt anna.json");
    submitted.exits(0).quietly();
    let listed = circle.run("bert", "sessions").exits(0).out;
    assert!(listed.contains("1 of 2 submissions, bert has not submitted: open"), "{listed}");
    let early = circle.run("anna", "result --session 1 --wait 0").exits(1).says_nothing();
    early.complains(&["session 1 has no result yet"]);
    circle.run("bert", "submit --session 1 --order sell,4 --order sell,5").exits(0).quietly();

    assert_eq!(circle.result("anna")["own"]["own fills"], serde_json::json!([9]));
    assert_eq!(circle.result("bert")["own"]["own fills"], serde_json::json!([4, 5]));
    circle.run("cleo", "result --session 1").exits(1).complains(&["there is no session 1"]);
    let audited = circle.run("anna", "audit --receipt anna.json").exits(0).quietly().out;
    assert!(audited.contains("1 receipt(s)"), "{audited}");

    // A receipt that no log confirms.
    let receipt = circle.dir.path().join("anna.json");
    let text = fs::read_to_string(&receipt).unwrap();
    fs::write(&receipt, text.replace("\"anna\"", "\"bert\"")).unwrap();
    circle.run("anna", "audit --receipt anna.json").exits(1).says_nothing();

    for node in circle.nodes {
        node.signal(Signal::SIGINT);
        node.finish().exits(0);
    }
}

#[test]
fn keys_are_secret_files_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder();
    let keygen = || {
        let line = "mpc keygen --out circle --participants anna,bert";
        Program::line(line).inside(dir.path()).run()
    };
    keygen().exits(0).quietly();
    let mode = |file: &str| {
        fs::metadata(dir.path().join("circle").join(file)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("anna.key"), mode("node2.key")), (0o600, 0o600));
    keygen().exits(1).complains(&["authority.crt"]);
    let line = "mpc keygen --out other --participants anna --nodes 127.0.0.1:1,127.0.0.1:2";
    let two = Program::line(line).inside(dir.path()).run().exits(2);
    two.complains(&["--nodes: three addresses are needed, not 2"]);
    let named = Program::line("mpc keygen --out other --participants node7").inside(dir.path());
    named.run().exits(2).complains(&["node7"]);
}

#[test]
fn a_wrong_configuration_is_named_with_its_place() {
    let dir = folder();
    let line = "mpc keygen --out circle --participants anna,bert";
    Program::line(line).inside(dir.path()).run().exits(0);
    let path = dir.path().join("circle/node0.toml");
    let good = fs::read_to_string(&path).unwrap();
    let node = || Program::line("mpc node --config circle/node0.toml").inside(dir.path()).run();

    fs::write(&path, good.replacen("node = 0", "node = 0\ncolour = 1", 1)).unwrap();
    node().exits(2).says_nothing().complains(&["circle/node0.toml", "line 2", "colour"]);
    fs::write(&path, good.replacen("node = 0", "node = 3", 1)).unwrap();
    node().exits(2).complains(&["circle/node0.toml", "`node`: must be 0, 1 or 2"]);
    fs::remove_file(&path).unwrap();
    node().exits(2).complains(&["circle/node0.toml"]);
    let other = "mpc sessions --config circle/node1.toml";
    Program::line(other).inside(dir.path()).run().exits(2).complains(&["circle/node1.toml"]);
}

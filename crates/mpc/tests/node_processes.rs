//! Three real processes: shown as a demonstration, killed, stalled and restarted.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure is the test's answer, and small numbers stay small"
)]

mod node_circle;

use std::{
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mpc::{
    client::{
        ClientError, Participant,
        demo::{DemoPlan, DemoReport, Launcher, run},
    },
    net::NodeIndex,
    node::{NodeConfig, SessionTerms, Shutdown, program::SecretNumbers, serve},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use node_circle::{PATIENCE, keys, programs, terms, with};

const NAMES: [&str; 3] = ["anna", "bert", "cleo"];
const CONFIG: &str = "MPC_TEST_NODE_CONFIG";

/// Not a test of its own: the body of the node processes that the other tests start.
#[test]
fn a_node_process() {
    let Some(path) = std::env::var_os(CONFIG) else { return };
    let config = std::fs::read(PathBuf::from(path)).unwrap();
    let config: NodeConfig = serde_json::from_slice(&config).unwrap();
    serve(config, programs(), Shutdown::default()).unwrap();
}

/// Starts this test program again, as a node.
struct Again;

impl Launcher for Again {
    fn launch(&mut self, config: &NodeConfig, folder: &Path) -> io::Result<Child> {
        let path = folder.join(format!("node{}.json", config.node));
        std::fs::write(&path, serde_json::to_vec(config)?)?;
        Command::new(std::env::current_exe()?)
            .args(["a_node_process", "--exact", "--nocapture"])
            .env(CONFIG, path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }
}

fn plan(terms: SessionTerms, limit: Duration) -> DemoPlan {
    let inputs = NAMES.into_iter().zip([1, 2, 4]);
    DemoPlan {
        terms: SessionTerms { deadline_ms: 0, ..terms },
        inputs: inputs
            .map(|(name, number)| (name.to_owned(), SecretNumbers::new(vec![number])))
            .collect(),
        cheat: None,
        limit,
    }
}

fn shown(plan: DemoPlan) -> DemoReport {
    let folder = tempfile::tempdir().unwrap();
    run(plan, folder.path(), &programs(), &mut Again).unwrap()
}

#[test]
fn the_demonstration_gives_every_participant_its_result() {
    let report = shown(plan(with(terms(5, &[]), "rounds", 200), PATIENCE));
    for (share, double) in report.shares.iter().zip([2, 4, 8]) {
        let result = share.result.as_ref().unwrap();
        assert_eq!(result.public["sum"], 7);
        assert_eq!(*result.own[0].1, vec![double]);
        assert_eq!(result.statistics[0].compute.data.rounds, 200);
    }
    assert_eq!(report.audited, [11, 11, 11]);
    assert_eq!(report.terms.participants, NAMES);
}

#[test]
fn the_demonstration_of_a_cheater_ends_without_a_result() {
    let mut plan = plan(terms(5, &[]), PATIENCE);
    plan.cheat = Some("node=1,kind=flip".parse().unwrap());
    for share in shown(plan).shares {
        let error = share.result.map(|_| ()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("two nodes opened different components"), "{text}");
    }
}

#[test]
fn a_node_that_dies_at_any_round_leaves_the_others_with_an_error_and_no_output() {
    for dies in 0..6 {
        let start = Instant::now();
        let terms = with(with(terms(5, &[]), "rounds", 6), "dies", dies);
        let circle = Processes::start(terms);
        circle.submit_all();
        for (node, reason) in circle.reasons(&[0, 2]) {
            let clear = reason.contains("P1 closed the connection") || reason.contains("stopped");
            assert!(clear, "round {dies}, node {node}: {reason}");
        }
        assert!(start.elapsed() < PATIENCE);
    }
}

/// Nodes as processes, and participants in this one.
struct Processes {
    terms: SessionTerms,
    configs: [NodeConfig; 3],
    children: Vec<Child>,
    participants: Vec<Participant>,
    folder: tempfile::TempDir,
}

impl Processes {
    fn start(terms: SessionTerms) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = keys(folder.path(), &NAMES);
        let participants = NAMES.map(str::to_owned).to_vec();
        let terms = SessionTerms { participants, ..terms };
        for config in &mut keys.nodes {
            config.sessions = vec![terms.clone()];
        }
        let launch = |config: &NodeConfig| Again.launch(config, folder.path()).unwrap();
        let children = keys.nodes.iter().map(launch).collect();
        let participants = keys
            .clients
            .iter()
            .map(|config| Participant::new(config.clone(), programs()).unwrap())
            .collect();
        Self { terms, configs: keys.nodes, children, participants, folder }
    }

    fn submit_all(&self) {
        for participant in &self.participants {
            participant.submit(&self.terms, &[1]).unwrap();
        }
    }

    fn signal(&self, node: usize, signal: Signal) {
        let id = i32::try_from(self.children[node].id()).unwrap();
        kill(Pid::from_raw(id), signal).unwrap();
    }

    /// What these nodes write in their logs about the end of the session.
    fn reasons(&self, nodes: &[usize]) -> Vec<(usize, String)> {
        let end = Instant::now() + PATIENCE;
        let wait_for = |node: usize| loop {
            let lines = self.participants[0].log_of(NodeIndex::ALL[node]).unwrap();
            let last = lines.last().cloned().unwrap_or_default();
            assert!(!last.contains("\"finished\""), "{last}");
            if last.contains("\"aborted\"") || Instant::now() > end {
                return (node, last);
            }
        };
        nodes.iter().map(|node| wait_for(*node)).collect()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

fn long_run() -> SessionTerms {
    let mut terms = with(terms(5, &[]), "rounds", 1_000_000_000);
    terms.limits.step_ms = 700;
    terms.limits.max_bytes = 1 << 30;
    terms
}

fn wait_until_it_runs(circle: &Processes) {
    let end = Instant::now() + PATIENCE;
    let runs = |line: &String| line.contains("\"agreed\"");
    while !circle.participants[0].log_of(NodeIndex::ALL[1]).unwrap().iter().any(runs) {
        assert!(Instant::now() < end, "the run does not begin");
    }
}

#[test]
fn a_killed_node_ends_the_run_and_its_restart_does_not_revive_the_session() {
    let mut circle = Processes::start(long_run());
    circle.submit_all();
    wait_until_it_runs(&circle);
    circle.signal(1, Signal::SIGKILL);
    circle.children[1].wait().unwrap();
    for (node, reason) in circle.reasons(&[0, 2]) {
        let clear = reason.contains("P1 closed the connection") || reason.contains("stopped");
        assert!(clear, "node {node}: {reason}");
    }

    circle.children[1] = Again.launch(&circle.configs[1], circle.folder.path()).unwrap();
    let error = circle.participants[0].result(&circle.terms, PATIENCE).map(|_| ()).unwrap_err();
    assert!(matches!(error, ClientError::Refused { node, .. } if node.get() == 1), "{error}");
    let again = circle.participants[0].submit(&circle.terms, &[1]).unwrap_err();
    assert!(matches!(again, ClientError::Refused { .. }), "{again}");
}

#[test]
fn a_stalled_node_ends_the_run_within_the_step_limit() {
    let circle = Processes::start(long_run());
    circle.submit_all();
    wait_until_it_runs(&circle);
    circle.signal(1, Signal::SIGSTOP);
    let start = Instant::now();
    let reasons = circle.reasons(&[0, 2]);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    for (node, reason) in &reasons {
        assert!(reason.contains("did not answer within 700 ms"), "node {node}: {reason}");
    }
    circle.signal(1, Signal::SIGCONT);
    for (node, reason) in circle.reasons(&[1]) {
        assert!(reason.contains("aborted"), "node {node}: {reason}");
    }
}

#[test]
fn a_node_that_is_not_there_at_the_deadline_is_named() {
    let mut terms = terms(5, &[]);
    terms.deadline_ms = node_circle::now_ms() + 1_500;
    let mut circle = Processes::start(terms);
    circle.submit_all();
    circle.signal(2, Signal::SIGKILL);
    circle.children[2].wait().unwrap();
    for (node, reason) in circle.reasons(&[0, 1]) {
        assert!(reason.contains("P2"), "node {node}: {reason}");
    }
}

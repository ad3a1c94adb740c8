//! Whole nodes and participants for tests, with a function that is easy to follow.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mpc::{
    client::{
        Participant,
        keys::{CircleKeys, CirclePlan, generate},
    },
    net::{Channel, FrameKind, hello::RunLimits, tls::fresh_bytes},
    node::{
        NodeConfig, NodeError, NodeServer, Programs, SessionTerms, Shutdown,
        program::{
            Outcome, PrivateShares, Program, ProgramError, Secret, SecretNumbers, SharePair, Task,
            Unsuitable,
        },
        statistics::Work,
        terms::Parameter,
    },
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Everybody learns the sum; each contributor learns the double of its own number. Numbers are
/// shared modulo 2^64. Parameter `rounds`: so many idle rounds before. Parameter `dies`: node 1
/// ends its process at that round.
pub(crate) struct Total;

fn number_of(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

fn secret(value: u64) -> Secret {
    Secret::new(value.to_le_bytes().to_vec())
}

fn parameter(terms: &SessionTerms, name: &str) -> Option<i64> {
    match terms.parameters.get(name) {
        Some(Parameter::Number(number)) => Some(*number),
        _ => None,
    }
}

impl Program for Total {
    fn name(&self) -> (&'static str, u32) {
        ("total", 900)
    }

    fn input_bytes(&self, terms: &SessionTerms, _: usize) -> Result<usize, Unsuitable> {
        let known = ["rounds", "dies", "tick"];
        match terms.parameters.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Unsuitable(format!("`total` has no parameter `{name}`"))),
            None => Ok(8),
        }
    }

    fn share(
        &self,
        _: &SessionTerms,
        _: usize,
        numbers: &[i128],
    ) -> Result<[Secret; 3], Unsuitable> {
        let [number] = numbers else { return Err(Unsuitable("one number is needed".into())) };
        let number = u64::try_from(*number).map_err(|error| Unsuitable(error.to_string()))?;
        let random = || fresh_bytes().map(u64::from_le_bytes);
        let (first, second) = (random(), random());
        let (Ok(first), Ok(second)) = (first, second) else {
            return Err(Unsuitable("no random numbers".into()));
        };
        let third = number.wrapping_sub(first).wrapping_sub(second);
        Ok([first, second, third].map(secret))
    }

    fn run(&self, task: Task<'_>, channel: &mut dyn Channel) -> Result<Outcome, ProgramError> {
        let me = channel.me();
        let mut payload = Vec::new();
        for round in 0..parameter(task.terms, "rounds").unwrap_or(0) {
            if me.get() == 1 && parameter(task.terms, "dies") == Some(round) {
                std::process::abort();
            }
            for to in [me.next(), me.previous()] {
                channel.send(to, FrameKind::Data, 1, &[7; 16])?;
            }
            for from in [me.next(), me.previous()] {
                channel.receive(from, FrameKind::Data, 1, &mut payload)?;
            }
        }
        let sum = |part: fn(&SharePair) -> &Secret| {
            task.inputs.iter().fold(0_u64, |sum, pair| sum.wrapping_add(number_of(part(pair))))
        };
        let (first, second) = (sum(|pair| &pair.first), sum(|pair| &pair.second));
        channel.send(me.next(), FrameKind::Open, 1, &first.to_le_bytes())?;
        channel.send(me.previous(), FrameKind::Open, 1, &second.to_le_bytes())?;
        channel.receive(me.previous(), FrameKind::Open, 1, &mut payload)?;
        let third = number_of(&payload);
        channel.receive(me.next(), FrameKind::Open, 1, &mut payload)?;
        if third != number_of(&payload) || payload.len() != 8 {
            let reason = "two nodes opened different components".to_owned();
            return Err(ProgramError::Stopped { reason });
        }
        let total = first.wrapping_add(second).wrapping_add(third);
        let double = |pair: &SharePair| SharePair {
            first: secret(number_of(&pair.first).wrapping_mul(2)),
            second: secret(number_of(&pair.second).wrapping_mul(2)),
        };
        let private = task.inputs.iter().enumerate().map(|(contributor, pair)| PrivateShares {
            contributor,
            name: "double".to_owned(),
            shares: double(pair),
        });
        let public = serde_json::json!({ "sum": total });
        Ok(Outcome { public, private: private.collect(), work: Work::default() })
    }

    fn combine(&self, components: &[Secret; 3]) -> Result<SecretNumbers, Unsuitable> {
        let sum = components.iter().fold(0_u64, |sum, one| sum.wrapping_add(number_of(one)));
        Ok(SecretNumbers::new(vec![i128::from(sum)]))
    }
}

pub(crate) fn programs() -> Programs {
    Programs::new([Arc::new(Total) as Arc<dyn Program>])
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the year 500 million")
}

pub(crate) fn terms(session: u64, participants: &[&str]) -> SessionTerms {
    SessionTerms {
        session,
        function: "total".to_owned(),
        parameters: BTreeMap::new(),
        participants: participants.iter().map(|name| (*name).to_owned()).collect(),
        minimum_contributors: 2,
        deadline_ms: now_ms() + 60_000,
        mode: mpc::net::hello::Mode::Malicious,
        limits: RunLimits { step_ms: 3_000, run_ms: 20_000, ..RunLimits::default() },
    }
}

pub(crate) fn with(mut terms: SessionTerms, name: &str, value: i64) -> SessionTerms {
    terms.parameters.insert(name.to_owned(), Parameter::Number(value));
    terms
}

/// Certificates and configurations for nodes on free ports.
pub(crate) fn keys(folder: &Path, participants: &[&str]) -> CircleKeys {
    let listeners =
        [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("there is a free port"));
    let addresses = listeners.map(|one| one.local_addr().expect("it is bound").to_string());
    let participants = participants.iter().map(|name| (*name).to_owned()).collect();
    let mut keys = generate(folder, &CirclePlan { addresses, participants, days: 1 })
        .expect("the folder is empty");
    for node in &mut keys.nodes {
        node.limits.gather_ms = 4_000;
    }
    keys
}

/// A node on a thread of the test's own process.
pub(crate) struct Running {
    shutdown: Shutdown,
    thread: Option<JoinHandle<Result<(), NodeError>>>,
}

pub(crate) fn start(config: &NodeConfig) -> Running {
    start_with(config, programs())
}

pub(crate) fn start_with(config: &NodeConfig, programs: Programs) -> Running {
    let shutdown = Shutdown::default();
    let server = NodeServer::bind(config.clone(), programs, shutdown.clone())
        .expect("the configuration is usable");
    Running { shutdown, thread: Some(thread::spawn(|| server.run())) }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.request();
        if let Some(thread) = self.thread.take() {
            let stopped = thread.join();
            assert!(thread::panicking() || matches!(stopped, Ok(Ok(()))), "{stopped:?}");
        }
    }
}

pub(crate) struct Circle {
    pub(crate) keys: CircleKeys,
    pub(crate) participants: Vec<Participant>,
    pub(crate) nodes: Vec<Running>,
    pub(crate) folder: tempfile::TempDir,
}

/// Three nodes and these participants; `change` may change the configurations before the start.
pub(crate) fn circle(names: &[&str], change: impl FnOnce(&mut CircleKeys)) -> Circle {
    circle_with(names, &programs(), change)
}

pub(crate) fn circle_with(
    names: &[&str],
    programs: &Programs,
    change: impl FnOnce(&mut CircleKeys),
) -> Circle {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mut keys = keys(folder.path(), names);
    change(&mut keys);
    let nodes = keys.nodes.iter().map(|config| start_with(config, programs.clone())).collect();
    let participants = keys
        .clients
        .iter()
        .map(|config| {
            Participant::new(config.clone(), programs.clone()).expect("the keys are good")
        })
        .collect();
    Circle { keys, participants, nodes, folder }
}

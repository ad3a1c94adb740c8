//! A whole circle on one machine: three node processes, some participants, one session.
//!
//! How a node process is started is the caller's business, because only a program knows how to
//! start itself. Everything else is as between separate firms: certificates, encrypted
//! connections, logs.

use std::{
    io,
    net::TcpListener,
    path::Path,
    process::Child,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::{
    ClientError, OwnResult, Participant, Receipt,
    config::ClientConfig,
    keys::{CirclePlan, generate},
};
use crate::{
    net::{NodeIndex, cheat::CheatingNode, identity::IdentityError},
    node::{NodeConfig, Programs, SessionTerms, program::SecretNumbers},
};

/// Starts node processes.
pub trait Launcher {
    /// Starts a process that calls [`crate::node::serve`] with this configuration, and does not
    /// wait for it. `folder` is the demonstration's own.
    ///
    /// # Errors
    /// Whatever starting a process can fail with.
    fn launch(&mut self, config: &NodeConfig, folder: &Path) -> io::Result<Child>;
}

/// What is shown.
pub struct DemoPlan {
    /// Terms of the session. Participants are taken from `inputs`; a deadline of 0 means
    /// "as soon as everybody has submitted".
    pub terms: SessionTerms,
    /// Who submits what.
    pub inputs: Vec<(String, SecretNumbers)>,
    /// A node that cheats.
    pub cheat: Option<CheatingNode>,
    /// Longest wait for the result.
    pub limit: Duration,
}

/// What one participant got.
pub struct DemoShare {
    /// Who.
    pub participant: String,
    /// Proof of its submission.
    pub receipt: Receipt,
    /// Its result, or why there is none.
    pub result: Result<OwnResult, ClientError>,
}

/// What happened.
pub struct DemoReport {
    /// The session's terms.
    pub terms: SessionTerms,
    /// What each participant got, in order.
    pub shares: Vec<DemoShare>,
    /// Entries in the nodes' logs, after a participant has checked them.
    pub audited: [usize; 3],
    /// From the start of the processes until all three nodes answered.
    pub started: Duration,
    /// From the first submission until the last one was confirmed by all nodes.
    pub submitted: Duration,
    /// From there until every participant had its result.
    pub collected: Duration,
}

/// Why there was nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder is of no use.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The machine is of no use.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// A participant could not submit.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Processes that are ended with the demonstration.
struct Processes(Vec<Child>);

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It fails only if the process is gone already.
            let _killed = child.kill();
            let _reaped = child.wait();
        }
    }
}

/// Shows a whole session. `folder` must exist and be empty; removing it is left to the caller.
///
/// # Errors
/// [`DemoError`] when the session could not be held at all. That a run was stopped because a node
/// cheated is a result.
pub fn run(
    plan: DemoPlan,
    folder: &Path,
    programs: &Programs,
    launcher: &mut dyn Launcher,
) -> Result<DemoReport, DemoError> {
    let DemoPlan { mut terms, inputs, cheat, limit } = plan;
    terms.participants = inputs.iter().map(|(name, _)| name.clone()).collect();
    if terms.deadline_ms == 0 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        terms.deadline_ms = u64::try_from((now + limit).as_millis()).unwrap_or(u64::MAX);
    }
    let participants = terms.participants.clone();
    let circle = CirclePlan { addresses: free_addresses()?, participants, days: 1 };
    let mut keys = generate(folder, &circle)?;
    let start = Instant::now();
    let mut processes = Processes(Vec::with_capacity(3));
    for config in &mut keys.nodes {
        config.sessions = vec![terms.clone()];
        config.allow_semi_honest = true;
        config.cheat = cheat
            .filter(|cheat| cheat.node.get() == usize::from(config.node))
            .map(|cheat| cheat.cheat);
        let child = launcher
            .launch(config, folder)
            .map_err(|source| DemoError::System { action: "start a node", source })?;
        processes.0.push(child);
    }
    let participants = connect(keys.clients, programs)?;
    let started = start.elapsed();

    let start = Instant::now();
    let receipts = submit_all(&participants, &terms, &inputs)?;
    let submitted = start.elapsed();

    let start = Instant::now();
    let results = collect_all(&participants, &terms, limit);
    let collected = start.elapsed();

    let audited = match participants.first() {
        Some(auditor) => auditor.audit(&receipts)?,
        None => [0; 3],
    };
    let shares = inputs
        .into_iter()
        .zip(receipts)
        .zip(results)
        .map(|(((participant, _), receipt), result)| DemoShare { participant, receipt, result })
        .collect();
    Ok(DemoReport { terms, shares, audited, started, submitted, collected })
}

/// Ports that were free a moment ago.
fn free_addresses() -> Result<[String; 3], DemoError> {
    let system = |source| DemoError::System { action: "find a free port", source };
    let mut listeners = Vec::with_capacity(3);
    for _ in NodeIndex::ALL {
        listeners.push(TcpListener::bind("127.0.0.1:0").map_err(system)?);
    }
    let mut addresses = [const { String::new() }; 3];
    for (address, listener) in addresses.iter_mut().zip(&listeners) {
        *address = listener.local_addr().map_err(system)?.to_string();
    }
    Ok(addresses)
}

fn connect(
    clients: Vec<ClientConfig>,
    programs: &Programs,
) -> Result<Vec<Participant>, ClientError> {
    let participants: Vec<Participant> = clients
        .into_iter()
        .map(|config| Participant::new(config, programs.clone()))
        .collect::<Result<_, _>>()?;
    if let Some(first) = participants.first() {
        first.sessions()?;
    }
    Ok(participants)
}

fn submit_all(
    participants: &[Participant],
    terms: &SessionTerms,
    inputs: &[(String, SecretNumbers)],
) -> Result<Vec<Receipt>, ClientError> {
    thread::scope(|scope| {
        let threads: Vec<_> = participants
            .iter()
            .zip(inputs)
            .map(|(participant, (_, numbers))| {
                scope.spawn(move || participant.submit(terms, numbers))
            })
            .collect();
        threads.into_iter().map(join).collect()
    })
}

fn collect_all(
    participants: &[Participant],
    terms: &SessionTerms,
    limit: Duration,
) -> Vec<Result<OwnResult, ClientError>> {
    thread::scope(|scope| {
        let threads: Vec<_> = participants
            .iter()
            .map(|participant| scope.spawn(move || participant.result(terms, limit)))
            .collect();
        threads.into_iter().map(join).collect()
    })
}

fn join<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

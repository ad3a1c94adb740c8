//! What a node is told when it starts. Reading it from a file is left to the program.

use std::{collections::BTreeSet, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::terms::SessionTerms;
use crate::net::{
    NodeIndex,
    cheat::Cheat,
    hello::{Mode, RunLimits},
    identity::Fingerprint,
    meeting::NodeAddress,
};

/// A firm with private inputs, as the nodes know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownParticipant {
    /// Its name in sessions and in the log.
    pub name: String,
    /// SHA-256 of its certificate.
    pub fingerprint: Fingerprint,
    /// Whether it may open sessions.
    #[serde(default)]
    pub may_open: bool,
}

/// How much a node takes upon itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeLimits {
    /// Sessions in memory, with those whose results are still kept.
    pub sessions: usize,
    /// Runs at one time, with those that wait for another node.
    pub runs: usize,
    /// Connections at one time.
    pub connections: usize,
    /// Bytes of one participant's input at this node.
    pub submission_bytes: usize,
    /// Bytes of all inputs at this node.
    pub all_submission_bytes: usize,
    /// How long after a session's deadline the node waits for the two others.
    pub gather_ms: u32,
    /// How long a connection may take for its handshake or one request.
    pub request_ms: u32,
    /// How long a result can be fetched.
    pub keep_results_ms: u64,
    /// The most that a session's own limits may ask for.
    pub run: RunLimits,
}

impl Default for NodeLimits {
    fn default() -> Self {
        Self {
            sessions: 256,
            runs: 8,
            connections: 64,
            submission_bytes: 1 << 20,
            all_submission_bytes: 64 << 20,
            gather_ms: 10_000,
            request_ms: 5_000,
            keep_results_ms: 24 * 60 * 60 * 1_000,
            run: RunLimits { step_ms: 60_000, run_ms: 600_000, ..RunLimits::default() },
        }
    }
}

/// Everything a node needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// 0, 1 or 2.
    pub node: u8,
    /// Where it listens: `address:port`.
    pub listen: String,
    /// Folder of its log. It must exist.
    pub folder: PathBuf,
    /// The authority's certificate (PEM).
    pub authority: PathBuf,
    /// This node's certificate (PEM).
    pub certificate: PathBuf,
    /// This node's private key (PEM).
    pub key: PathBuf,
    /// Whether sessions without a check against cheaters are run at all.
    #[serde(default)]
    pub allow_semi_honest: bool,
    /// How much it takes upon itself.
    #[serde(default)]
    pub limits: NodeLimits,
    /// For tests and demonstrations only: this node cheats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cheat: Option<Cheat>,
    /// The three nodes in order, this one among them.
    pub nodes: [NodeAddress; 3],
    /// Everybody who may submit.
    pub participants: Vec<KnownParticipant>,
    /// Sessions that are open from the start.
    #[serde(default)]
    pub sessions: Vec<SessionTerms>,
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}`: {reason}")]
pub struct UnusableSetting {
    /// Which one.
    pub setting: &'static str,
    /// Why.
    pub reason: String,
}

impl NodeConfig {
    /// Which node this is.
    ///
    /// # Errors
    /// [`UnusableSetting`] naming the first bad setting.
    pub fn check(&self) -> Result<NodeIndex, UnusableSetting> {
        let bad = |setting, reason: &str| Err(UnusableSetting { setting, reason: reason.into() });
        let Some(me) = NodeIndex::new(self.node) else {
            return bad("node", "must be 0, 1 or 2");
        };
        let names: BTreeSet<&str> = self.participants.iter().map(|one| &*one.name).collect();
        if names.len() != self.participants.len() || names.contains("") {
            return bad("participants", "names must be different and not empty");
        }
        let mut owners: BTreeSet<Fingerprint> =
            self.nodes.iter().map(|node| node.fingerprint).collect();
        if owners.len() != 3 {
            return bad("nodes", "each node needs its own certificate");
        }
        if !self.participants.iter().all(|one| owners.insert(one.fingerprint)) {
            return bad("participants", "each needs its own certificate, other than a node's");
        }
        let limits = &self.limits;
        let counts = [limits.sessions, limits.runs, limits.connections, limits.submission_bytes];
        if counts.contains(&0) || limits.gather_ms == 0 || limits.request_ms == 0 {
            return bad("limits", "must be above 0");
        }
        Ok(me)
    }

    /// Whether the node wants to run a session of these terms.
    ///
    /// # Errors
    /// What it does not like, in words.
    pub fn accepts(&self, terms: &SessionTerms) -> Result<(), String> {
        let known = |name: &String| self.participants.iter().any(|one| one.name == *name);
        if let Some(stranger) = terms.participants.iter().find(|name| !known(name)) {
            return Err(format!("participant `{stranger}` is not known to this node"));
        }
        if terms.mode == Mode::SemiHonest && !self.allow_semi_honest {
            return Err("this node runs no session without a check against cheaters".to_owned());
        }
        let (asked, most) = (terms.limits, self.limits.run);
        let too_much = asked.max_gates > most.max_gates
            || asked.max_bytes > most.max_bytes
            || asked.step_ms > most.step_ms
            || asked.run_ms > most.run_ms;
        if too_much {
            return Err(format!("limits {asked:?} are above this node's {most:?}"));
        }
        Ok(())
    }
}

//! A participant: shares its input, collects its result.

pub mod config;
mod conversation;
pub mod demo;
pub mod keys;
mod participant;

pub use config::ClientConfig;
pub use participant::{AgreedSession, OwnResult, Participant, Receipt};

use crate::{
    net::{NodeIndex, identity::IdentityError, link::LinkError},
    node::{exchange::Refusal, log::LogError},
};

/// Why a participant did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Correct the certificates.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Correct the input or the terms.
    #[error("{0}")]
    Input(String),
    /// Look for another session.
    #[error("there is no session {session} for you at all three nodes")]
    NoSession {
        /// As asked for.
        session: u64,
    },
    /// Try again, or ask the node's owner.
    #[error("{node}: {source}")]
    Unreachable {
        /// Which node.
        node: NodeIndex,
        /// What the connection said.
        source: LinkError,
    },
    /// The node says why; it will say so again.
    #[error("{node} refuses: {refusal}")]
    Refused {
        /// Which node.
        node: NodeIndex,
        /// Why.
        refusal: Refusal,
    },
    /// Do not trust the node.
    #[error("{node} does not follow the rules: {what}")]
    Misbehaved {
        /// Which node.
        node: NodeIndex,
        /// What it did.
        what: String,
    },
    /// At least one node lies, or they were set up differently: use nothing that they said.
    #[error("the nodes do not agree about {what}")]
    NodesDisagree {
        /// About what.
        what: String,
    },
    /// Ask again later.
    #[error("session {session} has no result yet")]
    NotYet {
        /// Which session.
        session: u64,
    },
    /// There will never be a result: submit to another session.
    #[error("session {session} has no result: {}", told(reasons))]
    NoResult {
        /// Which session.
        session: u64,
        /// What each node that knows says.
        reasons: Vec<(NodeIndex, String)>,
    },
    /// Do not trust the node.
    #[error("{node}: {source}")]
    Log {
        /// Which node.
        node: NodeIndex,
        /// What is wrong with its log.
        source: LogError,
    },
}

fn told(reasons: &[(NodeIndex, String)]) -> String {
    let parts: Vec<String> =
        reasons.iter().map(|(node, reason)| format!("{node} says: {reason}")).collect();
    parts.join("; ")
}

//! What a participant is told: who it is and where the nodes are. Reading it from a file is left
//! to the program.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::net::meeting::NodeAddress;

const DEFAULT_LIMIT_MS: u32 = 10_000;

/// Everything a participant needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Its name, as the nodes know it.
    pub participant: String,
    /// The authority's certificate (PEM).
    pub authority: PathBuf,
    /// Its certificate (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM).
    pub key: PathBuf,
    /// Longest wait for a connection or an answer.
    #[serde(default = "default_limit_ms")]
    pub limit_ms: u32,
    /// The three nodes in order.
    pub nodes: [NodeAddress; 3],
}

fn default_limit_ms() -> u32 {
    DEFAULT_LIMIT_MS
}

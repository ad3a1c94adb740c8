//! Certificates and configurations for a whole circle: three nodes and some participants.
//!
//! The authority exists only while this runs. Whoever runs it sees every private key once, so it
//! suits demonstrations and circles that trust one member with the setting up; others make their
//! certificates elsewhere and only exchange fingerprints.

use std::path::{Path, PathBuf};

use super::config::ClientConfig;
use crate::{
    net::{
        identity::{Authority, IdentityError, Issued, write_new},
        meeting::NodeAddress,
    },
    node::{
        NodeConfig,
        config::{KnownParticipant, NodeLimits},
    },
};

/// For whom certificates are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CirclePlan {
    /// Where the nodes listen and are reached: `host:port`.
    pub addresses: [String; 3],
    /// Names of the participants. The first may open sessions.
    pub participants: Vec<String>,
    /// How long the certificates are valid.
    pub days: u32,
}

/// What was made: a configuration for everybody, whose files are all in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleKeys {
    /// The nodes in order. Each has a folder of its own for its log.
    pub nodes: [NodeConfig; 3],
    /// The participants in order.
    pub clients: Vec<ClientConfig>,
}

/// Makes everything in a folder that must exist. Nothing is overwritten.
///
/// # Errors
/// [`IdentityError`].
pub fn generate(folder: &Path, plan: &CirclePlan) -> Result<CircleKeys, IdentityError> {
    for name in &plan.participants {
        let is_simple = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if name.is_empty() || !name.chars().all(is_simple) || name.starts_with("node") {
            let reason = "a name has letters, digits, `-` and `_`, and does not begin with `node`";
            return Err(IdentityError::Issue { name: name.clone(), reason: reason.to_owned() });
        }
    }
    let authority = Authority::new("algopioneer mpc authority", plan.days)?;
    let authority_path = folder.join("authority.crt");
    write_new(&authority_path, authority.certificate_pem().as_bytes(), 0o644)?;

    let mut made = Vec::with_capacity(3);
    for index in 0..3 {
        let name = format!("node{index}");
        let issued = authority.issue(&name)?;
        made.push((issued.write(folder, &name)?, issued));
    }
    let addresses = |index: usize, issued: &Issued| NodeAddress {
        address: plan.addresses[index].clone(),
        fingerprint: issued.fingerprint,
    };
    let nodes: [NodeAddress; 3] = std::array::from_fn(|index| addresses(index, &made[index].1));

    let mut clients = Vec::with_capacity(plan.participants.len());
    let mut known = Vec::with_capacity(plan.participants.len());
    for name in &plan.participants {
        let issued = authority.issue(name)?;
        let (certificate, key) = issued.write(folder, name)?;
        let may_open = known.is_empty();
        known.push(KnownParticipant {
            name: name.clone(),
            fingerprint: issued.fingerprint,
            may_open,
        });
        clients.push(ClientConfig {
            participant: name.clone(),
            authority: authority_path.clone(),
            certificate,
            key,
            limit_ms: 10_000,
            nodes: nodes.clone(),
        });
    }
    let mut configs = Vec::with_capacity(3);
    for (node, ((certificate, key), _)) in (0..3_u8).zip(made) {
        let index = usize::from(node);
        configs.push(NodeConfig {
            node,
            listen: plan.addresses[index].clone(),
            folder: node_folder(folder, index)?,
            authority: authority_path.clone(),
            certificate,
            key,
            allow_semi_honest: false,
            limits: NodeLimits::default(),
            cheat: None,
            nodes: nodes.clone(),
            participants: known.clone(),
            sessions: Vec::new(),
        });
    }
    let issue = |_| IdentityError::Issue { name: "nodes".into(), reason: "not three".into() };
    Ok(CircleKeys { nodes: configs.try_into().map_err(issue)?, clients })
}

fn node_folder(folder: &Path, index: usize) -> Result<PathBuf, IdentityError> {
    let path = folder.join(format!("node{index}"));
    match std::fs::create_dir(&path) {
        Ok(()) => Ok(path),
        Err(source) => Err(IdentityError::File { action: "make", path, source }),
    }
}

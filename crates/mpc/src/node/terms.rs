//! What a session is about: the public facts that every node and every participant must share.
//!
//! The hash of the terms stands in each submission and in each hello between nodes, so two parties
//! with different ideas of a session never compute together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::net::hello::{Mode, RunLimits};

/// Longest text in the terms.
const MAX_TEXT_BYTES: usize = 200;
/// Longest list in the terms.
const MAX_LIST: usize = 4_096;

/// One public parameter of a function. There are no fractions: prices are ticks, sizes are lots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// An integer.
    Number(i64),
    /// A word, such as an instrument.
    Text(String),
    /// Several integers, such as a price grid.
    Numbers(Vec<i64>),
}

/// The public terms of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionTerms {
    /// Its number, used once and never again.
    pub session: u64,
    /// Name of the function, as in the catalogue.
    pub function: String,
    /// The function's parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// Names of those who may submit, in the order of their numbers.
    pub participants: Vec<String>,
    /// With fewer submissions there is no result. A sum of two tells each the other's value.
    pub minimum_contributors: u16,
    /// Unix time in milliseconds at which submissions end. The run starts earlier when everybody
    /// has submitted.
    pub deadline_ms: u64,
    /// What the nodes do about a cheater among them.
    #[serde(default)]
    pub mode: Mode,
    /// How large and long the run may become.
    #[serde(default)]
    pub limits: RunLimits,
}

/// Terms that no node accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("session {session}: {reason}")]
pub struct UnusableTerms {
    /// Which session.
    pub session: u64,
    /// The field, and what is wrong with it.
    pub reason: String,
}

impl SessionTerms {
    /// Hash of everything in the terms.
    ///
    /// # Panics
    /// Never: numbers, text and lists can be written as JSON.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        // Structs and ordered maps of integers and text have exactly one JSON text.
        let json = serde_json::to_vec(self).expect("terms hold only numbers, text and lists");
        Sha256::new_with_prefix(b"algopioneer mpc terms 1").chain_update(json).finalize().into()
    }

    /// A participant's number.
    #[must_use]
    pub fn number_of(&self, participant: &str) -> Option<usize> {
        self.participants.iter().position(|name| name == participant)
    }

    /// What can be said without knowing the function.
    ///
    /// # Errors
    /// [`UnusableTerms`], naming the field.
    pub fn check(&self) -> Result<(), UnusableTerms> {
        let session = self.session;
        let refuse = |reason: String| Err(UnusableTerms { session, reason });
        let mut names = self.participants.clone();
        names.sort();
        names.dedup();
        if self.participants.is_empty() || self.participants.len() > MAX_LIST {
            return refuse(format!("`participants` needs 1 to {MAX_LIST} names"));
        }
        if names.len() != self.participants.len() {
            return refuse("`participants` names somebody twice".to_owned());
        }
        let minimum = usize::from(self.minimum_contributors);
        if minimum == 0 || minimum > self.participants.len() {
            let most = self.participants.len();
            return refuse(format!("`minimum_contributors` is {minimum}, not from 1 to {most}"));
        }
        if let Some(name) = self.too_long() {
            return refuse(format!("`{name}` is too long"));
        }
        let limits = self.limits;
        if limits.max_gates == 0 || limits.max_bytes == 0 || limits.step_ms == 0 {
            return refuse("`limits` must be above 0".to_owned());
        }
        if limits.run_ms < limits.step_ms {
            return refuse("`limits.run_ms` is less than `limits.step_ms`".to_owned());
        }
        Ok(())
    }

    fn too_long(&self) -> Option<&str> {
        let long_text = |text: &&String| text.len() > MAX_TEXT_BYTES;
        if self.function.len() > MAX_TEXT_BYTES {
            return Some("function");
        }
        if self.participants.iter().any(|name| long_text(&name)) {
            return Some("participants");
        }
        let long = |(name, value): &(&String, &Parameter)| {
            long_text(name)
                || match value {
                    Parameter::Number(_) => false,
                    Parameter::Text(text) => text.len() > MAX_TEXT_BYTES,
                    Parameter::Numbers(list) => list.len() > MAX_LIST,
                }
        };
        self.parameters.iter().find(long).map(|_| "parameters")
    }
}

//! What a node needs to know about a function, and what a function gets from a node.
//!
//! Between the two are bytes: the node neither reads shares nor knows what they stand for. A
//! participant's side of a function (sharing its input, putting its output together) is here too,
//! because both sides must agree about those bytes.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

pub use super::secret::{Secret, SecretNumbers};
use super::{statistics::Work, terms::SessionTerms};
use crate::net::{Channel, ChannelError, hello::RunLimits};

/// What one node holds of a value: components `i` and `i + 1` of three, for node `i`.
pub struct SharePair {
    /// Component `i`.
    pub first: Secret,
    /// Component `i + 1`, modulo 3.
    pub second: Secret,
}

/// One run, as the function sees it.
pub struct Task<'a> {
    /// The session's public terms.
    pub terms: &'a SessionTerms,
    /// Numbers of the participants who count, ascending.
    pub contributors: &'a [usize],
    /// Their inputs, in the same order.
    pub inputs: Vec<SharePair>,
    /// A secret with the next node, and one with the previous node, new in each run.
    pub keys: PairKeys<'a>,
    /// How large the run may become.
    pub limits: RunLimits,
}

/// Secrets with the two neighbours.
#[derive(Clone, Copy)]
pub struct PairKeys<'a> {
    /// With the next node.
    pub next: &'a [u8; 32],
    /// With the previous node.
    pub previous: &'a [u8; 32],
}

/// What a run gave, at one node.
pub struct Outcome {
    /// What everybody may know, the same at all nodes.
    pub public: Value,
    /// What single contributors may know, as shares.
    pub private: Vec<PrivateShares>,
    /// What the computation took.
    pub work: Work,
}

/// A node's part of numbers for one contributor.
pub struct PrivateShares {
    /// For whom: a place in the list of contributors.
    pub contributor: usize,
    /// What they are. Public.
    pub name: String,
    /// The shares.
    pub shares: SharePair,
}

/// Why a function stopped. Nothing was revealed.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// A message was wrong or did not come.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// Somebody cheated, or the inputs break a rule.
    #[error("{reason}")]
    Stopped {
        /// What was found.
        reason: String,
    },
}

/// An input or parameter that the function does not accept: which, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsuitable(pub String);

/// A function that three nodes can compute.
pub trait Program: Send + Sync {
    /// Name and number, as in the catalogue and in every frame.
    fn name(&self) -> (&'static str, u32);

    /// Checks the public parameters and returns how many bytes one component of a participant's
    /// input has.
    ///
    /// # Errors
    /// [`Unsuitable`], naming the parameter.
    fn input_bytes(&self, terms: &SessionTerms, participant: usize) -> Result<usize, Unsuitable>;

    /// Splits a participant's numbers into three components, with fresh randomness.
    ///
    /// # Errors
    /// [`Unsuitable`] when the numbers break a rule.
    fn share(
        &self,
        terms: &SessionTerms,
        participant: usize,
        numbers: &[i128],
    ) -> Result<[Secret; 3], Unsuitable>;

    /// A node's part of the computation.
    ///
    /// # Errors
    /// [`ProgramError`]; nothing was revealed.
    fn run(&self, task: Task<'_>, channel: &mut dyn Channel) -> Result<Outcome, ProgramError>;

    /// Puts a participant's own numbers together from their three components.
    ///
    /// # Errors
    /// [`Unsuitable`] when the components are not an output.
    fn combine(&self, components: &[Secret; 3]) -> Result<SecretNumbers, Unsuitable>;
}

/// The functions that a node or participant knows.
#[derive(Clone, Default)]
pub struct Programs {
    by_name: BTreeMap<&'static str, Arc<dyn Program>>,
}

impl Programs {
    /// These functions. A later one replaces an earlier one of the same name.
    #[must_use]
    pub fn new(programs: impl IntoIterator<Item = Arc<dyn Program>>) -> Self {
        let by_name = programs.into_iter().map(|program| (program.name().0, program)).collect();
        Self { by_name }
    }

    /// Their names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.by_name.keys().copied()
    }

    /// The function of these terms, after a check of the terms.
    ///
    /// # Errors
    /// [`Unsuitable`] when there is no such function, or the terms do not fit it.
    pub fn of(&self, terms: &SessionTerms) -> Result<Arc<dyn Program>, Unsuitable> {
        let Some(program) = self.by_name.get(terms.function.as_str()) else {
            let known: Vec<&str> = self.names().collect();
            let (name, known) = (&terms.function, known.join(", "));
            return Err(Unsuitable(format!("there is no function `{name}`; known: {known}")));
        };
        terms.check().map_err(|error| Unsuitable(error.to_string()))?;
        for participant in 0..terms.participants.len() {
            program.input_bytes(terms, participant)?;
        }
        Ok(program.clone())
    }
}

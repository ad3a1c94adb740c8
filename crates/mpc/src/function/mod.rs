//! What participants ask for, each with its plain reference and its list of leaks.
//!
//! A function is a program over secret numbers that talks through an [`Engine`]. Its rules
//! about inputs are part of it: it refuses a participant that breaks one before it computes
//! anything else. The reference beside it takes the same inputs in the clear and must give
//! identical integers.

mod auction;
pub mod catalogue;
mod crossed_market;
mod cycles;
mod inverse_volatility;
mod match_midpoint;
mod match_size;
mod orders;
pub mod parameters;
mod pooled_portfolio;
mod ranking;
pub mod rehearsal;
mod sealed_portfolio;
mod vwap_floor;

pub use parameters::{ParameterError, Parameters};

use crate::{
    engine::{Engine, RunError},
    share::{Numbers, OutputShares},
};

/// One answer that participants can have.
pub trait Function: Send + Sync {
    /// How many numbers each participant submits, in the order of participants.
    fn input_counts(&self) -> Vec<usize>;

    /// Labels of all that may be opened to the nodes or delivered to a participant.
    fn leaks(&self) -> &'static [&'static str];

    /// Computes on shares. `inputs` are of the announced lengths.
    ///
    /// # Errors
    /// [`RunError`]; the run is over.
    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError>;

    /// The same in the clear.
    ///
    /// # Errors
    /// [`BrokenRule`] for the inputs that `compute` refuses.
    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule>;
}

/// A participant broke an input rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenRule {
    /// Which one, from 0; the first, when there are several.
    pub participant: usize,
}

/// Numbers that all nodes, and through them all participants, may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOutput {
    /// What they are.
    pub name: &'static str,
    /// The numbers.
    pub values: Vec<i128>,
}

/// What one run gives.
#[derive(Default)]
pub struct Outputs {
    /// For everybody.
    pub public: Vec<PublicOutput>,
    /// For one participant each: a node's part, to be handed to that participant only.
    pub private: Vec<PrivateOutput>,
}

/// A node's part of numbers for one participant.
pub struct PrivateOutput {
    /// For whom, from 0.
    pub participant: usize,
    /// What they are.
    pub name: &'static str,
    /// The shares; three of them make the numbers.
    pub shares: OutputShares,
}

/// What the reference gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainOutputs {
    /// For everybody.
    pub public: Vec<PublicOutput>,
    /// For one participant each.
    pub private: Vec<PlainPrivate>,
}

/// Numbers for one participant in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainPrivate {
    /// For whom, from 0.
    pub participant: usize,
    /// What they are.
    pub name: &'static str,
    /// The numbers.
    pub values: Vec<i128>,
}

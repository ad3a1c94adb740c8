//! One run from input shares to outputs: what a node process calls.

use super::{Engine, Statistics};
use crate::{
    function::{Function, Outputs},
    net::{Channel, ChannelError, FrameKind, NodeIndex},
    share::{InputShares, NodeRandomness, Numbers},
};

/// How much a node distrusts the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Whoever deviates is noticed before anything is opened.
    Malicious,
    /// Nodes are believed. For measurements and for nodes run by one owner.
    SemiHonest,
}

/// How much one run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Products of bits, padding included: about 3 bytes each until they are checked.
    pub bit_gates: u64,
    /// Products of field elements: about 200 bytes each until they are checked.
    pub field_terms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bit_gates: 1 << 26, field_terms: 1 << 22 }
    }
}

/// Something that knows how much time went by.
pub trait Clock {
    /// Nanoseconds since any fixed moment.
    fn now_ns(&self) -> u64;
}

/// What nodes have agreed on before a run.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Never used twice by the same nodes.
    pub id: u64,
    /// The default is [`Mode::Malicious`] everywhere.
    pub mode: Mode,
    /// How much the run may use.
    pub limits: Limits,
    /// A hash over all that is public: function, parameters, participants.
    pub agreement: [u8; 32],
}

/// What a run gave and cost.
pub struct Completed {
    /// For everybody and for single participants.
    pub outputs: Outputs,
    /// What it cost.
    pub statistics: Statistics,
}

/// Why a run ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The run is over: messages stopped coming.
    #[error("the run stopped: {source}")]
    Channel {
        /// How.
        #[from]
        source: ChannelError,
    },
    /// The run is over, and some node is not to be trusted: this one, or the one that spoke
    /// against it.
    #[error("{node} deviated from the protocol, or was accused of it: {what}")]
    Cheated {
        /// Whose messages were wrong.
        node: NodeIndex,
        /// In which way.
        what: &'static str,
    },
    /// Ask this participant again: it broke a rule about inputs.
    #[error("participant {participant} submitted inputs that break a rule")]
    InvalidInput {
        /// Which one, from 0.
        participant: usize,
    },
    /// Ask this participant again: it gave different shares to two nodes (or a node says so).
    #[error("participant {participant} gave different shares to two nodes")]
    InconsistentInput {
        /// Which one, from 0.
        participant: usize,
    },
    /// The caller handed over the wrong inputs.
    #[error("participant {participant} submitted {found} numbers instead of {expected}")]
    InputCount {
        /// Which one, from 0; or one past the last, when one is missing or too many.
        participant: usize,
        /// As announced by the function.
        expected: usize,
        /// As handed over.
        found: usize,
    },
    /// The function is too large for this node's limits.
    #[error("the run needs more than {limit} {what}")]
    TooLarge {
        /// What it needs too many of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A mistake in a function: it may not open this.
    #[error("the function opens `{label}`, which is not on its list")]
    UndeclaredOpening {
        /// What it wanted to open.
        label: &'static str,
    },
}

impl RunError {
    pub(crate) fn cheated(node: NodeIndex, what: &'static str) -> Self {
        Self::Cheated { node, what }
    }
}

impl Session {
    /// Runs a function to its end. The other two nodes must call the same at the same time.
    ///
    /// # Errors
    /// [`RunError`]. The other nodes are told, and this session must not be used again.
    pub fn run(
        &self,
        function: &dyn Function,
        inputs: Vec<InputShares>,
        randomness: &NodeRandomness,
        channel: &mut dyn Channel,
        clock: &dyn Clock,
    ) -> Result<Completed, RunError> {
        let result = self.try_run(function, inputs, randomness, channel, clock);
        if let Err(error) = &result {
            tell_others(channel, error);
        }
        result
    }

    fn try_run(
        &self,
        function: &dyn Function,
        inputs: Vec<InputShares>,
        randomness: &NodeRandomness,
        channel: &mut dyn Channel,
        clock: &dyn Clock,
    ) -> Result<Completed, RunError> {
        let start_ns = clock.now_ns();
        check_counts(&function.input_counts(), &inputs)?;
        let leaks = function.leaks();
        let mut engine = Engine::start(self, leaks, &inputs, randomness, channel, clock)?;
        let numbers: Vec<Numbers> = inputs.into_iter().map(InputShares::into_numbers).collect();
        let outputs = function.compute(&mut engine, &numbers)?;
        let statistics = engine.finish(&outputs, start_ns)?;
        Ok(Completed { outputs, statistics })
    }
}

impl Engine<'_> {
    /// Shares for participants leave the node now: only after a check, and only if declared.
    fn finish(mut self, outputs: &Outputs, start_ns: u64) -> Result<Statistics, RunError> {
        self.check()?;
        for output in &outputs.private {
            self.ledger.record(output.name, output.shares.len())?;
        }
        let mut statistics = self.statistics;
        statistics.openings = self.ledger.into_opened();
        statistics.total_ns = self.clock.now_ns().saturating_sub(start_ns);
        Ok(statistics)
    }
}

fn check_counts(expected: &[usize], inputs: &[InputShares]) -> Result<(), RunError> {
    let count = |list: Option<usize>| list.unwrap_or(0);
    for participant in 0..expected.len().max(inputs.len()) {
        let expected = count(expected.get(participant).copied());
        let found = count(inputs.get(participant).map(InputShares::len));
        if expected != found {
            return Err(RunError::InputCount { participant, expected, found });
        }
    }
    Ok(())
}

/// The others would notice by themselves, but later. Where a line is broken they do.
fn tell_others(channel: &mut dyn Channel, error: &RunError) {
    let reason = error.to_string();
    let me = channel.me();
    for node in [me.next(), me.previous()] {
        drop(channel.send(node, FrameKind::Abort, 0, reason.as_bytes()));
    }
}

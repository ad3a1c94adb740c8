//! Multiplication, the log of products, the check, and opening.
//!
//! An [`Engine`] is one node's side of one run. Whatever it multiplies goes into a log; before
//! anything is opened, each node proves to the two others that all it sent was right. A node
//! that is not convinced stops, for good. How products make comparisons is left to `circuit`.

mod check;
mod ledger;
mod log;
mod opening;
mod products;
pub mod session;
mod shuffle;
mod statistics;

use sha2::{Digest as _, Sha256};

pub use ledger::Ledger;
pub use session::{Clock, Completed, Limits, Mode, RunError, Session};
pub use statistics::{Opened, Statistics};

use crate::{
    field::encode,
    net::{Channel, FrameKind, NodeIndex},
    share::{InputShares, NodeRandomness, randomness::Streams},
};
use log::{BitLog, FieldLog};

/// One node's side of one run.
pub struct Engine<'a> {
    channel: &'a mut dyn Channel,
    clock: &'a dyn Clock,
    me: NodeIndex,
    mode: Mode,
    limits: Limits,
    streams: Streams,
    /// Binds every hash to this run.
    run: [u8; 32],
    bits: BitLog,
    field: FieldLog,
    /// Checks that passed.
    epoch: u32,
    ledger: Ledger,
    statistics: Statistics,
}

impl<'a> Engine<'a> {
    /// Agrees with the two other nodes on what makes this run unlike any other, and makes sure
    /// that every participant gave the same components to both of their holders.
    ///
    /// One round. The nonces come after the inputs, so that nobody could choose an input for
    /// a challenge it already knew.
    fn start(
        session: &Session,
        leaks: &'static [&'static str],
        inputs: &[InputShares],
        randomness: &NodeRandomness,
        channel: &'a mut dyn Channel,
        clock: &'a dyn Clock,
    ) -> Result<Self, RunError> {
        let me = channel.me();
        let mut hello = [Vec::new(), Vec::new()];
        for (payload, is_next) in hello.iter_mut().zip([false, true]) {
            payload.extend_from_slice(&randomness.nonce);
            for input in inputs {
                payload.extend_from_slice(&component_hash(input, is_next));
            }
        }
        let [to_previous, to_next] = hello;
        let mut statistics = Statistics { rounds: 1, ..Statistics::default() };
        let items = frame_items(inputs.len() + 1);
        for (to, payload) in [(me.previous(), &to_previous), (me.next(), &to_next)] {
            statistics.bytes_sent += payload.len() as u64;
            channel.send(to, FrameKind::Hash, items, payload)?;
        }
        let mut nonces = [randomness.nonce; 3];
        let mut received = Vec::new();
        for (from, expected) in [(me.previous(), &to_previous), (me.next(), &to_next)] {
            channel.receive(from, FrameKind::Hash, items, &mut received)?;
            if received.len() != expected.len() {
                return Err(RunError::cheated(from, "a greeting of the wrong length"));
            }
            nonces[from.get()].copy_from_slice(&received[..32]);
            let hashes = received[32..].chunks(32).zip(expected[32..].chunks(32));
            if let Some(participant) = hashes.into_iter().position(|(left, right)| left != right) {
                return Err(RunError::InconsistentInput { participant });
            }
        }
        let run = run_hash(session, &nonces);
        Ok(Self {
            channel,
            clock,
            me,
            mode: session.mode,
            limits: session.limits,
            streams: Streams::new(randomness, &run),
            run,
            bits: BitLog::default(),
            field: FieldLog::default(),
            epoch: 0,
            ledger: Ledger::new(leaks),
            statistics,
        })
    }

    /// Which node this is.
    #[must_use]
    pub fn me(&self) -> NodeIndex {
        self.me
    }

    /// What was counted so far.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The injected time.
    pub(crate) fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// Counts the time since `start_ns` as spent on rules about inputs.
    pub(crate) fn count_rules_time(&mut self, start_ns: u64) {
        self.statistics.rules_ns += self.clock.now_ns().saturating_sub(start_ns);
    }

    fn send(
        &mut self,
        to: NodeIndex,
        kind: FrameKind,
        items: usize,
        payload: &[u8],
    ) -> Result<(), RunError> {
        self.statistics.bytes_sent += payload.len() as u64;
        Ok(self.channel.send(to, kind, frame_items(items), payload)?)
    }

    fn receive(
        &mut self,
        from: NodeIndex,
        kind: FrameKind,
        items: usize,
    ) -> Result<Vec<u8>, RunError> {
        let mut payload = Vec::new();
        self.channel.receive(from, kind, frame_items(items), &mut payload)?;
        Ok(payload)
    }
}

/// A participant's components that this node shares with one neighbour.
fn component_hash(input: &InputShares, with_next: bool) -> [u8; 32] {
    let components = if with_next { input.next() } else { input.own() };
    hash(b"input", &[&encode(components)])
}

fn run_hash(session: &Session, nonces: &[[u8; 32]; 3]) -> [u8; 32] {
    let mode = [u8::from(session.mode == Mode::Malicious)];
    let parts: [&[u8]; 6] =
        [&session.id.to_le_bytes(), &session.agreement, &mode, &nonces[0], &nonces[1], &nonces[2]];
    hash(b"run", &parts)
}

/// A hash for one purpose over parts, whose lengths count.
fn hash(purpose: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(&purpose).chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A count for a frame's head. Limits keep real ones far below the largest.
fn frame_items(count: usize) -> u32 {
    u32::try_from(count).expect("a message of fewer than 2^32 items")
}

#[cfg(test)]
mod tests;

//! A run of all three nodes in one process: what tests, measurements and trials need.
//!
//! The protocol is the real one; only the network is memory, and the keys come from a seed,
//! so nothing here is secret.

use std::{thread, time::Duration};

use super::Function;
use crate::{
    engine::{Clock, Completed, Limits, Mode, RunError, Session},
    field::Fe,
    net::memory::{MemoryChannel, network},
    share::{InputShares, NodeRandomness, randomness::Stream, split},
};

/// How to rehearse.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal {
    /// The same seed gives the same messages.
    pub seed: u64,
    /// Checked or not.
    pub mode: Mode,
    /// How long a node waits for a message.
    pub patience: Duration,
}

impl Rehearsal {
    /// Checked, with ten seconds of patience.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, mode: Mode::Malicious, patience: Duration::from_secs(10) }
    }

    /// Three connected ends, to be prepared before [`Self::run_over`].
    #[must_use]
    pub fn channels(&self) -> [MemoryChannel; 3] {
        network(self.patience)
    }

    /// Runs a function on inputs in the clear, one list for each participant.
    pub fn run(
        &self,
        function: &dyn Function,
        inputs: &[Vec<i128>],
    ) -> [Result<Completed, RunError>; 3] {
        let values: Vec<Vec<Fe>> = inputs
            .iter()
            .map(|values| values.iter().map(|value| Fe::from_i128(*value)).collect())
            .collect();
        let shares = self.share(&values);
        self.run_over(function, shares, &mut self.channels(), &[&Stopped; 3])
    }

    /// Each participant's shares, by node.
    #[must_use]
    pub fn share(&self, inputs: &[Vec<Fe>]) -> [Vec<InputShares>; 3] {
        let mut seeds = Stream::new(&seed_bytes(self.seed, 0));
        let mut by_node = [Vec::new(), Vec::new(), Vec::new()];
        for values in inputs {
            for (node, shares) in by_node.iter_mut().zip(split(values, &fresh(&mut seeds))) {
                node.push(shares);
            }
        }
        by_node
    }

    /// Runs a function on shares over channels that somebody prepared.
    ///
    /// # Panics
    /// When a node does.
    pub fn run_over(
        &self,
        function: &dyn Function,
        shares: [Vec<InputShares>; 3],
        channels: &mut [MemoryChannel; 3],
        clocks: &[&(dyn Clock + Sync); 3],
    ) -> [Result<Completed, RunError>; 3] {
        let mut stream = Stream::new(&seed_bytes(self.seed, 1));
        let keys: [[u8; 32]; 3] = std::array::from_fn(|_| fresh(&mut stream));
        let session = Session {
            id: self.seed,
            mode: self.mode,
            limits: Limits::default(),
            agreement: [0; 32],
        };
        thread::scope(|scope| {
            let nodes = channels.iter_mut().zip(shares).zip(clocks).enumerate();
            let threads: Vec<_> = nodes
                .map(|(node, ((channel, inputs), clock))| {
                    let randomness = NodeRandomness {
                        own_key: keys[node],
                        next_key: keys[(node + 1) % 3],
                        nonce: fresh(&mut stream),
                    };
                    let run = move || session.run(function, inputs, &randomness, channel, *clock);
                    scope.spawn(run)
                })
                .collect();
            let mut results =
                threads.into_iter().map(|thread| thread.join().expect("a node does not panic"));
            std::array::from_fn(|_| results.next().expect("three threads"))
        })
    }
}

/// A clock for those who do not ask.
pub struct Stopped;

impl Clock for Stopped {
    fn now_ns(&self) -> u64 {
        0
    }
}

fn seed_bytes(seed: u64, purpose: u8) -> [u8; 32] {
    let mut bytes = [purpose; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes
}

fn fresh(stream: &mut Stream) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.chunks_mut(8).for_each(|word| word.copy_from_slice(&stream.word().to_le_bytes()));
    bytes
}

//! Randomness that two nodes share without a message.
//!
//! Each neighbouring pair has one key: node i and the node before it know key i. From it come
//! streams for different purposes, which both draw from in the same order, because both run
//! the same program. Source: Cramer, Damgard, Ishai, TCC 2005.

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::field::{Fe, PrimeField as _};

/// What a node brings into one run: its two pair keys and a fresh nonce of its own.
///
/// The keys may serve many runs, the nonce must not. No `Debug`, erased when dropped.
#[derive(Clone)]
pub struct NodeRandomness {
    /// Key i of node i, which the node before it knows as well.
    pub own_key: [u8; 32],
    /// Key i+1 of node i, which the node after it knows as well.
    pub next_key: [u8; 32],
    /// 32 bytes from the operating system, never used before.
    pub nonce: [u8; 32],
}

impl Drop for NodeRandomness {
    fn drop(&mut self) {
        self.own_key.zeroize();
        self.next_key.zeroize();
        self.nonce.zeroize();
    }
}

/// An endless sequence of uniform words.
pub struct Stream(ChaCha20Rng);

impl Stream {
    /// From a uniform seed.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(*seed))
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// The next words.
    pub fn fill(&mut self, words: &mut [u64]) {
        for word in words {
            *word = self.word();
        }
    }

    /// A uniform field element.
    pub fn number(&mut self) -> Fe {
        Fe::draw(&mut || self.word())
    }

    /// Uniform field elements.
    pub fn numbers(&mut self, count: usize) -> Vec<Fe> {
        (0..count).map(|_| self.number()).collect()
    }

    /// A uniform number of so many bits, at most 126.
    pub fn bounded(&mut self, bits: u32) -> Fe {
        let wide = u128::from(self.word()) | u128::from(self.word()) << 64;
        Fe::small(wide & ((1 << bits) - 1))
    }

    /// A uniform number below a public limit. Takes longer when the draw is unlucky, which
    /// tells nothing about the number that is kept.
    pub fn below(&mut self, limit: u64) -> u64 {
        let largest = u64::MAX - u64::MAX % limit;
        loop {
            let word = self.word();
            if word < largest {
                return word % limit;
            }
        }
    }

    /// A uniform order of so many things: thing `order[k]` goes to place k.
    ///
    /// # Panics
    /// Never on a machine whose counts fit 64 bits.
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let limit = u64::try_from(last + 1).expect("counts fit 64 bits");
            let other = usize::try_from(self.below(limit)).expect("below a count");
            order.swap(last, other);
        }
        order
    }
}

/// What one pair of neighbours draws from, a stream for each purpose.
pub(crate) struct PairStreams {
    /// Masks of products.
    pub(crate) product: Stream,
    /// Components of random secrets.
    pub(crate) random: Stream,
    /// The left verifier's part of a proof.
    pub(crate) proof_left: Stream,
    /// The right verifier's mask at the end of a proof.
    pub(crate) proof_right: Stream,
    /// Orders and new components of a shuffle.
    pub(crate) shuffle: Stream,
}

impl PairStreams {
    fn new(key: &[u8; 32], run: &[u8; 32]) -> Self {
        let expander = Hkdf::<Sha256>::new(Some(run), key);
        let stream = |purpose: &[u8]| {
            let mut seed = Zeroizing::new([0; 32]);
            expander.expand(purpose, &mut *seed).expect("32 bytes are not too many");
            Stream::new(&seed)
        };
        Self {
            product: stream(b"product"),
            random: stream(b"random"),
            proof_left: stream(b"proof left"),
            proof_right: stream(b"proof right"),
            shuffle: stream(b"shuffle"),
        }
    }
}

/// All streams of one node in one run.
pub(crate) struct Streams {
    /// Shared with the node before.
    pub(crate) own: PairStreams,
    /// Shared with the node after.
    pub(crate) next: PairStreams,
}

impl Streams {
    /// `run` is a hash over everything that makes this run different from all others.
    pub(crate) fn new(randomness: &NodeRandomness, run: &[u8; 32]) -> Self {
        Self {
            own: PairStreams::new(&randomness.own_key, run),
            next: PairStreams::new(&randomness.next_key, run),
        }
    }
}

//! Seeded randomness with the distributions the simulation needs.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// A source of random numbers: the same seed, the same numbers.
#[derive(Clone, Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self(random)
    }

    /// Uniform in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// A whole number below `bound`, or zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1) as u128;
        let scaled = (u128::from(self.0.next_u64()) * bound) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Log-normal around a median.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Exponential waiting time in nanoseconds at a rate a second, at least one.
    pub(crate) fn wait_nanos(&mut self, per_second: f64) -> i64 {
        whole(-(1.0 - self.uniform()).ln() / per_second * 1e9).max(1)
    }
}

/// The whole part of a finite number, held to the range of the type.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, which is meant")]
pub(crate) const fn whole(number: f64) -> i64 {
    number as i64
}

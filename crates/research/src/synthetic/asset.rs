//! The random walks behind made-up bars, in logarithms of prices.

use rand_chacha::{ChaCha8Rng, rand_core::Rng as _};
use rand_distr::{Distribution as _, StandardNormal};

/// Steps within a bar.
const STEPS: usize = 8;
const STEP_COUNT: f64 = 8.0;
/// The mean number of bars in one regime.
const REGIME_BARS: u64 = 240;
/// The mean number of bars between two jumps.
const JUMP_BARS: u64 = 2_000;
/// The size of a jump in deviations of a bar.
const JUMP_SIZE: f64 = 8.0;
/// Weights of level, shock and memory in the variance.
const GARCH: (f64, f64, f64) = (0.02, 0.08, 0.90);
/// How the follower of a pair moves with its leader.
const PAIR_SLOPE: f64 = 0.9;
const SPREAD_HALF_LIFE_BARS: f64 = 90.0;
/// The stationary deviation of the spread in deviations of a bar.
const SPREAD_SIZE: f64 = 20.0;

/// Drift and volatility of each regime in deviations of a bar.
const REGIMES: [(f64, f64); 4] = [(0.0, 0.6), (0.12, 0.9), (-0.12, 1.2), (0.0, 2.0)];

/// What a price did within one bar, in logarithms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    /// Volume in multiples of the typical one.
    pub(super) activity: f64,
    steps: [f64; STEPS],
}

impl Path {
    fn of(open: f64, steps: [f64; STEPS], activity: f64) -> Self {
        let high = steps.iter().copied().fold(open, f64::max);
        let low = steps.iter().copied().fold(open, f64::min);
        Self { open, high, low, close: steps[STEPS - 1], activity, steps }
    }
}

/// An asset with a life of its own.
#[derive(Clone, Debug)]
pub(super) struct Leader {
    price: f64,
    deviation: f64,
    variance: f64,
    regime: usize,
}

impl Leader {
    pub(super) fn new(price: f64, deviation: f64) -> Self {
        Self { price: libm::log(price), deviation, variance: deviation * deviation, regime: 0 }
    }

    pub(super) fn next_bar(&mut self, dice: &mut ChaCha8Rng) -> Path {
        if dice.next_u64().is_multiple_of(REGIME_BARS) {
            let step = 1 + usize::try_from(dice.next_u64() % 3).unwrap_or(0);
            self.regime = (self.regime + step) % REGIMES.len();
        }
        let jump = if dice.next_u64().is_multiple_of(JUMP_BARS) {
            JUMP_SIZE * self.deviation * normal(dice)
        } else {
            0.0
        };
        let (drift, volatility) = REGIMES[self.regime];
        let drift = drift * self.deviation;
        let deviation = libm::sqrt(self.variance);
        let step_deviation = deviation / libm::sqrt(STEP_COUNT);
        let open = self.price;
        let mut price = open + jump;
        let steps = std::array::from_fn(|_| {
            price += drift / STEP_COUNT + step_deviation * normal(dice);
            price
        });
        let shock = price - open - drift - jump;
        let level = (volatility * self.deviation) * (volatility * self.deviation);
        let (base, news, memory) = GARCH;
        self.variance = base * level + news * shock * shock + memory * self.variance;
        self.price = price;
        let surprise = libm::fabs(price - open) / self.deviation;
        Path::of(open, steps, libm::exp(0.4 * normal(dice) + 0.4 * surprise.min(6.0)))
    }
}

/// How the second of a pair differs from what the first one says.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    intercept: f64,
    apart: f64,
    price: f64,
    pull: f64,
    noise: f64,
}

impl Spread {
    pub(super) fn new(leader: f64, follower: f64, deviation: f64) -> Self {
        let price = libm::log(follower);
        let pull = 1.0 - libm::exp(-std::f64::consts::LN_2 / (SPREAD_HALF_LIFE_BARS * STEP_COUNT));
        let kept = 1.0 - pull;
        let noise = SPREAD_SIZE * deviation * libm::sqrt(1.0 - kept * kept);
        let intercept = price - PAIR_SLOPE * libm::log(leader);
        Self { intercept, apart: 0.0, price, pull, noise }
    }

    pub(super) fn follow(&mut self, leader: &Path, dice: &mut ChaCha8Rng) -> Path {
        let open = self.price;
        let steps = leader.steps.map(|led| {
            self.apart += -self.pull * self.apart + self.noise * normal(dice);
            self.intercept + PAIR_SLOPE * led + self.apart
        });
        self.price = steps[STEPS - 1];
        Path::of(open, steps, leader.activity * libm::exp(0.3 * normal(dice)))
    }
}

fn normal(dice: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(dice)
}

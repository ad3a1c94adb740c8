//! The optimistic model: chance at the touch.

use domain::Lots;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

use super::{FillModel, Reach};

/// Seeded chance with one fixed probability.
#[derive(Debug)]
pub(in crate::paper) struct Luck {
    generator: ChaCha8Rng,
    /// Draws below it succeed: the probability times 2^64.
    threshold: u128,
}

impl Luck {
    /// The chance of a model; `None` for a probability outside 0..=1.
    pub(in crate::paper) fn new(model: FillModel, seed: u64) -> Option<Self> {
        let (position, base) = match model {
            FillModel::Touch { queue_position, base_probability } => {
                (queue_position, base_probability)
            }
            FillModel::Queue | FillModel::Through => (0.0, 0.0),
        };
        let unit = 0.0..=1.0;
        (unit.contains(&position) && unit.contains(&base)).then(|| Self {
            generator: ChaCha8Rng::seed_from_u64(seed),
            threshold: of_two_to_64(position * base),
        })
    }

    pub(in crate::paper) fn strikes(&mut self) -> bool {
        u128::from(self.generator.next_u64()) < self.threshold
    }
}

/// Exact: scaling by a power of two only changes the exponent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in 0..=1")]
fn of_two_to_64(probability: f64) -> u128 {
    const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;
    (probability * TWO_TO_64) as u128
}

/// Whether the one draw at the touch was made.
#[derive(Debug, Default)]
pub(in crate::paper) struct TouchPlace {
    drawn: bool,
}

impl TouchPlace {
    pub(super) fn on_touch(&mut self, luck: &mut Luck) -> bool {
        !std::mem::replace(&mut self.drawn, true) && luck.strikes()
    }

    pub(super) fn on_trade(reach: Reach, volume: Lots, luck: &mut Luck) -> Lots {
        match reach {
            Reach::Through => volume,
            Reach::At if luck.strikes() => volume,
            Reach::At | Reach::Short => Lots::ZERO,
        }
    }
}

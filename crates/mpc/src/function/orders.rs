//! Orders as every way of matching takes them: a side, a size and perhaps more numbers each.
//!
//! How many each participant has and which came first is public; what they say is not.

use std::ops::Range;

use super::{
    Outputs, ParameterError, Parameters, PlainOutputs, PlainPrivate, PrivateOutput,
    parameters::inverse,
};
use crate::{
    circuit::rules::Rules,
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

/// Bits of a size.
pub(super) const SIZE_BITS: u32 = 40;
/// What each participant is told at the end.
pub(super) const FILLS: &str = "own fills";

/// The public part.
pub(super) struct Orders {
    /// By participant.
    pub(super) counts: Vec<usize>,
    /// Which order is at each place in time.
    pub(super) by_time: Vec<usize>,
    /// At which place in time each order is.
    pub(super) sequence: Vec<usize>,
}

impl Orders {
    /// From the parameters `orders` and `sequence`. `rules` say how many there can be, of one
    /// participant and in all.
    pub(super) fn read(
        parameters: &Parameters,
        most: usize,
        rules: [&'static str; 2],
    ) -> Result<Self, ParameterError> {
        parameters.only(&["orders", "sequence"])?;
        let counts = parameters.counts("orders", most, rules[0])?;
        let total: usize = counts.iter().sum();
        if !(1..=most).contains(&total) {
            return Err(ParameterError::Length { name: "orders", found: total, rule: rules[1] });
        }
        let sequence = parameters.counts("sequence", total - 1, "a place among all orders")?;
        let by_time = inverse(&sequence).filter(|by_time| by_time.len() == total);
        let by_time = by_time.ok_or(ParameterError::Length {
            name: "sequence",
            found: sequence.len(),
            rule: "each place from 0 is taken by one order",
        })?;
        Ok(Self { counts, by_time, sequence })
    }

    pub(super) fn total(&self) -> usize {
        self.by_time.len()
    }

    /// How many numbers each participant submits.
    pub(super) fn input_counts(&self, fields: usize) -> Vec<usize> {
        self.counts.iter().map(|count| fields * count).collect()
    }

    /// All orders' first numbers, second numbers and so on.
    pub(super) fn columns<const FIELDS: usize>(&self, inputs: &[Numbers]) -> [Numbers; FIELDS] {
        let all = Numbers::join(&inputs.iter().collect::<Vec<_>>());
        let places = |field| (0..self.total()).map(move |order| FIELDS * order + field);
        std::array::from_fn(|field| all.pick(&places(field).collect::<Vec<_>>()))
    }

    /// What each order buys, after the rules were enforced: a side is a bit, and each of `sizes`,
    /// of which the first counts, is one.
    pub(super) fn bought(
        &self,
        engine: &mut Engine<'_>,
        is_buy: &Numbers,
        sizes: &[&Numbers],
    ) -> Result<Numbers, RunError> {
        let total = self.total();
        let left = Numbers::join(&[is_buy, is_buy]);
        // Of the second half, each is zero when the side is a bit.
        let right = Numbers::join(&[sizes[0], &is_buy.subtracted_from(engine.me(), Fe::ONE)]);
        let products = engine.multiply(&left, &right)?;
        let not_bits = products.range(total..2 * total);
        let mut rules = Rules::new();
        for (participant, own) in self.ranges() {
            for sizes in sizes {
                rules.range(engine, participant, &sizes.range(own.clone()), SIZE_BITS);
            }
            rules.zero(participant, not_bits.range(own));
        }
        rules.enforce(engine, self.counts.len())?;
        Ok(products.range(0..total))
    }

    /// To each participant the fills of its orders.
    pub(super) fn deliver(&self, fills: &Numbers) -> Outputs {
        let private = self.ranges().map(|(participant, own)| {
            let shares = fills.range(own).into();
            PrivateOutput { participant, name: FILLS, shares }
        });
        Outputs { public: Vec::new(), private: private.collect() }
    }

    /// The same in the clear.
    pub(super) fn tell(&self, fills: &[i128]) -> PlainOutputs {
        let private = self.ranges().map(|(participant, own)| {
            let values = fills[own].to_vec();
            PlainPrivate { participant, name: FILLS, values }
        });
        PlainOutputs { public: Vec::new(), private: private.collect() }
    }

    /// The orders of each participant.
    fn ranges(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let mut start = 0;
        self.counts.iter().enumerate().map(move |(participant, count)| {
            let own = start..start + count;
            start += count;
            (participant, own)
        })
    }
}

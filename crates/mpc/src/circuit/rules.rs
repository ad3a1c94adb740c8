//! Rules about what participants submit, all tested in one go.
//!
//! A participant may submit any field element. Turning a number into bits looks at it modulo a
//! power of two, so that 2^100 + 5 would pass for 5. A range is therefore tested with a mask so
//! short, and a width so large, that nothing wraps: what is opened tells that the number is at
//! most 42 bits too long, and the sign bits tell the rest. Of everything, one number a
//! participant is opened: zero, or a random one.

use super::sign::{Hiding, negative_hidden, to_numbers};
use crate::{
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

/// The label under which a verdict is opened; on every function's list.
pub const VERDICT: &str = "whether each participant's inputs obey the rules";

/// By how many bits a mask exceeds the numbers that it hides.
const MARGIN: u32 = 40;
/// The longest numbers that can be tested.
pub const MOST_BITS: u32 = 72;

/// Rules that wait for their test.
#[derive(Default)]
pub struct Rules {
    numbers: Vec<Numbers>,
    hiding: Vec<Hiding>,
    /// Number k was submitted by this participant, and must stay below this when opened.
    owners: Vec<(usize, Option<u128>)>,
    zeros: Vec<(usize, Numbers)>,
    width: u32,
}

impl Rules {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self { width: 2, ..Self::default() }
    }

    /// Each number must be from 0 to 2^bits - 1.
    ///
    /// # Panics
    /// With more than [`MOST_BITS`] bits.
    pub fn range(&mut self, engine: &Engine<'_>, participant: usize, numbers: &Numbers, bits: u32) {
        assert!(bits <= MOST_BITS, "a range of {bits} bits");
        let below = Fe::power_of_two(bits) - Fe::ONE;
        for side in [numbers.clone(), numbers.subtracted_from(engine.me(), below)] {
            let hiding = Hiding { offset: Fe::ZERO, bits: bits + MARGIN };
            self.push(participant, side, hiding, Some(1 << (bits + MARGIN + 2)));
        }
        self.width = self.width.max(bits + MARGIN + 4);
    }

    /// Each number must be from -2^bits to 2^bits - 1.
    pub fn signed(
        &mut self,
        engine: &Engine<'_>,
        participant: usize,
        numbers: &Numbers,
        bits: u32,
    ) {
        let shifted = numbers.clone().plus_constant(engine.me(), Fe::power_of_two(bits));
        self.range(engine, participant, &shifted, bits + 1);
    }

    /// Each number, known to be from -2^(width-1) to 2^(width-1)-1 when the other rules are
    /// obeyed, must not be negative.
    pub fn not_negative(&mut self, participant: usize, numbers: Numbers, width: u32) {
        self.push(participant, numbers, Hiding::signed(width), None);
        self.width = self.width.max(width);
    }

    /// Each number must be zero.
    pub fn zero(&mut self, participant: usize, numbers: Numbers) {
        self.zeros.push((participant, numbers));
    }

    fn push(&mut self, owner: usize, numbers: Numbers, hiding: Hiding, limit: Option<u128>) {
        for _ in 0..numbers.len() {
            self.hiding.push(hiding);
            self.owners.push((owner, limit));
        }
        self.numbers.push(numbers);
    }

    /// Tests all rules. About 15 rounds at any number of them.
    ///
    /// # Errors
    /// [`RunError::InvalidInput`] names the first participant that broke a rule; other errors
    /// end the run as well.
    pub fn enforce(self, engine: &mut Engine<'_>, participants: usize) -> Result<(), RunError> {
        let start = engine.now_ns();
        let numbers = Numbers::join(&self.numbers.iter().collect::<Vec<_>>());
        let mut broken = vec![false; participants];
        let mut must_be_zero: Vec<Vec<Numbers>> = vec![Vec::new(); participants];
        if !numbers.is_empty() {
            let (signs, opened) = negative_hidden(engine, &numbers, &self.hiding, self.width)?;
            let signs = to_numbers(engine, &signs)?;
            for (index, (owner, limit)) in self.owners.iter().enumerate() {
                broken[*owner] |= limit.is_some_and(|limit| opened[index].get() >= limit);
                must_be_zero[*owner].push(signs.range(index..index + 1));
            }
        }
        for (owner, numbers) in self.zeros {
            must_be_zero[owner].push(numbers);
        }
        let verdicts = blinded_sums(engine, &must_be_zero)?;
        let verdicts = engine.open(VERDICT, &verdicts)?;
        engine.count_rules_time(start);
        match (0..participants).find(|index| broken[*index] || verdicts[*index] != Fe::ZERO) {
            Some(participant) => Err(RunError::InvalidInput { participant }),
            None => Ok(()),
        }
    }
}

/// For each list the sum of its numbers times fresh secret random ones: zero when all are
/// zero, otherwise uniform. One round.
fn blinded_sums(engine: &mut Engine<'_>, lists: &[Vec<Numbers>]) -> Result<Numbers, RunError> {
    let joined: Vec<Numbers> =
        lists.iter().map(|list| Numbers::join(&list.iter().collect::<Vec<_>>())).collect();
    let terms = joined.iter().map(Numbers::len).max().unwrap_or(0).max(1);
    let padded: Vec<Numbers> = joined
        .iter()
        .map(|list| Numbers::join(&[list, &Numbers::zeros(terms - list.len())]))
        .collect();
    let padded = Numbers::join(&padded.iter().collect::<Vec<_>>());
    let random = engine.random(padded.len());
    engine.inner_products(&padded, &random, terms)
}

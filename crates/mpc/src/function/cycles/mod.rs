//! Is there a round trip through several markets that ends with more than it began?
//!
//! Each leg's cost, minus the logarithm of its rate and plus fees, is known to one participant.
//! A cycle pays when its legs add up to less than nothing. Everybody learns whether any does;
//! only the owners of the best one's legs learn which, found by a knock-out tournament.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PrivateOutput,
    PublicOutput, catalogue::Entry,
};
use crate::{
    circuit::{
        rules::{Rules, VERDICT},
        sign::{is_negative, select},
    },
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const EXISTS: &str = "whether a cycle pays";
const BEST: &str = "the best cycle, if one of its legs is own";
/// Costs are from -2^47 to 2^47-1: 40 bits after the binary point, logarithms up to 128.
const COST_BITS: u32 = 47;
const MOST_LEGS: usize = 64;
const SUM_WIDTH: u32 = 56;
const LEAKS: &[&str] = &[EXISTS, BEST, VERDICT];

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "cycles",
    purpose: "whether a cycle of trades pays, and which is the best",
    parameters: "owners: the participant, from 0, of each leg; lengths: the number of legs of \
                 each cycle (1 to 1024 cycles of 1 to 64 legs); legs: the legs of all cycles, \
                 one cycle after the other",
    inputs: "the cost of each own leg in the order of legs: -log2 of its rate plus fees, times \
             2^40 (-2^47 to 2^47-1)",
    outputs: "pays: 0 or 1 for everybody; to each participant the best cycle's number from 1, \
              or 0 when it owns none of its legs",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    parameters.only(&["legs", "lengths", "owners"])?;
    let owners = parameters.counts("owners", 63, "participants 0 to 63 are possible")?;
    let lengths = parameters.counts("lengths", MOST_LEGS, "1 to 64 legs are possible")?;
    if lengths.is_empty() || lengths.len() > 1_024 || lengths.contains(&0) {
        let rule = "1 to 1024 cycles of at least one leg are possible";
        return Err(ParameterError::Length { name: "lengths", found: lengths.len(), rule });
    }
    let last = owners.len().saturating_sub(1);
    let legs = parameters.counts("legs", last, "an index of a leg is needed")?;
    if legs.len() != lengths.iter().sum() {
        let rule = "as many as the lengths say";
        return Err(ParameterError::Length { name: "legs", found: legs.len(), rule });
    }
    let mut rest = legs.as_slice();
    let cycles = lengths
        .iter()
        .map(|length| rest.split_off(..*length).unwrap_or_default().to_vec())
        .collect();
    Ok(Box::new(Cycles { owners, cycles }))
}

struct Cycles {
    /// By leg.
    owners: Vec<usize>,
    /// Legs of each.
    cycles: Vec<Vec<usize>>,
}

impl Cycles {
    fn participants(&self) -> usize {
        self.owners.iter().max().map_or(0, |last| last + 1)
    }

    fn is_member(&self, participant: usize, cycle: &[usize]) -> bool {
        cycle.iter().any(|leg| self.owners[*leg] == participant)
    }
}

impl Function for Cycles {
    fn input_counts(&self) -> Vec<usize> {
        let count = |participant| self.owners.iter().filter(|owner| **owner == participant).count();
        (0..self.participants()).map(count).collect()
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let mut rules = Rules::new();
        for (participant, numbers) in inputs.iter().enumerate() {
            rules.signed(engine, participant, numbers, COST_BITS);
        }
        rules.enforce(engine, inputs.len())?;
        let costs = self.costs(inputs);
        let bits = is_negative(engine, &costs, SUM_WIDTH)?;
        let random = engine.random(1);
        let blinded = engine.multiply(&bits.sums(self.cycles.len()), &random)?;
        let pays = engine.open(EXISTS, &blinded)?[0] != Fe::ZERO;
        let public = vec![PublicOutput { name: "pays", values: vec![i128::from(pays)] }];
        let private = if pays { self.best(engine, &costs)? } else { Vec::new() };
        Ok(Outputs { public, private })
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(self, inputs)
    }
}

impl Cycles {
    /// The cost of each cycle: sums only.
    fn costs(&self, inputs: &[Numbers]) -> Numbers {
        let mut used = vec![0; inputs.len()];
        let legs: Vec<Numbers> = self
            .owners
            .iter()
            .map(|owner| {
                let place = used[*owner];
                used[*owner] += 1;
                inputs[*owner].range(place..place + 1)
            })
            .collect();
        let sum = |cycle: &Vec<usize>| {
            let legs: Vec<&Numbers> = cycle.iter().map(|leg| &legs[*leg]).collect();
            Numbers::join(&legs).sums(cycle.len())
        };
        let sums: Vec<Numbers> = self.cycles.iter().map(sum).collect();
        Numbers::join(&sums.iter().collect::<Vec<_>>())
    }

    /// Knock-out over records of cost, number, and who owns a leg.
    fn best(
        &self,
        engine: &mut Engine<'_>,
        costs: &Numbers,
    ) -> Result<Vec<PrivateOutput>, RunError> {
        let participants = self.participants();
        let fields = 1 + participants;
        let known: Vec<Fe> = self
            .cycles
            .iter()
            .enumerate()
            .flat_map(|(index, cycle)| {
                let member = move |participant| self.is_member(participant, cycle);
                let number = Fe::from_i128(index as i128 + 1);
                (0..fields).map(move |field| match field {
                    0 => number,
                    field if member(field - 1) => Fe::ONE,
                    _ => Fe::ZERO,
                })
            })
            .collect();
        let mut costs = costs.clone();
        let mut records = Numbers::public(engine.me(), &known);
        while costs.len() > 1 {
            let pairs = costs.len() / 2;
            let first: Vec<usize> = (0..pairs).map(|pair| 2 * pair).collect();
            let second: Vec<usize> = (0..pairs).map(|pair| 2 * pair + 1).collect();
            let spread = |places: &[usize]| -> Vec<usize> {
                places.iter().flat_map(|place| place * fields..(place + 1) * fields).collect()
            };
            let difference = costs.pick(&second).minus(&costs.pick(&first));
            let second_wins = is_negative(engine, &difference, SUM_WIDTH + 1)?;
            let bits: Vec<usize> =
                (0..pairs).chain((0..pairs).flat_map(|pair| vec![pair; fields])).collect();
            let side = |places: &[usize]| {
                Numbers::join(&[&costs.pick(places), &records.pick(&spread(places))])
            };
            let (chosen, other) = (side(&second), side(&first));
            let winners = select(engine, &second_wins.pick(&bits), &chosen, &other)?;
            let left_over = 2 * pairs..costs.len();
            let record_left = left_over.start * fields..left_over.end * fields;
            costs = Numbers::join(&[&winners.range(0..pairs), &costs.range(left_over)]);
            records =
                Numbers::join(&[&winners.range(pairs..winners.len()), &records.range(record_left)]);
        }
        let number = records.pick(&vec![0; participants]);
        let told = engine.multiply(&records.range(1..fields), &number)?;
        let output = |participant| PrivateOutput {
            participant,
            name: BEST,
            shares: told.range(participant..participant + 1).into(),
        };
        Ok((0..participants).map(output).collect())
    }
}

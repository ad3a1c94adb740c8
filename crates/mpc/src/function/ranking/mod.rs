//! Answers about the sorted values of all participants: median, quantile, trimmed mean,
//! weighted median.
//!
//! Values are shuffled and compared in the open; what sits at the wanted rank is opened. The
//! weighted median must not show its rank, so there the rank is found in secret.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PublicOutput,
    catalogue::Entry,
};
use crate::{
    circuit::{
        order::{SHUFFLED_ORDER, sort},
        rules::{Rules, VERDICT},
        sign::is_negative,
    },
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const VALUE: &str = "the value at the wanted rank";
const SUM: &str = "the exact sum of the values that are kept";
const WEIGHTED: &str = "the weighted median";
const LEAKS_OF_RANK: &[&str] = &[VALUE, SHUFFLED_ORDER, VERDICT];
const LEAKS_OF_SUM: &[&str] = &[SUM, SHUFFLED_ORDER, VERDICT];
const LEAKS_OF_WEIGHTS: &[&str] = &[WEIGHTED, SHUFFLED_ORDER, VERDICT];
/// Values are from -2^47 to 2^47-1.
const VALUE_BITS: u32 = 47;
const SIZE_BITS: u32 = 40;
const MOST: usize = 256;
const VALUES: &str = "one value (-2^47 to 2^47-1)";
const PARTICIPANTS: &str = "3 to 256 are possible";

/// What the catalogue shows.
pub(super) const MEDIAN: Entry = Entry {
    name: "median",
    purpose: "the lower median of all participants' values",
    parameters: "participants (3 to 256)",
    inputs: VALUES,
    outputs: "value",
    leaks: LEAKS_OF_RANK,
    build: |parameters| {
        parameters.only(&["participants"])?;
        let participants = participants(parameters)?;
        ranking(participants, Wanted::Rank((participants - 1) / 2))
    },
};

/// What the catalogue shows.
pub(super) const QUANTILE: Entry = Entry {
    name: "quantile",
    purpose: "the value of a given rank among all participants' values",
    parameters: "participants (3 to 256), rank (from 0, the smallest)",
    inputs: VALUES,
    outputs: "value",
    leaks: LEAKS_OF_RANK,
    build: |parameters| {
        parameters.only(&["participants", "rank"])?;
        let participants = participants(parameters)?;
        let rule = "a rank below the number of participants is needed";
        ranking(participants, Wanted::Rank(parameters.count("rank", 0..=participants - 1, rule)?))
    },
};

/// What the catalogue shows.
pub(super) const TRIMMED_MEAN: Entry = Entry {
    name: "trimmed_mean",
    purpose: "the mean of all participants' values without the lowest and highest few",
    parameters: "participants (3 to 256), trim (how many to drop at either end)",
    inputs: VALUES,
    outputs: "sum of the values kept, and their count",
    leaks: LEAKS_OF_SUM,
    build: |parameters| {
        parameters.only(&["participants", "trim"])?;
        let participants = participants(parameters)?;
        let rule = "one value at least must be left";
        ranking(
            participants,
            Wanted::Sum(parameters.count("trim", 0..=(participants - 1) / 2, rule)?),
        )
    },
};

/// What the catalogue shows.
pub(super) const WEIGHTED_MEDIAN: Entry = Entry {
    name: "weighted_median",
    purpose: "the smallest value at or below which half of all size lies",
    parameters: "participants (3 to 256)",
    inputs: "one value (-2^47 to 2^47-1) and its size (0 to 2^40-1)",
    outputs: "value; the smallest value of all when nobody has any size",
    leaks: LEAKS_OF_WEIGHTS,
    build: |parameters| {
        parameters.only(&["participants"])?;
        ranking(participants(parameters)?, Wanted::Weighted)
    },
};

fn participants(parameters: &Parameters) -> Result<usize, ParameterError> {
    parameters.count("participants", 3..=MOST, PARTICIPANTS)
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a catalogue's build function")]
fn ranking(participants: usize, wanted: Wanted) -> Result<Box<dyn Function>, ParameterError> {
    Ok(Box::new(Ranking { participants, wanted }))
}

#[derive(Clone, Copy)]
enum Wanted {
    /// The value of this rank, from 0.
    Rank(usize),
    /// The sum without so many at either end.
    Sum(usize),
    /// The median by size.
    Weighted,
}

struct Ranking {
    participants: usize,
    wanted: Wanted,
}

impl Ranking {
    fn fields(&self) -> usize {
        match self.wanted {
            Wanted::Weighted => 2,
            Wanted::Rank(_) | Wanted::Sum(_) => 1,
        }
    }
}

impl Function for Ranking {
    fn input_counts(&self) -> Vec<usize> {
        vec![self.fields(); self.participants]
    }

    fn leaks(&self) -> &'static [&'static str] {
        match self.wanted {
            Wanted::Rank(_) => LEAKS_OF_RANK,
            Wanted::Sum(_) => LEAKS_OF_SUM,
            Wanted::Weighted => LEAKS_OF_WEIGHTS,
        }
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let mut rules = Rules::new();
        for (participant, numbers) in inputs.iter().enumerate() {
            rules.signed(engine, participant, &numbers.range(0..1), VALUE_BITS);
            rules.range(engine, participant, &numbers.range(1..numbers.len()), SIZE_BITS);
        }
        rules.enforce(engine, self.participants)?;
        let records = Numbers::join(&inputs.iter().collect::<Vec<_>>());
        let sorted = sort(engine, &records, self.fields(), VALUE_BITS)?;
        let output = |name, values: Vec<i128>| PublicOutput { name, values };
        let public = match self.wanted {
            Wanted::Rank(rank) => {
                let value = engine.open(VALUE, &sorted.range(rank..rank + 1))?;
                vec![output("value", vec![value[0].signed()])]
            }
            Wanted::Sum(trim) => {
                let kept = self.participants - 2 * trim;
                let sum = sorted.range(trim..trim + kept).sums(kept);
                let sum = engine.open(SUM, &sum)?[0].signed();
                vec![output("sum", vec![sum]), output("count", vec![kept as i128])]
            }
            Wanted::Weighted => {
                let value = self.weighted_median(engine, &sorted)?;
                vec![output("value", vec![engine.open(WEIGHTED, &value)?[0].signed()])]
            }
        };
        Ok(Outputs { public, private: Vec::new() })
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(self.wanted, inputs)
    }
}

impl Ranking {
    /// Bits `t` say which values come too early, the earliest first: the wanted value is the
    /// first one plus all steps `t[k] (v[k+1] - v[k])`. The last bit is never set.
    fn weighted_median(
        &self,
        engine: &mut Engine<'_>,
        sorted: &Numbers,
    ) -> Result<Numbers, RunError> {
        let count = self.participants;
        let column = |column: usize| {
            sorted.pick(&(0..count).map(|row| 2 * row + column).collect::<Vec<_>>())
        };
        let (values, sizes) = (column(0), column(1));
        let total = sizes.sums(count).pick(&vec![0; count]);
        let twice = sizes.running_sums().times_public(Fe::from_signed(2));
        let too_early = is_negative(engine, &twice.minus(&total), SIZE_BITS + 11)?;
        let steps = values.range(1..count).minus(&values.range(0..count - 1));
        let moved = engine.inner_products(&too_early.range(0..count - 1), &steps, count - 1)?;
        Ok(values.range(0..1).plus(&moved))
    }
}

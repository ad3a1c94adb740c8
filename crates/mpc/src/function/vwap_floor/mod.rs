//! The average price of what several participants traded, without a division.
//!
//! The answer is the largest tick c with `sum of notionals - c * sum of sizes` not negative.
//! Candidates are tested 64 at a time; which of them pass is a function of the answer, so those
//! bits may be opened, and the search goes on inside the interval they leave.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PublicOutput,
    catalogue::Entry,
};
use crate::{
    circuit::{
        rules::{Rules, VERDICT},
        sign::{is_negative, negative},
    },
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const ENOUGH: &str = "whether enough participants traded";
const PRICE: &str = "which candidates are at or below the price";
const NOTIONAL_BITS: u32 = 56;
const SIZE_BITS: u32 = 32;
const TICK_BITS: u32 = 24;
/// Candidates tested in one layer.
const CANDIDATES: i64 = 64;
const LEAKS: &[&str] = &[ENOUGH, PRICE, VERDICT];

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "vwap_floor",
    purpose: "the volume-weighted average price of all participants' trades, rounded down",
    parameters: "participants (2 to 32), low and high (collar in ticks, 0 to 2^24-1), \
                 minimum_contributors (1 to participants)",
    inputs: "notional in ticks times lots (0 to 2^56-1) and size in lots (0 to 2^32-1), with \
             low * size <= notional <= high * size",
    outputs: "enough: 1 when at least the minimum of participants traded; then price in ticks",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    parameters.only(&["high", "low", "minimum_contributors", "participants"])?;
    let participants = parameters.count("participants", 2..=32, "2 to 32 are possible")?;
    let tick = (1 << TICK_BITS) - 1;
    let low = parameters.number("low", 0..=tick, "0 to 2^24-1 is possible")?;
    Ok(Box::new(VwapFloor {
        participants,
        low,
        high: parameters.number("high", low..=tick, "low to 2^24-1 is possible")?,
        minimum: parameters.count(
            "minimum_contributors",
            1..=participants,
            "1 to the number of participants is possible",
        )?,
    }))
}

struct VwapFloor {
    participants: usize,
    low: i64,
    high: i64,
    minimum: usize,
}

impl Function for VwapFloor {
    fn input_counts(&self) -> Vec<usize> {
        vec![2; self.participants]
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let mut rules = Rules::new();
        for (participant, numbers) in inputs.iter().enumerate() {
            let (notional, size) = (numbers.range(0..1), numbers.range(1..2));
            rules.range(engine, participant, &notional, NOTIONAL_BITS);
            rules.range(engine, participant, &size, SIZE_BITS);
            let at = |tick: i64| size.times_public(Fe::from_signed(tick));
            rules.not_negative(participant, notional.minus(&at(self.low)), 58);
            rules.not_negative(participant, at(self.high).minus(&notional), 58);
        }
        rules.enforce(engine, self.participants)?;
        let all = Numbers::join(&inputs.iter().collect::<Vec<_>>());
        let column = |column: usize| {
            all.pick(&(0..self.participants).map(|row| 2 * row + column).collect::<Vec<_>>())
        };
        let (notionals, sizes) = (column(0), column(1));
        let enough = self.enough(engine, &sizes)?;
        let mut public = vec![PublicOutput { name: "enough", values: vec![i128::from(enough)] }];
        if enough {
            let notional = notionals.sums(self.participants);
            let price = self.search(engine, &notional, &sizes.sums(self.participants))?;
            public.push(PublicOutput { name: "price", values: vec![i128::from(price)] });
        }
        Ok(Outputs { public, private: Vec::new() })
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(self, inputs)
    }
}

impl VwapFloor {
    fn enough(&self, engine: &mut Engine<'_>, sizes: &Numbers) -> Result<bool, RunError> {
        let traded = is_negative(engine, &sizes.times_public(-Fe::ONE), SIZE_BITS + 1)?;
        let minimum = Fe::from_i128(self.minimum as i128);
        let short = traded.sums(self.participants).plus_constant(engine.me(), -minimum);
        let short = negative(engine, &short, 8)?;
        Ok(engine.open_bits(ENOUGH, &short)?[0] & 1 == 0)
    }

    /// The lowest candidate always passes, by the rules about inputs.
    fn search(
        &self,
        engine: &mut Engine<'_>,
        notional: &Numbers,
        size: &Numbers,
    ) -> Result<i64, RunError> {
        let (mut low, mut end) = (self.low, self.high + 1);
        while end - low > 1 {
            let step = (end - low + CANDIDATES - 1) / CANDIDATES;
            let candidates: Vec<i64> =
                (1..CANDIDATES).map(|index| low + index * step).filter(|c| *c < end).collect();
            let ticks: Vec<Fe> = candidates.iter().map(|tick| Fe::from_signed(*tick)).collect();
            let once = vec![0; ticks.len()];
            let left = notional.pick(&once).minus(&size.pick(&once).times_each(&ticks));
            let above = negative(engine, &left, 63)?;
            let above = engine.open_bits(PRICE, &above)?[0];
            let passed = candidates.len() as u64 - u64::from(above.count_ones());
            let start = low;
            low = start + i64::try_from(passed).expect("at most 64") * step;
            end = end.min(low + step);
        }
        Ok(low)
    }
}

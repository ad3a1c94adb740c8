//! Weights that are one over the volatility of each asset, from pooled variances.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PublicOutput,
    catalogue::Entry,
    pooled_portfolio::{pool, weights},
};
use crate::{
    circuit::{
        fixed::{FRACTION, inverse_root, reciprocal, round},
        rules::{Rules, VERDICT},
        sign::is_negative,
    },
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const IN_RANGE: &str = "whether all pooled variances are within their public range";
const WEIGHTS: &str = "the weights";
const LEAKS: &[&str] = &[IN_RANGE, WEIGHTS, VERDICT];
const VARIANCE_BITS: u32 = 40;
const MOST_ASSETS: usize = 64;
/// The sum of inverse roots is between one and eight for each asset.
const MOST_RAW: usize = 8;

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "inverse_volatility",
    purpose: "weights in proportion to one over each asset's pooled volatility",
    parameters: "weights: one for each of 3 to 32 participants (1 to 256); assets (2 to 64); \
                 variance_log2: each weighted sum of variances as submitted is at most 2 to \
                 this, and at least a sixty-fourth of it (6 to 48)",
    inputs: "a variance for each asset in any unit that all share (0 to 2^40-1)",
    outputs: "in_range: 1 when all sums are in their range; then weights, times 2^24, within \
              1e-4 of the exact ones",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    parameters.only(&["assets", "variance_log2", "weights"])?;
    let log2 = parameters.count("variance_log2", 6..=48, "6 to 48 is possible")?;
    Ok(Box::new(InverseVolatility {
        weights: weights(parameters)?,
        assets: parameters.count("assets", 2..=MOST_ASSETS, "2 to 64 are possible")?,
        variance_log2: u32::try_from(log2).expect("at most 48"),
    }))
}

struct InverseVolatility {
    weights: Vec<i64>,
    assets: usize,
    variance_log2: u32,
}

impl Function for InverseVolatility {
    fn input_counts(&self) -> Vec<usize> {
        vec![self.assets; self.weights.len()]
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let mut rules = Rules::new();
        for (participant, numbers) in inputs.iter().enumerate() {
            rules.range(engine, participant, numbers, VARIANCE_BITS);
        }
        rules.enforce(engine, inputs.len())?;
        let variances = pool(&self.weights, inputs);
        let in_range = self.is_in_range(engine, &variances)?;
        let mut public =
            vec![PublicOutput { name: "in_range", values: vec![i128::from(in_range)] }];
        if in_range {
            let weights = self.weigh(engine, &variances)?;
            let values = engine.open(WEIGHTS, &weights)?.into_iter().map(Fe::signed).collect();
            public.push(PublicOutput { name: "weights", values });
        }
        Ok(Outputs { public, private: Vec::new() })
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(self, inputs)
    }
}

impl InverseVolatility {
    fn is_in_range(&self, engine: &mut Engine<'_>, variances: &Numbers) -> Result<bool, RunError> {
        let me = engine.me();
        let high = Fe::power_of_two(self.variance_log2);
        let low = Fe::power_of_two(self.variance_log2 - 6);
        let sides = Numbers::join(&[
            &variances.clone().plus_constant(me, -low),
            &variances.subtracted_from(me, high),
        ]);
        let outside = is_negative(engine, &sides, 56)?.sums(2 * self.assets);
        let random = engine.random(1);
        let blinded = engine.multiply(&outside, &random)?;
        Ok(engine.open(IN_RANGE, &blinded)?[0] == Fe::ZERO)
    }

    fn weigh(&self, engine: &mut Engine<'_>, variances: &Numbers) -> Result<Numbers, RunError> {
        // As shares of the upper end of the range.
        let shares = match self.variance_log2 {
            log2 if log2 > FRACTION => round(engine, variances, log2 - FRACTION)?,
            log2 => variances.times_public(Fe::power_of_two(FRACTION - log2)),
        };
        let raw = inverse_root(engine, &shares)?;
        let most = i64::try_from(MOST_RAW * self.assets).expect("a small number");
        // The sum over its largest possible value, a whole number, with 24 bits more.
        let factor = Fe::from_signed((1 << FRACTION) / most);
        let share = round(engine, &raw.sums(self.assets).times_public(factor), FRACTION)?;
        let inverse = reciprocal(engine, &share)?;
        let products = engine.multiply(&raw, &inverse.pick(&vec![0; self.assets]))?;
        // Times the factor again instead of over the largest value.
        let weights = round(engine, &products, FRACTION)?.times_public(factor);
        round(engine, &weights, FRACTION)
    }
}

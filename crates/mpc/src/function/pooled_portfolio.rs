//! Positions from everybody's forecasts and a public covariance: sums only.
//!
//! Each position is a public weighted sum of all forecasts, so nothing is multiplied in
//! secret. The answer determines the pooled forecast; that is said in the list of leaks.

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PublicOutput,
    catalogue::Entry,
};
use crate::{
    circuit::rules::{Rules, VERDICT},
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const POSITIONS: &str = "the positions, from which the pooled forecast follows";
const LEAKS: &[&str] = &[POSITIONS, VERDICT];
/// Forecasts are from -2^35 to 2^35-1.
const FORECAST_BITS: u32 = 35;
const MOST_ASSETS: usize = 64;

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "pooled_portfolio",
    purpose: "positions from the weighted sum of all participants' forecasts",
    parameters: "weights: one for each of 3 to 32 participants (1 to 256); matrix: the inverse \
                 covariance over the risk aversion, row by row, times 2^24 (-2^40 to 2^40)",
    inputs: "a forecast for each asset, times 2^24 (-2^35 to 2^35-1)",
    outputs: "positions, times 2^48 and times the sum of weights",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    parameters.only(&["matrix", "weights"])?;
    let weights = weights(parameters)?;
    let entries = parameters.list("matrix")?;
    let assets = entries.len().isqrt();
    if !(1..=MOST_ASSETS).contains(&assets) || assets * assets != entries.len() {
        let rule = "a square of at most 64 assets is needed";
        return Err(ParameterError::Length { name: "matrix", found: entries.len(), rule });
    }
    if let Some(value) = entries.iter().find(|entry| entry.unsigned_abs() > 1 << 40) {
        let rule = "-2^40 to 2^40 is possible";
        return Err(ParameterError::OutOfRange { name: "matrix", value: *value, rule });
    }
    let matrix = entries.chunks(assets).map(<[i64]>::to_vec).collect();
    Ok(Box::new(PooledPortfolio { weights, matrix }))
}

/// Public weights of participants: small whole numbers.
pub(super) fn weights(parameters: &Parameters) -> Result<Vec<i64>, ParameterError> {
    let weights = parameters.list("weights")?;
    if !(3..=32).contains(&weights.len()) {
        let rule = "3 to 32 participants are possible";
        return Err(ParameterError::Length { name: "weights", found: weights.len(), rule });
    }
    match weights.iter().find(|weight| !(1..=256).contains(*weight)) {
        Some(value) => Err(ParameterError::OutOfRange {
            name: "weights",
            value: *value,
            rule: "1 to 256 is possible",
        }),
        None => Ok(weights.to_vec()),
    }
}

/// Weighted sum of all participants' numbers, place by place.
pub(super) fn pool(weights: &[i64], inputs: &[Numbers]) -> Numbers {
    let mut sum = Numbers::zeros(inputs.first().map_or(0, Numbers::len));
    for (weight, numbers) in weights.iter().zip(inputs) {
        sum = sum.plus(&numbers.times_public(Fe::from_signed(*weight)));
    }
    sum
}

struct PooledPortfolio {
    weights: Vec<i64>,
    matrix: Vec<Vec<i64>>,
}

impl Function for PooledPortfolio {
    fn input_counts(&self) -> Vec<usize> {
        vec![self.matrix.len(); self.weights.len()]
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let mut rules = Rules::new();
        for (participant, numbers) in inputs.iter().enumerate() {
            rules.signed(engine, participant, numbers, FORECAST_BITS);
        }
        rules.enforce(engine, inputs.len())?;
        let rows: Vec<Vec<Fe>> = self
            .matrix
            .iter()
            .map(|row| row.iter().map(|entry| Fe::from_signed(*entry)).collect())
            .collect();
        let positions = pool(&self.weights, inputs).weighted(&rows);
        let values = engine.open(POSITIONS, &positions)?.into_iter().map(Fe::signed).collect();
        let public = vec![PublicOutput { name: "positions", values }];
        Ok(Outputs { public, private: Vec::new() })
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        let allowed = -(1_i128 << FORECAST_BITS)..1 << FORECAST_BITS;
        let obeys = |input: &Vec<i128>| input.iter().all(|value| allowed.contains(value));
        if let Some(participant) = inputs.iter().position(|input| !obeys(input)) {
            return Err(BrokenRule { participant });
        }
        let pooled = |asset: usize| -> i128 {
            let weighted = self.weights.iter().zip(inputs);
            weighted.map(|(weight, input)| i128::from(*weight) * input[asset]).sum()
        };
        let position = |row: &Vec<i64>| -> i128 {
            row.iter().enumerate().map(|(asset, entry)| i128::from(*entry) * pooled(asset)).sum()
        };
        let values = self.matrix.iter().map(position).collect();
        let public = vec![PublicOutput { name: "positions", values }];
        Ok(PlainOutputs { public, private: Vec::new() })
    }
}

//! The same in the clear, in double precision: elimination with the largest pivot.

use super::{FACTOR_BITS, FORECAST_BITS, SealedPortfolio};
use crate::function::{BrokenRule, PlainOutputs, PublicOutput};

/// Two to the power of the fraction's bits.
const UNIT: f64 = 16_777_216.0;

pub(super) fn compute(
    function: &SealedPortfolio,
    inputs: &[Vec<i128>],
) -> Result<PlainOutputs, BrokenRule> {
    let (assets, split) = (function.assets, function.triangle());
    let within = |values: &[i128], bits: u32| {
        values.iter().all(|value| (-(1_i128 << bits)..1 << bits).contains(value))
    };
    let broken = inputs.iter().position(|input| {
        !within(&input[..split], FACTOR_BITS) || !within(&input[split..], FORECAST_BITS)
    });
    if let Some(participant) = broken {
        return Err(BrokenRule { participant });
    }
    let bound = 2_f64.powi(function.variance_log2);
    let mut system = vec![vec![0.0; assets + 1]; assets];
    for (weight, input) in function.weights.iter().zip(inputs) {
        let factor = |row: usize, column: usize| match column {
            column if column > row => 0.0,
            column => as_double(input[row * (row + 1) / 2 + column]),
        };
        let weight = as_double(i128::from(*weight)) * UNIT;
        for (row, line) in system.iter_mut().enumerate() {
            for (column, entry) in line[..assets].iter_mut().enumerate() {
                let dot: f64 = (0..assets).map(|k| factor(row, k) * factor(column, k)).sum();
                *entry += weight * dot / bound;
            }
            line[assets] += weight * as_double(input[split + row]);
        }
    }
    let flag = |name, value: bool| PublicOutput { name, values: vec![i128::from(value)] };
    let trace: f64 = (0..assets).map(|row| system[row][row]).sum();
    let mut public = vec![flag("bounded", trace <= 1.0)];
    if trace <= 1.0 {
        for (row, line) in system.iter_mut().enumerate() {
            line[row] += as_double(i128::from(function.ridge));
        }
        let raw = solve(system);
        let sum: f64 = raw.iter().sum();
        let high = 2_f64.powi(function.scale_log2);
        let in_range = (high / 16.0..=high).contains(&sum);
        public.push(flag("in_range", in_range));
        if in_range {
            let values = raw.iter().map(|weight| as_fixed(weight / sum)).collect();
            public.push(PublicOutput { name: "weights", values });
        }
    }
    Ok(PlainOutputs { public, private: Vec::new() })
}

#[expect(clippy::cast_precision_loss, reason = "at most 53 bits by the rules about inputs")]
fn as_double(value: i128) -> f64 {
    value as f64 / UNIT
}

#[expect(clippy::cast_possible_truncation, reason = "weights are small")]
fn as_fixed(value: f64) -> i128 {
    (value * UNIT).round() as i128
}

/// Solves a system whose last column is the right side.
fn solve(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let size = system.len();
    for step in 0..size {
        let largest = (step..size)
            .max_by(|a, b| system[*a][step].abs().total_cmp(&system[*b][step].abs()))
            .unwrap_or(step);
        system.swap(step, largest);
        let pivot = system[step].clone();
        for (row, line) in system.iter_mut().enumerate() {
            if row != step {
                let factor = line[step] / pivot[step];
                for (value, pivot) in line.iter_mut().zip(&pivot) {
                    *value -= factor * pivot;
                }
            }
        }
    }
    (0..size).map(|row| system[row][size] / system[row][row]).collect()
}

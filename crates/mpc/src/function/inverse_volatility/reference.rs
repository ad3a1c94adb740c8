//! The same in the clear, in double precision.

use super::{InverseVolatility, VARIANCE_BITS};
use crate::function::{BrokenRule, PlainOutputs, PublicOutput};

pub(super) fn compute(
    function: &InverseVolatility,
    inputs: &[Vec<i128>],
) -> Result<PlainOutputs, BrokenRule> {
    let obeys =
        |input: &Vec<i128>| input.iter().all(|value| (0..1 << VARIANCE_BITS).contains(value));
    if let Some(participant) = inputs.iter().position(|input| !obeys(input)) {
        return Err(BrokenRule { participant });
    }
    let pooled = |asset: usize| -> i128 {
        let weighted = function.weights.iter().zip(inputs);
        weighted.map(|(weight, input)| i128::from(*weight) * input[asset]).sum()
    };
    let high = 1_i128 << function.variance_log2;
    let variances: Vec<i128> = (0..function.assets).map(pooled).collect();
    let in_range = variances.iter().all(|value| (high / 64..=high).contains(value));
    let mut public = vec![PublicOutput { name: "in_range", values: vec![i128::from(in_range)] }];
    if in_range {
        let raw: Vec<f64> = variances.iter().map(|value| inverse_root(*value)).collect();
        let sum: f64 = raw.iter().sum();
        let values = raw.iter().map(|value| as_fixed(value / sum)).collect();
        public.push(PublicOutput { name: "weights", values });
    }
    Ok(PlainOutputs { public, private: Vec::new() })
}

#[expect(clippy::cast_precision_loss, reason = "at most 48 bits, by the range")]
fn inverse_root(value: i128) -> f64 {
    (value as f64).sqrt().recip()
}

#[expect(clippy::cast_possible_truncation, reason = "weights are at most one")]
fn as_fixed(value: f64) -> i128 {
    (value * 16_777_216.0).round() as i128
}

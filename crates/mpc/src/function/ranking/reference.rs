//! The same in the clear: sort.

use super::{SIZE_BITS, VALUE_BITS, Wanted};
use crate::function::{BrokenRule, PlainOutputs, PublicOutput};

pub(super) fn compute(wanted: Wanted, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
    let values = -(1_i128 << VALUE_BITS)..1 << VALUE_BITS;
    let sizes = 0..1_i128 << SIZE_BITS;
    let obeys = |input: &Vec<i128>| {
        values.contains(&input[0]) && input[1..].iter().all(|size| sizes.contains(size))
    };
    if let Some(participant) = inputs.iter().position(|input| !obeys(input)) {
        return Err(BrokenRule { participant });
    }
    let mut sorted = inputs.to_vec();
    sorted.sort_by_key(|input| input[0]);
    let output = |name, value| PublicOutput { name, values: vec![value] };
    let public = match wanted {
        Wanted::Rank(rank) => vec![output("value", sorted[rank][0])],
        Wanted::Sum(trim) => {
            let kept = &sorted[trim..sorted.len() - trim];
            let sum = kept.iter().map(|input| input[0]).sum();
            vec![output("sum", sum), output("count", kept.len() as i128)]
        }
        Wanted::Weighted => {
            let total: i128 = sorted.iter().map(|input| input[1]).sum();
            let mut below = 0;
            let median = sorted.iter().find(|input| {
                below += input[1];
                2 * below >= total
            });
            vec![output("value", median.map_or(0, |input| input[0]))]
        }
    };
    Ok(PlainOutputs { public, private: Vec::new() })
}

//! The same in the clear: a division.

use super::{NOTIONAL_BITS, SIZE_BITS, VwapFloor};
use crate::function::{BrokenRule, PlainOutputs, PublicOutput};

pub(super) fn compute(
    function: &VwapFloor,
    inputs: &[Vec<i128>],
) -> Result<PlainOutputs, BrokenRule> {
    let (low, high) = (i128::from(function.low), i128::from(function.high));
    let obeys = |input: &Vec<i128>| {
        let (notional, size) = (input[0], input[1]);
        (0..1 << NOTIONAL_BITS).contains(&notional)
            && (0..1 << SIZE_BITS).contains(&size)
            && (low * size..=high * size).contains(&notional)
    };
    if let Some(participant) = inputs.iter().position(|input| !obeys(input)) {
        return Err(BrokenRule { participant });
    }
    let contributors = inputs.iter().filter(|input| input[1] > 0).count();
    let enough = contributors >= function.minimum;
    let mut public = vec![PublicOutput { name: "enough", values: vec![i128::from(enough)] }];
    if enough {
        let notional: i128 = inputs.iter().map(|input| input[0]).sum();
        let size: i128 = inputs.iter().map(|input| input[1]).sum();
        public.push(PublicOutput { name: "price", values: vec![notional / size] });
    }
    Ok(PlainOutputs { public, private: Vec::new() })
}

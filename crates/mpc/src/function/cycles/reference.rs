//! The same in the clear: add up, take the least.

use super::{BEST, COST_BITS, Cycles};
use crate::function::{BrokenRule, PlainOutputs, PlainPrivate, PublicOutput};

pub(super) fn compute(function: &Cycles, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
    let allowed = -(1_i128 << COST_BITS)..1 << COST_BITS;
    let obeys = |costs: &Vec<i128>| costs.iter().all(|cost| allowed.contains(cost));
    if let Some(participant) = inputs.iter().position(|costs| !obeys(costs)) {
        return Err(BrokenRule { participant });
    }
    let mut own: Vec<_> = inputs.iter().map(|costs| costs.iter()).collect();
    let legs: Vec<i128> =
        function.owners.iter().filter_map(|owner| own[*owner].next().copied()).collect();
    let cost = |cycle: &Vec<usize>| cycle.iter().map(|leg| legs[*leg]).sum::<i128>();
    let best = function.cycles.iter().enumerate().min_by_key(|(_, cycle)| cost(cycle));
    let paying = best.filter(|(_, cycle)| cost(cycle) < 0);
    let public = vec![PublicOutput { name: "pays", values: vec![i128::from(paying.is_some())] }];
    let mut private = Vec::new();
    if let Some((index, cycle)) = paying {
        for participant in 0..function.participants() {
            let member = function.is_member(participant, cycle);
            let values = vec![if member { index as i128 + 1 } else { 0 }];
            private.push(PlainPrivate { participant, name: BEST, values });
        }
    }
    Ok(PlainOutputs { public, private })
}

//! The same in the clear: add up, walk the grid, serve one after the other.

use super::{Auction, FILLS, STEP_BITS};
use crate::function::{BrokenRule, PlainOutputs, PlainPrivate, PublicOutput};

pub(super) fn compute(
    function: &Auction,
    inputs: &[Vec<i128>],
) -> Result<PlainOutputs, BrokenRule> {
    let prices = function.prices;
    let obeys = |input: &Vec<i128>| {
        let (demand, supply) = input.split_at(prices);
        let falls = demand.windows(2).map(|pair| pair[0] - pair[1]);
        let rises = supply.windows(2).map(|pair| pair[1] - pair[0]);
        let ends = [demand[prices - 1], supply[0]];
        falls.chain(rises).chain(ends).all(|step| (0..1 << STEP_BITS).contains(&step))
    };
    if let Some(participant) = inputs.iter().position(|input| !obeys(input)) {
        return Err(BrokenRule { participant });
    }
    let total = |place: usize| -> i128 { inputs.iter().map(|input| input[place]).sum() };
    let flag = |value| PublicOutput { name: "cleared", values: vec![value] };
    let Some(last) = (0..prices).rfind(|price| total(*price) >= total(prices + price)) else {
        return Ok(PlainOutputs { public: vec![flag(0)], private: Vec::new() });
    };
    let next_demand = if last + 1 < prices { total(last + 1) } else { 0 };
    let price = if total(prices + last) >= next_demand { last } else { last + 1 };
    let volume = |price: usize| total(price).min(total(prices + price));
    debug_assert!((0..prices).all(|other| volume(other) <= volume(price)), "the largest volume");
    let mut left = [volume(price); 2];
    let mut fills = vec![[0; 2]; inputs.len()];
    for participant in &function.by_priority {
        for (side, left) in left.iter_mut().enumerate() {
            let fill = inputs[*participant][side * prices + price].min(*left);
            fills[*participant][side] = fill;
            *left -= fill;
        }
    }
    let private = fills.into_iter().enumerate().map(|(participant, fills)| PlainPrivate {
        participant,
        name: FILLS,
        values: fills.to_vec(),
    });
    let price = PublicOutput { name: "price", values: vec![price as i128] };
    Ok(PlainOutputs { public: vec![flag(1), price], private: private.collect() })
}

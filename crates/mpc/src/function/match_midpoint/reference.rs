//! The same in the clear: serve one order after the other.

use super::{Orders, SIZE_BITS};
use crate::function::{BrokenRule, PlainOutputs};

pub(super) fn compute(public: &Orders, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
    let obeys =
        |order: &[i128]| (0..=1).contains(&order[0]) && (0..1 << SIZE_BITS).contains(&order[1]);
    let broken = inputs.iter().position(|orders| !orders.chunks(2).all(obeys));
    if let Some(participant) = broken {
        return Err(BrokenRule { participant });
    }
    let orders: Vec<(usize, i128)> = inputs
        .iter()
        .flat_map(|orders| orders.chunks(2))
        .map(|order| (usize::from(order[0] == 1), order[1]))
        .collect();
    let mut wanted = [0, 0];
    for (is_buy, size) in &orders {
        wanted[*is_buy] += size;
    }
    let mut left = [wanted[0].min(wanted[1]); 2];
    let mut fills = vec![0; orders.len()];
    for order in &public.by_time {
        let (is_buy, size) = orders[*order];
        fills[*order] = size.min(left[is_buy]);
        left[is_buy] -= fills[*order];
    }
    Ok(public.tell(&fills))
}

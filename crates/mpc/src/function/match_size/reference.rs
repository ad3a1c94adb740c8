//! The same in the clear: lower the volume until both sides accept it, then serve by size.

use super::{Orders, SIZE_BITS, TURNS};
use crate::function::{BrokenRule, PlainOutputs};

/// An order of one side: its number, its size, the least it accepts.
type Order = (usize, i128, i128);

pub(super) fn compute(public: &Orders, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
    let allowed = 0..1_i128 << SIZE_BITS;
    let obeys = |order: &[i128]| {
        (0..=1).contains(&order[0]) && order[1..].iter().all(|size| allowed.contains(size))
    };
    let broken = inputs.iter().position(|orders| !orders.chunks(3).all(obeys));
    if let Some(participant) = broken {
        return Err(BrokenRule { participant });
    }
    let orders: Vec<&[i128]> = inputs.iter().flat_map(|orders| orders.chunks(3)).collect();
    let side = |wanted: i128| -> Vec<Order> {
        let by_time = public.by_time.iter();
        let own = by_time.filter(|order| orders[**order][0] == wanted);
        let mut side: Vec<Order> =
            own.map(|order| (*order, orders[*order][1], orders[*order][2])).collect();
        side.sort_by_key(|order| std::cmp::Reverse(order.1));
        side
    };
    let sides = [side(1), side(0)];
    let total = |side: &[Order]| side.iter().map(|order| order.1).sum::<i128>();
    let mut volume = total(&sides[0]).min(total(&sides[1]));
    for _ in 0..TURNS {
        volume = sides.iter().fold(volume, |volume, side| below(side, volume));
    }
    if sides.iter().any(|side| below(side, volume) < volume) {
        volume = 0;
    }
    let mut fills = vec![0; orders.len()];
    for side in &sides {
        let mut left = volume;
        for (order, size, _) in side {
            fills[*order] = left.min(*size);
            left -= fills[*order];
        }
    }
    Ok(public.tell(&fills))
}

/// The volume, if it cuts no order of the side below its least; otherwise without that order.
fn below(side: &[Order], volume: i128) -> i128 {
    let mut end = 0;
    for (_, size, least) in side {
        if end + size > volume {
            return if volume - end >= *least { volume } else { end };
        }
        end += size;
    }
    volume
}

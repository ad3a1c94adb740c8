//! The same in the clear: try all pairs.

use super::{MATCH, PRICE_BITS};
use crate::function::{BrokenRule, PlainOutputs, PlainPrivate, PublicOutput};

pub(super) fn compute(edge: i128, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
    let allowed = 0..1_i128 << PRICE_BITS;
    if let Some(participant) =
        inputs.iter().position(|quote| quote.iter().any(|value| !allowed.contains(value)))
    {
        return Err(BrokenRule { participant });
    }
    let pairs = (0..inputs.len()).flat_map(|bid| (0..inputs.len()).map(move |ask| (bid, ask)));
    let edge_of = |(bid, ask): &(usize, usize)| inputs[*bid][0] - inputs[*ask][1];
    let crossed = pairs.clone().any(|pair| pair.0 != pair.1 && edge_of(&pair) >= edge);
    let mut outputs = PlainOutputs {
        public: vec![PublicOutput { name: "crossed", values: vec![i128::from(crossed)] }],
        private: Vec::new(),
    };
    if !crossed {
        return Ok(outputs);
    }
    // Of equal edges: the second choice among askers before that among bidders, then the
    // earlier participant.
    let best = pairs
        .filter(|pair| pair.0 != pair.1)
        .max_by_key(|pair| {
            let (bid, ask) = *pair;
            let earliest_bid = inputs.iter().map(|quote| quote[0]).max() == Some(inputs[bid][0])
                && inputs[..bid].iter().all(|quote| quote[0] < inputs[bid][0]);
            (edge_of(pair), earliest_bid, std::cmp::Reverse(ask), std::cmp::Reverse(bid))
        })
        .unwrap_or((0, 1));
    let size = inputs[best.0][2].min(inputs[best.1][3]);
    let number = |index: usize| index as i128 + 1;
    for participant in 0..inputs.len() {
        let (buys, sells) = (participant == best.0, participant == best.1);
        outputs.private.push(PlainPrivate {
            participant,
            name: MATCH,
            values: vec![
                if buys { number(best.1) } else { 0 },
                if sells { number(best.0) } else { 0 },
                if buys || sells { size } else { 0 },
            ],
        });
    }
    Ok(outputs)
}

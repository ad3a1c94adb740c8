//! Buyers and sellers meet at a public price; who came first is served first.
//!
//! Order k, of size q with c before it on its side, gets `min(q, max(0, T - c))`, where T is the
//! total of the other side: the lighter side is filled wholly.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs,
    catalogue::Entry,
    orders::{FILLS, Orders, SIZE_BITS},
};
use crate::{
    circuit::{
        rules::VERDICT,
        sign::{is_negative, select},
    },
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const LEAKS: &[&str] = &[FILLS, VERDICT];

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "match_midpoint",
    purpose: "fills of orders at a public price, by time priority",
    parameters: "orders: how many each participant submits (all together 1 to 4096); sequence: \
                 the place in time of each order, in the order of participants, each number \
                 from 0 once",
    inputs: "for each order its side (1 buys, 0 sells) and its size in lots (0 to 2^40-1)",
    outputs: "to each participant the fills of its orders",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    let rules = ["0 to 4096 are possible", "1 to 4096 orders are possible"];
    Ok(Box::new(MatchMidpoint(Orders::read(parameters, 4_096, rules)?)))
}

struct MatchMidpoint(Orders);

impl Function for MatchMidpoint {
    fn input_counts(&self) -> Vec<usize> {
        self.0.input_counts(2)
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let [is_buy, sizes] = self.0.columns(inputs);
        let bought = self.0.bought(engine, &is_buy, &[&sizes])?;
        let by_time = &self.0.by_time;
        let fills =
            fills(engine, &is_buy.pick(by_time), &sizes.pick(by_time), &bought.pick(by_time))?;
        Ok(self.0.deliver(&fills.pick(&self.0.sequence)))
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(&self.0, inputs)
    }
}

/// All lists are in order of time.
fn fills(
    engine: &mut Engine<'_>,
    is_buy: &Numbers,
    sizes: &Numbers,
    bought: &Numbers,
) -> Result<Numbers, RunError> {
    let total = sizes.len();
    let sold = sizes.minus(bought);
    // What the other side offers, less what earlier orders of the own side take.
    let left_for = |own: &Numbers, other: &Numbers| {
        let earlier = own.running_sums().minus(own);
        other.sums(total).pick(&vec![0; total]).minus(&earlier)
    };
    let rest = select(engine, is_buy, &left_for(bought, &sold), &left_for(&sold, bought))?;
    filled(engine, sizes, &rest, SIZE_BITS + 14)
}

/// `min(size, max(0, rest))` for each order: `q + [rest < q] (rest - q) - [rest < 0] rest`.
pub(super) fn filled(
    engine: &mut Engine<'_>,
    sizes: &Numbers,
    rest: &Numbers,
    width: u32,
) -> Result<Numbers, RunError> {
    let total = sizes.len();
    let tests = Numbers::join(&[rest, &rest.minus(sizes)]);
    let bits = is_negative(engine, &tests, width)?;
    let pairs: Vec<usize> = (0..total).flat_map(|order| [order, total + order]).collect();
    let factors = Numbers::join(&[&rest.times_public(-Fe::ONE), &rest.minus(sizes)]);
    let change = engine.inner_products(&bits.pick(&pairs), &factors.pick(&pairs), 2)?;
    Ok(sizes.plus(&change))
}

//! Buyers and sellers meet at a public price; who came first is served first.
//!
//! Order k, of size q with c before it on its side, gets `min(q, max(0, T - c))`, where T is the
//! total of the other side: the lighter side is filled wholly.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PrivateOutput,
    catalogue::Entry,
};
use crate::{
    circuit::{
        rules::{Rules, VERDICT},
        sign::{is_negative, select},
    },
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const FILLS: &str = "own fills";
const SIZE_BITS: u32 = 40;
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
    parameters.only(&["orders", "sequence"])?;
    let orders = parameters.counts("orders", 4_096, "0 to 4096 are possible")?;
    let total: usize = orders.iter().sum();
    if !(1..=4_096).contains(&total) {
        let rule = "1 to 4096 orders are possible";
        return Err(ParameterError::Length { name: "orders", found: total, rule });
    }
    let sequence = parameters.counts("sequence", total - 1, "a place among all orders")?;
    let mut by_time = vec![usize::MAX; total];
    for (order, place) in sequence.iter().enumerate() {
        by_time[*place] = order;
    }
    if sequence.len() != total || by_time.contains(&usize::MAX) {
        let rule = "each place from 0 is taken by one order";
        return Err(ParameterError::Length { name: "sequence", found: sequence.len(), rule });
    }
    Ok(Box::new(MatchMidpoint { orders, by_time, sequence }))
}

struct MatchMidpoint {
    /// By participant.
    orders: Vec<usize>,
    /// Which order is at each place in time.
    by_time: Vec<usize>,
    /// At which place in time each order is.
    sequence: Vec<usize>,
}

impl Function for MatchMidpoint {
    fn input_counts(&self) -> Vec<usize> {
        self.orders.iter().map(|count| 2 * count).collect()
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let all = Numbers::join(&inputs.iter().collect::<Vec<_>>());
        let total = self.by_time.len();
        let column = |column: usize| {
            all.pick(&(0..total).map(|order| 2 * order + column).collect::<Vec<_>>())
        };
        let (is_buy, sizes) = (column(0), column(1));
        // What each order buys, and zero for each side that is a bit.
        let left = Numbers::join(&[&is_buy, &is_buy]);
        let right = Numbers::join(&[&sizes, &is_buy.subtracted_from(engine.me(), Fe::ONE)]);
        let products = engine.multiply(&left, &right)?;
        self.enforce(engine, &sizes, &products.range(total..2 * total))?;
        let bought = products.range(0..total);
        let fills = fills(
            engine,
            &is_buy.pick(&self.by_time),
            &sizes.pick(&self.by_time),
            &bought.pick(&self.by_time),
        )?;
        Ok(self.deliver(&fills.pick(&self.sequence)))
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(self, inputs)
    }
}

impl MatchMidpoint {
    fn enforce(
        &self,
        engine: &mut Engine<'_>,
        sizes: &Numbers,
        not_bits: &Numbers,
    ) -> Result<(), RunError> {
        let mut rules = Rules::new();
        let mut start = 0;
        for (participant, count) in self.orders.iter().enumerate() {
            let own = start..start + count;
            rules.range(engine, participant, &sizes.range(own.clone()), SIZE_BITS);
            rules.zero(participant, not_bits.range(own));
            start += count;
        }
        rules.enforce(engine, self.orders.len())
    }

    fn deliver(&self, fills: &Numbers) -> Outputs {
        let mut private = Vec::new();
        let mut start = 0;
        for (participant, count) in self.orders.iter().enumerate() {
            let shares = fills.range(start..start + count).into();
            private.push(PrivateOutput { participant, name: FILLS, shares });
            start += count;
        }
        Outputs { public: Vec::new(), private }
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

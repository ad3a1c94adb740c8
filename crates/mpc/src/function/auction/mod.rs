//! A periodic double auction over sealed schedules.
//!
//! Each participant says how much it would buy and sell at each price of a public grid. Sums
//! are local, so the cost does not depend on the number of participants: one comparison for
//! each price, one more for the choice between two prices, then fills by public priority.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PrivateOutput,
    PublicOutput, catalogue::Entry, match_midpoint::filled, parameters::inverse,
};
use crate::{
    circuit::{
        rules::{Rules, VERDICT},
        sign::negative,
    },
    engine::{Engine, RunError},
    share::Numbers,
};

const SIDES: &str = "at which prices demand is at least supply, which the clearing price tells";
const CASE: &str = "which of the two neighbouring prices gives the larger volume";
const FILLS: &str = "own fills";
const LEAKS: &[&str] = &[SIDES, CASE, FILLS, VERDICT];
/// Steps of a schedule are from 0 to 2^40-1.
const STEP_BITS: u32 = 40;
const MOST_PRICES: usize = 256;
const WIDTH: u32 = 56;

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "auction",
    purpose: "one clearing price for all schedules of demand and supply, and everybody's fills",
    parameters: "prices (1 to 256 in the grid); priority: the place of each of 2 to 64 \
                 participants when demand and supply differ, each number from 0 once",
    inputs: "the size to buy at each price, not increasing, then the size to sell at each price, \
             not decreasing; the first or last and each change from 0 to 2^40-1",
    outputs: "cleared: 0 or 1; then price (an index into the grid); to each participant what it \
              buys and what it sells",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    parameters.only(&["priority", "prices"])?;
    let prices = parameters.count("prices", 1..=MOST_PRICES, "1 to 256 are possible")?;
    let priority = parameters.counts("priority", 63, "a place among all participants")?;
    let by_priority = inverse(&priority).filter(|places| (2..=64).contains(&places.len()));
    let by_priority = by_priority.ok_or(ParameterError::Length {
        name: "priority",
        found: priority.len(),
        rule: "each place from 0 is taken by one of 2 to 64 participants",
    })?;
    Ok(Box::new(Auction { prices, priority, by_priority }))
}

struct Auction {
    prices: usize,
    /// At which place each participant is.
    priority: Vec<usize>,
    /// Which participant is at each place.
    by_priority: Vec<usize>,
}

impl Function for Auction {
    fn input_counts(&self) -> Vec<usize> {
        vec![2 * self.prices; self.priority.len()]
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let prices = self.prices;
        let mut rules = Rules::new();
        for (participant, numbers) in inputs.iter().enumerate() {
            rules.range(engine, participant, &steps(numbers, prices), STEP_BITS);
        }
        rules.enforce(engine, inputs.len())?;
        let sum = inputs.iter().fold(Numbers::zeros(2 * prices), |sum, list| sum.plus(list));
        let (demand, supply) = (sum.range(0..prices), sum.range(prices..2 * prices));
        let short = negative(engine, &demand.minus(&supply), WIDTH)?;
        let short = engine.open_bits(SIDES, &short)?;
        let enough = prices - short.iter().map(|word| word.count_ones() as usize).sum::<usize>();
        let flag = |value| PublicOutput { name: "cleared", values: vec![value] };
        let Some(last) = enough.checked_sub(1) else {
            return Ok(Outputs { public: vec![flag(0)], private: Vec::new() });
        };
        let price = self.choose(engine, &demand, &supply, last)?;
        let private = self.fill(engine, inputs, price)?;
        let price = PublicOutput { name: "price", values: vec![price as i128] };
        Ok(Outputs { public: vec![flag(1), price], private })
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(self, inputs)
    }
}

/// The first supply, the last demand, and all changes between neighbouring prices.
fn steps(numbers: &Numbers, prices: usize) -> Numbers {
    let demand: Vec<usize> = (0..prices).collect();
    let supply: Vec<usize> = (prices..2 * prices).collect();
    let fall = numbers.pick(&demand[..prices - 1]).minus(&numbers.pick(&demand[1..]));
    let rise = numbers.pick(&supply[1..]).minus(&numbers.pick(&supply[..prices - 1]));
    Numbers::join(&[&fall, &numbers.pick(&[prices - 1, prices]), &rise])
}

impl Auction {
    /// The last price at which demand is at least supply, or the next one if it trades more.
    fn choose(
        &self,
        engine: &mut Engine<'_>,
        demand: &Numbers,
        supply: &Numbers,
        last: usize,
    ) -> Result<usize, RunError> {
        if last + 1 == self.prices {
            return Ok(last);
        }
        let difference = supply.range(last..last + 1).minus(&demand.range(last + 1..last + 2));
        let next_is_larger = negative(engine, &difference, WIDTH)?;
        let next_is_larger = engine.open_bits(CASE, &next_is_larger)?[0] & 1 == 1;
        Ok(last + usize::from(next_is_larger))
    }

    fn fill(
        &self,
        engine: &mut Engine<'_>,
        inputs: &[Numbers],
        price: usize,
    ) -> Result<Vec<PrivateOutput>, RunError> {
        let count = inputs.len();
        let at = |place: usize| -> Numbers {
            let sizes: Vec<Numbers> = self
                .by_priority
                .iter()
                .map(|participant| inputs[*participant].range(place..place + 1))
                .collect();
            Numbers::join(&sizes.iter().collect::<Vec<_>>())
        };
        let (buys, sells) = (at(price), at(self.prices + price));
        let rest = |own: &Numbers, other: &Numbers| {
            let earlier = own.running_sums().minus(own);
            other.sums(count).pick(&vec![0; count]).minus(&earlier)
        };
        let rests = Numbers::join(&[&rest(&buys, &sells), &rest(&sells, &buys)]);
        let fills = filled(engine, &Numbers::join(&[&buys, &sells]), &rests, WIDTH + 2)?;
        let output = |(participant, place): (usize, &usize)| PrivateOutput {
            participant,
            name: FILLS,
            shares: fills.pick(&[*place, count + place]).into(),
        };
        Ok(self.priority.iter().enumerate().map(output).collect())
    }
}

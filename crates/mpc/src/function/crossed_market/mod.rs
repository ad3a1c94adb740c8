//! Does anybody bid more than somebody else asks?
//!
//! One layer of comparisons over all pairs answers that for everybody. Only if so, the pair
//! with the largest edge is found: ranks of bids and asks from all pairs, and the best bidder
//! and the best asker unless they are one, in which case the better of the two second choices.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PrivateOutput,
    PublicOutput, catalogue::Entry,
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

const EXISTS: &str = "whether the market is crossed";
const MATCH: &str = "own counterparties and size";
const PRICE_BITS: u32 = 40;
const SIZE_BITS: u32 = 40;
const LEAKS: &[&str] = &[EXISTS, MATCH, VERDICT];

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "crossed_market",
    purpose: "whether one participant bids more than another asks, and who the best pair is",
    parameters: "participants (2 to 64), minimum_edge (ticks, 0 to 2^39)",
    inputs: "bid and ask net of own fees in ticks (no bid: 0; no ask: 2^40-1), size at the bid, \
             size at the ask; all from 0 to 2^40-1",
    outputs: "crossed: 0 or 1 for everybody; to each participant: whom it buys from and whom it \
              sells to (numbers from 1, 0 for nobody), and the size",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    parameters.only(&["minimum_edge", "participants"])?;
    Ok(Box::new(CrossedMarket {
        participants: parameters.count("participants", 2..=64, "2 to 64 are possible")?,
        minimum_edge: parameters.number("minimum_edge", 0..=1 << 39, "0 to 2^39 is possible")?,
    }))
}

struct CrossedMarket {
    participants: usize,
    minimum_edge: i64,
}

/// One secret number of each participant, by what it is.
struct Quotes {
    bids: Numbers,
    asks: Numbers,
    bid_sizes: Numbers,
    ask_sizes: Numbers,
}

impl Function for CrossedMarket {
    fn input_counts(&self) -> Vec<usize> {
        vec![4; self.participants]
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let mut rules = Rules::new();
        for (participant, numbers) in inputs.iter().enumerate() {
            rules.range(engine, participant, numbers, PRICE_BITS.max(SIZE_BITS));
        }
        rules.enforce(engine, self.participants)?;
        let all = Numbers::join(&inputs.iter().collect::<Vec<_>>());
        let column = |column: usize| {
            all.pick(&(0..self.participants).map(|row| 4 * row + column).collect::<Vec<_>>())
        };
        let quotes =
            Quotes { bids: column(0), asks: column(1), bid_sizes: column(2), ask_sizes: column(3) };
        let crossed = self.is_crossed(engine, &quotes)?;
        let public = vec![PublicOutput { name: "crossed", values: vec![i128::from(crossed)] }];
        let private = if crossed { self.best_pair(engine, &quotes)? } else { Vec::new() };
        Ok(Outputs { public, private })
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(i128::from(self.minimum_edge), inputs)
    }
}

impl CrossedMarket {
    /// The sum of all "this pair crosses" bits times a random number is zero, or random.
    fn is_crossed(&self, engine: &mut Engine<'_>, quotes: &Quotes) -> Result<bool, RunError> {
        let (bids, asks): (Vec<usize>, Vec<usize>) = (0..self.participants)
            .flat_map(|bid| (0..self.participants).map(move |ask| (bid, ask)))
            .filter(|(bid, ask)| bid != ask)
            .unzip();
        let edges = quotes.bids.pick(&bids).minus(&quotes.asks.pick(&asks));
        let edges = edges.plus_constant(engine.me(), Fe::from_signed(-self.minimum_edge));
        let apart = is_negative(engine, &edges, PRICE_BITS + 2)?;
        let count = Fe::from_i128(bids.len() as i128);
        let crossings = apart.sums(bids.len()).subtracted_from(engine.me(), count);
        let random = engine.random(1);
        let blinded = engine.multiply(&crossings, &random)?;
        Ok(engine.open(EXISTS, &blinded)?[0] != Fe::ZERO)
    }

    fn best_pair(
        &self,
        engine: &mut Engine<'_>,
        quotes: &Quotes,
    ) -> Result<Vec<PrivateOutput>, RunError> {
        let count = self.participants;
        let me = engine.me();
        let negated_bids = quotes.bids.times_public(-Fe::ONE);
        let [bid_first, bid_second, ask_first, ask_second] =
            first_and_second(engine, &negated_bids, &quotes.asks)?;
        let left = Numbers::join(&[&bid_first, &bid_second, &ask_first, &ask_second, &bid_first]);
        let right =
            Numbers::join(&[&quotes.bids, &quotes.bids, &quotes.asks, &quotes.asks, &ask_first]);
        // Best and second bid, best and second ask, and whether the best are one participant.
        let best = engine.inner_products(&left, &right, count)?;
        let at = |index: usize| best.range(index..index + 1);
        let other_ask = at(0).minus(&at(3));
        let other_bid = at(1).minus(&at(2));
        let other_bid_wins = is_negative(engine, &other_ask.minus(&other_bid), PRICE_BITS + 2)?;
        let change_bid = engine.multiply(&at(4), &other_bid_wins)?;
        let change_ask = at(4).minus(&change_bid);
        let changes =
            Numbers::join(&[&change_bid.pick(&vec![0; count]), &change_ask.pick(&vec![0; count])]);
        let first = Numbers::join(&[&bid_first, &ask_first]);
        let second = Numbers::join(&[&bid_second, &ask_second]);
        let chosen = select(engine, &changes, &second, &first)?;
        let sizes = Numbers::join(&[&quotes.bid_sizes, &quotes.ask_sizes]);
        let sizes = engine.inner_products(&chosen, &sizes, count)?;
        let (bid_size, ask_size) = (sizes.range(0..1), sizes.range(1..2));
        let bid_is_smaller = is_negative(engine, &bid_size.minus(&ask_size), SIZE_BITS + 1)?;
        let size = select(engine, &bid_is_smaller, &bid_size, &ask_size)?;
        let (buyer, seller) = (chosen.range(0..count), chosen.range(count..2 * count));
        let numbers: Vec<Fe> = (1..=count).map(|number| Fe::from_i128(number as i128)).collect();
        let repeat = |numbers: &Numbers| numbers.pick(&vec![0; count]);
        let factors = Numbers::join(&[&buyer, &seller, &buyer.plus(&seller)]);
        let values = Numbers::join(&[
            &repeat(&seller.times_each(&numbers).sums(count)),
            &repeat(&buyer.times_each(&numbers).sums(count)),
            &repeat(&size),
        ]);
        let told = engine.multiply(&factors, &values)?;
        debug_assert_eq!(me, engine.me());
        let output = |participant| PrivateOutput {
            participant,
            name: MATCH,
            shares: told.pick(&[participant, count + participant, 2 * count + participant]).into(),
        };
        Ok((0..count).map(output).collect())
    }
}

/// Who has the smallest and the second smallest number, as bits, for two lists of one length;
/// of equal numbers the earlier one counts as smaller.
fn first_and_second(
    engine: &mut Engine<'_>,
    one: &Numbers,
    other: &Numbers,
) -> Result<[Numbers; 4], RunError> {
    let count = one.len();
    let pairs: Vec<(usize, usize)> =
        (0..count).flat_map(|low| (low + 1..count).map(move |high| (low, high))).collect();
    let (low, high): (Vec<usize>, Vec<usize>) = pairs.iter().copied().unzip();
    let difference = |list: &Numbers| list.pick(&high).minus(&list.pick(&low));
    let differences = Numbers::join(&[&difference(one), &difference(other)]);
    let later_wins = is_negative(engine, &differences, PRICE_BITS + 2)?;
    let me = engine.me();
    let ranks: Vec<Numbers> = (0..2 * count)
        .map(|index| {
            let (list, member) = (index / count, index % count);
            let mut rank = Numbers::zeros(1);
            for (pair, (low, high)) in pairs.iter().enumerate() {
                let place = list * pairs.len() + pair;
                let bit = later_wins.range(place..place + 1);
                if *low == member {
                    rank = rank.plus(&bit);
                } else if *high == member {
                    rank = rank.plus(&bit.subtracted_from(me, Fe::ONE));
                }
            }
            rank
        })
        .collect();
    let ranks = Numbers::join(&ranks.iter().collect::<Vec<_>>());
    let below = Numbers::join(&[
        &ranks.clone().plus_constant(me, -Fe::ONE),
        &ranks.plus_constant(me, Fe::from_signed(-2)),
    ]);
    let below = is_negative(engine, &below, 8)?;
    let first = below.range(0..2 * count);
    let second = below.range(2 * count..4 * count).minus(&first);
    Ok([
        first.range(0..count),
        second.range(0..count),
        first.range(count..2 * count),
        second.range(count..2 * count),
    ])
}

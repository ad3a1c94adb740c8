//! Buyers and sellers meet at a public price; who is larger is served first, and nobody gets
//! less than the minimum it asked for.
//!
//! Either side is sorted by size, then time. A volume is feasible for a side when the order
//! that it cuts, if any, still gets its minimum. Starting from what both sides could trade,
//! each side in turn lowers the volume to the largest one feasible for it, which never misses
//! the largest one feasible for both; four turns each are made, and if that was not enough
//! nothing trades.

mod reference;

use super::{
    BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs,
    catalogue::Entry,
    orders::{FILLS, Orders, SIZE_BITS},
};
use crate::{
    circuit::{
        order::{SHUFFLED_ORDER, sort},
        rules::VERDICT,
        sign::{is_negative, select},
    },
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

const PLACES: &str = "which shuffled fill belongs to which order, which is uniformly random";
const LEAKS: &[&str] = &[FILLS, PLACES, SHUFFLED_ORDER, VERDICT];
const MOST_ORDERS: usize = 128;
/// Turns of each side.
const TURNS: usize = 4;
/// Sums of sizes, with a sign.
const WIDTH: u32 = SIZE_BITS + 9;

/// What the catalogue shows.
pub(super) const ENTRY: Entry = Entry {
    name: "match_size",
    purpose: "fills of orders at a public price, by size, then time, with minimum sizes",
    parameters: "orders: how many each participant submits (all together 1 to 128); sequence: \
                 the place in time of each order, in the order of participants, each number \
                 from 0 once",
    inputs: "for each order its side (1 buys, 0 sells), its size in lots and the least it \
             accepts (0 to 2^40-1)",
    outputs: "to each participant the fills of its orders",
    leaks: LEAKS,
    build,
};

fn build(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    let rules = ["0 to 128 are possible", "1 to 128 orders are possible"];
    Ok(Box::new(MatchSize(Orders::read(parameters, MOST_ORDERS, rules)?)))
}

struct MatchSize(Orders);

/// One side's orders by priority; orders of the other side are there with size zero.
struct Side {
    sizes: Numbers,
    /// The least each order accepts.
    least: Numbers,
    orders: Numbers,
    /// Sums of sizes up to and including each order.
    ends: Numbers,
}

/// Where a volume cuts a side.
struct Cut {
    /// 1 for each order that is wholly inside.
    inside: Numbers,
    /// 1 for the order that is cut, if any.
    partly: Numbers,
    /// What the cut order gets.
    rest: Numbers,
}

impl Function for MatchSize {
    fn input_counts(&self) -> Vec<usize> {
        self.0.input_counts(3)
    }

    fn leaks(&self) -> &'static [&'static str] {
        LEAKS
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let [is_buy, sizes, least] = self.0.columns(inputs);
        let bought = self.0.bought(engine, &is_buy, &[&sizes, &least])?;
        let buyers = self.side(engine, &bought, &least)?;
        let sellers = self.side(engine, &sizes.minus(&bought), &least)?;
        let volume = agree(engine, &buyers, &sellers)?;
        let bought = fills(engine, &buyers, &volume)?;
        let sold = fills(engine, &sellers, &volume)?;
        Ok(self.0.deliver(&bought.plus(&sold)))
    }

    fn reference(&self, inputs: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        reference::compute(&self.0, inputs)
    }
}

impl MatchSize {
    /// Sorts by size, largest first, then time.
    fn side(
        &self,
        engine: &mut Engine<'_>,
        sizes: &Numbers,
        least: &Numbers,
    ) -> Result<Side, RunError> {
        let total = self.0.total();
        let numbers: Vec<Fe> = (0..total).map(|order| Fe::from_i128(order as i128)).collect();
        let orders = Numbers::public(engine.me(), &numbers);
        let columns = Numbers::join(&[&sizes.times_public(-Fe::ONE), least, &orders]);
        let records: Vec<usize> = self
            .0
            .by_time
            .iter()
            .flat_map(|order| [*order, total + order, 2 * total + order])
            .collect();
        let sorted = sort(engine, &columns.pick(&records), 3, SIZE_BITS)?;
        let column = |column: usize| {
            sorted.pick(&(0..total).map(|record| 3 * record + column).collect::<Vec<_>>())
        };
        let sizes = column(0).times_public(-Fe::ONE);
        let ends = sizes.running_sums();
        Ok(Side { sizes, least: column(1), orders: column(2), ends })
    }
}

/// The largest volume that is feasible for both, if four turns each find it; otherwise zero.
fn agree(engine: &mut Engine<'_>, buyers: &Side, sellers: &Side) -> Result<Numbers, RunError> {
    let total = buyers.sizes.len();
    let (bought, sold) = (buyers.sizes.sums(total), sellers.sizes.sums(total));
    let buyers_are_fewer = is_negative(engine, &bought.minus(&sold), WIDTH)?;
    let mut volume = select(engine, &buyers_are_fewer, &bought, &sold)?;
    for _ in 0..TURNS {
        volume = lower(engine, buyers, &volume)?;
        volume = lower(engine, sellers, &volume)?;
    }
    // The sellers had the last word; a change now means that there is no end yet.
    let again = lower(engine, buyers, &volume)?;
    let changed = is_negative(engine, &again.minus(&volume), WIDTH)?;
    select(engine, &changed, &Numbers::zeros(1), &volume)
}

/// The largest volume, at most this one, that is feasible for a side.
fn lower(engine: &mut Engine<'_>, side: &Side, volume: &Numbers) -> Result<Numbers, RunError> {
    let cut = cut(engine, side, volume)?;
    let total = side.sizes.len();
    let least = engine.inner_products(&cut.partly, &side.least, total)?;
    let too_little = is_negative(engine, &cut.rest.minus(&least), WIDTH)?;
    Ok(volume.minus(&engine.multiply(&too_little, &cut.rest)?))
}

fn cut(engine: &mut Engine<'_>, side: &Side, volume: &Numbers) -> Result<Cut, RunError> {
    let total = side.sizes.len();
    let me = engine.me();
    let room = volume.pick(&vec![0; total]).minus(&side.ends);
    let inside = is_negative(engine, &room, WIDTH)?.subtracted_from(me, Fe::ONE);
    let before = Numbers::join(&[&Numbers::public(me, &[Fe::ONE]), &inside.range(0..total - 1)]);
    let partly = before.minus(&inside);
    let filled = engine.inner_products(&inside, &side.sizes, total)?;
    Ok(Cut { partly, inside, rest: volume.minus(&filled) })
}

/// Fills in the order of submission: shuffled together with the orders' numbers, which are
/// then opened.
fn fills(engine: &mut Engine<'_>, side: &Side, volume: &Numbers) -> Result<Numbers, RunError> {
    let total = side.sizes.len();
    let cut = cut(engine, side, volume)?;
    let factors = Numbers::join(&[&cut.inside, &cut.partly]);
    let values = Numbers::join(&[&side.sizes, &cut.rest.pick(&vec![0; total])]);
    let pairs: Vec<usize> = (0..total).flat_map(|order| [order, total + order]).collect();
    let fills = engine.inner_products(&factors.pick(&pairs), &values.pick(&pairs), 2)?;
    let records = Numbers::join(&[&side.orders, &fills]).pick(&pairs);
    let shuffled = engine.shuffle(&records, 2)?;
    let orders: Vec<usize> = (0..total).map(|record| 2 * record).collect();
    let orders = engine.open(PLACES, &shuffled.pick(&orders))?;
    let mut places = vec![None; total];
    for (record, order) in orders.iter().enumerate() {
        let order = usize::try_from(order.get()).unwrap_or(total);
        if let Some(place) = places.get_mut(order) {
            *place = Some(2 * record + 1);
        }
    }
    let places: Option<Vec<usize>> = places.into_iter().collect();
    let wrong = RunError::cheated(engine.me().next(), "orders that came out of a shuffle twice");
    Ok(shuffled.pick(&places.ok_or(wrong)?))
}

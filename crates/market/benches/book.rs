//! Twenty changes and the best prices: the book against two ordered maps.
//!
//! The changes lie at exponential distances from a mid price that wanders, a quarter of
//! them removes a level, and what the market moves through is removed.
#![expect(clippy::unwrap_used, reason = "a generator's own invariants")]

use std::{collections::BTreeMap, hint::black_box, process::ExitCode};

use domain::Level;
use market::OrderBook;
use testkit::bench::{self, Duel, Random};

const FRAMES: usize = 2_000;
const CHANGES_PER_SIDE: usize = 10;

#[derive(Default)]
struct MapBook {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

impl MapBook {
    fn apply(&mut self, bids: &[Level], asks: &[Level]) {
        apply(&mut self.bids, bids);
        apply(&mut self.asks, asks);
    }

    fn best(&self) -> (Option<Level>, Option<Level>) {
        let level = |(&price, &quantity)| Level::new(price, quantity);
        (self.bids.last_key_value().map(level), self.asks.first_key_value().map(level))
    }
}

fn apply(side: &mut BTreeMap<i64, i64>, levels: &[Level]) {
    for level in levels {
        if level.quantity.is_zero() {
            side.remove(&level.price.get());
        } else {
            side.insert(level.price.get(), level.quantity.get());
        }
    }
}

type Frame = (Vec<Level>, Vec<Level>);

/// A distance in ticks whose chance halves every `half` ticks.
fn distance(random: &mut Random, half: i64) -> i64 {
    let mut ticks = random.below(half);
    while random.below(2) == 0 {
        ticks += half;
    }
    ticks
}

/// The changes of one side; `direction` is -1 for bids, which lie below the mid price.
fn changes(
    side: &BTreeMap<i64, i64>,
    mid: i64,
    direction: i64,
    half: i64,
    random: &mut Random,
) -> Vec<Level> {
    let is_through = |price: &i64| (price - mid) * direction <= 0;
    let mut levels: Vec<Level> =
        side.keys().copied().filter(is_through).map(|price| Level::new(price, 0)).collect();
    while levels.len() < CHANGES_PER_SIDE {
        let price = mid + direction * (1 + distance(random, half));
        let removed = random.below(4) == 0;
        let nearest = if direction < 0 {
            side.range(..=price).next_back()
        } else {
            side.range(price..).next()
        };
        levels.push(match nearest {
            Some((&existing, _)) if removed => Level::new(existing, 0),
            _ => Level::new(price, 1 + random.below(1_000_000)),
        });
    }
    levels
}

/// Frames of a market that wanders away and comes back, so that they can be repeated.
fn frames(half: i64) -> Vec<Frame> {
    let mut random = Random::new(0x5eed_cafe);
    let steps: Vec<i64> = (0..FRAMES / 2).map(|_| random.below(7) - 3).collect();
    let back = steps.iter().rev().map(|step| -step);
    let mut state = MapBook::default();
    let mut mid = 6_000_000;
    let mut frames = Vec::new();
    for step in steps.iter().copied().chain(back) {
        mid += step;
        let bids = changes(&state.bids, mid, -1, half, &mut random);
        let asks = changes(&state.asks, mid, 1, half, &mut random);
        state.apply(&bids, &asks);
        frames.push((bids, asks));
    }
    frames
}

fn duel(name: &str, goal: Option<f64>, half: i64) -> ExitCode {
    let frames = frames(half);
    let (mut book, mut oracle) = (OrderBook::new(), MapBook::default());
    for (bids, asks) in frames.iter().chain(&frames) {
        book.apply(bids, asks);
        oracle.apply(bids, asks);
        assert_eq!((book.best_bid(), book.best_ask()), oracle.best());
    }
    let (mut ours, mut theirs) = (frames.iter().cycle(), frames.iter().cycle());
    Duel { name, goal }.run(
        || {
            let (bids, asks) = ours.next().unwrap();
            book.apply(bids, asks);
            black_box((book.best_bid(), book.best_ask()));
        },
        || {
            let (bids, asks) = theirs.next().unwrap();
            oracle.apply(bids, asks);
            black_box(oracle.best());
        },
    )
}

fn main() -> ExitCode {
    bench::all([
        duel("book, 20 changes + best, vs BTreeMap<i64> (dense)", Some(0.25), 20),
        duel("book, 20 changes + best, vs BTreeMap<i64> (sparse)", None, 200),
        duel("book, 20 changes + best, vs BTreeMap<i64> (mostly far)", None, 2_000),
    ])
}

//! Every function equals its plain reference, on random inputs and at the edges.
#![allow(clippy::unwrap_used, reason = "a failure is the test's answer")]

use crate::three_nodes::{cases, matches_reference};
use mpc::function::{Function, Parameters, catalogue, rehearsal::Rehearsal};
use proptest::prelude::*;

fn build(name: &str, parameters: &Parameters) -> Box<dyn Function> {
    catalogue::build(name, parameters).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_catalogue_is_sorted_and_names_every_leak_once() {
    let names: Vec<&str> = catalogue::FUNCTIONS.iter().map(|entry| entry.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for entry in catalogue::FUNCTIONS {
        assert!(!entry.leaks.is_empty() && !entry.inputs.is_empty() && !entry.outputs.is_empty());
        let mut leaks = entry.leaks.to_vec();
        leaks.sort_unstable();
        leaks.dedup();
        assert_eq!(leaks.len(), entry.leaks.len(), "{}", entry.name);
        let error = (entry.build)(&Parameters::new().with("nonsense", [1]));
        assert!(error.is_err(), "{} takes any parameter", entry.name);
    }
    assert!(catalogue::build("no such function", &Parameters::new()).is_err());
}

/// What a run opened, by label, with the number of values.
fn opened(name: &str, parameters: &Parameters, inputs: &[Vec<i128>]) -> Vec<(&'static str, u64)> {
    let function = build(name, parameters);
    let [first, ..] = Rehearsal::new(1).run(&*function, inputs);
    let statistics = first.unwrap().statistics;
    statistics.openings.iter().map(|opened| (opened.label, opened.values)).collect()
}

#[test]
fn every_opening_is_counted_under_a_label_of_the_function() {
    let midpoint = Parameters::new().with("orders", [1, 2]).with("sequence", [0, 1, 2]);
    let found = opened("match_midpoint", &midpoint, &[vec![1, 5], vec![0, 3, 0, 9]]);
    let verdict = "whether each participant's inputs obey the rules";
    assert_eq!(found, [(verdict, 2), ("own fills", 3)]);
    let median = Parameters::new().with("participants", [4]);
    let found = opened("median", &median, &[vec![3], vec![1], vec![2], vec![9]]);
    let order = "the order of shuffled records, which is uniformly random";
    assert_eq!(found, [(verdict, 4), (order, 6), ("the value at the wanted rank", 1)]);
    let market = Parameters::new().with("participants", [2]).with("minimum_edge", [0]);
    let found = opened("crossed_market", &market, &[vec![1, 5, 1, 1], vec![2, 6, 1, 1]]);
    assert_eq!(found, [(verdict, 2), ("whether the market is crossed", 1)]);
}

/// Mostly small numbers, so that ties happen; sometimes the largest, sometimes forbidden ones.
fn number(bits: u32) -> impl Strategy<Value = i128> {
    let limit = 1_i128 << bits;
    prop_oneof![
        40 => 0_i128..12,
        20 => 0..limit,
        4 => Just(limit - 1),
        1 => prop_oneof![Just(limit), Just(-1), Just((1 << 100) + 3)],
    ]
}

fn crossed_market(participants: usize, edge: i64) -> Box<dyn Function> {
    let participants = i64::try_from(participants).unwrap();
    let parameters =
        Parameters::new().with("participants", [participants]).with("minimum_edge", [edge]);
    build("crossed_market", &parameters)
}

fn vwap(participants: usize, low: i64, high: i64, minimum: i64) -> Box<dyn Function> {
    let parameters = Parameters::new()
        .with("participants", [i64::try_from(participants).unwrap()])
        .with("low", [low])
        .with("high", [high])
        .with("minimum_contributors", [minimum]);
    build("vwap_floor", &parameters)
}

/// Orders are dealt to participants in turn; the seed decides who came first.
fn dealt(counts: &[usize], seed: u64) -> Parameters {
    let total: usize = counts.iter().sum();
    let mut sequence: Vec<i64> = (0..i64::try_from(total).unwrap()).collect();
    let mut state = seed;
    for last in (1..total).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        sequence.swap(last, usize::try_from(state >> 33).unwrap() % (last + 1));
    }
    let counts: Vec<i64> = counts.iter().map(|count| i64::try_from(*count).unwrap()).collect();
    Parameters::new().with("orders", counts).with("sequence", sequence)
}

fn midpoint(counts: &[usize], seed: u64) -> Box<dyn Function> {
    build("match_midpoint", &dealt(counts, seed))
}

/// Each order has a side, a size, and the least it accepts, if that is wanted.
fn orders(fields: usize) -> impl Strategy<Value = Vec<Vec<i128>>> {
    let side = prop_oneof![60 => 0_i128..2, 1 => Just(2_i128), 1 => Just(-1_i128)];
    let order = (side, number(40), number(40))
        .prop_map(move |(side, size, least)| [side, size, least][..fields].to_vec());
    let participant = prop::collection::vec(order, 0..6).prop_map(|orders| orders.concat());
    prop::collection::vec(participant, 1..5)
        .prop_filter("an order is needed", |lists| lists.iter().any(|list| !list.is_empty()))
}

#[test]
fn an_empty_side_gets_and_gives_nothing() {
    for side in [0, 1] {
        let inputs = vec![vec![side, 5, side, 7], vec![side, 9]];
        matches_reference(&*midpoint(&[2, 1], 3), &inputs, 1);
    }
    matches_reference(&*midpoint(&[1, 0], 3), &[vec![1, 5], vec![]], 1);
    matches_reference(&*midpoint(&[1, 1], 3), &[vec![1, (1 << 40) - 1], vec![0, 1]], 1);
}

#[test]
fn the_best_pair_is_found_when_one_participant_leads_both_sides() {
    let function = crossed_market(3, 1);
    let quotes = [[100, 60, 5, 9], [90, 80, 7, 3], [85, 70, 2, 4]];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let inputs: Vec<Vec<i128>> = order.iter().map(|index| quotes[*index].to_vec()).collect();
        matches_reference(&*function, &inputs, 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(40)))]

    #[test]
    fn crossed_market_equals_its_reference(
        inputs in prop::collection::vec(prop::collection::vec(number(40), 4), 2..7),
        edge in prop_oneof![Just(0_i64), 0_i64..12, Just(1 << 39)],
        seed: u64,
    ) {
        matches_reference(&*crossed_market(inputs.len(), edge), &inputs, seed);
    }

    #[test]
    fn vwap_floor_equals_its_reference(
        trades in prop::collection::vec((0_i128..1 << 24, number(32), 0_i128..40), 2..7),
        low in 0_i64..5_000,
        span in prop_oneof![Just(0_i64), 0_i64..100, 0_i64..1 << 20],
        minimum in 1_i64..3,
        seed: u64,
    ) {
        let high = low + span;
        let inside = |(price, size, off): &(i128, i128, i128)| {
            let price = i128::from(low) + price % i128::from(span + 1);
            // One trade in forty is outside of its collar.
            let notional = if *off == 0 { price * size - 1 } else { price * size };
            vec![notional, *size]
        };
        let inputs: Vec<Vec<i128>> = trades.iter().map(inside).collect();
        matches_reference(&*vwap(inputs.len(), low, high, minimum), &inputs, seed);
    }

    #[test]
    fn match_midpoint_equals_its_reference(inputs in orders(2), seed: u64) {
        let counts: Vec<usize> = inputs.iter().map(|orders| orders.len() / 2).collect();
        matches_reference(&*midpoint(&counts, seed), &inputs, seed);
    }

    #[test]
    fn cycles_equal_their_reference(
        owners in prop::collection::vec(0_i64..4, 1..8),
        picks in prop::collection::vec(prop::collection::vec(0_usize..100, 1..5), 1..20),
        costs in prop::collection::vec(prop_oneof![-3_i128..9, -(1_i128 << 47)..1 << 47], 8),
        seed: u64,
    ) {
        let legs: Vec<i64> = picks
            .iter()
            .flatten()
            .map(|pick| i64::try_from(pick % owners.len()).unwrap())
            .collect();
        let lengths: Vec<i64> =
            picks.iter().map(|cycle| i64::try_from(cycle.len()).unwrap()).collect();
        let parameters = Parameters::new()
            .with("owners", owners.clone())
            .with("lengths", lengths)
            .with("legs", legs);
        let function = build("cycles", &parameters);
        let mut inputs = vec![Vec::new(); function.input_counts().len()];
        for (owner, cost) in owners.iter().zip(&costs) {
            inputs[usize::try_from(*owner).unwrap()].push(*cost);
        }
        matches_reference(&*function, &inputs, seed);
    }

    #[test]
    fn answers_about_ranks_equal_their_reference(
        values in prop::collection::vec(
            (prop_oneof![20 => -4_i128..4, 10 => -(1_i128 << 47)..1 << 47, 1 => Just(1 << 47)],
             number(40)),
            3..20,
        ),
        wanted in 0_usize..4,
        place in 0_usize..100,
        seed: u64,
    ) {
        let count = values.len();
        let number = |value: usize| i64::try_from(value).unwrap();
        let parameters = Parameters::new().with("participants", [number(count)]);
        let function = match wanted {
            0 => build("median", &parameters),
            1 => build("quantile", &parameters.with("rank", [number(place % count)])),
            2 => {
                let trim = number(place % count.div_ceil(2));
                build("trimmed_mean", &parameters.with("trim", [trim]))
            }
            _ => build("weighted_median", &parameters),
        };
        let inputs: Vec<Vec<i128>> = values
            .iter()
            .map(|(value, size)| if wanted == 3 { vec![*value, *size] } else { vec![*value] })
            .collect();
        matches_reference(&*function, &inputs, seed);
    }

    #[test]
    fn match_size_equals_its_reference(inputs in orders(3), seed: u64) {
        let counts: Vec<usize> = inputs.iter().map(|orders| orders.len() / 3).collect();
        let function = build("match_size", &dealt(&counts, seed));
        matches_reference(&*function, &inputs, seed);
    }

    #[test]
    fn an_auction_equals_its_reference(
        steps in prop::collection::vec(prop::collection::vec(number(38), 40), 2..5),
        prices in 1_usize..20,
        seed: u64,
    ) {
        let schedule = |steps: &Vec<i128>| {
            let sums = |steps: &[i128]| -> Vec<i128> {
                let add = |sum: &mut i128, step: &i128| {
                    *sum += step;
                    Some(*sum)
                };
                steps.iter().scan(0, add).collect()
            };
            let mut schedule = sums(&steps[..prices]);
            schedule.reverse();
            schedule.extend(sums(&steps[prices..2 * prices]));
            schedule
        };
        let inputs: Vec<Vec<i128>> = steps.iter().map(schedule).collect();
        let mut priority: Vec<i64> = (0..i64::try_from(inputs.len()).unwrap()).collect();
        priority.rotate_left(usize::try_from(seed % inputs.len() as u64).unwrap());
        let parameters = Parameters::new()
            .with("prices", [i64::try_from(prices).unwrap()])
            .with("priority", priority);
        matches_reference(&*build("auction", &parameters), &inputs, seed);
    }
}

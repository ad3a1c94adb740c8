//! What one node receives tells it nothing about inputs: for two sets of inputs with the same
//! answer the messages have the same form and the same distribution.

use std::collections::BTreeMap;

use mpc::{
    field::Fe,
    function::{
        Function, Parameters, catalogue,
        rehearsal::{Rehearsal, Stopped},
    },
    net::{FrameKind, NodeIndex},
};

/// The form of all messages that a node received: from where does not vary.
type Form = Vec<(FrameKind, u32, usize)>;

/// Everything that each node received in a run.
fn received(function: &dyn Function, inputs: &[Vec<i128>], seed: u64) -> [(Form, Vec<u8>); 3] {
    let rehearsal = Rehearsal::new(seed);
    let mut channels = rehearsal.channels();
    channels.iter_mut().for_each(mpc::net::memory::MemoryChannel::keep_received);
    let values: Vec<Vec<Fe>> = inputs
        .iter()
        .map(|inputs| inputs.iter().map(|value| Fe::from_i128(*value)).collect())
        .collect();
    let shares = rehearsal.share(&values);
    for result in rehearsal.run_over(function, shares, &mut channels, &[&Stopped; 3]) {
        assert!(result.is_ok());
    }
    channels.map(|channel| {
        let form = |message: &mpc::net::memory::Message| {
            (message.kind, message.items, message.payload.len())
        };
        let messages = channel.received();
        let bytes = messages.iter().flat_map(|message| message.payload.clone()).collect();
        (messages.iter().map(form).collect(), bytes)
    })
}

/// Two-sample chi-square over the values of each byte position, as standard deviations from
/// its mean: large when the two distributions differ.
fn distance(first: &[Vec<u8>], second: &[Vec<u8>]) -> f64 {
    let (mut chi_square, mut freedom) = (0.0, 0.0);
    for position in 0..first[0].len() {
        let mut counts: BTreeMap<u8, [f64; 2]> = BTreeMap::new();
        for (side, sample) in [first, second].into_iter().enumerate() {
            for bytes in sample {
                // Four bits at a time, so that each value is seen often.
                counts.entry(bytes[position] >> 4).or_default()[side] += 1.0;
            }
        }
        for [first, second] in counts.values() {
            chi_square += (first - second).powi(2) / (first + second);
        }
        freedom += f64::from(u32::try_from(counts.len()).unwrap()) - 1.0;
    }
    (chi_square - freedom) / (2.0 * freedom).sqrt()
}

fn is_indistinguishable(function: &dyn Function, first: &[Vec<i128>], second: &[Vec<i128>]) {
    let expected = function.reference(first).unwrap();
    assert_eq!(function.reference(second).unwrap(), expected, "the same answer");
    let runs = 250;
    let collect = |inputs: &[Vec<i128>], start: u64| {
        let mut forms = Vec::new();
        let mut samples: [Vec<Vec<u8>>; 3] = Default::default();
        for seed in start..start + runs {
            for (node, (form, bytes)) in received(function, inputs, seed).into_iter().enumerate() {
                forms.push((node, form));
                samples[node].push(bytes);
            }
        }
        forms.sort_by_key(|(node, _)| *node);
        forms.dedup();
        (forms, samples)
    };
    let (first_forms, first) = collect(first, 1);
    let (second_forms, second) = collect(second, 100_000);
    assert_eq!(first_forms.len(), 3, "one form for each node");
    assert!(first_forms == second_forms, "the same form for all inputs");
    for node in NodeIndex::ALL {
        let distance = distance(&first[node.get()], &second[node.get()]);
        // The seeds are fixed; by chance alone, five happens less than once in a million.
        assert!(distance.abs() < 5.0, "{node} sees a difference: {distance}");
    }
}

#[test]
fn an_average_price_shows_nothing_but_itself() {
    let parameters = Parameters::new()
        .with("participants", [2])
        .with("low", [90])
        .with("high", [110])
        .with("minimum_contributors", [1]);
    let function = catalogue::build("vwap_floor", &parameters).unwrap();
    let first = [vec![1_000, 10], vec![2_000, 20]];
    let second = [vec![1_100 * 100_000, 1_000_000], vec![91 * 1_000_000 - 1, 1_000_000]];
    is_indistinguishable(&*function, &first, &second);
}

#[test]
fn a_median_shows_nothing_but_itself() {
    let parameters = Parameters::new().with("participants", [3]);
    let function = catalogue::build("median", &parameters).unwrap();
    let second = [vec![5], vec![-(1 << 40)], vec![1 << 46]];
    is_indistinguishable(&*function, &[vec![4], vec![5], vec![6]], &second);
}

#[test]
fn nodes_learn_nothing_from_matching() {
    let parameters = Parameters::new().with("orders", [1, 1]).with("sequence", [0, 1]);
    let function = catalogue::build("match_midpoint", &parameters).unwrap();
    let first = [vec![1, 0], vec![0, 0]];
    is_indistinguishable(&*function, &first, &[vec![0, 1 << 39], vec![0, 7]]);
}

#[test]
fn the_measure_sees_a_difference_where_there_is_one() {
    let sample = |bias: u8| -> Vec<Vec<u8>> {
        (0..400_u32).map(|run| vec![(run * 77 % 251) as u8 / (1 + bias), 3]).collect()
    };
    assert!(distance(&sample(0), &sample(1)) > 5.0);
    assert!(distance(&sample(0), &sample(0)) < 5.0);
}

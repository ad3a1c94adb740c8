//! Made-up sessions for the demonstration: terms and inputs from a seed.
//!
//! Nothing here is a market. Whoever shows it says that it is GENERATED.

use std::collections::BTreeMap;

use mpc::{
    net::hello::{Mode, RunLimits},
    node::{SessionTerms, terms::Parameter},
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// Names of participants before numbers have to do.
const NAMES: [&str; 8] = ["anna", "bert", "cleo", "dora", "egon", "frida", "gus", "hilda"];

/// Orders of each participant.
const ORDERS: usize = 2;
/// Legs of each cycle.
const LEGS: usize = 3;

/// Who submits what to which session.
pub(super) struct Example {
    pub(super) terms: SessionTerms,
    pub(super) inputs: Vec<Vec<i128>>,
}

/// A session of a function of the catalogue, or nothing for one that has no example.
pub(super) fn of(function: &str, participants: usize, seed: u64) -> Option<Example> {
    let mut noise = Noise(ChaCha8Rng::seed_from_u64(seed));
    let (parameters, inputs) = match function {
        "crossed_market" => crossed_market(participants, &mut noise),
        "cycles" => cycles(participants, &mut noise),
        "match_midpoint" => match_midpoint(participants, &mut noise),
        "vwap_floor" => vwap_floor(participants, &mut noise),
        _ => return None,
    };
    let parameters: BTreeMap<String, Parameter> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let name = |index: usize| match NAMES.get(index) {
        Some(name) => (*name).to_owned(),
        None => format!("firm{}", index + 1),
    };
    let terms = SessionTerms {
        session: 1,
        function: function.to_owned(),
        parameters,
        participants: (0..participants).map(name).collect(),
        minimum_contributors: 3,
        deadline_ms: 0,
        mode: Mode::Malicious,
        limits: RunLimits::default(),
    };
    Some(Example { terms, inputs })
}

struct Noise(ChaCha8Rng);

impl Noise {
    /// A number from 0 to below `end`.
    fn below(&mut self, end: u32) -> i64 {
        i64::from(self.0.next_u32() % end)
    }
}

type Parts = (Vec<(&'static str, Parameter)>, Vec<Vec<i128>>);

fn list(numbers: impl IntoIterator<Item = usize>) -> Parameter {
    let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
    Parameter::Numbers(numbers.into_iter().map(number).collect())
}

/// Quotes around one price; whether they cross is up to the seed.
fn crossed_market(participants: usize, noise: &mut Noise) -> Parts {
    let inputs = (0..participants).map(|_| {
        let bid = 10_000 + noise.below(20);
        let ask = bid + 1 + noise.below(12);
        [bid, ask, 1 + noise.below(500), 1 + noise.below(500)].map(i128::from).to_vec()
    });
    let inputs = inputs.collect();
    (vec![("minimum_edge", Parameter::Number(2))], inputs)
}

/// As many cycles as participants, each over legs of three neighbours.
fn cycles(participants: usize, noise: &mut Noise) -> Parts {
    let legs = (0..participants).flat_map(|first| (0..LEGS).map(move |leg| first + leg));
    let parameters = vec![
        ("owners", list(0..participants)),
        ("lengths", list(vec![LEGS; participants])),
        ("legs", list(legs.map(|leg| leg % participants))),
    ];
    // Costs of about a hundredth of one doubling, in steps of 2^-40.
    let inputs =
        (0..participants).map(|_| vec![i128::from(noise.below(1 << 31)) * 8 - (1_i128 << 33)]);
    (parameters, inputs.collect())
}

fn match_midpoint(participants: usize, noise: &mut Noise) -> Parts {
    let total = ORDERS * participants;
    let mut sequence: Vec<usize> = (0..total).collect();
    for last in (1..total).rev() {
        let bound = u32::try_from(last + 1).unwrap_or(u32::MAX);
        sequence.swap(last, usize::try_from(noise.below(bound)).unwrap_or(0));
    }
    let inputs = (0..participants)
        .map(|_| {
            (0..ORDERS)
                .flat_map(|_| [noise.below(2), 1 + noise.below(500)])
                .map(i128::from)
                .collect()
        })
        .collect();
    let parameters =
        vec![("orders", list(vec![ORDERS; participants])), ("sequence", list(sequence))];
    (parameters, inputs)
}

fn vwap_floor(participants: usize, noise: &mut Noise) -> Parts {
    let (low, high) = (9_000_i64, 11_000_i64);
    let inputs = (0..participants).map(|_| {
        let (price, size) = (9_800 + noise.below(400), 1 + noise.below(500));
        vec![i128::from(price * size), i128::from(size)]
    });
    let inputs = inputs.collect();
    let parameters = vec![
        ("low", Parameter::Number(low)),
        ("high", Parameter::Number(high)),
        ("minimum_contributors", Parameter::Number(3)),
    ];
    (parameters, inputs)
}

#[cfg(test)]
mod tests {
    use mpc::function::catalogue::FUNCTIONS;

    use super::{
        super::{catalogue::programs, reference::expected},
        *,
    };

    #[test]
    fn every_function_of_the_catalogue_has_an_example_that_it_accepts() {
        for entry in FUNCTIONS {
            for participants in [3, 5, 32] {
                let example = of(entry.name, participants, 11).expect("each has one");
                assert!(programs().of(&example.terms).is_ok(), "{} {participants}", entry.name);
                assert!(expected(entry, &example).is_ok(), "{} {participants}", entry.name);
            }
        }
    }

    #[test]
    fn the_seed_decides_the_inputs() {
        let inputs = |seed| of("vwap_floor", 4, seed).unwrap().inputs;
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }
}

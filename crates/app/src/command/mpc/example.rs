//! Made-up sessions for the demonstration: terms and inputs from a seed.
//!
//! Nothing here is a market. Whoever shows it says that it is GENERATED.

use std::collections::BTreeMap;

use mpc::{
    function::catalogue,
    net::hello::{Mode, RunLimits},
    node::{SessionTerms, terms::Parameter},
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

use super::reference::plain;

/// Names of participants before numbers have to do.
const NAMES: [&str; 8] = ["anna", "bert", "cleo", "dora", "egon", "frida", "gus", "hilda"];

/// Orders of each participant.
const ORDERS: usize = 2;
/// Legs of each cycle.
const LEGS: usize = 3;
/// Prices of an auction.
const GRID: usize = 8;
/// Assets of a portfolio.
const ASSETS: usize = 3;
/// One, as portfolios write it.
const UNIT: i64 = 1 << 24;

/// Who submits what to which session.
pub(super) struct Example {
    pub(super) terms: SessionTerms,
    pub(super) inputs: Vec<Vec<i128>>,
}

/// A session of a function of the catalogue, or nothing for one that has no example.
pub(super) fn of(function: &str, participants: usize, seed: u64) -> Option<Example> {
    let mut noise = Noise(ChaCha8Rng::seed_from_u64(seed));
    let (parameters, inputs) = match function {
        "auction" => auction(participants, &mut noise),
        "crossed_market" => crossed_market(participants, &mut noise),
        "cycles" => cycles(participants, &mut noise),
        "inverse_volatility" => inverse_volatility(participants, &mut noise),
        "match_midpoint" => matching(2, participants, &mut noise),
        "match_size" => matching(3, participants, &mut noise),
        "median" => prices(vec![], participants, &mut noise),
        "pooled_portfolio" => pooled_portfolio(participants, &mut noise),
        "quantile" => {
            let rank = list_of(participants / 4);
            prices(vec![("rank", rank)], participants, &mut noise)
        }
        "sealed_portfolio" => sealed_portfolio(participants, &mut noise)?,
        "trimmed_mean" => prices(vec![("trim", Parameter::Number(1))], participants, &mut noise),
        "vwap_floor" => vwap_floor(participants, &mut noise),
        "weighted_median" => weighted_median(participants, &mut noise),
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

fn list_of(number: usize) -> Parameter {
    Parameter::Number(i64::try_from(number).unwrap_or(i64::MAX))
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

/// Orders of a side and a size and, with three fields, the least size that is accepted.
fn matching(fields: usize, participants: usize, noise: &mut Noise) -> Parts {
    let total = ORDERS * participants;
    let sequence = shuffled(total, noise);
    let mut order = || {
        let (buys, size) = (noise.below(2), 1 + noise.below(500));
        [buys, size, size / 4][..fields].to_vec()
    };
    let inputs = (0..participants)
        .map(|_| (0..ORDERS).flat_map(|_| order()).map(i128::from).collect())
        .collect();
    let parameters =
        vec![("orders", list(vec![ORDERS; participants])), ("sequence", list(sequence))];
    (parameters, inputs)
}

/// The numbers from 0 in some order.
fn shuffled(total: usize, noise: &mut Noise) -> Vec<usize> {
    let mut order: Vec<usize> = (0..total).collect();
    for last in (1..total).rev() {
        let bound = u32::try_from(last + 1).unwrap_or(u32::MAX);
        order.swap(last, usize::try_from(noise.below(bound)).unwrap_or(0));
    }
    order
}

/// Demand that falls and supply that rises over a grid of prices.
fn auction(participants: usize, noise: &mut Noise) -> Parts {
    let rising = |noise: &mut Noise| -> Vec<i64> {
        let mut size = 0;
        let step = |_| {
            size += noise.below(40);
            size
        };
        (0..GRID).map(step).collect()
    };
    let inputs = (0..participants).map(|_| {
        let (sells, buys) = (rising(noise), rising(noise));
        buys.into_iter().rev().chain(sells).map(i128::from).collect()
    });
    let inputs = inputs.collect();
    let parameters =
        vec![("prices", list_of(GRID)), ("priority", list(shuffled(participants, noise)))];
    (parameters, inputs)
}

/// One price each, about 10,000 ticks.
fn prices(
    parameters: Vec<(&'static str, Parameter)>,
    participants: usize,
    noise: &mut Noise,
) -> Parts {
    let inputs = (0..participants).map(|_| vec![i128::from(9_800 + noise.below(400))]);
    (parameters, inputs.collect())
}

fn weighted_median(participants: usize, noise: &mut Noise) -> Parts {
    let inputs = (0..participants)
        .map(|_| [9_800 + noise.below(400), noise.below(500)].map(i128::from).to_vec());
    (vec![], inputs.collect())
}

/// Forecasts of up to 6 % either way, and assets that move a little together.
fn pooled_portfolio(participants: usize, noise: &mut Noise) -> Parts {
    let entry = |row: usize, column: usize| if row == column { UNIT } else { -UNIT / 8 };
    let matrix = (0..ASSETS).flat_map(|row| (0..ASSETS).map(move |column| entry(row, column)));
    let parameters = vec![
        ("weights", list(vec![1; participants])),
        ("matrix", Parameter::Numbers(matrix.collect())),
    ];
    let inputs = (0..participants)
        .map(|_| (0..ASSETS).map(|_| i128::from(noise.below(2_000_000) - 1_000_000)).collect());
    (parameters, inputs.collect())
}

/// Variances between 2^22 and 2^23 in a unit that all share.
fn inverse_volatility(participants: usize, noise: &mut Noise) -> Parts {
    let doublings = usize::BITS - participants.saturating_sub(1).leading_zeros();
    let parameters = vec![
        ("weights", list(vec![1; participants])),
        ("assets", list_of(ASSETS)),
        ("variance_log2", Parameter::Number(23 + i64::from(doublings))),
    ];
    let inputs = (0..participants)
        .map(|_| (0..ASSETS).map(|_| i128::from((1 << 22) + noise.below(1 << 22))).collect());
    (parameters, inputs.collect())
}

/// Factors that are mostly diagonal, and forecasts of 1 to 3 %. The public ranges are the first
/// that the made-up inputs fit in; firms would agree on them beforehand.
fn sealed_portfolio(participants: usize, noise: &mut Noise) -> Option<Parts> {
    let inputs: Vec<Vec<i128>> = (0..participants)
        .map(|_| {
            let rows = (0..ASSETS).flat_map(|row| (0..=row).map(move |column| row == column));
            let mut numbers: Vec<i64> = rows
                .map(|diagonal| {
                    let size = UNIT / 16;
                    let part = noise.below(1 << 18);
                    if diagonal { size + part } else { part - (1 << 17) }
                })
                .collect();
            numbers.extend((0..ASSETS).map(|_| UNIT / 100 + noise.below(1 << 18)));
            numbers.into_iter().map(i128::from).collect()
        })
        .collect();
    let parameters = |variance: i64, scale: i64| {
        vec![
            ("weights", list(vec![1; participants])),
            ("assets", list_of(ASSETS)),
            ("variance_log2", Parameter::Number(variance)),
            ("ridge", Parameter::Number(1 << 14)),
            ("scale_log2", Parameter::Number(scale)),
        ]
    };
    let answers = |variance: i64, scale: i64| {
        let parameters = parameters(variance, scale);
        let plain = plain(parameters.iter().map(|(name, value)| (*name, value)));
        let function = catalogue::build("sealed_portfolio", &plain).ok()?;
        Some(function.reference(&inputs).ok()?.public.len())
    };
    // The flag that the variance is bounded, then the one that the sum is in range, then weights.
    let variance = (-4..=12).find(|variance| answers(*variance, 0).is_some_and(|all| all > 1))?;
    let scale = (-8..=24).find(|scale| answers(variance, *scale) == Some(3))?;
    Some((parameters(variance, scale), inputs))
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

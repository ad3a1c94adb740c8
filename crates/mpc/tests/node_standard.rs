//! The functions of the catalogue over TLS give what their references give.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure is the test's answer, and small numbers stay small"
)]

mod node_circle;

use std::collections::BTreeMap;

use mpc::{
    client::{ClientError, OwnResult},
    function::{Parameters, catalogue},
    node::{Programs, SessionTerms, program::SecretNumbers, terms::Parameter},
};
use node_circle::{Circle, PATIENCE, circle_with, terms};

const NAMES: [&str; 4] = ["anna", "bert", "cleo", "dora"];

/// A small generator with a fixed start (xorshift, Marsaglia 2003).
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: i128) -> i128 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i128::from(self.0) % limit
    }
}

type Lists = &'static [(&'static str, &'static [i64])];

/// A function with parameters for everybody in `NAMES`, and one participant's random input.
struct Case {
    function: &'static str,
    parameters: Lists,
    input: fn(&mut Noise, usize) -> Vec<i128>,
}

const CASES: [Case; 11] = [
    Case {
        function: "crossed_market",
        parameters: &[("minimum_edge", &[2])],
        input: |noise, _| {
            let bid = noise.below(100);
            vec![bid, bid + noise.below(20), noise.below(50), noise.below(50)]
        },
    },
    Case {
        function: "cycles",
        parameters: &[
            ("owners", &[0, 1, 2, 3]),
            ("lengths", &[3, 2, 4]),
            ("legs", &[0, 1, 2, 3, 0, 0, 1, 2, 3]),
        ],
        input: |noise, _| vec![noise.below(2_000) - 900],
    },
    Case {
        function: "match_midpoint",
        parameters: &[("orders", &[1, 2, 0, 1]), ("sequence", &[2, 0, 3, 1])],
        input: |noise, participant| {
            let orders = [1, 2, 0, 1][participant];
            (0..orders).flat_map(|_| [noise.below(2), noise.below(100)]).collect()
        },
    },
    Case {
        function: "vwap_floor",
        parameters: &[("low", &[100]), ("high", &[300]), ("minimum_contributors", &[2])],
        input: |noise, _| {
            let size = noise.below(40);
            vec![size * (100 + noise.below(200)), size]
        },
    },
    Case { function: "median", parameters: &[], input: |noise, _| vec![noise.below(200) - 100] },
    Case {
        function: "quantile",
        parameters: &[("rank", &[2])],
        input: |noise, _| vec![noise.below(200) - 100],
    },
    Case {
        function: "trimmed_mean",
        parameters: &[("trim", &[1])],
        input: |noise, _| vec![noise.below(200) - 100],
    },
    Case {
        function: "weighted_median",
        parameters: &[],
        input: |noise, _| vec![noise.below(200) - 100, noise.below(50)],
    },
    Case {
        function: "match_size",
        parameters: &[("orders", &[1, 2, 0, 1]), ("sequence", &[2, 0, 3, 1])],
        input: |noise, participant| {
            let orders = [1, 2, 0, 1][participant];
            (0..orders)
                .flat_map(|_| [noise.below(2), 1 + noise.below(100), noise.below(40)])
                .collect()
        },
    },
    Case {
        function: "auction",
        parameters: &[("prices", &[3]), ("priority", &[2, 0, 3, 1])],
        input: |noise, _| {
            let (buys, sells) = (noise.below(40), noise.below(40));
            vec![buys + 30, buys + 10, buys, sells, sells + 10, sells + 30]
        },
    },
    Case {
        function: "pooled_portfolio",
        parameters: &[("weights", &[1, 2, 3, 4]), ("matrix", &[1 << 24, -5, -5, 1 << 23])],
        input: |noise, _| vec![noise.below(2_000) - 1_000, noise.below(2_000) - 1_000],
    },
];

fn terms_of(case: &Case, session: u64) -> SessionTerms {
    let parameter = |values: &[i64]| match values {
        [one] => Parameter::Number(*one),
        many => Parameter::Numbers(many.to_vec()),
    };
    let parameters: BTreeMap<String, Parameter> = case
        .parameters
        .iter()
        .map(|(name, values)| ((*name).to_owned(), parameter(values)))
        .collect();
    SessionTerms { function: case.function.to_owned(), parameters, ..terms(session, &NAMES) }
}

/// What one participant alone is told, by name.
type Own = Vec<(String, Vec<i128>)>;

/// What the reference says about these inputs: public numbers, and each participant's own.
fn expected(case: &Case, inputs: &[Vec<i128>]) -> (serde_json::Value, Vec<Own>) {
    let mut parameters = Parameters::new();
    for (name, values) in case.parameters {
        parameters = parameters.with(name, *values);
    }
    let counted = parameters.clone().with("participants", [i64::try_from(inputs.len()).unwrap()]);
    let function = catalogue::build(case.function, &counted)
        .or_else(|_| catalogue::build(case.function, &parameters))
        .unwrap();
    let plain = function.reference(inputs).unwrap();
    let public = plain.public.iter().map(|output| {
        let values: Vec<i64> = output.values.iter().map(|value| *value as i64).collect();
        (output.name.to_owned(), serde_json::json!(values))
    });
    let public = serde_json::Value::Object(public.collect());
    let mut own = vec![Vec::new(); inputs.len()];
    for output in plain.private {
        own[output.participant].push((output.name.to_owned(), output.values));
    }
    (public, own)
}

fn own_of(result: &OwnResult) -> Own {
    result.own.iter().map(|(name, numbers)| (name.clone(), numbers.to_vec())).collect()
}

fn standard() -> Programs {
    Programs::of_catalogue(catalogue::FUNCTIONS.iter().map(|entry| (entry.name, entry.build)))
}

fn circle() -> Circle {
    circle_with(&NAMES, &standard(), |_| {})
}

#[test]
fn every_exact_function_of_the_catalogue_is_computed_exactly() {
    let circle = circle();
    let mut noise = Noise(0x2545_f491_4f6c_dd1d);
    let mut session = 0;
    for case in &CASES {
        for _ in 0..4 {
            session += 1;
            let terms = terms_of(case, session);
            circle.participants[0].open(&terms).unwrap();
            let inputs: Vec<Vec<i128>> =
                (0..NAMES.len()).map(|number| (case.input)(&mut noise, number)).collect();
            for (participant, input) in circle.participants.iter().zip(&inputs) {
                participant.submit(&terms, &SecretNumbers::new(input.clone())).unwrap();
            }
            let (public, own) = expected(case, &inputs);
            for (participant, own) in circle.participants.iter().zip(own) {
                let result = participant.result(&terms, PATIENCE).unwrap();
                assert_eq!(result.public, public, "{} {inputs:?}", case.function);
                assert_eq!(own_of(&result), own, "{} {inputs:?}", case.function);
                assert!(result.statistics.iter().all(|one| one.work.checks > 0));
            }
        }
    }
    let covered: Vec<&str> = CASES.iter().map(|case| case.function).collect();
    let known: Vec<&str> = standard().names().collect();
    let within_a_bound = ["inverse_volatility", "sealed_portfolio"];
    for name in known {
        assert!(covered.contains(&name) != within_a_bound.contains(&name), "{name}");
    }
}

/// One participant stays away until the deadline.
fn without_the_last(case: &Case, inputs: &[Vec<i128>]) -> Result<Vec<OwnResult>, ClientError> {
    let circle = circle();
    let mut terms = terms_of(case, 1);
    terms.deadline_ms = node_circle::now_ms() + 1_500;
    circle.participants[0].open(&terms)?;
    for (participant, input) in circle.participants.iter().zip(inputs) {
        participant.submit(&terms, input)?;
    }
    let present = &circle.participants[..inputs.len()];
    present.iter().map(|participant| participant.result(&terms, PATIENCE)).collect()
}

#[test]
fn a_participant_who_stays_away_is_as_if_not_invited() {
    let matching = &CASES[2];
    let inputs = [vec![1, 10], vec![0, 4, 0, 5], vec![]];
    let results = without_the_last(matching, &inputs).unwrap();
    let fills: Vec<Vec<i128>> = results.iter().map(|result| own_of(result)[0].1.clone()).collect();
    assert_eq!(fills, [vec![9], vec![4, 5], vec![]]);

    let average = &CASES[3];
    let inputs = [vec![2_000, 10], vec![2_020, 10], vec![0, 0]];
    let results = without_the_last(average, &inputs).unwrap();
    assert_eq!(results[0].contributors, NAMES[..3]);
    assert_eq!(results[0].public["price"], serde_json::json!([201]));

    let error = without_the_last(&CASES[1], &[vec![1], vec![1], vec![1]])
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("`cycles` needs everybody: 3 of 4 contribute"), "{error}");
}

#[test]
fn an_input_that_breaks_a_rule_is_named_and_nothing_is_computed() {
    let inputs = [vec![2_000, 10], vec![20_000, 10], vec![0, 0]];
    let error = without_the_last(&CASES[3], &inputs).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("the input of `bert` breaks a rule"), "{error}");
}

#[test]
fn parameters_that_a_function_does_not_know_are_refused_when_the_session_is_opened() {
    let circle = circle();
    let mut terms = terms_of(&CASES[3], 1);
    terms.parameters.insert("colour".to_owned(), Parameter::Number(1));
    let error = circle.participants[0].open(&terms).unwrap_err().to_string();
    assert_eq!(error, "parameter `colour` is not one of this function");
    let mut terms = terms_of(&CASES[3], 1);
    terms.parameters.insert("low".to_owned(), Parameter::Text("cheap".to_owned()));
    let error = circle.participants[0].open(&terms).unwrap_err().to_string();
    assert_eq!(error, "parameter `low` is text, not numbers");
    terms.parameters = terms_of(&CASES[3], 1).parameters;
    terms.parameters.insert("instrument".to_owned(), Parameter::Text("BTC-USD".to_owned()));
    circle.participants[0].open(&terms).unwrap();
}

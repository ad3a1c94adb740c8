//! Functions of the engine, computed by three nodes over TLS, honestly and not.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure is the test's answer, and small numbers stay small"
)]

mod node_circle;

use mpc::{
    client::{ClientError, OwnResult},
    engine::{Engine, RunError},
    field::Fe,
    function::{
        BrokenRule, Function, Outputs, ParameterError, Parameters, PlainOutputs, PrivateOutput,
        PublicOutput,
    },
    net::cheat::{Cheat, CheatKind},
    node::{
        Programs, SessionTerms,
        functions::{Prepared, adapt},
        program::Unsuitable,
        standard::Make,
        terms::Parameter,
    },
    share::{Numbers, OutputShares},
};
use node_circle::{Circle, PATIENCE, circle_with, terms};

const NAMES: [&str; 3] = ["anna", "bert", "cleo"];

/// Everybody learns the sum of all squares, each contributor its own product of two numbers.
struct Squares(usize);

impl Function for Squares {
    fn input_counts(&self) -> Vec<usize> {
        vec![2; self.0]
    }

    fn leaks(&self) -> &'static [&'static str] {
        &["sum of squares", "product"]
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let all = Numbers::join(&inputs.iter().collect::<Vec<_>>());
        let squares = engine.multiply(&all, &all)?;
        let sum = squares.sums(squares.len());
        let mut outputs = Outputs::default();
        for (participant, input) in inputs.iter().enumerate() {
            let product = engine.multiply(&input.range(0..1), &input.range(1..2))?;
            let shares = OutputShares::from(product);
            outputs.private.push(PrivateOutput { participant, name: "product", shares });
        }
        let values = engine.open("sum of squares", &sum)?;
        let values = values.into_iter().map(Fe::signed).collect();
        outputs.public.push(PublicOutput { name: "sum of squares", values });
        Ok(outputs)
    }

    fn reference(&self, _: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        Ok(PlainOutputs::default())
    }
}

fn squares(terms: &SessionTerms, contributors: &[usize]) -> Result<Prepared, Unsuitable> {
    let count = contributors.len();
    match terms.parameters.keys().next() {
        Some(name) => Err(Unsuitable(format!("there is no parameter `{name}`"))),
        None => Ok(Prepared {
            function: Box::new(Squares(count)),
            seats: (0..count).map(Some).collect(),
        }),
    }
}

fn circle(cheat: Option<Cheat>) -> (Circle, SessionTerms) {
    let programs = Programs::new([adapt("squares", squares)]);
    let mut terms = terms(7, &NAMES);
    "squares".clone_into(&mut terms.function);
    terms.limits.step_ms = 700;
    let circle = circle_with(&NAMES, &programs, |keys| {
        for node in &mut keys.nodes {
            node.sessions = vec![terms.clone()];
        }
        keys.nodes[1].cheat = cheat;
    });
    (circle, terms)
}

fn submit(circle: &Circle, terms: &SessionTerms) {
    for (participant, numbers) in circle.participants.iter().zip([[3, 4], [-5, 6], [7, 8]]) {
        participant.submit(terms, &numbers).unwrap();
    }
}

#[test]
fn products_of_shares_become_public_and_private_results() {
    let (circle, terms) = circle(None);
    submit(&circle, &terms);
    for (participant, product) in circle.participants.iter().zip([12, -30, 56]) {
        let result = participant.result(&terms, PATIENCE).unwrap();
        assert_eq!(result.public["sum of squares"], serde_json::json!([199]));
        let [(name, own)] = result.own.as_slice() else { panic!("one list") };
        assert_eq!((name.as_str(), own.as_slice()), ("product", [product].as_slice()));
        let statistics = &result.statistics[0];
        assert_eq!(statistics.work.field_products, 9);
        let revealed = [("sum of squares".to_owned(), 1), ("product".to_owned(), 3)];
        assert_eq!(statistics.work.revealed, revealed);
        assert!(statistics.work.checks > 0 && statistics.compute.proof.sent_bytes > 0);
    }
}

#[test]
fn numbers_that_do_not_fit_are_refused_before_they_leave() {
    let (circle, terms) = circle(None);
    let submit = |numbers: &[i128]| circle.participants[0].submit(&terms, numbers).unwrap_err();
    let text = submit(&[1]).to_string();
    assert_eq!(text, "1 numbers where 2 are needed");
    let text = submit(&[1, 1 << 126]).to_string();
    assert_eq!(text, "a number has more than 126 bits");
    let mut other = terms.clone();
    other.function = "cubes".to_owned();
    let error = circle.participants[0].submit(&other, &[1, 2]).unwrap_err().to_string();
    assert_eq!(error, "there is no function `cubes`; known: squares");
}

/// Whether the session ended without any result, with a reason from an honest node. If it has a
/// result, it must be the right one.
fn is_stopped(cheat: Cheat) -> bool {
    let (circle, terms) = circle(Some(cheat));
    submit(&circle, &terms);
    let results = circle.participants.iter().map(|one| one.result(&terms, PATIENCE));
    let mut stopped = 0;
    for result in results {
        match result {
            Ok(result) => {
                let right = serde_json::json!([199]);
                assert_eq!(result.public["sum of squares"], right, "{cheat:?}");
            }
            Err(ClientError::NoResult { reasons, .. }) => {
                let honest = reasons.iter().any(|(node, _)| node.get() != 1);
                assert!(honest, "{cheat:?}: {reasons:?}");
                stopped += 1;
            }
            Err(other) => panic!("{cheat:?}: {other}"),
        }
    }
    assert!(stopped == 0 || stopped == NAMES.len(), "{cheat:?}");
    stopped > 0
}

#[test]
fn each_message_that_a_cheater_changes_stops_the_run() {
    let mut message = 0;
    while is_stopped(Cheat { kind: CheatKind::Flip, message }) {
        message += 1;
    }
    // Only a message that does not exist any more can be changed without being noticed.
    assert!(message >= 10, "only {message} messages");
    let kinds = [CheatKind::Add, CheatKind::Replay, CheatKind::Drop, CheatKind::Duplicate];
    for (kind, message) in kinds.into_iter().zip([2, 4, 3, 5]) {
        assert!(is_stopped(Cheat { kind, message }), "{kind:?} {message}");
    }
}

/// As a catalogue makes it: for as many as it is told.
fn make_for_some(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    if *parameters == Parameters::new().with("participants", [2]) {
        return Ok(Box::new(Squares(2)));
    }
    if *parameters == Parameters::new().with("participants", [3]) {
        return Ok(Box::new(Squares(3)));
    }
    Err(ParameterError::Missing { name: "participants" })
}

/// As a catalogue makes it: there is a place for everybody.
fn make_for_all(parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    if *parameters == Parameters::new() {
        return Ok(Box::new(Squares(3)));
    }
    Err(ParameterError::Unknown { name: "participants".to_owned() })
}

/// What becomes of a session for three to which only two submit.
fn without_the_third(function: &'static str) -> Result<Vec<OwnResult>, ClientError> {
    let entries: [(&'static str, Make); 3] = [
        ("squares_of_some", make_for_some),
        ("squares_of_all", make_for_all),
        ("match_midpoint", make_for_all),
    ];
    let circle = circle_with(&NAMES, &Programs::of_catalogue(entries), |_| {});
    let mut terms = terms(7, &NAMES);
    function.clone_into(&mut terms.function);
    let text = Parameter::Text("BTC-USD".to_owned());
    terms.parameters.insert("instrument".to_owned(), text);
    terms.deadline_ms = node_circle::now_ms() + 1_000;
    circle.participants[0].open(&terms)?;
    circle.participants[0].submit(&terms, &[3, 4])?;
    circle.participants[2].submit(&terms, &[7, 8])?;
    let present = [&circle.participants[0], &circle.participants[2]];
    present.into_iter().map(|participant| participant.result(&terms, PATIENCE)).collect()
}

#[test]
fn a_function_is_made_for_those_who_contribute() {
    // Either made for two, or with zeros in the third place, where zeros change nothing.
    for function in ["squares_of_some", "match_midpoint"] {
        let results = without_the_third(function).unwrap();
        for (result, product) in results.iter().zip([12, 56]) {
            assert_eq!(result.contributors, ["anna", "cleo"]);
            assert_eq!(result.public["sum of squares"], serde_json::json!([138]));
            assert_eq!(result.own[0].1.as_slice(), [product]);
        }
    }
    let error = without_the_third("squares_of_all").map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("`squares_of_all` needs everybody: 2 of 3 contribute"), "{error}");
}

#[test]
fn only_the_instrument_may_be_a_text() {
    let programs = Programs::of_catalogue([("squares_of_all", make_for_all as Make)]);
    let mut terms = terms(7, &NAMES);
    "squares_of_all".clone_into(&mut terms.function);
    let text = Parameter::Text("cheap".to_owned());
    terms.parameters.insert("low".to_owned(), text);
    let error = programs.of(&terms).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "parameter `low` is text, not numbers");
    "cubes".clone_into(&mut terms.function);
    let error = programs.of(&terms).map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "there is no function `cubes`; known: squares_of_all");
}

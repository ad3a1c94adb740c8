//! Products, shuffles and openings of three nodes, honest and otherwise.

use std::sync::Mutex;

use proptest::prelude::*;

use super::{Engine, Mode, RunError};
use crate::{
    field::{
        Fe, PrimeField as _,
        planes::{slice, words},
    },
    function::{BrokenRule, Function, Outputs, PlainOutputs, PublicOutput, rehearsal::Rehearsal},
    share::{Numbers, Planes},
};

type Work<'a> = dyn Fn(&mut Engine<'_>, &[Numbers]) -> Result<Vec<Fe>, RunError> + Send + Sync + 'a;

/// A function that exists for one test.
struct Program<'a> {
    counts: Vec<usize>,
    work: Box<Work<'a>>,
}

impl Function for Program<'_> {
    fn input_counts(&self) -> Vec<usize> {
        self.counts.clone()
    }

    fn leaks(&self) -> &'static [&'static str] {
        &["result"]
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let values = (self.work)(engine, inputs)?.into_iter().map(Fe::signed).collect();
        Ok(Outputs { public: vec![PublicOutput { name: "result", values }], private: Vec::new() })
    }

    fn reference(&self, _: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        unreachable!("a test states its own expectation")
    }
}

fn values(
    rehearsal: Rehearsal,
    inputs: &[Vec<i128>],
    work: impl Fn(&mut Engine<'_>, &[Numbers]) -> Result<Vec<Fe>, RunError> + Send + Sync,
) -> Vec<i128> {
    let counts = inputs.iter().map(Vec::len).collect();
    let program = Program { counts, work: Box::new(work) };
    let results = rehearsal.run(&program, inputs);
    let mut values = results.map(|result| result.unwrap().outputs.public.remove(0).values);
    assert!(values[0] == values[1] && values[1] == values[2], "three nodes, one result");
    std::mem::take(&mut values[0])
}

fn small() -> impl Strategy<Value = i128> {
    prop_oneof![-5_i128..5, -(1_i128 << 60)..1 << 60]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn products_of_shares_are_products_of_secrets(
        pairs in prop::collection::vec((small(), small()), 1..40),
        seed: u64,
        semi_honest: bool,
    ) {
        let mode = if semi_honest { Mode::SemiHonest } else { Mode::Malicious };
        let (x, y): (Vec<i128>, Vec<i128>) = pairs.iter().copied().unzip();
        let found = values(Rehearsal { mode, ..Rehearsal::new(seed) }, &[x, y], |engine, inputs| {
            let products = engine.multiply(&inputs[0], &inputs[1])?;
            engine.open("result", &products)
        });
        let expected: Vec<i128> = pairs.iter().map(|(x, y)| x * y).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn inner_products_cost_one_element_whatever_their_length(
        terms in 1_usize..20,
        gates in 1_usize..6,
        seed: u64,
    ) {
        let count = terms * gates;
        let x: Vec<i128> = (0..count as i128).map(|value| value * 17 - 40).collect();
        let y: Vec<i128> = (0..count as i128).map(|value| 9 - value).collect();
        let inputs = [x.clone(), y.clone()];
        let found = values(Rehearsal::new(seed), &inputs, |engine, inputs| {
            let before = engine.statistics().bytes_sent;
            let result = engine.inner_products(&inputs[0], &inputs[1], terms)?;
            assert_eq!(engine.statistics().bytes_sent - before, 16 * gates as u64);
            engine.open("result", &result)
        });
        let runs = x.chunks(terms).zip(y.chunks(terms));
        let expected: Vec<i128> =
            runs.map(|(x, y)| x.iter().zip(y).map(|(x, y)| x * y).sum()).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_shuffle_keeps_every_record_whole(
        records in prop::collection::vec((small(), small()), 1..30),
        seed: u64,
    ) {
        let flat: Vec<i128> = records.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let found = values(Rehearsal::new(seed), &[flat], |engine, inputs| {
            let shuffled = engine.shuffle(&inputs[0], 2)?;
            engine.open("result", &shuffled)
        });
        let mut found: Vec<(i128, i128)> = found.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        let mut records = records;
        found.sort_unstable();
        records.sort_unstable();
        prop_assert_eq!(found, records);
    }

    #[test]
    fn products_of_bits_are_and(
        pairs in prop::collection::vec((any::<u64>(), any::<u64>()), 1..140),
        planes in 1_usize..9,
        seed: u64,
    ) {
        let opened = Mutex::new(Vec::new());
        values(Rehearsal::new(seed), &[vec![0]], |engine, _| {
            // Shares of known bits: component 0 holds them, masked by something everybody knows.
            let share = |numbers: Vec<u64>| {
                let mask = slice(&vec![0x9E37_79B9_7F4A_7C15; numbers.len()], planes);
                let bits: Vec<u64> =
                    slice(&numbers, planes).iter().zip(&mask).map(|(a, b)| a ^ b).collect();
                let none = vec![0; bits.len()];
                let (own, next) = match engine.me().get() {
                    0 => (bits, mask),
                    1 => (mask, none),
                    _ => (none, bits),
                };
                Planes::new(numbers.len(), own, next)
            };
            let (x, y) = pairs.iter().copied().unzip();
            let (x, y) = (share(x), share(y));
            let product = engine.and(&x, &y)?;
            let product = engine.and(&product.xor(&x), &y.clone().not(engine.me()))?;
            let bits = engine.open_bits("result", &product)?;
            opened.lock().unwrap().push(bits);
            Ok(Vec::new())
        });
        let expected: Vec<u64> = pairs.iter().map(|(x, y)| ((x & y) ^ x) & !y).collect();
        let expected = slice(&expected, planes);
        prop_assert_eq!(expected.len(), planes * words(pairs.len()));
        for bits in opened.into_inner().unwrap() {
            prop_assert_eq!(&bits, &expected);
        }
    }
}

#[test]
fn shuffled_orders_are_all_equally_likely() {
    let mut counts = std::collections::BTreeMap::new();
    for seed in 0..1_200 {
        let order = values(Rehearsal::new(seed), &[vec![1, 2, 3]], |engine, inputs| {
            let shuffled = engine.shuffle(&inputs[0], 1)?;
            engine.open("result", &shuffled)
        });
        *counts.entry(order).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    assert!(counts.values().all(|count| (140..260).contains(count)), "{counts:?}");
}

#[test]
fn what_is_not_on_the_list_of_leaks_cannot_be_opened() {
    let program = Program {
        counts: vec![1],
        work: Box::new(|engine, inputs| engine.open("something else", &inputs[0])),
    };
    for result in Rehearsal::new(1).run(&program, &[vec![5]]) {
        let error = result.err();
        assert_eq!(error, Some(RunError::UndeclaredOpening { label: "something else" }));
    }
}

#[test]
fn random_secrets_are_the_same_for_both_holders() {
    let found = values(Rehearsal::new(9), &[vec![0]], |engine, _| {
        let random = engine.random(3);
        let twice = Numbers::join(&[&random, &random]);
        let difference = twice.range(0..3).minus(&twice.range(3..6));
        let mut opened = engine.open("result", &difference)?;
        opened.extend(engine.open("result", &random)?);
        Ok(opened)
    });
    assert_eq!(found[..3], [0, 0, 0]);
    assert!(found[3] != found[4] && found[4] != found[5]);
}

/// Runs a program in which node 0 computes with shares of its own choice; what node 1 and
/// node 2 say.
fn honest_errors(
    work: impl Fn(&mut Engine<'_>, &[Numbers]) -> Result<Vec<Fe>, RunError> + Send + Sync,
) -> [Option<RunError>; 2] {
    let program = Program { counts: vec![3], work: Box::new(work) };
    let [_, second, third] = Rehearsal::new(5).run(&program, &[vec![4, 5, 6]]);
    [second.err(), third.err()]
}

/// Both honest nodes stop, at least one of them because of a proof. Whose it is depends on
/// what else node 0 lies about: its wrong shares also spoil what it says as a verifier.
fn both_stop_at_the_check(errors: &[Option<RunError>; 2]) {
    let stopped = "its proof of correct products does not hold";
    let is_proof =
        |error: &RunError| matches!(error, RunError::Cheated { what, .. } if *what == stopped);
    let is_stop = |error: &RunError| is_proof(error) || matches!(error, RunError::Channel { .. });
    let found: Vec<&RunError> = errors.iter().flatten().collect();
    assert!(found.len() == 2 && found.iter().all(|error| is_stop(error)), "{errors:?}");
    assert!(found.iter().any(|error| is_proof(error)), "{errors:?}");
}

#[test]
fn a_consistent_error_in_a_product_is_found_by_the_check() {
    both_stop_at_the_check(&honest_errors(|engine, inputs| {
        let mut x = inputs[0].clone();
        if engine.me().get() == 0 {
            x.own[1] += Fe::ONE;
        }
        let products = engine.multiply(&x, &inputs[0])?;
        engine.open("result", &products)
    }));
}

#[test]
fn a_consistent_error_in_a_product_of_bits_is_found_by_the_check() {
    both_stop_at_the_check(&honest_errors(|engine, _| {
        let mut x = Planes::new(1, vec![0], vec![0]).not(engine.me());
        let y = x.clone();
        if engine.me().get() == 0 {
            x.own[0] ^= 1;
        }
        let product = engine.and(&x, &y)?;
        engine.open_bits("result", &product)?;
        Ok(Vec::new())
    }));
}

#[test]
fn a_node_that_shuffles_something_else_is_found_by_the_check() {
    both_stop_at_the_check(&honest_errors(|engine, inputs| {
        let mut records = inputs[0].clone();
        if engine.me().get() == 0 {
            // Two records in the wrong order, and nothing else.
            records.own.swap(0, 1);
            records.next.swap(0, 1);
        }
        let shuffled = engine.shuffle(&records, 1)?;
        engine.open("result", &shuffled)
    }));
}

#[test]
fn a_check_comes_before_a_mask_when_an_error_could_shine_through() {
    let checks = |layers: usize| {
        let counted = Mutex::new(0);
        values(Rehearsal::new(2), &[vec![3]], |engine, inputs| {
            let mut power = inputs[0].clone();
            for _ in 0..layers {
                power = engine.multiply(&power, &inputs[0])?;
            }
            crate::circuit::sign::negative(engine, &power, 40)?;
            *counted.lock().unwrap() = engine.statistics().checks;
            engine.open("result", &power)
        });
        counted.into_inner().unwrap()
    };
    assert_eq!((checks(0), checks(1), checks(2), checks(3)), (0, 0, 1, 1));
}

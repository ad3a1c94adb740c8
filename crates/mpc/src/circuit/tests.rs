//! Comparisons, conversions and rules against plain numbers.

use proptest::prelude::*;

use super::{
    rules::{Rules, VERDICT},
    sign::{is_negative, negative, select},
};
use crate::{
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    function::{BrokenRule, Function, Outputs, PlainOutputs, PublicOutput, rehearsal::Rehearsal},
    share::Numbers,
};

type Work<'a> = dyn Fn(&mut Engine<'_>, &[Numbers]) -> Result<Numbers, RunError> + Send + Sync + 'a;

/// Computes numbers that are opened at the end.
struct Circuit<'a> {
    counts: Vec<usize>,
    work: Box<Work<'a>>,
}

impl Function for Circuit<'_> {
    fn input_counts(&self) -> Vec<usize> {
        self.counts.clone()
    }

    fn leaks(&self) -> &'static [&'static str] {
        &["result", VERDICT]
    }

    fn compute(&self, engine: &mut Engine<'_>, inputs: &[Numbers]) -> Result<Outputs, RunError> {
        let numbers = (self.work)(engine, inputs)?;
        let values = engine.open("result", &numbers)?.into_iter().map(Fe::signed).collect();
        Ok(Outputs { public: vec![PublicOutput { name: "result", values }], private: Vec::new() })
    }

    fn reference(&self, _: &[Vec<i128>]) -> Result<PlainOutputs, BrokenRule> {
        unreachable!("a test states its own expectation")
    }
}

/// What three nodes open.
fn opened(
    seed: u64,
    inputs: &[Vec<i128>],
    work: impl Fn(&mut Engine<'_>, &[Numbers]) -> Result<Numbers, RunError> + Send + Sync,
) -> Result<Vec<i128>, RunError> {
    let circuit = Circuit { counts: inputs.iter().map(Vec::len).collect(), work: Box::new(work) };
    let [first, second, third] = Rehearsal::new(seed).run(&circuit, inputs);
    let values = |result: Result<crate::engine::Completed, RunError>| {
        result.map(|mut completed| completed.outputs.public.remove(0).values)
    };
    let (first, second, third) = (values(first), values(second), values(third));
    if first.is_ok() {
        assert!(first == second && second == third, "three nodes, one result");
    }
    first
}

fn edges(width: u32) -> Vec<i128> {
    let half = 1_i128 << (width - 1);
    vec![0, 1, -1, half - 1, -half, half / 2, -(half / 2), -half + 1]
}

#[test]
fn the_sign_is_right_for_all_numbers_of_eight_bits() {
    let numbers: Vec<i128> = (-128..128).collect();
    let found = opened(1, std::slice::from_ref(&numbers), |engine, inputs| {
        is_negative(engine, &inputs[0], 8)
    });
    let expected: Vec<i128> = numbers.iter().map(|value| i128::from(*value < 0)).collect();
    assert_eq!(found.unwrap(), expected);
}

#[test]
fn the_sign_is_right_at_the_edges_of_every_width() {
    for width in 2..=64 {
        let numbers = edges(width);
        let found = opened(u64::from(width), std::slice::from_ref(&numbers), |engine, inputs| {
            is_negative(engine, &inputs[0], width)
        });
        let expected: Vec<i128> = numbers.iter().map(|value| i128::from(*value < 0)).collect();
        assert_eq!(found.unwrap(), expected, "width {width}");
    }
}

#[test]
fn a_comparison_of_64_bits_takes_nine_rounds_and_about_four_gates_a_bit() {
    opened(1, &[vec![5; 64]], |engine, inputs| {
        let (rounds, gates) = (engine.statistics().rounds, engine.statistics().bit_gates);
        negative(engine, &inputs[0], 64)?;
        assert_eq!(engine.statistics().rounds - rounds, 9);
        let each = (engine.statistics().bit_gates - gates) / 64;
        assert!((235..=247).contains(&each), "{each} gates a comparison");
        Ok(inputs[0].clone())
    })
    .unwrap();
}

fn tested(values: Vec<i128>, bits: u32) -> Result<Vec<i128>, RunError> {
    let honest = vec![1_i128 << (bits - 1); 3];
    opened(3, &[honest, values], |engine, inputs| {
        let mut rules = Rules::new();
        for (participant, numbers) in inputs.iter().enumerate() {
            rules.range(engine, participant, numbers, bits);
        }
        rules.enforce(engine, 2)?;
        Ok(Numbers::zeros(1))
    })
}

#[test]
fn a_range_is_kept_by_numbers_of_any_length() {
    for bits in [1, 20, 63] {
        assert!(tested(vec![0, 1, (1 << bits) - 1], bits).is_ok(), "{bits} bits");
        let outside = [-1, 1 << bits, (1 << 64) + 5, (1 << 100) + 5, -(1 << 90), (1 << 126) - 1];
        for value in outside {
            let error = tested(vec![0, value], bits);
            assert_eq!(error, Err(RunError::InvalidInput { participant: 1 }), "{value}");
        }
    }
}

#[test]
fn a_number_that_must_be_zero_is_tested_with_the_others() {
    let test = |value| {
        opened(4, &[vec![value], vec![3]], |engine, inputs| {
            let mut rules = Rules::new();
            rules.zero(0, inputs[0].clone());
            rules.not_negative(1, inputs[1].clone().plus_constant(engine.me(), -Fe::ONE), 10);
            rules.enforce(engine, 2)?;
            Ok(inputs[1].clone())
        })
    };
    assert_eq!(test(0), Ok(vec![3]));
    assert_eq!(test(1), Err(RunError::InvalidInput { participant: 0 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_sign_is_right_for_any_number(
        numbers in prop::collection::vec(any::<i64>(), 1..80),
        seed: u64,
    ) {
        let inputs: Vec<i128> = numbers.iter().map(|value| i128::from(*value)).collect();
        let found = opened(seed, &[inputs], |engine, inputs| is_negative(engine, &inputs[0], 64));
        let expected: Vec<i128> = numbers.iter().map(|value| i128::from(*value < 0)).collect();
        prop_assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn a_selection_takes_one_of_two(
        items in prop::collection::vec((any::<bool>(), any::<i64>(), any::<i64>()), 1..20),
        seed: u64,
    ) {
        let column = |pick: &dyn Fn(&(bool, i64, i64)) -> i64| -> Vec<i128> {
            items.iter().map(|item| i128::from(pick(item))).collect()
        };
        let inputs =
            [column(&|item| i64::from(item.0)), column(&|item| item.1), column(&|item| item.2)];
        let found = opened(seed, &inputs, |engine, inputs| {
            select(engine, &inputs[0], &inputs[1], &inputs[2])
        });
        let expected = column(&|item| if item.0 { item.1 } else { item.2 });
        prop_assert_eq!(found.unwrap(), expected);
    }
}

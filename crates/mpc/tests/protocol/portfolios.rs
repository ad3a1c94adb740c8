//! Portfolios are right within their stated bound, and refuse what they cannot do.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "weights and counts are small"
)]

use crate::three_nodes::{cases, matches_reference, outcome};
use mpc::function::{Function, Parameters, PlainOutputs, catalogue};
use proptest::prelude::*;

const UNIT: f64 = 16_777_216.0;

/// Flags are equal, weights within a share of the largest one, or of one.
fn is_near(function: &dyn Function, inputs: &[Vec<i128>], share: f64, seed: u64) -> PlainOutputs {
    let expected = function.reference(inputs).unwrap();
    let found = outcome(function, inputs, seed).unwrap();
    assert_eq!(found.public.len(), expected.public.len(), "{found:?} {expected:?}");
    for (found, expected) in found.public.iter().zip(&expected.public) {
        assert_eq!(found.name, expected.name);
        let largest = expected.values.iter().map(|value| value.abs()).max().unwrap_or(0);
        let bound = match found.name {
            "weights" => (share * UNIT.max(largest as f64)) as i128,
            _ => 0,
        };
        for (found, expected) in found.values.iter().zip(&expected.values) {
            assert!((found - expected).abs() <= bound, "{found} instead of {expected}");
        }
    }
    found
}

fn build(name: &str, parameters: &Parameters) -> Box<dyn Function> {
    catalogue::build(name, parameters).unwrap_or_else(|error| panic!("{error}"))
}

fn fixed(value: f64) -> i128 {
    (value * UNIT).round() as i128
}

fn sealed(assets: i64, participants: usize, ridge: i64, scale: i64) -> Box<dyn Function> {
    let parameters = Parameters::new()
        .with("weights", vec![1; participants])
        .with("assets", [assets])
        .with("variance_log2", [0])
        .with("ridge", [ridge])
        .with("scale_log2", [scale]);
    build("sealed_portfolio", &parameters)
}

/// A participant's factor and forecasts from numbers between -1 and 1.
fn submission(assets: usize, numbers: &[f64]) -> Vec<i128> {
    let size = 0.4 / (assets as f64);
    let mut result = Vec::new();
    let mut numbers = numbers.iter().cycle();
    for row in 0..assets {
        for column in 0..=row {
            let number = numbers.next().unwrap();
            let entry = if row == column { size * (1.2 + number) } else { size * number * 0.5 };
            result.push(fixed(entry));
        }
    }
    result.extend((0..assets).map(|_| fixed(0.02 + 0.015 * numbers.next().unwrap())));
    result
}

#[test]
fn forecasts_over_a_diagonal_covariance_are_weighted_by_return_over_variance() {
    let diagonal = |variances: [f64; 2]| {
        let [first, second] = variances.map(|variance| fixed((variance / 3.0_f64).sqrt()));
        vec![first, 0, second, fixed(0.01), fixed(0.03)]
    };
    let inputs = vec![diagonal([0.1, 0.2]); 3];
    let found = is_near(&*sealed(2, 3, 1 << 12, 0), &inputs, 1e-4, 1);
    let weights = &found.public[2].values;
    // 0.1 and 0.15 of pooled return over variance, with a small ridge: two fifths.
    assert!((weights[0] as f64 / UNIT - 0.4).abs() < 1e-3, "{weights:?}");
}

#[test]
fn a_variance_beyond_its_bound_is_refused_before_anything_else_is_computed() {
    let inputs = vec![vec![fixed(0.9), 0, fixed(0.9), fixed(0.01), fixed(0.01)]; 3];
    let found = is_near(&*sealed(2, 3, 1 << 12, 0), &inputs, 1e-4, 1);
    assert_eq!(found.public.len(), 1);
    assert_eq!(found.public[0].values, [0]);
}

#[test]
fn a_sum_of_raw_weights_out_of_its_range_is_refused() {
    let inputs = vec![vec![fixed(0.2), 0, fixed(0.2), fixed(0.01), fixed(-0.01)]; 3];
    let found = is_near(&*sealed(2, 3, 1 << 12, 0), &inputs, 1e-4, 1);
    assert_eq!(found.public.last().unwrap().name, "in_range");
    assert_eq!(found.public.last().unwrap().values, [0]);
}

#[test]
fn a_nearly_singular_covariance_is_held_by_the_ridge() {
    // All risk in one direction; without the ridge the inverse would not exist.
    let inputs = vec![vec![fixed(0.3), fixed(0.3), 0, fixed(0.01), fixed(0.02)]; 3];
    for (ridge, share) in [(1 << 12, 1e-3), (1 << 14, 1e-4)] {
        let found = is_near(&*fitting(2, 3, ridge, &inputs), &inputs, share, 1);
        assert_eq!(found.public.len(), 3, "it has an answer");
    }
}

/// With the first range that the sum of raw weights fits in.
fn fitting(
    assets: i64,
    participants: usize,
    ridge: i64,
    inputs: &[Vec<i128>],
) -> Box<dyn Function> {
    (-8..=24)
        .map(|scale| sealed(assets, participants, ridge, scale))
        .find(|function| function.reference(inputs).unwrap().public.len() == 3)
        .expect("a range that fits")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(12)))]

    #[test]
    fn sealed_portfolios_are_near_a_solve_in_double_precision(
        numbers in prop::collection::vec(prop::collection::vec(-1_f64..1.0, 65), 3..5),
        assets in 2_usize..8,
        seed: u64,
    ) {
        let inputs: Vec<Vec<i128>> =
            numbers.iter().map(|numbers| submission(assets, numbers)).collect();
        let count = i64::try_from(assets).unwrap();
        is_near(&*fitting(count, inputs.len(), 1 << 14, &inputs), &inputs, 1e-4, seed);
    }

    #[test]
    fn inverse_volatilities_are_near_those_in_double_precision(
        variances in prop::collection::vec(prop::collection::vec(1_i128 << 20..1 << 25, 6), 3..6),
        log2 in 24_i64..30,
        seed: u64,
    ) {
        let parameters = Parameters::new()
            .with("weights", vec![2; variances.len()])
            .with("assets", [6])
            .with("variance_log2", [log2]);
        is_near(&*build("inverse_volatility", &parameters), &variances, 1e-4, seed);
    }

    #[test]
    fn pooled_portfolios_are_exact(
        matrix in prop::collection::vec(-(1_i64 << 40)..1 << 40, 9),
        forecasts in prop::collection::vec(
            prop::collection::vec(-(1_i128 << 35)..(1 << 35) + (1 << 31), 3),
            3,
        ),
        seed: u64,
    ) {
        let parameters = Parameters::new().with("weights", [1, 7, 256]).with("matrix", matrix);
        matches_reference(&*build("pooled_portfolio", &parameters), &forecasts, seed);
    }
}

//! Runs a function on three nodes in memory and puts the answers together.

#![allow(dead_code, reason = "each test program uses its part")]

use mpc::{
    engine::{Completed, RunError},
    function::{Function, PlainOutputs, PlainPrivate, rehearsal::Rehearsal},
    share::{OutputShares, reconstruct},
};

/// What participants get when all nodes are honest, or the error that all nodes report.
///
/// # Panics
/// When the nodes do not agree.
pub(crate) fn outcome(
    function: &dyn Function,
    inputs: &[Vec<i128>],
    seed: u64,
) -> Result<PlainOutputs, RunError> {
    together(Rehearsal::new(seed).run(function, inputs))
}

/// Puts together what the three nodes give.
///
/// # Panics
/// When the nodes do not agree.
pub(crate) fn together(
    results: [Result<Completed, RunError>; 3],
) -> Result<PlainOutputs, RunError> {
    let mut completed = Vec::new();
    for result in results {
        completed.push(result?);
    }
    let public = completed[0].outputs.public.clone();
    assert!(completed.iter().all(|node| node.outputs.public == public), "one public answer");
    let mut private = Vec::new();
    for (index, first) in completed[0].outputs.private.iter().enumerate() {
        let shares: [OutputShares; 3] = std::array::from_fn(|node| {
            let output = &completed[node].outputs.private[index];
            assert_eq!((output.participant, output.name), (first.participant, first.name));
            output.shares.clone()
        });
        let values = reconstruct(&shares).expect("shares agree");
        private.push(PlainPrivate {
            participant: first.participant,
            name: first.name,
            values: values.into_iter().map(mpc::field::Fe::signed).collect(),
        });
    }
    Ok(PlainOutputs { public, private })
}

/// The function and its reference give the same, or refuse the same participant.
///
/// # Panics
/// When they do not.
pub(crate) fn matches_reference(function: &dyn Function, inputs: &[Vec<i128>], seed: u64) {
    let expected = function
        .reference(inputs)
        .map_err(|broken| RunError::InvalidInput { participant: broken.participant });
    assert_eq!(outcome(function, inputs, seed), expected, "inputs {inputs:?}");
}

/// How many cases of a property to try: `PROPTEST_CASES`, or so many.
pub(crate) fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

//! What one node sees of a secret is uniform; what three give back is the secret.

use proptest::prelude::*;

use super::{InputShares, Numbers, ParcelError, randomness::Stream, reconstruct, split};
use crate::{
    field::{Fe, PrimeField as _},
    net::NodeIndex,
};

fn seed(number: u64) -> [u8; 32] {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    seed
}

/// Chi-square over the 256 values of every byte that one node sees.
fn uniformity(secret: Fe, node: usize, position: usize, runs: u64) -> f64 {
    let mut counts = [0_u32; 256];
    for run in 0..runs {
        let shares = split(&[secret], &seed(run));
        counts[usize::from(shares[node].to_bytes()[4 + position])] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let expected = runs as f64 / 256.0;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

#[test]
fn every_byte_that_one_node_sees_is_uniform_whatever_the_secret() {
    let largest = -Fe::ONE;
    for secret in [Fe::ZERO, Fe::ONE, largest] {
        for node in 0..3 {
            for position in (0..32).filter(|position| position % 16 != 15) {
                let chi_square = uniformity(secret, node, position, 6_000);
                // 255 degrees of freedom: 1e-6 is at 370.
                assert!(chi_square < 370.0, "byte {position} at {node}: {chi_square}");
            }
        }
    }
}

#[test]
fn a_component_that_two_nodes_hold_differently_is_noticed() {
    let values = [Fe::ONE, Fe::from_signed(-5)];
    let shares = split(&values, &seed(1));
    let mut bytes = shares[1].to_bytes();
    bytes[4 + 16] ^= 1;
    let forged = InputShares::from_bytes(&bytes).unwrap();
    let [first, _, third] = shares;
    let error = reconstruct(&[first, forged, third]);
    assert_eq!(error, Err(ParcelError::Disagreement { position: 1 }));
}

#[test]
fn only_parcels_of_the_right_length_with_canonical_components_are_read() {
    let bytes = split(&[Fe::ONE, Fe::ONE], &seed(2))[0].to_bytes();
    assert_eq!(InputShares::from_bytes(&bytes).unwrap().to_bytes(), bytes);
    for length in 0..bytes.len() {
        let cut = InputShares::from_bytes(&bytes[..length]);
        assert!(matches!(cut.err(), Some(ParcelError::Length { .. })), "{length}");
    }
    let mut large = bytes;
    large[4 + 48..].fill(0xFF);
    let error = InputShares::from_bytes(&large).err();
    assert_eq!(error, Some(ParcelError::NotCanonical { position: 3 }));
}

#[test]
fn every_order_of_three_is_equally_likely() {
    let mut stream = Stream::new(&seed(3));
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..6_000 {
        *counts.entry(stream.order(3)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    assert!(counts.values().all(|count| (850..1_150).contains(count)), "{counts:?}");
}

/// The work of all three nodes on one list.
fn everywhere(values: &[Fe], work: impl Fn(NodeIndex, Numbers) -> Numbers) -> Vec<Fe> {
    let shares = split(values, &seed(4)).map(InputShares::into_numbers);
    let mut results = NodeIndex::ALL.into_iter().zip(shares).map(|(node, share)| work(node, share));
    let results: [Numbers; 3] = std::array::from_fn(|_| results.next().unwrap());
    reconstruct(&results.map(Into::into)).unwrap()
}

proptest! {
    #[test]
    fn sums_and_public_factors_are_those_of_the_secrets(
        values in prop::collection::vec(-1_000_i64..1_000, 1..20),
        factor in -50_i64..50,
        constant in -50_i64..50,
    ) {
        let secrets: Vec<Fe> = values.iter().map(|value| Fe::from_signed(*value)).collect();
        let (factor_fe, constant_fe) = (Fe::from_signed(factor), Fe::from_signed(constant));
        let found = everywhere(&secrets, |me, numbers| {
            let scaled = numbers.times_public(factor_fe).plus_constant(me, constant_fe);
            let sums = scaled.plus(&numbers).running_sums();
            sums.subtracted_from(me, Fe::ONE)
        });
        let mut sum = 0;
        for (value, found) in values.iter().zip(found) {
            sum += value * factor + constant + value;
            prop_assert_eq!(found.signed(), i128::from(1 - sum));
        }
    }
}

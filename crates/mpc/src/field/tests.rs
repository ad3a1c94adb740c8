//! The field against big integers, and the planes against single bits.

use num_rational::BigRational;
use proptest::prelude::*;

use super::{
    Fe, PrimeField,
    planes::{last_mask, pack, slice, turn, unpack, words},
};

const PRIME: u128 = (1 << 127) - 1;

/// `left * right` modulo the prime by exact arithmetic from another library.
fn exact(left: u128, right: u128) -> u128 {
    let whole = |value: u128| BigRational::from_integer(value.into());
    let product = whole(left) * whole(right);
    let times = (product.clone() / whole(PRIME)).floor();
    (product - times * whole(PRIME)).to_integer().try_into().unwrap()
}

fn edges() -> Vec<u128> {
    let powers = (0..127).flat_map(|bit| {
        let power = 1_u128 << bit;
        [power - 1, power, power + 1, PRIME - power]
    });
    powers.chain([PRIME - 1, PRIME - 2, PRIME / 2, PRIME / 2 + 1]).filter(|v| *v < PRIME).collect()
}

fn fe(value: u128) -> Fe {
    Fe::new(value).unwrap()
}

fn agrees(left: u128, right: u128) {
    let (a, b) = (fe(left), fe(right));
    assert_eq!((a * b).get(), exact(left, right), "{left} * {right}");
    assert_eq!((a + b).get(), (left + right) % PRIME, "{left} + {right}");
    assert_eq!((a - b).get(), (left + PRIME - right) % PRIME, "{left} - {right}");
    assert_eq!((-a).get(), (PRIME - left) % PRIME, "-{left}");
}

#[test]
fn arithmetic_agrees_with_big_integers_next_to_every_power_of_two() {
    let edges = edges();
    for left in &edges {
        for right in edges.iter().step_by(41) {
            agrees(*left, *right);
        }
    }
}

#[test]
fn an_inverse_gives_one_and_zero_has_none() {
    for value in edges().into_iter().filter(|value| *value != 0) {
        assert_eq!(fe(value) * fe(value).inverse(), Fe::ONE, "{value}");
    }
    assert_eq!(Fe::ZERO.inverse(), Fe::ZERO);
}

#[test]
fn only_canonical_encodings_are_read() {
    for value in edges() {
        let mut bytes = Vec::new();
        fe(value).write(&mut bytes);
        assert_eq!(Fe::read(&bytes), Some(fe(value)));
        assert_eq!(Fe::read(&bytes[1..]), None);
    }
    for value in [PRIME, PRIME + 1, u128::MAX] {
        assert_eq!(Fe::read(&value.to_le_bytes()), None);
    }
}

#[test]
fn a_long_sum_of_the_largest_products_does_not_overflow() {
    let largest = fe(PRIME - 1);
    let values = vec![largest; 10_000];
    assert_eq!(Fe::dot(&values, &values), fe(10_000));
}

#[test]
fn draws_cover_the_field_without_leaving_it() {
    let mut all_ones = || u64::MAX;
    assert_eq!(Fe::draw(&mut all_ones), Fe::ZERO);
    let mut half = [0, 1 << 63].into_iter().cycle();
    assert_eq!(Fe::draw(&mut || half.next().unwrap()), fe(1 << 126));
}

proptest! {
    #[test]
    fn arithmetic_agrees_with_big_integers(left in 0..PRIME, right in 0..PRIME) {
        agrees(left, right);
    }

    #[test]
    fn a_sum_of_products_is_the_sum_of_the_products(
        values in prop::collection::vec((0..PRIME, 0..PRIME), 0..20),
    ) {
        let (left, right): (Vec<Fe>, Vec<Fe>) =
            values.iter().map(|(left, right)| (fe(*left), fe(*right))).unzip();
        let expected = left.iter().zip(&right).map(|(left, right)| *left * *right).sum::<Fe>();
        prop_assert_eq!(Fe::dot(&left, &right), expected);
    }

    #[test]
    fn signed_numbers_survive(value in -(1_i128 << 126) + 1..1_i128 << 126) {
        prop_assert_eq!(Fe::from_i128(value).signed(), value);
    }

    #[test]
    fn packing_keeps_every_bit_and_refuses_others(
        items in 1_usize..200,
        planes in 0_usize..4,
        seed: u64,
    ) {
        let mut state = seed | 1;
        let mut bits: Vec<u64> = (0..planes * words(items)).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state
        }).collect();
        for plane in bits.chunks_mut(words(items)) {
            *plane.last_mut().unwrap() &= last_mask(items);
        }
        let mut bytes = Vec::new();
        pack(&bits, items, &mut bytes);
        prop_assert_eq!(bytes.len(), planes * items.div_ceil(8));
        prop_assert_eq!(unpack(&bytes, planes, items), Some(bits));
        if planes > 0 && items % 8 != 0 {
            *bytes.last_mut().unwrap() |= 0x80;
            prop_assert_eq!(unpack(&bytes, planes, items), None);
        }
        bytes.push(0);
        prop_assert_eq!(unpack(&bytes, planes, items), None);
    }

    #[test]
    fn turning_swaps_rows_and_columns(square: u64) {
        let turned = turn(square);
        for row in 0..8 {
            for column in 0..8 {
                prop_assert_eq!(square >> (8 * row + column) & 1, turned >> (8 * column + row) & 1);
            }
        }
    }

    #[test]
    fn a_plane_holds_one_bit_of_every_number(
        numbers in prop::collection::vec(any::<u64>(), 1..150),
        count in 1_usize..=64,
    ) {
        let planes = slice(&numbers, count);
        let width = words(numbers.len());
        prop_assert_eq!(planes.len(), count * width);
        for (index, number) in numbers.iter().enumerate() {
            for bit in 0..count {
                let found = planes[bit * width + index / 64] >> (index % 64) & 1;
                prop_assert_eq!(found, number >> bit & 1);
            }
        }
    }
}

//! Numbers with a binary point: 24 bits after it.
//!
//! A product has 48 and is rounded by opening it behind a mask and shifting what is left. The
//! error of a rounding is below two units in the last place, and it depends on the mask, so
//! results are right within a bound, not equal to a reference bit for bit.

use crate::{
    engine::{Engine, RunError},
    field::{Fe, PrimeField as _},
    share::Numbers,
};

use super::sign::MASK_BITS;

/// Bits after the binary point.
pub const FRACTION: u32 = 24;
/// Products must be below two to this; a mask then hides them with 2^-42.
const PRODUCT_BITS: u32 = 80;

/// One.
#[must_use]
pub const fn one() -> Fe {
    Fe::power_of_two(FRACTION)
}

/// Divides by two to the power of `shift`; below two units off. One round, 16 bytes a number.
///
/// Numbers must be from -2^80 to 2^80.
///
/// # Errors
/// [`RunError`]; the run is over.
pub fn round(engine: &mut Engine<'_>, numbers: &Numbers, shift: u32) -> Result<Numbers, RunError> {
    let mask = engine.random_each(&vec![MASK_BITS; numbers.len()]);
    let offset = Fe::power_of_two(PRODUCT_BITS);
    let masked = numbers.plus(&mask).plus_constant(engine.me(), offset);
    let opened = engine.open_masked(&masked)?;
    let shifted = |values: &[Fe]| -> Vec<Fe> {
        values.iter().map(|value| -Fe::small(value.get() >> shift)).collect()
    };
    let mut result = Numbers::new(shifted(&mask.own), shifted(&mask.next));
    // What three masks lose by shifting is one and a half on average, and the number half.
    let center = Fe::small(offset.get() >> shift) + Fe::ONE;
    let public: Vec<Fe> =
        opened.iter().map(|value| Fe::small(value.get() >> shift) - center).collect();
    result.add_public(engine.me(), &public);
    result.unchecked = masked.unchecked;
    Ok(result)
}

/// Products of pairs. Two rounds.
///
/// # Errors
/// [`RunError`]; the run is over.
pub fn multiply(engine: &mut Engine<'_>, x: &Numbers, y: &Numbers) -> Result<Numbers, RunError> {
    let products = engine.multiply(x, y)?;
    round(engine, &products, FRACTION)
}

/// The product of two square matrices, row by row. Two rounds, an element for each entry.
///
/// # Errors
/// [`RunError`]; the run is over.
pub fn multiply_matrices(
    engine: &mut Engine<'_>,
    x: &Numbers,
    y: &Numbers,
    size: usize,
) -> Result<Numbers, RunError> {
    let entries = || (0..size).flat_map(move |row| (0..size).map(move |column| (row, column)));
    let rows: Vec<usize> =
        entries().flat_map(|(row, _)| (0..size).map(move |k| row * size + k)).collect();
    let columns: Vec<usize> =
        entries().flat_map(|(_, column)| (0..size).map(move |k| k * size + column)).collect();
    let products = engine.inner_products(&x.pick(&rows), &y.pick(&columns), size)?;
    round(engine, &products, FRACTION)
}

/// One over each number, which must lie between 1/16 and 1. About 46 rounds.
///
/// Newton: `q (2 - z q)` from 1 squares the error `1 - z q` each time.
///
/// # Errors
/// [`RunError`]; the run is over.
pub fn reciprocal(engine: &mut Engine<'_>, numbers: &Numbers) -> Result<Numbers, RunError> {
    let two = one() + one();
    // The first step, from one, needs no product.
    let mut result = numbers.subtracted_from(engine.me(), two);
    for _ in 1..9 {
        let product = multiply(engine, numbers, &result)?;
        let factor = product.subtracted_from(engine.me(), two);
        result = multiply(engine, &result, &factor)?;
    }
    Ok(result)
}

/// One over the square root of each number, which must lie between 1/64 and 1. About 80
/// rounds.
///
/// Newton: `q (3 - z q q) / 2` from 1 grows by half until it is near, then squares the error.
///
/// # Errors
/// [`RunError`]; the run is over.
pub fn inverse_root(engine: &mut Engine<'_>, numbers: &Numbers) -> Result<Numbers, RunError> {
    let me = engine.me();
    let three = one() + one() + one();
    let half = |engine: &mut Engine<'_>, x: &Numbers, y: &Numbers| {
        let products = engine.multiply(x, y)?;
        round(engine, &products, FRACTION + 1)
    };
    let first = numbers.subtracted_from(me, three);
    let mut result = round(engine, &first, 1)?;
    for _ in 1..11 {
        let square = multiply(engine, &result, &result)?;
        let product = multiply(engine, numbers, &square)?;
        result = half(engine, &result, &product.subtracted_from(me, three))?;
    }
    Ok(result)
}

//! Sorting: shuffle, then compare in the open.
//!
//! After a shuffle whose order nobody knows, the results of comparisons show a uniformly
//! random order and nothing else, so they may be opened. Source: Hamada et al., ICISC 2012.

use super::sign::negative;
use crate::{
    engine::{Engine, RunError},
    field::Fe,
    share::Numbers,
};

/// The label under which comparisons of shuffled records are opened: a uniformly random order.
pub const SHUFFLED_ORDER: &str = "the order of shuffled records, which is uniformly random";

/// Bits of an index that makes keys different.
pub(crate) const TIE_BITS: u32 = 10;

/// Sorts records of `fields` numbers, smallest key first. The key is the first field, from
/// -2^bits to 2^bits-1; equal keys keep their order.
///
/// All pairs are compared in one layer: meant for a few hundred records, at most 1024.
///
/// # Errors
/// [`RunError`]; the run is over.
///
/// # Panics
/// With more than 1024 records.
pub fn sort(
    engine: &mut Engine<'_>,
    records: &Numbers,
    fields: usize,
    bits: u32,
) -> Result<Numbers, RunError> {
    let count = records.len() / fields;
    assert!(count <= 1 << TIE_BITS, "{count} records are too many for their tie-breaking bits");
    let me = engine.me();
    let places: Vec<Fe> = (0..count).map(|place| Fe::from_i128(place as i128)).collect();
    let keys: Vec<usize> = (0..count).map(|record| record * fields).collect();
    let scaled = records.pick(&keys).times_public(Fe::power_of_two(TIE_BITS));
    let unique = scaled.plus(&Numbers::public(me, &places));
    // Unique keys first, then the records as they are.
    let with_keys: Vec<usize> = (0..count)
        .flat_map(|record| {
            let own = count + record * fields..count + (record + 1) * fields;
            std::iter::once(record).chain(own)
        })
        .collect();
    let joined = Numbers::join(&[&unique, records]).pick(&with_keys);
    let shuffled = engine.shuffle(&joined, fields + 1)?;
    let ranks = ranks(engine, &shuffled, fields + 1, bits + TIE_BITS + 2)?;
    let mut sorted = vec![0; count];
    for (record, rank) in ranks.iter().enumerate() {
        sorted[*rank] = record;
    }
    let elements: Vec<usize> = sorted
        .iter()
        .flat_map(|record| record * (fields + 1) + 1..(record + 1) * (fields + 1))
        .collect();
    Ok(shuffled.pick(&elements))
}

/// The rank of each shuffled record, in the open.
fn ranks(
    engine: &mut Engine<'_>,
    shuffled: &Numbers,
    fields: usize,
    width: u32,
) -> Result<Vec<usize>, RunError> {
    let count = shuffled.len() / fields;
    let pairs: Vec<(usize, usize)> =
        (0..count).flat_map(|left| (left + 1..count).map(move |right| (left, right))).collect();
    let key = |record: &usize| record * fields;
    let left: Vec<usize> = pairs.iter().map(|(left, _)| key(left)).collect();
    let right: Vec<usize> = pairs.iter().map(|(_, right)| key(right)).collect();
    let mut ranks = vec![0; count];
    if pairs.is_empty() {
        return Ok(ranks);
    }
    let smaller = negative(engine, &shuffled.pick(&left).minus(&shuffled.pick(&right)), width)?;
    let smaller = engine.open_bits(SHUFFLED_ORDER, &smaller)?;
    for (pair, (left, right)) in pairs.iter().enumerate() {
        let left_is_smaller = smaller[pair / 64] >> (pair % 64) & 1 == 1;
        ranks[if left_is_smaller { *right } else { *left }] += 1;
    }
    let mut seen = ranks.clone();
    seen.sort_unstable();
    if seen.iter().enumerate().all(|(rank, seen)| rank == *seen) {
        Ok(ranks)
    } else {
        // After a check this cannot be; without one it can.
        Err(RunError::cheated(engine.me().next(), "comparisons that are no order"))
    }
}

//! Which numbers are below zero, and bits as numbers.
//!
//! A number is opened behind a mask whose three components are known to two nodes each; what
//! is left is to add three known numbers in binary and look at the top bit. About four
//! products of bits for each bit of width.

use crate::{
    engine::{Engine, RunError},
    field::{
        Fe,
        planes::{slice, words},
    },
    net::NodeIndex,
    share::{Numbers, Planes},
};

/// Bits of a mask that need not be smaller: three components and a number still do not wrap.
pub(crate) const MASK_BITS: u32 = 122;
/// Widest numbers that such a mask hides with 2^-58.
pub const MOST_BITS: u32 = 64;

/// How one number is hidden while it is turned into bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hiding {
    /// Added before the mask, so that nothing is negative.
    pub(crate) offset: Fe,
    /// Bits of each component of the mask.
    pub(crate) bits: u32,
}

impl Hiding {
    /// For numbers from -2^(width-1) to 2^(width-1)-1.
    pub(crate) fn signed(width: u32) -> Self {
        Self { offset: Fe::power_of_two(width - 1), bits: MASK_BITS }
    }
}

/// One plane: which numbers are negative. All must lie from -2^(width-1) to 2^(width-1)-1.
///
/// Rounds: 3 and the depth of a tree over `width - 2` bits; 9 at 64 bits. 16 bytes and about
/// `4 * width` bits a number.
///
/// # Errors
/// [`RunError`]; the run is over.
///
/// # Panics
/// When `width` is below 2 or above [`MOST_BITS`].
pub fn negative(
    engine: &mut Engine<'_>,
    numbers: &Numbers,
    width: u32,
) -> Result<Planes, RunError> {
    assert!((2..=MOST_BITS).contains(&width), "a width of {width} bits");
    let hiding = vec![Hiding::signed(width); numbers.len()];
    Ok(negative_hidden(engine, numbers, &hiding, width)?.0)
}

/// The same with a mask of its own for each number, and what was opened.
pub(crate) fn negative_hidden(
    engine: &mut Engine<'_>,
    numbers: &Numbers,
    hiding: &[Hiding],
    width: u32,
) -> Result<(Planes, Vec<Fe>), RunError> {
    let mask = engine.random_each(&hiding.iter().map(|hiding| hiding.bits).collect::<Vec<_>>());
    let mut masked = numbers.plus(&mask);
    masked.add_public(engine.me(), &hiding.iter().map(|hiding| hiding.offset).collect::<Vec<_>>());
    let opened = engine.open_masked(&masked)?;
    let me = engine.me();
    let component = |index: usize, mask: &[Fe]| {
        let terms = opened.iter().zip(hiding).zip(mask);
        let values: Vec<u128> = terms
            .map(|((opened, hiding), mask)| {
                let public =
                    if index == 0 { opened.get().wrapping_sub(hiding.offset.get()) } else { 0 };
                public.wrapping_sub(mask.get())
            })
            .collect();
        slice_wide(&values, width)
    };
    let own = component(me.get(), &mask.own);
    let next = component(me.next().get(), &mask.next);
    let sum = top_bit(engine, &Planes::new(numbers.len(), own, next), width as usize)?;
    Ok((sum, opened))
}

/// The low bits of numbers of up to 128 bits, in planes.
fn slice_wide(numbers: &[u128], width: u32) -> Vec<u64> {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    let low: Vec<u64> = numbers.iter().map(|number| *number as u64).collect();
    let mut planes = slice(&low, width.min(64) as usize);
    if width > 64 {
        let high: Vec<u64> = numbers.iter().map(|number| (number >> 64) as u64).collect();
        planes.extend(slice(&high, width as usize - 64));
    }
    planes
}

/// The highest bit of the sum, modulo two to the width, of three numbers: component k of the
/// planes is number k.
fn top_bit(engine: &mut Engine<'_>, sums: &Planes, width: usize) -> Result<Planes, RunError> {
    let me = engine.me();
    let low = sums.range(0..width - 1);
    // The carry of three bits is (a+c)(b+c)+c, and each of them is one component.
    let first = without(&low, me, 1);
    let second = without(&low, me, 0);
    let third = without(&without(&low, me, 0), me, 1);
    let carries = engine.and(&first, &second)?.xor(&third);
    // Now sums + 2 * carries: bit j of the second number is carry j-1.
    let top = sums.range(width - 1..width).xor(&carries.range(width - 2..width - 1));
    if width < 3 {
        return Ok(top);
    }
    let (left, right) = (low.range(1..width - 1), carries.range(0..width - 2));
    let mut generate = engine.and(&left, &right)?;
    let mut propagate = left.xor(&right);
    while generate.planes() > 1 {
        (generate, propagate) = combine(engine, &generate, &propagate)?;
    }
    Ok(top.xor(&generate))
}

/// Halves the number of groups of a carry chain, lowest first. The lowest group's `propagate`
/// is never used, so its value does not matter.
fn combine(
    engine: &mut Engine<'_>,
    generate: &Planes,
    propagate: &Planes,
) -> Result<(Planes, Planes), RunError> {
    let groups = generate.planes();
    let pairs = groups / 2;
    let even: Vec<usize> = (0..pairs).map(|pair| 2 * pair).collect();
    let odd: Vec<usize> = (0..pairs).map(|pair| 2 * pair + 1).collect();
    let above = propagate.pick(&odd);
    let x = Planes::join(&[&above, &above.range(1..pairs)]);
    let y = Planes::join(&[&generate.pick(&even), &propagate.pick(&even[1..])]);
    let products = engine.and(&x, &y)?;
    let mut new_generate = generate.pick(&odd).xor(&products.range(0..pairs));
    let mut new_propagate =
        Planes::join(&[&propagate.range(0..1), &products.range(pairs..2 * pairs - 1)]);
    if groups % 2 == 1 {
        new_generate = Planes::join(&[&new_generate, &generate.range(groups - 1..groups)]);
        new_propagate = Planes::join(&[&new_propagate, &propagate.range(groups - 1..groups)]);
    }
    Ok((new_generate, new_propagate))
}

/// The same shares with one component set to zero.
fn without(planes: &Planes, me: NodeIndex, component: usize) -> Planes {
    let mut result = planes.clone();
    if me.get() == component {
        result.own.fill(0);
    }
    if me.next().get() == component {
        result.next.fill(0);
    }
    result
}

/// Secret bits as secret numbers 0 and 1, plane by plane. Two rounds, 32 bytes a bit.
///
/// # Errors
/// [`RunError`]; the run is over.
pub fn to_numbers(engine: &mut Engine<'_>, bits: &Planes) -> Result<Numbers, RunError> {
    let me = engine.me();
    let only = |component: usize| {
        let spread = |planes: &[u64], holds: bool| spread(planes, bits.items(), holds);
        let (own, next) = (me.get() == component, me.next().get() == component);
        Numbers::new(spread(&bits.own, own), spread(&bits.next, next))
    };
    let first = exclusive(engine, &only(0), &only(1))?;
    exclusive(engine, &first, &only(2))
}

/// Exclusive or of numbers that are 0 or 1: `a + b - 2ab`.
fn exclusive(engine: &mut Engine<'_>, a: &Numbers, b: &Numbers) -> Result<Numbers, RunError> {
    let product = engine.multiply(a, b)?;
    Ok(a.plus(b).minus(&product.plus(&product)))
}

/// Bits of one component as numbers, or zeros.
fn spread(planes: &[u64], items: usize, holds: bool) -> Vec<Fe> {
    let width = words(items).max(1);
    let mask = u128::from(holds);
    let mut numbers = Vec::with_capacity(planes.len() / width * items);
    for plane in planes.chunks(width) {
        for item in 0..items {
            let bit = u128::from(plane[item / 64] >> (item % 64) & 1);
            numbers.push(Fe::small(bit & mask));
        }
    }
    numbers
}

/// `chosen` where a secret bit, given as a number, is one, otherwise `other`. One round.
///
/// # Errors
/// [`RunError`]; the run is over.
pub fn select(
    engine: &mut Engine<'_>,
    bit: &Numbers,
    chosen: &Numbers,
    other: &Numbers,
) -> Result<Numbers, RunError> {
    Ok(engine.multiply(bit, &chosen.minus(other))?.plus(other))
}

/// Which numbers are negative, as numbers 0 and 1: [`negative`] and [`to_numbers`].
///
/// # Errors
/// [`RunError`]; the run is over.
pub fn is_negative(
    engine: &mut Engine<'_>,
    numbers: &Numbers,
    width: u32,
) -> Result<Numbers, RunError> {
    let bits = negative(engine, numbers, width)?;
    to_numbers(engine, &bits)
}

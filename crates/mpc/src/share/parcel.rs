//! Shares on their way between a participant and a node.
//!
//! A parcel is what one node holds of a list of numbers. Its encoding: the count as four
//! bytes, the node's own component of each number, then the following component of each;
//! everything little endian, a component being 16 bytes below 2^127-1.

use zeroize::Zeroize as _;

use super::{Numbers, randomness::Stream};
use crate::field::{Fe, PrimeField as _};

/// One node's shares of a list of numbers. No `Debug`, erased when dropped.
#[derive(Clone)]
pub struct InputShares {
    own: Vec<Fe>,
    next: Vec<Fe>,
}

/// What a node hands to one participant: the same form.
pub type OutputShares = InputShares;

impl Drop for InputShares {
    fn drop(&mut self) {
        self.own.as_mut_slice().zeroize();
        self.next.as_mut_slice().zeroize();
    }
}

/// Why shares are of no use. Ask the sender again, or distrust it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    /// Not as long as its count says.
    #[error("a parcel of {bytes} bytes does not hold the {count} numbers it announces")]
    Length {
        /// What came.
        bytes: usize,
        /// What was announced.
        count: usize,
    },
    /// A component is not below the prime.
    #[error("component {position} of a parcel is not a canonical field element")]
    NotCanonical {
        /// Which, from 0, over both lists.
        position: usize,
    },
    /// The nodes were given, or give, different components: somebody lies.
    #[error("two nodes disagree about number {position}")]
    Disagreement {
        /// Which, from 0.
        position: usize,
    },
}

impl InputShares {
    pub(crate) fn new(own: Vec<Fe>, next: Vec<Fe>) -> Self {
        Self { own, next }
    }

    /// How many numbers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.own.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// The encoding.
    ///
    /// # Panics
    /// With more than 2^32 numbers.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.len()).expect("fewer than 2^32 numbers");
        let mut bytes = Vec::with_capacity(4 + 32 * self.len());
        bytes.extend_from_slice(&count.to_le_bytes());
        for component in self.own.iter().chain(&self.next) {
            component.write(&mut bytes);
        }
        bytes
    }

    /// Reads the encoding.
    ///
    /// # Errors
    /// [`ParcelError`] for anything that [`Self::to_bytes`] does not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParcelError> {
        let (head, body) = bytes
            .split_at_checked(4)
            .ok_or(ParcelError::Length { bytes: bytes.len(), count: 0 })?;
        let count = head.iter().rev().fold(0, |count, byte| count << 8 | usize::from(*byte));
        if body.len() != count * 32 {
            return Err(ParcelError::Length { bytes: bytes.len(), count });
        }
        let mut components = Vec::with_capacity(2 * count);
        for (position, bytes) in body.chunks(16).enumerate() {
            components.push(Fe::read(bytes).ok_or(ParcelError::NotCanonical { position })?);
        }
        let next = components.split_off(count);
        Ok(Self { own: components, next })
    }

    pub(crate) fn own(&self) -> &[Fe] {
        &self.own
    }

    pub(crate) fn next(&self) -> &[Fe] {
        &self.next
    }

    pub(crate) fn into_numbers(mut self) -> Numbers {
        Numbers::new(std::mem::take(&mut self.own), std::mem::take(&mut self.next))
    }
}

impl From<Numbers> for InputShares {
    fn from(mut numbers: Numbers) -> Self {
        Self::new(std::mem::take(&mut numbers.own), std::mem::take(&mut numbers.next))
    }
}

/// Splits numbers for the three nodes. `seed` is 32 fresh bytes from the operating system.
#[must_use]
pub fn split(values: &[Fe], seed: &[u8; 32]) -> [InputShares; 3] {
    let mut stream = Stream::new(seed);
    let (first, second) = (stream.numbers(values.len()), stream.numbers(values.len()));
    let third: Vec<Fe> =
        (0..values.len()).map(|index| values[index] - first[index] - second[index]).collect();
    [
        InputShares::new(first.clone(), second.clone()),
        InputShares::new(second, third.clone()),
        InputShares::new(third, first),
    ]
}

/// Puts together what the three nodes handed out.
///
/// # Errors
/// [`ParcelError::Disagreement`] when the two holders of a component differ, and
/// [`ParcelError::Length`] when the lists do.
pub fn reconstruct(shares: &[OutputShares; 3]) -> Result<Vec<Fe>, ParcelError> {
    let count = shares[0].len();
    for parcel in shares {
        if parcel.own.len() != count || parcel.next.len() != count {
            return Err(ParcelError::Length { bytes: 4 + 32 * parcel.len(), count });
        }
    }
    let mut values = Vec::with_capacity(count);
    for position in 0..count {
        let mut value = Fe::ZERO;
        for node in 0..3 {
            let component = shares[node].own[position];
            if !component.same(shares[(node + 2) % 3].next[position]) {
                return Err(ParcelError::Disagreement { position });
            }
            value += component;
        }
        values.push(value);
    }
    Ok(values)
}

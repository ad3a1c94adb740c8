//! One node's part of a list of secret field elements.
//!
//! Besides the two components each list knows how many layers of products, not yet checked,
//! its values went through. The engine needs that: an error put into one product is a known
//! shift and harmless behind a bounded mask, but multiplied by a secret it is not.

use std::ops::Range;

use zeroize::Zeroize as _;

use crate::{
    field::{Fe, PrimeField as _},
    net::NodeIndex,
};

/// Products, not yet checked, that values depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unchecked {
    /// How many checks had passed when the last of them was made.
    pub(crate) epoch: u32,
    /// Layers of products since.
    pub(crate) depth: u8,
}

impl Unchecked {
    /// What a combination of two values depends on.
    pub(crate) fn with(self, other: Self) -> Self {
        match self.epoch.cmp(&other.epoch) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Equal => {
                Self { epoch: self.epoch, depth: self.depth.max(other.depth) }
            }
            std::cmp::Ordering::Greater => self,
        }
    }
}

/// A node's two components of each of some secret field elements.
///
/// No `Debug`, no comparison, erased when dropped.
#[derive(Clone, Default)]
pub struct Numbers {
    pub(crate) own: Vec<Fe>,
    pub(crate) next: Vec<Fe>,
    pub(crate) unchecked: Unchecked,
}

impl Drop for Numbers {
    fn drop(&mut self) {
        self.own.as_mut_slice().zeroize();
        self.next.as_mut_slice().zeroize();
    }
}

impl Numbers {
    /// From components that went through no product.
    pub(crate) fn new(own: Vec<Fe>, next: Vec<Fe>) -> Self {
        assert_eq!(own.len(), next.len(), "one component is missing");
        Self { own, next, unchecked: Unchecked::default() }
    }

    /// Zeros.
    #[must_use]
    pub fn zeros(count: usize) -> Self {
        Self::new(vec![Fe::ZERO; count], vec![Fe::ZERO; count])
    }

    /// Numbers that everybody knows.
    #[must_use]
    pub fn public(me: NodeIndex, values: &[Fe]) -> Self {
        let mut result = Self::zeros(values.len());
        result.add_public(me, values);
        result
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.own.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// Adds a public number to each: to component 0, which nodes 0 and 2 hold.
    ///
    /// # Panics
    /// When there are more or fewer public ones.
    pub fn add_public(&mut self, me: NodeIndex, values: &[Fe]) {
        assert_eq!(self.len(), values.len(), "as many public numbers as secret ones");
        let component = match me.get() {
            0 => &mut self.own,
            2 => &mut self.next,
            _ => return,
        };
        for (share, value) in component.iter_mut().zip(values) {
            *share += *value;
        }
    }

    /// Adds one public number to all.
    #[must_use]
    pub fn plus_constant(mut self, me: NodeIndex, value: Fe) -> Self {
        self.add_public(me, &vec![value; self.len()]);
        self
    }

    fn zip(&self, other: &Self, work: impl Fn(Fe, Fe) -> Fe) -> Self {
        assert_eq!(self.len(), other.len(), "lists of one length");
        let both = |left: &[Fe], right: &[Fe]| {
            left.iter().zip(right).map(|(left, right)| work(*left, *right)).collect()
        };
        Self {
            own: both(&self.own, &other.own),
            next: both(&self.next, &other.next),
            unchecked: self.unchecked.with(other.unchecked),
        }
    }

    fn map(&self, work: impl Fn(&[Fe]) -> Vec<Fe>) -> Self {
        Self { own: work(&self.own), next: work(&self.next), unchecked: self.unchecked }
    }

    /// Sums, pair by pair.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.zip(other, |left, right| left + right)
    }

    /// Differences, pair by pair.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.zip(other, |left, right| left - right)
    }

    /// All of them times one public number.
    #[must_use]
    pub fn times_public(&self, factor: Fe) -> Self {
        self.map(|values| values.iter().map(|value| *value * factor).collect())
    }

    /// Each times its public number.
    ///
    /// # Panics
    /// When there are more or fewer public ones.
    #[must_use]
    pub fn times_each(&self, factors: &[Fe]) -> Self {
        assert_eq!(self.len(), factors.len(), "as many public numbers as secret ones");
        self.map(|values| values.iter().zip(factors).map(|(v, factor)| *v * *factor).collect())
    }

    /// A public number minus each.
    #[must_use]
    pub fn subtracted_from(&self, me: NodeIndex, value: Fe) -> Self {
        self.times_public(-Fe::ONE).plus_constant(me, value)
    }

    /// The sum of each run of so many.
    #[must_use]
    pub fn sums(&self, run: usize) -> Self {
        self.map(|values| values.chunks(run).map(|run| run.iter().copied().sum()).collect())
    }

    /// Sums of all up to and including each.
    #[must_use]
    pub fn running_sums(&self) -> Self {
        self.map(|values| {
            let step = |sum: &mut Fe, value: &Fe| {
                *sum += *value;
                Some(*sum)
            };
            values.iter().scan(Fe::ZERO, step).collect()
        })
    }

    /// The weighted sum of all, for each row of public weights.
    #[must_use]
    pub fn weighted(&self, rows: &[Vec<Fe>]) -> Self {
        self.map(|values| rows.iter().map(|row| Fe::dot(row, values)).collect())
    }

    /// Some of them, in this order; an index may come more than once.
    #[must_use]
    pub fn pick(&self, indexes: &[usize]) -> Self {
        self.map(|values| indexes.iter().map(|index| values[*index]).collect())
    }

    /// A piece of the list.
    #[must_use]
    pub fn range(&self, range: Range<usize>) -> Self {
        self.map(|values| values[range.clone()].to_vec())
    }

    /// One list after the other.
    #[must_use]
    pub fn join(lists: &[&Self]) -> Self {
        let mut result = Self::default();
        for list in lists {
            result.own.extend_from_slice(&list.own);
            result.next.extend_from_slice(&list.next);
            result.unchecked = result.unchecked.with(list.unchecked);
        }
        result
    }
}

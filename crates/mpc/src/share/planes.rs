//! One node's part of secret bits, many items in each plane.

use std::ops::Range;

use zeroize::Zeroize as _;

use crate::{
    field::planes::{last_mask, words},
    net::NodeIndex,
};

/// A node's two components of planes of secret bits; addition is exclusive or.
///
/// Unused bits at the end of a plane are zero. No `Debug`, no comparison, erased when dropped.
#[derive(Clone)]
pub struct Planes {
    pub(crate) items: usize,
    pub(crate) own: Vec<u64>,
    pub(crate) next: Vec<u64>,
}

impl Drop for Planes {
    fn drop(&mut self) {
        self.own.as_mut_slice().zeroize();
        self.next.as_mut_slice().zeroize();
    }
}

impl Planes {
    pub(crate) fn new(items: usize, own: Vec<u64>, next: Vec<u64>) -> Self {
        assert_eq!(own.len(), next.len(), "one component is missing");
        assert_eq!(own.len() % words(items).max(1), 0, "a broken plane");
        Self { items, own, next }
    }

    /// No planes of so many items.
    #[must_use]
    pub fn none(items: usize) -> Self {
        Self::new(items, Vec::new(), Vec::new())
    }

    /// How many planes.
    #[must_use]
    pub fn planes(&self) -> usize {
        self.own.len() / words(self.items).max(1)
    }

    /// How many bits are in each plane.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }

    /// Exclusive or, bit by bit.
    ///
    /// # Panics
    /// When the shapes differ.
    #[must_use]
    pub fn xor(&self, other: &Self) -> Self {
        assert_eq!((self.items, self.own.len()), (other.items, other.own.len()), "one shape");
        let both = |left: &[u64], right: &[u64]| -> Vec<u64> {
            left.iter().zip(right).map(|(left, right)| left ^ right).collect()
        };
        Self::new(self.items, both(&self.own, &other.own), both(&self.next, &other.next))
    }

    /// The other bit, everywhere: component 0 changes, which nodes 0 and 2 hold.
    #[must_use]
    pub fn not(mut self, me: NodeIndex) -> Self {
        let (width, mask) = (words(self.items).max(1), last_mask(self.items));
        let component = match me.get() {
            0 => &mut self.own,
            2 => &mut self.next,
            _ => return self,
        };
        for plane in component.chunks_mut(width) {
            for word in plane.iter_mut() {
                *word = !*word;
            }
            if let Some(last) = plane.last_mut() {
                *last &= mask;
            }
        }
        self
    }

    /// Some neighbouring planes.
    #[must_use]
    pub fn range(&self, range: Range<usize>) -> Self {
        let width = words(self.items);
        let part = range.start * width..range.end * width;
        Self::new(self.items, self.own[part.clone()].to_vec(), self.next[part].to_vec())
    }

    /// Some planes, in this order.
    #[must_use]
    pub fn pick(&self, planes: &[usize]) -> Self {
        let width = words(self.items);
        let take = |from: &[u64]| {
            planes.iter().flat_map(|plane| from[plane * width..][..width].to_vec()).collect()
        };
        Self::new(self.items, take(&self.own), take(&self.next))
    }

    /// The planes of one list after those of the other.
    ///
    /// # Panics
    /// When they are not of one length.
    #[must_use]
    pub fn join(lists: &[&Self]) -> Self {
        let mut result = Self::none(lists.first().map_or(0, |first| first.items));
        for list in lists {
            assert_eq!(result.items, list.items, "planes of one length");
            result.own.extend_from_slice(&list.own);
            result.next.extend_from_slice(&list.next);
        }
        result
    }
}

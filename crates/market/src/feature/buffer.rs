//! The window of snapshots behind the features.

use super::ring::Ring;
use crate::snapshot::SnapshotView;

/// The latest snapshots, oldest first, in memory that is taken once.
///
/// One thread owns it; there is nothing atomic inside. Other threads read the newest
/// snapshot through [`MarketSnapshot`](crate::MarketSnapshot).
#[derive(Clone, Debug)]
pub struct FeatureBuffer {
    ring: Ring<SnapshotView>,
}

impl FeatureBuffer {
    /// Snapshots kept unless told otherwise.
    pub const DEFAULT_CAPACITY: usize = 1000;

    /// An empty buffer for `capacity` snapshots, one at least.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { ring: Ring::new(capacity) }
    }

    /// Adds the newest snapshot and returns the oldest when it had to leave.
    #[inline]
    pub fn push(&mut self, snapshot: SnapshotView) -> Option<SnapshotView> {
        let evicted = if self.is_full() { self.pop_oldest() } else { None };
        self.ring.push(snapshot);
        evicted
    }

    /// Removes the oldest snapshot.
    #[inline]
    pub fn pop_oldest(&mut self) -> Option<SnapshotView> {
        self.ring.pop_oldest()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.ring.clear();
    }

    /// The snapshots from the oldest to the newest, in two pieces: nothing is copied.
    #[must_use]
    pub fn window(&self) -> (&[SnapshotView], &[SnapshotView]) {
        self.ring.as_slices()
    }

    /// [`FeatureBuffer::window`] under the name the design documents give it.
    #[must_use]
    pub fn get_window(&self) -> (&[SnapshotView], &[SnapshotView]) {
        self.window()
    }

    /// The snapshots from the oldest to the newest.
    pub fn iter(&self) -> impl Iterator<Item = &SnapshotView> {
        self.ring.iter()
    }

    /// The snapshot `index` places after the oldest.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<SnapshotView> {
        self.ring.get(index)
    }

    /// The oldest snapshot.
    #[must_use]
    #[inline]
    pub fn oldest(&self) -> Option<SnapshotView> {
        self.ring.oldest()
    }

    /// The newest snapshot.
    #[must_use]
    #[inline]
    pub fn newest(&self) -> Option<SnapshotView> {
        self.ring.newest()
    }

    /// How many snapshots there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Whether the next snapshot pushes one out.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    /// How many snapshots it can hold.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.ring.capacity()
    }
}

impl Default for FeatureBuffer {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

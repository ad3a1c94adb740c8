//! A queue of fixed capacity that never allocates after it was made.

/// First in, first out. What leaves is the caller's decision: a full ring takes nothing.
#[derive(Clone, Debug)]
pub(super) struct Ring<T> {
    slots: Box<[T]>,
    /// The slot of the oldest.
    head: usize,
    len: usize,
}

impl<T: Copy + Default> Ring<T> {
    /// Room for `capacity` values, one at least.
    pub(super) fn new(capacity: usize) -> Self {
        Self { slots: vec![T::default(); capacity.max(1)].into(), head: 0, len: 0 }
    }

    /// Adds the newest. The ring must not be full.
    #[inline]
    pub(super) fn push(&mut self, value: T) {
        debug_assert!(!self.is_full(), "room was made before pushing");
        let slot = self.slot(self.len);
        self.slots[slot] = value;
        self.len += 1;
    }

    /// Removes the oldest.
    #[inline]
    pub(super) fn pop_oldest(&mut self) -> Option<T> {
        let oldest = self.oldest()?;
        self.head = self.slot(1);
        self.len -= 1;
        Some(oldest)
    }

    pub(super) fn clear(&mut self) {
        self.head = 0;
        self.len = 0;
    }

    #[inline]
    pub(super) fn oldest(&self) -> Option<T> {
        self.get(0)
    }

    #[inline]
    pub(super) fn newest(&self) -> Option<T> {
        self.get(self.len.wrapping_sub(1))
    }

    /// The value `index` places after the oldest.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<T> {
        (index < self.len).then(|| self.slots[self.slot(index)])
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) const fn is_full(&self) -> bool {
        self.len == self.slots.len()
    }

    pub(super) const fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// The values from the oldest to the newest, in two pieces.
    pub(super) fn as_slices(&self) -> (&[T], &[T]) {
        let end = self.head + self.len;
        if end <= self.slots.len() {
            (&self.slots[self.head..end], &[])
        } else {
            (&self.slots[self.head..], &self.slots[..end - self.slots.len()])
        }
    }

    /// The values from the oldest to the newest.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let (older, newer) = self.as_slices();
        older.iter().chain(newer)
    }

    #[inline]
    const fn slot(&self, index: usize) -> usize {
        let slot = self.head + index;
        if slot < self.slots.len() { slot } else { slot - self.slots.len() }
    }
}

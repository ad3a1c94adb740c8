//! A summary of the latest values, without ever taking a value away.
//!
//! Subtracting what leaves a window from a running sum accumulates rounding errors, and a
//! maximum cannot be subtracted at all. So values are collected in blocks of one window's
//! length. While a block fills, its running summary is known; of the block before it, the
//! summaries of every suffix are known. The window is always one suffix and the running
//! summary. When a block is full, its suffixes are computed in one pass from the newest to
//! the oldest: two combinations per value on average.
//!
//! Source: van Herk (1992), Pattern Recognition Letters 13(7), there for maxima.

/// What is known about some values in a row.
pub(super) trait Summary: Copy + Default {
    /// Of these values and the `newer` ones behind them.
    fn then(self, newer: Self) -> Self;
}

/// The summary of the latest values, as many as it was made for.
#[derive(Clone, Debug)]
pub(super) struct Window<S> {
    /// Before `position` the values of this block; from there on the suffixes of the last one.
    slots: Box<[S]>,
    position: usize,
    /// Of the values of this block; nothing in it at position zero.
    running: S,
    /// Whether there was a block before this one.
    warm: bool,
}

impl<S: Summary> Window<S> {
    /// An empty window for so many values, one at least.
    pub(super) fn new(length: u32) -> Self {
        let slots = vec![S::default(); length.max(1) as usize].into();
        Self { slots, position: 0, running: S::default(), warm: false }
    }

    /// Adds the newest value and gives the summary of the window, once there are enough.
    #[inline]
    pub(super) fn push(&mut self, value: S) -> Option<S> {
        self.running = if self.position == 0 { value } else { self.running.then(value) };
        self.slots[self.position] = value;
        self.position += 1;
        match self.slots.get(self.position) {
            Some(older) => self.warm.then(|| older.then(self.running)),
            None => Some(self.finish_block()),
        }
    }

    pub(super) fn clear(&mut self) {
        (self.position, self.warm) = (0, false);
    }

    fn finish_block(&mut self) -> S {
        let mut newer: Option<S> = None;
        for slot in self.slots.iter_mut().rev() {
            *slot = newer.map_or(*slot, |newer| slot.then(newer));
            newer = Some(*slot);
        }
        (self.position, self.warm) = (0, true);
        self.running
    }
}

/// The largest and the smallest of some values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Range {
    pub(super) high: f64,
    pub(super) low: f64,
}

impl Summary for Range {
    #[inline]
    fn then(self, newer: Self) -> Self {
        Self { high: self.high.max(newer.high), low: self.low.min(newer.low) }
    }
}

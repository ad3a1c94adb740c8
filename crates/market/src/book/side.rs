//! One side of the book: a window of ticks that follows the best price, and a map of the rest.
//!
//! Prices become keys that grow away from the touch on both sides: an ask keeps its
//! tick count, a bid has all its bits flipped, which reverses the order of the whole
//! `i64` range without overflow. The window covers the keys from `origin` on; a key
//! lives in slot `key mod window`, so the window slides without moving what stays.
//! `origin` is a multiple of 64, so that one occupancy word never spans both ends.
//!
//! Invariants between calls: every key in `far` lies beyond the window; the window is
//! empty only when the side is; `best` is the lowest occupied key.

use std::mem;

use domain::Level;

use super::{far::FarLevels, levels::Levels};

const SMALLEST_WINDOW: usize = 256;
const LARGEST_WINDOW: usize = 1 << 24;

/// The keys under one occupancy word.
pub(super) const WORD_KEYS: i64 = 64;

#[derive(Clone)]
pub(super) struct BookSide {
    /// Combined with a tick count by exclusive or to make a key: all ones for bids, zero for
    /// asks.
    mirror: i64,
    /// The first key of the window.
    origin: i64,
    /// The lowest occupied key; while changes are taken in, at or below it. The last key
    /// of the window when that is empty.
    best: i64,
    /// Occupied slots of the window.
    near: usize,
    quantities: Box<[i64]>,
    occupied: Box<[u64]>,
    /// The levels beyond the window.
    far: FarLevels,
}

impl BookSide {
    pub(super) fn bids(window: usize) -> Self {
        Self::new(-1, window)
    }

    pub(super) fn asks(window: usize) -> Self {
        Self::new(0, window)
    }

    fn new(mirror: i64, window: usize) -> Self {
        let window = window.clamp(SMALLEST_WINDOW, LARGEST_WINDOW).next_power_of_two();
        let mut side = Self {
            mirror,
            origin: 0,
            best: 0,
            near: 0,
            quantities: vec![0; window].into(),
            occupied: vec![0; window / 64].into(),
            far: FarLevels::new(),
        };
        side.best = side.last_key();
        side
    }

    pub(super) fn load(&mut self, levels: &[Level]) {
        self.clear();
        let present = levels.iter().filter(|level| level.quantity.get() > 0);
        if let Some(best) = present.map(|level| self.key(level.price.get())).min() {
            self.origin = self.origin_for(best);
            self.best = self.last_key();
        }
        self.apply(levels);
    }

    pub(super) fn apply(&mut self, levels: &[Level]) {
        for level in levels {
            let key = self.key(level.price.get());
            let quantity = level.quantity.get().max(0);
            if self.covers(key) {
                self.set_near(key, quantity);
            } else {
                self.set_outside(key, quantity);
            }
        }
        self.settle();
    }

    pub(super) fn clear(&mut self) {
        // Only what is occupied: memory that was never used stays untouched.
        for (word, bits) in self.occupied.iter_mut().enumerate() {
            if mem::take(bits) != 0 {
                self.quantities[word * 64..][..64].fill(0);
            }
        }
        self.far.clear();
        self.near = 0;
        self.best = self.last_key();
    }

    pub(super) fn best(&self) -> Option<Level> {
        (self.near > 0).then(|| self.level(self.best, self.quantities[self.slot(self.best)]))
    }

    pub(super) fn quantity_at(&self, ticks: i64) -> i64 {
        let key = self.key(ticks);
        if self.covers(key) {
            self.quantities[self.slot(key)]
        } else {
            self.far.get(key).unwrap_or(0)
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.near + self.far.len()
    }

    pub(super) fn levels(&self) -> Levels<'_> {
        let word = self.slot(self.best) / 64;
        let words_after = self.occupied.len() - 1 - self.word_offset(self.best);
        Levels::new(self, self.best & !(WORD_KEYS - 1), word, words_after)
    }

    pub(super) fn occupied(&self) -> &[u64] {
        &self.occupied
    }

    pub(super) fn quantities(&self) -> &[i64] {
        &self.quantities
    }

    pub(super) const fn far(&self) -> &FarLevels {
        &self.far
    }

    /// The level of a key.
    #[inline]
    pub(super) const fn level(&self, key: i64, quantity: i64) -> Level {
        Level::new(key ^ self.mirror, quantity)
    }

    #[inline]
    fn set_near(&mut self, key: i64, quantity: i64) {
        let slot = self.slot(key);
        let before = mem::replace(&mut self.quantities[slot], quantity);
        let bit = slot % 64;
        let present = u64::from(quantity != 0);
        let word = &mut self.occupied[slot / 64];
        *word = (*word & !(1 << bit)) | (present << bit);
        self.near = self.near + usize::from(quantity != 0) - usize::from(before != 0);
        self.best = self.best.min(if quantity == 0 { i64::MAX } else { key });
    }

    #[inline(never)]
    fn set_outside(&mut self, key: i64, quantity: i64) {
        if key > self.origin {
            if quantity == 0 {
                self.far.remove(key);
            } else {
                self.far.insert(key, quantity);
            }
        } else if quantity != 0 {
            self.slide_inwards(key);
            self.set_near(key, quantity);
        }
    }

    /// Restores the invariants after a batch of changes.
    #[inline]
    fn settle(&mut self) {
        if self.near > 0 {
            self.best = self.first_occupied_from(self.best);
        } else if let Some((first, _)) = self.far.first() {
            self.best = first;
        } else {
            self.best = self.last_key();
            return;
        }
        if self.offset(self.best) >= self.window() / 2 {
            self.slide_outwards(self.best);
        }
    }

    /// The lowest occupied key at or after one in the window. There must be one.
    #[inline]
    fn first_occupied_from(&self, key: i64) -> i64 {
        let mut base = key & !(WORD_KEYS - 1);
        let mut word = self.slot(key) / 64;
        let mut bits = self.occupied[word] & (u64::MAX << (key & (WORD_KEYS - 1)));
        while bits == 0 {
            base = base.wrapping_add(WORD_KEYS);
            word = (word + 1) & (self.occupied.len() - 1);
            bits = self.occupied[word];
        }
        base + i64::from(bits.trailing_zeros())
    }

    /// Moves the window away from the touch, to where the best price now is. No occupied
    /// key of the window may lie before `best`.
    #[cold]
    fn slide_outwards(&mut self, best: i64) {
        self.origin = self.origin_for(best);
        self.best = best;
        while let Some((key, quantity)) = self.far.first()
            && self.covers(key)
        {
            self.far.remove(key);
            self.set_near(key, quantity);
        }
    }

    /// Moves the window towards the other side, to a best price before its first key, and
    /// the levels that fall out of it to the map.
    #[cold]
    fn slide_inwards(&mut self, best: i64) {
        let origin = self.origin_for(best);
        let shift = self.origin.wrapping_sub(origin).cast_unsigned();
        let words = self.occupied.len();
        let leaving = usize::try_from(shift / 64).map_or(words, |count| count.min(words));
        for offset in words - leaving..words {
            self.send_far(self.origin + WORD_KEYS * i64::try_from(offset).unwrap_or(i64::MAX));
        }
        self.origin = origin;
        self.best = best;
    }

    /// Moves the levels under one occupancy word to the map.
    fn send_far(&mut self, base: i64) {
        let first_slot = self.slot(base);
        let mut bits = mem::take(&mut self.occupied[first_slot / 64]);
        while bits != 0 {
            let bit = bits.trailing_zeros();
            bits &= bits - 1;
            let quantity = mem::take(&mut self.quantities[first_slot + bit as usize]);
            self.far.insert(base + i64::from(bit), quantity);
            self.near -= 1;
        }
    }

    /// Where the window should start for a best price: a quarter of it is left for better
    /// prices, and the best lies in the first half of it.
    fn origin_for(&self, best: i64) -> i64 {
        let window = self.window().cast_signed();
        let start = best.saturating_sub(window / 4) & !(WORD_KEYS - 1);
        start.min(i64::MAX - window + 1)
    }

    const fn key(&self, ticks: i64) -> i64 {
        ticks ^ self.mirror
    }

    fn window(&self) -> u64 {
        self.quantities.len() as u64
    }

    fn last_key(&self) -> i64 {
        self.origin + (self.window() - 1).cast_signed()
    }

    /// The distance of a key from the start of the window; huge for keys before it.
    const fn offset(&self, key: i64) -> u64 {
        key.wrapping_sub(self.origin).cast_unsigned()
    }

    fn covers(&self, key: i64) -> bool {
        self.offset(key) < self.window()
    }

    #[expect(clippy::cast_possible_truncation, reason = "masked to the length of a slice")]
    fn slot(&self, key: i64) -> usize {
        (key.cast_unsigned() & (self.window() - 1)) as usize
    }

    fn word_offset(&self, key: i64) -> usize {
        usize::try_from(self.offset(key) / 64).unwrap_or(self.occupied.len() - 1)
    }
}

//! Walking a side from its best level outwards.

use std::{
    iter::{Flatten, FusedIterator},
    slice,
};

use domain::Level;

use super::{
    far::Page,
    side::{BookSide, WORD_KEYS},
};

/// The levels of the window, then those of the map.
pub(super) struct Levels<'a> {
    side: &'a BookSide,
    /// The key of the lowest bit of the current word.
    base: i64,
    /// The current word of the occupancy bits, and what is left of it.
    word: usize,
    bits: u64,
    words_after: usize,
    far: Flatten<slice::Iter<'a, Page>>,
}

impl<'a> Levels<'a> {
    /// Starts at the word that holds the best level.
    pub(super) fn new(side: &'a BookSide, base: i64, word: usize, words_after: usize) -> Self {
        let bits = side.occupied()[word];
        Self { side, base, word, bits, words_after, far: side.far().iter() }
    }
}

impl Iterator for Levels<'_> {
    type Item = Level;

    #[inline]
    fn next(&mut self) -> Option<Level> {
        while self.bits == 0 {
            if self.words_after == 0 {
                return self.far.next().map(|&(key, quantity)| self.side.level(key, quantity));
            }
            self.words_after -= 1;
            self.base += WORD_KEYS;
            self.word = (self.word + 1) & (self.side.occupied().len() - 1);
            self.bits = self.side.occupied()[self.word];
        }
        let bit = self.bits.trailing_zeros();
        self.bits &= self.bits - 1;
        let quantity = self.side.quantities()[self.word * 64 + bit as usize];
        Some(self.side.level(self.base + i64::from(bit), quantity))
    }
}

impl FusedIterator for Levels<'_> {}

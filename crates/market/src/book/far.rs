//! The levels beyond the window, by key, without allocating in the steady state.
//!
//! A sorted list of short sorted pages: a change moves at most one page's worth of levels.
//! Emptied pages are kept for later, so only a book that is larger than it ever was asks
//! for memory. Pages are not merged before they are empty, which for mixed insertions and
//! removals costs little room (Johnson and Shasha 1989, on B-trees that free at empty).

use std::slice;

/// Levels in a page at most.
const PAGE_LEVELS: usize = 64;
/// Pages taken at construction: room for 2,048 levels however they come.
const FIRST_PAGES: usize = 64;

/// An ordered map from key to quantity.
#[derive(Clone)]
pub(super) struct FarLevels {
    /// In the order of their keys; none is empty.
    pages: Vec<Page>,
    /// Empty pages.
    spare: Vec<Page>,
    len: usize,
}

/// Keys and quantities in the order of the keys.
pub(super) struct Page {
    /// The key of the first level.
    first: i64,
    levels: Vec<(i64, i64)>,
}

impl Page {
    fn empty() -> Self {
        Self { first: 0, levels: Vec::with_capacity(PAGE_LEVELS) }
    }
}

impl Clone for Page {
    /// With the room of a whole page, which a copied vector would not have.
    fn clone(&self) -> Self {
        let mut page = Self::empty();
        page.first = self.first;
        page.levels.extend_from_slice(&self.levels);
        page
    }
}

impl<'a> IntoIterator for &'a Page {
    type Item = &'a (i64, i64);
    type IntoIter = slice::Iter<'a, (i64, i64)>;

    fn into_iter(self) -> Self::IntoIter {
        self.levels.iter()
    }
}

impl FarLevels {
    pub(super) fn new() -> Self {
        let spare = (0..FIRST_PAGES).map(|_| Page::empty()).collect();
        Self { pages: Vec::with_capacity(FIRST_PAGES), spare, len: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, key: i64) -> Option<i64> {
        let levels = &self.pages.get(self.page_of(key))?.levels;
        levels.binary_search_by_key(&key, |level| level.0).ok().map(|place| levels[place].1)
    }

    pub(super) fn first(&self) -> Option<(i64, i64)> {
        self.pages.first().map(|page| page.levels[0])
    }

    pub(super) fn iter(&self) -> std::iter::Flatten<slice::Iter<'_, Page>> {
        self.pages.iter().flatten()
    }

    pub(super) fn clear(&mut self) {
        for mut page in self.pages.drain(..) {
            page.levels.clear();
            self.spare.push(page);
        }
        self.len = 0;
    }

    /// Sets the quantity of a key, new or not.
    pub(super) fn insert(&mut self, key: i64, quantity: i64) {
        let at = self.page_of(key);
        let Some(page) = self.pages.get_mut(at) else {
            let mut page = self.spare_page();
            (page.first, self.len) = (key, 1);
            page.levels.push((key, quantity));
            return self.pages.push(page);
        };
        match page.levels.binary_search_by_key(&key, |level| level.0) {
            Ok(place) => page.levels[place].1 = quantity,
            Err(_) if page.levels.len() == PAGE_LEVELS => {
                self.split(at);
                self.insert(key, quantity);
            }
            Err(place) => {
                page.levels.insert(place, (key, quantity));
                page.first = page.levels[0].0;
                self.len += 1;
            }
        }
    }

    pub(super) fn remove(&mut self, key: i64) {
        let at = self.page_of(key);
        let Some(page) = self.pages.get_mut(at) else { return };
        let Ok(place) = page.levels.binary_search_by_key(&key, |level| level.0) else { return };
        page.levels.remove(place);
        self.len -= 1;
        if let Some((first, _)) = page.levels.first() {
            page.first = *first;
        } else {
            let page = self.pages.remove(at);
            self.spare.push(page);
        }
    }

    /// The page that holds a key if any does: the last that begins at or before it, else
    /// the first.
    fn page_of(&self, key: i64) -> usize {
        self.pages.partition_point(|page| page.first <= key).saturating_sub(1)
    }

    /// Moves the upper half of a page to a page of its own.
    fn split(&mut self, at: usize) {
        let mut upper = self.spare_page();
        let lower = &mut self.pages[at].levels;
        upper.levels.extend(lower.drain(PAGE_LEVELS / 2..));
        upper.first = upper.levels[0].0;
        self.pages.insert(at + 1, upper);
    }

    fn spare_page(&mut self) -> Page {
        self.spare.pop().unwrap_or_else(Page::empty)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn assert_same(levels: &FarLevels, oracle: &BTreeMap<i64, i64>) {
        let listed: Vec<_> = levels.iter().copied().collect();
        let expected: Vec<_> = oracle.iter().map(|(key, quantity)| (*key, *quantity)).collect();
        assert_eq!(listed, expected);
        assert_eq!((levels.len(), levels.first()), (oracle.len(), expected.first().copied()));
        assert!(levels.pages.iter().all(|page| page.first == page.levels[0].0));
        assert!(levels.pages.iter().chain(&levels.spare).all(|page| {
            page.levels.capacity() == PAGE_LEVELS && page.levels.len() <= PAGE_LEVELS
        }));
    }

    proptest! {
        #[test]
        fn it_is_an_ordered_map(
            steps in prop::collection::vec((-400_i64..400, 0_i64..4), 0..3_000),
            clear_at in 0_usize..6_000,
        ) {
            let (mut levels, mut oracle) = (FarLevels::new(), BTreeMap::new());
            for (number, (key, quantity)) in steps.into_iter().enumerate() {
                if number == clear_at {
                    levels.clear();
                    oracle.clear();
                }
                if quantity == 0 {
                    levels.remove(key);
                    oracle.remove(&key);
                } else {
                    levels.insert(key, quantity);
                    oracle.insert(key, quantity);
                }
                prop_assert_eq!(levels.get(key), oracle.get(&key).copied());
                prop_assert_eq!(levels.get(key + 1), oracle.get(&(key + 1)).copied());
            }
            assert_same(&levels, &oracle);
            assert_same(&levels.clone(), &oracle);
        }
    }

    #[test]
    fn the_ends_of_the_range_are_keys_like_others() {
        let (mut levels, mut oracle) = (FarLevels::new(), BTreeMap::new());
        for key in [i64::MAX, i64::MIN, 0, i64::MAX - 1] {
            levels.insert(key, 7);
            oracle.insert(key, 7);
        }
        assert_same(&levels, &oracle);
        levels.remove(i64::MIN);
        oracle.remove(&i64::MIN);
        assert_same(&levels, &oracle);
    }

    #[test]
    fn a_book_that_grows_and_empties_again_and_again_uses_the_same_pages() {
        let mut levels = FarLevels::new();
        for round in 0..10 {
            (0..2_000).for_each(|key| levels.insert(key * 7 + round, 1));
            assert_eq!(levels.pages.len() + levels.spare.len(), FIRST_PAGES);
            (0..2_000).for_each(|key| levels.remove(key * 7 + round));
            assert_eq!((levels.len(), levels.spare.len()), (0, FIRST_PAGES));
        }
    }
}

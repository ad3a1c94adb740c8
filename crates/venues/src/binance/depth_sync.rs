//! The protocol that joins a depth snapshot and a stream of changes to one book.
//!
//! It decides; it holds no levels except the changes that wait for a snapshot. The rules
//! are Binance's for managing a local order book: on spot a change continues the one
//! before when `U` is not above its `u` + 1, on futures only when `pu` equals its `u`. A
//! snapshot fits when it is not older than what precedes the first change kept, and
//! changes up to the snapshot are dropped: spot below or equal, futures below only.

use std::collections::VecDeque;

use super::message::{DepthDiff, Levels};
use crate::BookSync;

/// So many stale changes in a row mean that the venue has started counting anew.
const STALE_LIMIT: u32 = 100;

/// A change that waits for a snapshot.
#[derive(Debug)]
pub(super) struct KeptDiff {
    pub(super) diff: DepthDiff,
    pub(super) levels: Levels,
}

/// What to do with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiffVerdict {
    /// It continues a complete book: pass it on.
    Apply,
    /// It continues what is known, but the book waits for a snapshot.
    Keep,
    /// Something is missing before it. The book, if there was one, is lost.
    Gap {
        /// Whether there was a complete book.
        was_synced: bool,
    },
    /// Older than what is known: nothing to do.
    Stale,
    /// Exactly the last one again: nothing to do.
    Duplicate,
}

/// What to do with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SnapshotVerdict {
    /// It fits: pass it on, and then the kept changes.
    Load,
    /// Changes between it and the first one kept are missing: ask again.
    TooOld,
    /// No change was seen yet that could tell: ask about it again with the first one.
    TooEarly,
    /// Nobody is waiting for one.
    NotWanted,
}

/// How far one book is.
#[derive(Debug)]
pub(super) struct DepthSync {
    state: BookSync,
    /// `u` of the newest change seen; `None` when the next one begins a new chain.
    newest: Option<u64>,
    /// `lastUpdateId` of the snapshot the book was built on.
    loaded: u64,
    kept: VecDeque<KeptDiff>,
    kept_limit: usize,
    stale_run: u32,
}

impl DepthSync {
    pub(super) const fn new(kept_limit: usize) -> Self {
        let kept = VecDeque::new();
        Self { state: BookSync::Idle, newest: None, loaded: 0, kept, kept_limit, stale_run: 0 }
    }

    pub(super) const fn state(&self) -> BookSync {
        self.state
    }

    /// Judges a change. Changes to keep are copied.
    pub(super) fn on_diff(&mut self, diff: &DepthDiff, levels: &Levels) -> DiffVerdict {
        if let Some(newest) = self.newest
            && diff.last <= newest
        {
            self.stale_run += 1;
            if self.stale_run <= STALE_LIMIT {
                let again = diff.last == newest;
                return if again { DiffVerdict::Duplicate } else { DiffVerdict::Stale };
            }
        }
        self.stale_run = 0;
        let continues = self.newest.is_none_or(|newest| match diff.previous {
            Some(previous) => previous == newest,
            None => diff.first <= newest.saturating_add(1) && diff.last > newest,
        });
        self.newest = Some(diff.last);
        let was_synced = self.state == BookSync::Synced;
        if was_synced && continues {
            // A snapshot may be ahead of the stream for a while.
            return if self.covers(diff) { DiffVerdict::Stale } else { DiffVerdict::Apply };
        }
        if !continues {
            self.kept.clear();
        }
        self.state = BookSync::Waiting;
        self.keep(diff, levels);
        if continues { DiffVerdict::Keep } else { DiffVerdict::Gap { was_synced } }
    }

    /// Whether the loaded snapshot already contains this change.
    const fn covers(&self, diff: &DepthDiff) -> bool {
        match diff.previous {
            Some(_) => diff.last < self.loaded,
            None => diff.last <= self.loaded,
        }
    }

    fn keep(&mut self, diff: &DepthDiff, levels: &Levels) {
        if self.kept.len() == self.kept_limit {
            self.kept.pop_front();
        }
        self.kept.push_back(KeptDiff { diff: *diff, levels: levels.clone() });
    }

    /// Judges a snapshot with this `lastUpdateId`.
    pub(super) fn on_snapshot(&mut self, update_id: u64) -> SnapshotVerdict {
        match self.state {
            BookSync::Waiting => {}
            BookSync::Idle => return SnapshotVerdict::TooEarly,
            BookSync::Synced => return SnapshotVerdict::NotWanted,
        }
        let before = match self.kept.front() {
            Some(KeptDiff { diff, .. }) => diff.previous.unwrap_or(diff.first.saturating_sub(1)),
            None => self.newest.unwrap_or(u64::MAX),
        };
        if update_id < before {
            return SnapshotVerdict::TooOld;
        }
        self.loaded = update_id;
        self.state = BookSync::Synced;
        SnapshotVerdict::Load
    }

    /// The next kept change the loaded snapshot does not contain, oldest first.
    pub(super) fn next_kept(&mut self) -> Option<KeptDiff> {
        while let Some(kept) = self.kept.pop_front() {
            if !self.covers(&kept.diff) {
                return Some(kept);
            }
        }
        self.kept = VecDeque::new();
        None
    }

    /// Somebody found the book wrong, though no change is missing. Says whether there was one.
    pub(super) fn distrust(&mut self) -> bool {
        let was_synced = self.state == BookSync::Synced;
        if was_synced {
            self.state = BookSync::Waiting;
        }
        was_synced
    }

    /// The stream was interrupted, so the next change begins a new chain. Says whether there
    /// was a complete book.
    pub(super) fn interrupt(&mut self) -> bool {
        let was_synced = self.state == BookSync::Synced;
        self.state = BookSync::Idle;
        self.newest = None;
        self.kept.clear();
        self.stale_run = 0;
        was_synced
    }
}

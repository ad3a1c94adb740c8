//! Keeping below a venue's messages-per-second limit.

use std::collections::VecDeque;

use domain::{Span, Timestamp};

/// Allows a number of messages in any second.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    per_second: usize,
    recent: VecDeque<Timestamp>,
}

impl Pace {
    /// One message of the venue's limit is kept free: the answers to its pings count as well.
    pub(super) fn below(venue_limit: u32) -> Self {
        let per_second = venue_limit.saturating_sub(1).max(1) as usize;
        Self { per_second, recent: VecDeque::with_capacity(per_second) }
    }

    /// Books a message now, or refuses it.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        while self.recent.front().is_some_and(|at| now.since(*at) >= Span::from_secs(1)) {
            self.recent.pop_front();
        }
        let free = self.recent.len() < self.per_second;
        if free {
            self.recent.push_back(now);
        }
        free
    }
}

//! When a snapshot may be asked for, so that a storm of gaps cannot hammer the venue.
//!
//! Two limits at once: a least distance between any two requests of the feed, and for each
//! instrument a wait that doubles with each request until its book has stayed in sync.

use domain::{Span, Timestamp};

/// How patient to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResyncPolicy {
    /// Least time between two requests of the feed.
    pub min_interval: Span,
    /// Wait between the first and the second request for one instrument; it doubles then.
    pub first_wait: Span,
    /// Longest wait between two requests for one instrument.
    pub longest_wait: Span,
    /// A book that stayed in sync this long starts again with the first wait.
    pub forgive_after: Span,
    /// A request without an answer for so long has failed.
    pub answer_limit: Span,
}

impl Default for ResyncPolicy {
    fn default() -> Self {
        Self {
            min_interval: Span::from_millis(250),
            first_wait: Span::from_millis(500),
            // At most 30 requests a minute for one book: a quarter of the venue's weight limit.
            longest_wait: Span::from_secs(2),
            forgive_after: Span::from_secs(1),
            answer_limit: Span::from_secs(10),
        }
    }
}

/// The limit all instruments of a feed share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FeedThrottle {
    not_before: Timestamp,
}

impl FeedThrottle {
    /// Asks nothing until `until`.
    pub(super) fn pause(&mut self, until: Timestamp) {
        self.not_before = self.not_before.max(until);
    }
}

/// The requests for one instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requests {
    asked: Option<Timestamp>,
    not_before: Timestamp,
    in_a_row: u32,
    synced: Option<Timestamp>,
}

impl Requests {
    /// None so far.
    pub(super) const NONE: Self =
        Self { asked: None, not_before: Timestamp::EPOCH, in_a_row: 0, synced: None };

    /// Whether to ask now; if so, it counts as asked.
    pub(super) fn ask(
        &mut self,
        now: Timestamp,
        feed: &mut FeedThrottle,
        policy: &ResyncPolicy,
    ) -> bool {
        if self.asked.is_some() || now < self.not_before || now < feed.not_before {
            return false;
        }
        feed.not_before = now + policy.min_interval;
        let doubled = policy.first_wait.as_nanos().saturating_mul(1 << self.in_a_row.min(40));
        let wait = Span::from_nanos(doubled.min(policy.longest_wait.as_nanos()));
        self.not_before = now + wait;
        self.in_a_row += 1;
        self.asked = Some(now);
        true
    }

    /// An answer came, of whatever kind.
    pub(super) const fn answered(&mut self) {
        self.asked = None;
    }

    /// Whether the running request has been waiting too long; if so, it is given up.
    pub(super) fn give_up(&mut self, now: Timestamp, policy: &ResyncPolicy) -> bool {
        let late = self.asked.is_some_and(|asked| now.since(asked) > policy.answer_limit);
        if late {
            self.asked = None;
        }
        late
    }

    pub(super) const fn synced(&mut self, now: Timestamp) {
        self.synced = Some(now);
    }

    /// The book was lost. One that had been good for long is asked for at once.
    pub(super) fn lost(&mut self, now: Timestamp, policy: &ResyncPolicy) {
        if self.synced.take().is_some_and(|since| now.since(since) >= policy.forgive_after) {
            self.in_a_row = 0;
        }
    }
}

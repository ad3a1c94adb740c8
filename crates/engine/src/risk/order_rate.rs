//! Rule: not more than so many orders in any one second of event time.

use std::collections::VecDeque;

use domain::{Span, Timestamp};

use super::case::Case;

const WINDOW: Span = Span::from_secs(1);

pub(super) fn breaks(case: &Case<'_>) -> bool {
    case.rate.is_full(case.facts.now)
}

/// The times of the last approved orders, as many as one second may hold.
#[derive(Clone, Debug)]
pub(super) struct RateWindow {
    times: VecDeque<Timestamp>,
    limit: usize,
}

impl RateWindow {
    pub(super) fn new(max_orders_per_second: u32) -> Self {
        let limit = max_orders_per_second as usize;
        Self { times: VecDeque::with_capacity(limit), limit }
    }

    /// Whether one more order now would be one too many for the second that ends now.
    pub(super) fn is_full(&self, now: Timestamp) -> bool {
        let Some(oldest) = self.times.front() else { return self.limit == 0 };
        self.times.len() >= self.limit && now.since(*oldest) < WINDOW
    }

    pub(super) fn note(&mut self, now: Timestamp) {
        if self.times.len() >= self.limit {
            self.times.pop_front();
        }
        self.times.push_back(now);
    }
}

//! Keeps requests within what a venue allows.
//!
//! The venue counts per minute of its own clock, which we do not know; so no span of that
//! length may hold more than the allowance, wherever it begins. A request counts from the
//! moment its answer came, which is never before the venue counted it.

use std::{collections::VecDeque, time::Duration};

/// So much weight in any span of so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The weight.
    pub most: u32,
    /// The span.
    pub span: Duration,
}

/// Says how long to wait before the next request.
#[derive(Clone, Debug)]
pub struct Limiter {
    allowance: Allowance,
    booked: VecDeque<(Duration, u32)>,
    closed_until: Duration,
}

impl Limiter {
    /// A limiter that has seen no request.
    #[must_use]
    pub const fn new(allowance: Allowance) -> Self {
        Self { allowance, booked: VecDeque::new(), closed_until: Duration::ZERO }
    }

    /// How long a request of this weight must wait. A weight above the allowance waits until
    /// nothing else counts.
    #[must_use]
    pub fn delay(&mut self, now: Duration, weight: u32) -> Duration {
        self.forget(now);
        let closed = self.closed_until.saturating_sub(now);
        let mut over = self.used().saturating_add(weight).saturating_sub(self.allowance.most);
        let mut free_at = now;
        for (time, booked) in &self.booked {
            if over == 0 {
                break;
            }
            over = over.saturating_sub(*booked);
            free_at = *time + self.allowance.span;
        }
        closed.max(free_at.saturating_sub(now))
    }

    /// A request of this weight was answered now.
    pub fn book(&mut self, now: Duration, weight: u32) {
        self.forget(now);
        self.booked.push_back((now, weight));
    }

    /// The venue says how much was used, also by others at this address.
    pub fn observe(&mut self, now: Duration, used: u32) {
        let unknown = used.saturating_sub(self.used());
        if unknown > 0 {
            self.book(now, unknown);
        }
    }

    /// The venue asks for a pause.
    pub fn close(&mut self, now: Duration, pause: Duration) {
        self.closed_until = self.closed_until.max(now + pause);
    }

    fn used(&self) -> u32 {
        self.booked.iter().fold(0, |sum, (_, weight)| sum.saturating_add(*weight))
    }

    fn forget(&mut self, now: Duration) {
        while self.booked.front().is_some_and(|(time, _)| *time + self.allowance.span <= now) {
            self.booked.pop_front();
        }
    }
}

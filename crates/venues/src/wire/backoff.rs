//! How long to wait before dialling again.
//!
//! Exponential back-off with full jitter: the n-th pause is uniform between zero and
//! `base * 2^n`, at most `cap`. Full jitter spreads a crowd of clients best after a venue
//! came back (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).

use std::collections::VecDeque;

use domain::{Span, Timestamp};

/// Pauses that grow with each failure.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Span,
    cap: Span,
    failures: u32,
    random: u64,
}

impl Backoff {
    /// Pauses from `base` up to `cap`; the same seed gives the same pauses.
    #[must_use]
    pub const fn new(base: Span, cap: Span, seed: u64) -> Self {
        Self { base, cap, failures: 0, random: seed }
    }

    /// The pause after one more failure.
    pub fn next_pause(&mut self) -> Span {
        let ceiling = self.ceiling().as_nanos().max(0).unsigned_abs();
        self.failures = self.failures.saturating_add(1);
        let pause = self.draw() % (ceiling + 1);
        Span::from_nanos(i64::try_from(pause).unwrap_or(i64::MAX))
    }

    /// The longest the next pause can be.
    #[must_use]
    pub fn ceiling(&self) -> Span {
        let factor = 1_i64.checked_shl(self.failures.min(62)).unwrap_or(i64::MAX);
        Span::from_nanos(self.base.as_nanos().saturating_mul(factor)).min(self.cap)
    }

    /// Forgets all but the last few failures: the venue works, but does not hold connections.
    /// The next pause is at most eight times the base.
    pub const fn ease(&mut self) {
        if self.failures > 3 {
            self.failures = 3;
        }
    }

    /// Forgets the failures: the connection proved stable.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// One step of `SplitMix64` (Steele, Lea, Flood 2014): enough to spread reconnects.
    const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// At most so many connection attempts in a sliding window: venues ban those who exceed it.
#[derive(Clone, Debug)]
pub(super) struct AttemptBudget {
    window: Span,
    most: usize,
    recent: VecDeque<Timestamp>,
}

impl AttemptBudget {
    pub(super) fn new(most: usize, window: Span) -> Self {
        let most = most.max(1);
        Self { window, most, recent: VecDeque::with_capacity(most) }
    }

    /// Books an attempt now, or says when one is allowed.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        if self.recent.len() == self.most {
            let free_at = self.recent[0] + self.window;
            if now < free_at {
                return Err(free_at);
            }
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        Ok(())
    }
}

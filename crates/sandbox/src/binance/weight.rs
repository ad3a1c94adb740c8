//! Request weights: counted per minute, refused beyond the limit.

use std::sync::{Mutex, PoisonError};

/// Weight used in the running minute.
#[derive(Debug)]
pub(super) struct WeightMeter {
    limit: u32,
    /// The minute since the epoch, and what was used in it.
    used: Mutex<(i64, u32)>,
}

/// The limit is reached: come back after so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch {
    pub(super) retry_after_secs: i64,
}

impl WeightMeter {
    pub(super) const fn new(limit: u32) -> Self {
        Self { limit, used: Mutex::new((0, 0)) }
    }

    /// Books a request. Returns what has been used in this minute.
    pub(super) fn book(&self, weight: u32, now_millis: i64) -> Result<u32, TooMuch> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now_millis.div_euclid(60_000);
        if used.0 != minute {
            *used = (minute, 0);
        }
        let sum = used.1.saturating_add(weight);
        if sum > self.limit {
            let retry_after_secs = 60 - now_millis.rem_euclid(60_000) / 1_000;
            return Err(TooMuch { retry_after_secs });
        }
        used.1 = sum;
        Ok(sum)
    }
}

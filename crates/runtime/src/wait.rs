//! What a thread does while there is nothing to do.

use std::{thread, time::Duration};

use serde::{Deserialize, Serialize};

/// How an idle hot thread waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitStrategy {
    /// Never sleeps: lowest latency, a whole core.
    Spin,
    /// Spins for a moment, then sleeps until woken.
    #[default]
    SpinThenPark,
    /// Sleeps at once.
    Park,
}

/// Polls without result before `SpinThenPark` sleeps: a few ten microseconds.
const SPINS_BEFORE_PARK: u32 = 2_000;

/// Decides between spinning and sleeping.
#[derive(Clone, Copy, Debug)]
pub struct Idler {
    strategy: WaitStrategy,
    idle_polls: u32,
}

impl Idler {
    /// Starts awake.
    #[must_use]
    pub const fn new(strategy: WaitStrategy) -> Self {
        Self { strategy, idle_polls: 0 }
    }

    /// Something happened.
    pub const fn busy(&mut self) {
        self.idle_polls = 0;
    }

    /// Nothing happened: spins, or calls `park` with the longest sleep allowed.
    pub fn idle(&mut self, limit: Duration, park: impl FnOnce(Duration)) {
        self.idle_polls = self.idle_polls.saturating_add(1);
        let spin = match self.strategy {
            WaitStrategy::Spin => true,
            WaitStrategy::SpinThenPark => self.idle_polls < SPINS_BEFORE_PARK,
            WaitStrategy::Park => false,
        };
        if spin { std::hint::spin_loop() } else { park(limit) }
    }
}

/// Too many threads would spin for this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{spinners} threads would spin on {cores} cores; at most {} may: use wait = \"spin-then-park\" \
     or layout = \"fused\"",
    cores.saturating_sub(1)
)]
pub struct TooManySpinners {
    /// Threads that would spin without end.
    pub spinners: usize,
    /// Cores of this machine.
    pub cores: usize,
}

/// Checks that `hot_threads` waiting by `strategy` leave a core for everything else.
///
/// # Errors
/// [`TooManySpinners`].
pub fn check_spinners(
    strategy: WaitStrategy,
    hot_threads: usize,
    cores: usize,
) -> Result<(), TooManySpinners> {
    let spinners = if strategy == WaitStrategy::Spin { hot_threads } else { 0 };
    if spinners > cores.saturating_sub(1) {
        return Err(TooManySpinners { spinners, cores });
    }
    Ok(())
}

/// Cores this process may use.
#[must_use]
pub fn available_cores() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spinner_needs_a_core_beside_its_own() {
        assert!(check_spinners(WaitStrategy::Spin, 1, 2).is_ok());
        assert_eq!(
            check_spinners(WaitStrategy::Spin, 3, 2),
            Err(TooManySpinners { spinners: 3, cores: 2 })
        );
        assert!(check_spinners(WaitStrategy::SpinThenPark, 3, 1).is_ok());
    }

    #[test]
    fn spin_then_park_parks_only_after_many_idle_polls_and_wakes_up_on_activity() {
        let mut idler = Idler::new(WaitStrategy::SpinThenPark);
        let mut parked = 0;
        for _ in 0..SPINS_BEFORE_PARK {
            idler.idle(Duration::from_millis(1), |_| parked += 1);
        }
        assert_eq!(parked, 1);
        idler.busy();
        idler.idle(Duration::from_millis(1), |_| parked += 1);
        assert_eq!(parked, 1);
    }
}

//! Lets a market's time pass at the right speed, on a thread of its own.

use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use domain::Span;

use crate::{config::Speed, market::Progress, venue::Venue};

/// How often a waiting market looks up.
const GRAIN: Duration = Duration::from_millis(2);
/// A recording begins when nobody has subscribed to anything more for so long.
const QUIET: Duration = Duration::from_millis(300);

/// When the market's time begins to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// At once.
    Now,
    /// When listeners are there and no more are coming.
    WithListeners,
}

/// Tells the market's thread to end, and others that the market has ended.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    stopped: Mutex<bool>,
    wake: Condvar,
    finished: AtomicBool,
    failure: Mutex<Option<String>>,
}

impl Signal {
    pub(crate) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn finish(&self, failure: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        self.finished.store(true, Ordering::Release);
    }

    /// Waits; true when the market must end.
    fn pause(&self, time: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if *stopped || time.is_zero() {
            return *stopped;
        }
        let (stopped, _) =
            self.wake.wait_timeout(stopped, time).unwrap_or_else(PoisonError::into_inner);
        *stopped
    }
}

/// Runs the market until it has nothing more to say or is told to end.
pub(crate) fn run(venue: &Venue, speed: Speed, begin: Begin, signal: &Signal) {
    loop {
        if begin == Begin::WithListeners && wait_for_listeners(venue, signal) {
            return;
        }
        let Some(end) = run_once(venue, speed, signal) else { return };
        venue.hub.close_all();
        if end != Progress::Again {
            venue.close_mail();
        }
        match end {
            Progress::Again => tracing::info!("the recording begins again"),
            Progress::Failed(reason) => {
                tracing::error!(reason, "the recording cannot be played any further");
                return signal.finish(Some(reason));
            }
            Progress::NextAt(_) | Progress::Finished => {
                tracing::info!("the recording has ended");
                return signal.finish(None);
            }
        }
    }
}

/// Runs the market to its end and says what that end is; `None` when told to stop.
fn run_once(venue: &Venue, speed: Speed, signal: &Signal) -> Option<Progress> {
    let started = Instant::now();
    let mut next = Span::ZERO;
    loop {
        let elapsed = match speed {
            Speed::Max => next,
            Speed::Times(factor) => scaled(started.elapsed(), factor),
        };
        let progress = venue.with_core(|core, outlet| core.run_until(elapsed, outlet));
        let Progress::NextAt(at) = progress else { return Some(progress) };
        next = at;
        let pause = match speed {
            Speed::Max => Duration::ZERO,
            Speed::Times(factor) => until(at, started.elapsed(), factor),
        };
        if signal.pause(pause) {
            return None;
        }
    }
}

/// True when the market must end instead.
fn wait_for_listeners(venue: &Venue, signal: &Signal) -> bool {
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        if signal.pause(GRAIN) {
            return true;
        }
        let subscriptions = venue.hub.subscriptions();
        if subscriptions != seen {
            (seen, since) = (subscriptions, Instant::now());
        }
        if seen > 0 && since.elapsed() >= QUIET && venue.hub.has_listeners() {
            return false;
        }
    }
}

fn scaled(elapsed: Duration, factor: f64) -> Span {
    let nanos = elapsed.mul_f64(factor.clamp(0.0, 1e6)).as_nanos();
    Span::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

/// The wall time until the market's time reaches `at`, but not longer than the grain.
fn until(at: Span, elapsed: Duration, factor: f64) -> Duration {
    let ahead = at.as_secs_f64() / factor.max(1e-6) - elapsed.as_secs_f64();
    Duration::try_from_secs_f64(ahead.max(0.0)).unwrap_or(GRAIN).min(GRAIN)
}

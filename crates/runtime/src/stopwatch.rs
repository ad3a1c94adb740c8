//! Measures from inside a step of the engine.

use engine::Probe;

use crate::{Clock, Stamp};

/// Times the features of the steps it is told to, and costs a branch in all others.
///
/// One type for both, so that a measured step runs the very code that the others run.
pub(crate) struct Stopwatch<'a, C> {
    clock: &'a C,
    measures: bool,
    started: Stamp,
    features: Option<u64>,
}

impl<'a, C: Clock> Stopwatch<'a, C> {
    /// A stopwatch for one step.
    pub(crate) fn new(clock: &'a C, measures: bool) -> Self {
        Self { clock, measures, started: Stamp::default(), features: None }
    }

    /// How many nanoseconds the features took; `None` when there were none, or none measured.
    pub(crate) const fn features(&self) -> Option<u64> {
        self.features
    }
}

impl<C: Clock> Probe for Stopwatch<'_, C> {
    #[inline]
    fn features_started(&mut self) {
        if self.measures {
            self.started = self.clock.stamp();
        }
    }

    #[inline]
    fn features_done(&mut self) {
        if self.measures {
            self.features = Some(self.clock.nanos_between(self.started, self.clock.stamp()));
        }
    }
}

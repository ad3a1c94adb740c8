//! What the pretend exchange could not do right, told instead of passed over.

use domain::{InstrumentId, NumberError, Timestamp};

/// Something about the account that cannot be right. Numbers that follow from it are wrong too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperProblem {
    /// Supply the funding rates of this time, or the account misses a payment.
    #[error("no funding rate is known for instrument {} at {} ms", instrument.index(),
        time.as_millis())]
    MissingFunding {
        /// Of what.
        instrument: InstrumentId,
        /// When it was due.
        time: Timestamp,
    },
    /// Supply a price before this time, or the account misses a payment.
    #[error("no price is known for instrument {} at {} ms to reckon {what} with",
        instrument.index(), time.as_millis())]
    NoPrice {
        /// Of what.
        instrument: InstrumentId,
        /// When it was needed.
        time: Timestamp,
        /// What for.
        what: &'static str,
    },
    /// Use smaller amounts: this one could not be reckoned exactly.
    #[error("{what} of instrument {} at {} ms cannot be reckoned", instrument.index(),
        time.as_millis())]
    Number {
        /// Of what.
        instrument: InstrumentId,
        /// When.
        time: Timestamp,
        /// What for.
        what: &'static str,
        /// What does not fit.
        source: NumberError,
    },
}

/// The problems so far: all are counted, the first ones are kept.
#[derive(Debug, Default)]
pub(super) struct Problems {
    kept: Vec<PaperProblem>,
    count: u64,
}

impl Problems {
    const KEPT: usize = 1_000;

    pub(super) fn note(&mut self, problem: PaperProblem) {
        self.count += 1;
        if self.kept.len() < Self::KEPT {
            self.kept.push(problem);
        }
    }

    pub(super) fn kept(&self) -> &[PaperProblem] {
        &self.kept
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }
}

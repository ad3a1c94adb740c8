//! Every value that leaves the shares has a label, and every function a list of labels.
//!
//! What is not on the list cannot be opened: a function that tries is stopped, which a test
//! over the catalogue turns into a failure.

use super::{RunError, statistics::Opened};

/// What a function may open, and what it did.
pub struct Ledger {
    allowed: &'static [&'static str],
    opened: Vec<Opened>,
}

impl Ledger {
    pub(super) fn new(allowed: &'static [&'static str]) -> Self {
        Self { allowed, opened: Vec::new() }
    }

    pub(super) fn record(&mut self, label: &'static str, count: usize) -> Result<(), RunError> {
        if !self.allowed.contains(&label) {
            return Err(RunError::UndeclaredOpening { label });
        }
        let values = count as u64;
        match self.opened.iter_mut().find(|opened| opened.label == label) {
            Some(opened) => opened.values += values,
            None => self.opened.push(Opened { label, values }),
        }
        Ok(())
    }

    pub(super) fn into_opened(self) -> Vec<Opened> {
        self.opened
    }
}

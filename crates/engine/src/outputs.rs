//! What one step of the engine hands to its owner.

use domain::Record;

use crate::Command;

/// Commands to carry out and records to write down, both in order.
///
/// The owner empties both lists after every step; their memory is used again.
#[derive(Debug)]
pub struct Outputs {
    /// For the venue.
    pub commands: Vec<Command>,
    /// For the journal.
    pub records: Vec<Record<'static>>,
}

impl Outputs {
    /// Empty, with room for this many commands and twice as many records and a few.
    #[must_use]
    pub fn with_capacity(commands: usize) -> Self {
        let records = 2 * commands + 16;
        Self { commands: Vec::with_capacity(commands), records: Vec::with_capacity(records) }
    }

    /// Empties both lists and keeps their memory.
    pub fn clear(&mut self) {
        self.commands.clear();
        self.records.clear();
    }
}

impl Default for Outputs {
    fn default() -> Self {
        Self::with_capacity(128)
    }
}

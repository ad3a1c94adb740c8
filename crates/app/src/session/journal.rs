//! The journal as the trading loop sees it.

use domain::{Record, RecordSink};
use runtime::Journal;
use storage::{Durability, HotJournal};

/// The journal of a session, or none for a session that writes nothing.
pub(super) enum SessionJournal {
    /// In a data directory.
    Kept(Box<HotJournal>),
    /// Nowhere.
    Nowhere,
}

impl RecordSink for SessionJournal {
    fn record(&mut self, record: &Record<'_>) {
        if let Self::Kept(journal) = self {
            journal.record(record);
        }
    }
}

impl Journal for SessionJournal {
    fn utilization(&self) -> f64 {
        if let Self::Kept(journal) = self { journal.utilization() } else { 0.0 }
    }

    fn handed_over(&self) -> u64 {
        if let Self::Kept(journal) = self { journal.pushed() } else { 0 }
    }

    fn secure_orders(&mut self) -> bool {
        match self {
            Self::Kept(journal) if journal.durability() == Durability::Durable => {
                journal.barrier().is_ok()
            }
            Self::Kept(journal) => journal.failed().is_none(),
            Self::Nowhere => true,
        }
    }

    fn failed(&self) -> bool {
        if let Self::Kept(journal) = self { journal.failed().is_some() } else { false }
    }
}

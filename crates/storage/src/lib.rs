//! What we remember: the journal and its projections.
//!
//! The journal is the source of truth: every input and output of the engine, checksummed and
//! chained. Everything else here is made from it: the state a start goes on from, the
//! database people query, the audit that recomputes both. This crate is blocking code on
//! threads of its own; it decides nothing and knows neither venues nor strategies.

mod audit;
mod catalogue;
mod error;
mod fact;
mod feeder;
mod gauges;
pub mod journal;
mod recorder;
pub mod recovery;
pub mod sqlite;
mod store;

pub use audit::{AuditReport, DatabaseAudit, Difference, SessionAudit, audit};
pub use catalogue::{RECORDERS, RecorderEntry};
pub use error::{DatabaseError, JournalError, StorageError};
pub use fact::{Fact, FactLine, Watermark};
pub use gauges::StorageGauges;
pub use journal::{Durability, Entry, HotJournal, Reader, RecordKind, TornTail};
pub use recorder::Recorder;
pub use recovery::{Account, LastSession, OpenOrder, State, read_state};
pub use sqlite::{Rebuilt, rebuild};
pub use store::{DatabaseSummary, Recovered, Store, StoreConfig, Summary};

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;

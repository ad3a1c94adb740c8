//! Checking the books: an independent, slow and obvious recomputation.
//!
//! From the orders and fills of the journal alone it works out what every account must be,
//! with exact fractions and code of its own, and compares that with what the engine wrote
//! down after each fill, with the totals at the end of each run, and with the database.

mod database;
mod exact;
mod examiner;
mod report;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use report::{AuditReport, DatabaseAudit, Difference, SessionAudit};

use self::{database::Tables, examiner::Examiner};
use crate::{Reader, StorageError};

/// Recomputes the books of a data directory. Changes nothing; a run may be in progress.
///
/// A database that does not exist or has no tables yet is not compared.
///
/// # Errors
/// [`StorageError::Journal`] for a damaged journal and [`StorageError::Database`] for a
/// database that cannot be read. Differences are no errors: they are in the report.
pub fn audit(data_dir: &Path, database: Option<&Path>) -> Result<AuditReport, StorageError> {
    let tables = match database.filter(|path| path.exists()) {
        Some(path) => Tables::open(path)?,
        None => None,
    };
    let mut reader = Reader::open(data_dir);
    let mut examiner = Examiner::new(tables)?;
    while let Some(entry) = reader.next()? {
        examiner.examine(&entry)?;
    }
    Ok(examiner.finish(reader.torn().cloned()))
}

//! What every database or file for people has in common.
//!
//! A recorder gets facts in order, in batches, and keeps a watermark together with what it
//! wrote. Queues, gaps, retries and the end of the program are the feeder's business.

use crate::{DatabaseError, FactLine, fact::Watermark};

/// A projection of the journal. It may be deleted and rebuilt at any time.
pub trait Recorder: Send {
    /// Its name in the catalogue.
    fn name(&self) -> &'static str;

    /// The last fact that is safely inside.
    fn watermark(&self) -> Watermark;

    /// Takes in all of a batch or nothing of it.
    ///
    /// # Errors
    /// After [`DatabaseError::Unavailable`] the same batch comes again later; after anything
    /// else nothing comes any more.
    fn write(&mut self, batch: &[FactLine]) -> Result<(), DatabaseError>;
}

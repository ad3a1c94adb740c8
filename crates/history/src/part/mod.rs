//! One file of the catalogue: rows of one kind of one instrument in one period.
//!
//! The low-level column interface of the Parquet library is used, without Arrow: every column
//! is a 64-bit integer or a flag, and a batch of rows is a few vectors that are used again.

mod reader;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::Batch;
pub(crate) use reader::PartReader;
pub use schema::Scales;
pub(crate) use writer::PartWriter;

//! What the pretend venue publishes about the past: an archive of files, candles, funding.
//!
//! Everything is made up from the seed when it is asked for, and is the same whoever asks and
//! however: a day's file holds the rows that the REST interface answers. It does not continue
//! into the live market. [`ArchiveFaults`] make it misbehave, for testing downloads.

mod coinbase;
mod desk;
mod faults;
mod files;
mod past;
#[cfg(test)]
mod tests;

pub(crate) use coinbase::routes as coinbase_routes;
pub(crate) use desk::{Desk, guard};
pub use faults::ArchiveFaults;
pub(crate) use files::routes as file_routes;
pub(crate) use past::{FUNDING_MILLIS, MINUTE_MILLIS, Past, Scale, first_bar, minutes_of};

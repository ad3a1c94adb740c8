//! Recordings: raw frames in arrival order, one a line.
//!
//! ```text
//! <receive time> <space> <JSON text exactly as received> \n
//! ```
//!
//! The time is an integer since the Unix epoch: nanoseconds (19 digits) or microseconds
//! (16 digits). A JSON text with a `stream` key is a message of a combined stream; one
//! without is the answer to a depth request. A file holds one instrument, plain or as
//! Zstandard frames. Reading and writing take constant memory; what a frame means is the
//! translator's business.

mod error;
mod facts;
mod faults;
mod merge;
mod player;
mod reader;
mod shadow;
mod sidecar;
mod writer;

#[cfg(test)]
mod tests;

pub use error::CaptureError;
pub use facts::CaptureFacts;
pub use faults::{FaultPlan, FaultPlanError};
pub use merge::Merge;
pub use player::{EventSink, FaultCounts, Played, Player, Track};
pub use reader::{CaptureReader, Line};
pub use writer::CaptureWriter;

//! What people and machines are shown: the metrics page, the status line, the summary.

pub mod memory;
pub mod page;
mod performance;
pub mod status;
pub mod summary;

//! Why a report could not be written.

use std::{io, path::PathBuf};

/// What to do next: make room or give access, or report a mistake of ours.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Look at the folder: it cannot be made or entered.
    #[error("the folder {} cannot be used for a report", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Look at the disk: the file cannot be written. What was there before is still there.
    #[error("{} cannot be written", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A mistake of ours: this picture cannot be drawn.
    #[error("the chart {name} cannot be drawn: {reason}")]
    Chart {
        /// Which one.
        name: String,
        /// Why.
        reason: String,
    },
}

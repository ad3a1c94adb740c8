//! Where a session's market events come from: a venue's sockets or a recording.

mod live;
mod recording;
mod top_check;

pub use live::{LiveSource, network_clock};
pub use recording::{PlayedRecording, Recording, RecordingSource};
pub use top_check::TopChecker;

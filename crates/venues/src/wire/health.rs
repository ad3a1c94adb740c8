//! What status pages and metrics may know about a connection.

use domain::Timestamp;

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Pausing before the next attempt.
    Waiting,
    /// Being opened.
    Dialing,
    /// Open.
    Open,
}

impl ConnectionState {
    /// The name used in metrics and on status pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Dialing => "dialing",
            Self::Open => "open",
        }
    }
}

/// One connection as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionHealth {
    /// The name from its plan.
    pub name: String,
    /// Where it is in its life.
    pub state: ConnectionState,
    /// When it was opened last.
    pub open_since: Option<Timestamp>,
    /// When the last byte came.
    pub last_heard: Option<Timestamp>,
    /// How often it was opened again after the first time, replacements included.
    pub reconnects: u64,
    /// How many attempts failed.
    pub failed_attempts: u64,
    /// Messages read.
    pub frames: u64,
    /// Bytes of messages read.
    pub bytes: u64,
    /// Why it last failed or ended.
    pub last_error: Option<String>,
}

impl ConnectionHealth {
    pub(super) const fn new(name: String) -> Self {
        Self {
            name,
            state: ConnectionState::Waiting,
            open_since: None,
            last_heard: None,
            reconnects: 0,
            failed_attempts: 0,
            frames: 0,
            bytes: 0,
            last_error: None,
        }
    }

    pub(super) const fn count(&mut self, frames: u64, bytes: u64) {
        self.frames += frames;
        self.bytes += bytes;
    }
}

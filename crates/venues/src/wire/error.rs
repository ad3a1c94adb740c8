//! What can go wrong on the wire, named for what the caller does next.

use std::io;

use domain::Span;

/// A step on the way to an open WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialStage {
    /// Turning the host name into addresses.
    Resolve,
    /// Opening the TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The WebSocket upgrade.
    Upgrade,
}

impl std::fmt::Display for DialStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolving the name",
            Self::Connect => "connecting",
            Self::Tls => "the TLS handshake",
            Self::Upgrade => "the WebSocket handshake",
        })
    }
}

/// Why a connection does not work.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The address can never work: correct the configuration, do not retry.
    #[error("the address {url:?} cannot be used: {reason}")]
    BadAddress {
        /// The address, without its query.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers, or not in time: dial again after a pause.
    #[error("{host} cannot be reached while {stage}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// How far it came.
        stage: DialStage,
        /// The cause.
        source: io::Error,
    },
    /// The venue answered the upgrade with an HTTP status: dial again after the pause it asks for.
    #[error("{host} refused the connection with HTTP status {status}")]
    Refused {
        /// Host and port.
        host: String,
        /// The HTTP status.
        status: u16,
        /// The pause it asks for.
        retry_after: Option<Span>,
    },
    /// The certificate is not trusted: tell a person; retrying seldom helps.
    #[error("the certificate of {host} is not trusted")]
    Untrusted {
        /// Host and port.
        host: String,
        /// The cause.
        source: rustls::Error,
    },
    /// The open connection ended or failed: drop it and dial again.
    #[error("the connection broke: {reason}")]
    Broken {
        /// What happened.
        reason: String,
    },
    /// The peer broke the protocol or sent too much: drop the connection and dial again.
    #[error("the peer broke the protocol: {reason}")]
    Misbehaved {
        /// What it did.
        reason: String,
    },
    /// More is waiting to be sent than allowed: send less.
    #[error("{waiting} messages wait to be sent already")]
    Backlogged {
        /// How many wait.
        waiting: usize,
    },
    /// The operating system refused something we cannot work without: give up.
    #[error("cannot {action}")]
    System {
        /// What was attempted.
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// The helper threads are gone: give up.
    #[error("the {0} thread has ended")]
    HelperGone(&'static str),
}

impl WireError {
    /// How long the peer asked us to stay away, where it did.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Span> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The error and its causes in one line, for status pages.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}

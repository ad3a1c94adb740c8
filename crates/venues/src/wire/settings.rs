//! Every bound and pace of the wire in one place.

use domain::Span;

use super::{DialLimits, FetchLimits, SocketLimits, TrustedRoots};

/// How the wire behaves. The defaults suit a public feed.
#[derive(Clone, Debug)]
pub struct WireSettings {
    /// Time limits of opening a connection.
    pub dial: DialLimits,
    /// Bounds of an open connection.
    pub socket: SocketLimits,
    /// Bounds of the REST side.
    pub fetch: FetchLimits,
    /// Whom to trust.
    pub roots: TrustedRoots,
    /// The first pause before dialling again is at most this long.
    pub backoff_base: Span,
    /// No pause is longer than this.
    pub backoff_cap: Span,
    /// After so long without trouble the pauses begin small again.
    pub stable_after: Span,
    /// Most connection attempts in five minutes.
    pub attempts_per_5_minutes: usize,
    /// How long an old connection and its replacement are read together.
    pub overlap: Span,
    /// Most frames read from one connection in one turn.
    pub burst: usize,
    /// How often the translator hears of time passing.
    pub clock_every: Span,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for WireSettings {
    fn default() -> Self {
        Self {
            dial: DialLimits::default(),
            socket: SocketLimits::default(),
            fetch: FetchLimits::default(),
            roots: TrustedRoots::default(),
            backoff_base: Span::from_millis(500),
            backoff_cap: Span::from_secs(60),
            stable_after: Span::from_secs(60),
            attempts_per_5_minutes: 300,
            overlap: Span::from_secs(2),
            burst: 64,
            clock_every: Span::from_millis(50),
            seed: 0,
        }
    }
}

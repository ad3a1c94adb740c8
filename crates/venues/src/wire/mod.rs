//! Sockets, written once for every venue.
//!
//! The thread that decides polls the sockets itself: a tick is read, decoded and acted upon
//! without being handed over. Whatever is slow (name resolution, connecting, handshakes,
//! REST) happens on helper threads with time limits, and only finished sockets and answers
//! come back, through bounded channels. [`WireDriver`] joins a translator
//! ([`MarketFeed`](crate::venue::MarketFeed)) with all of it. What the bytes mean is the
//! translator's business; what is done about the events is the caller's.

mod address;
mod backoff;
mod dialer;
mod driver;
mod error;
mod fetcher;
mod health;
mod link;
mod pace;
mod settings;
mod socket;
mod stream;
mod tls;

#[cfg(test)]
mod tests;

pub use backoff::Backoff;
pub use dialer::DialLimits;
pub use driver::{Activity, Raw, ReceiveClock, WireDriver, WireSink};
pub use error::{DialStage, WireError};
pub use fetcher::{Answer, FetchLimits, get_once};
pub use health::{ConnectionHealth, ConnectionState};
pub use settings::WireSettings;
pub use socket::{ReadOutcome, Socket, SocketLimits};
pub use tls::TrustedRoots;

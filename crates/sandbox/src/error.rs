//! Why a sandbox cannot start.

use std::{io, net::SocketAddr, path::PathBuf};

use domain::Market;
use venues::capture::CaptureError;

/// Why a sandbox cannot start. Nothing of it runs after an error.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Choose another port, or end the program that has this one.
    #[error("the address {address} is in use by another program")]
    AddressInUse {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    CannotListen {
        /// The address asked for.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The system refuses a thread.
    #[error("cannot start a thread")]
    NoThread(#[source] io::Error),
    /// The recording cannot be read; the cause names the place.
    #[error("cannot play the recording")]
    Capture(#[from] CaptureError),
    /// Its instrument must be described in the configuration.
    #[error("{} holds {market} {symbol}, and nothing is known about that", path.display())]
    UnknownInstrument {
        /// The file.
        path: PathBuf,
        /// The kind of market.
        market: Market,
        /// The symbol.
        symbol: String,
    },
    /// The book in the recording cannot be read.
    #[error("{}: the depth snapshot cannot be read: {reason}", path.display())]
    BadSnapshot {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The instruments cannot be used.
    #[error("the instruments cannot be used")]
    Instruments(#[from] domain::NumberError),
    /// Nothing to trade.
    #[error("the sandbox needs at least one instrument")]
    NoInstrument,
    /// The file of keys cannot be used.
    #[error("the keys cannot be used: {0}")]
    Keys(String),
    /// What an earlier life left cannot be read, or nothing can be written there.
    #[error("cannot keep the venue's state in {}", folder.display())]
    Store {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

//! A pretend exchange you can connect to.
//!
//! A local venue that speaks Binance's protocol over real WebSocket and REST: market data from
//! a made-up market or a recorded one, and accounts that trade in it. It exists so that the code which would reach the real
//! venue can be run, tested and shown offline. It knows nothing of the trading system.
//!
//! ```no_run
//! use sandbox::{Sandbox, SandboxConfig};
//! let sandbox = Sandbox::start(SandboxConfig::default())?;
//! println!("connect to {}", sandbox.urls().spot_ws);
//! sandbox.stop();
//! # Ok::<(), sandbox::SandboxError>(())
//! ```

mod archive;
mod binance;
mod config;
mod error;
mod exchange;
pub mod market;
mod pacing;
mod recorded;
mod server;
pub mod simulated;
mod store;
mod trading;
mod venue;
mod virtual_venue;

pub use archive::ArchiveFaults;
pub use binance::{
    core::Reply,
    faults::{FaultKind, FaultRule, FaultScript},
    http::{HttpRequest, HttpResponse},
    keys::{AccountEntry, EXAMPLE_ED25519_KEY, EXAMPLE_KEY, EXAMPLE_SECRET, KeyEntry, Keys},
    sockets::{Outgoing, Sent},
};
pub use config::{MarketSource, Mischief, Repeat, SandboxConfig, Speed, default_instruments};
pub use error::SandboxError;
pub use server::{SERVER_NAME, Sandbox, SandboxHandle, SandboxStats, SandboxUrls};
pub use virtual_venue::{VirtualConfig, VirtualVenue};

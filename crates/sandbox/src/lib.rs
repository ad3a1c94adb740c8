//! A pretend exchange you can connect to.
//!
//! A local venue that speaks Binance's public protocol over real WebSocket and REST, with a
//! made-up market or a recorded one. It exists so that the code which would reach the real
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
mod venue;

pub use archive::ArchiveFaults;
pub use config::{MarketSource, Mischief, Repeat, SandboxConfig, Speed, default_instruments};
pub use error::SandboxError;
pub use server::{SERVER_NAME, Sandbox, SandboxHandle, SandboxStats, SandboxUrls};

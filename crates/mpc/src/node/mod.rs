//! One of the three computing processes: sessions, limits, log.
//!
//! [`serve`] is the whole node: it lets in the two other nodes and the known participants, keeps
//! their shares until a session is due, and runs it with the others. What is computed is a
//! [`program::Program`]; how messages travel is in [`crate::net`].

mod board;
pub mod config;
pub mod exchange;
pub mod functions;
pub mod log;
pub mod program;
mod roster;
mod run;
pub mod secret;
mod server;
mod session;
pub mod standard;
pub mod statistics;
pub mod terms;

pub use config::NodeConfig;
pub use program::Programs;
pub use server::{NodeError, NodeServer, Shutdown, serve};
pub use terms::SessionTerms;

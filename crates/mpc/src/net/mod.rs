//! How nodes talk: frames, channels in memory and over mutually authenticated TLS.

pub mod channel;
pub mod cheat;
pub mod frame;
pub mod hello;
pub mod identity;
pub mod link;
pub mod meeting;
pub mod memory;
mod sender;
pub mod tls;
mod tls_channel;
pub mod traffic;

pub use channel::{Channel, ChannelError, FrameKind, NodeIndex, Step};
pub use tls_channel::TlsChannel;

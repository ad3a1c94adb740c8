//! How nodes talk: frames, channels in memory and over mutually authenticated TLS.

pub mod channel;
pub mod memory;

pub use channel::{Channel, ChannelError, FrameKind, NodeIndex, Step};

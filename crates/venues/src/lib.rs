//! Real exchanges: the network edge.
//!
//! A venue is a pure translator ([`venue::MarketFeed`]); the sockets are written once, in
//! [`wire`]. Recordings of a venue's frames are read and written by [`capture`].

pub mod binance;
pub mod capture;
pub mod catalogue;
pub mod venue;
pub mod wire;

pub use venue::{
    BookSync, ConnectionId, ConnectionPlan, FeedCounters, FeedHealth, FetchError, FrameError,
    InstrumentHealth, MarketFeed, MarketSink, Request,
};

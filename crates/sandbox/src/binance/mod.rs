//! The venue's side of Binance's public protocol: streams, control frames, REST.

mod control;
pub(crate) mod exchange_info;
pub(crate) mod frames;
pub(crate) mod hub;
mod past_calls;
mod query;
pub(crate) mod rest;
pub(crate) mod session;
pub(crate) mod streams;
mod weight;

//! The venue's side of Binance's protocol: streams, control frames, REST, the WebSocket API,
//! user streams, and what can go wrong with all of them.

mod algo_calls;
pub(crate) mod control;
pub(crate) mod core;
pub(crate) mod exchange_info;
pub(crate) mod faults;
pub(crate) mod frames;
mod futures_calls;
mod futures_words;
pub(crate) mod http;
pub(crate) mod hub;
pub(crate) mod keys;
mod limits;
mod past_calls;
mod public_calls;
mod query;
mod refusals;
pub(crate) mod rest;
mod routes;
pub(crate) mod session;
mod settings_calls;
pub(crate) mod sockets;
mod spot_calls;
mod spot_words;
pub(crate) mod streams;
mod tickets;
mod user_stream;

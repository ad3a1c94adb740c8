//! Tests of the wire against small servers on loopback.

mod dialing;
mod driving;
mod fetching;
mod pausing;
mod reading;
mod server;

//! The protocol as its users see it: three nodes in memory, honest or not.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod cheating;
mod functions;
mod portfolios;
mod privacy;
mod three_nodes;

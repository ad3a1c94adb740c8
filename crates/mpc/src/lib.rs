//! Joint computation without showing one's hand.
//!
//! Several participants want one answer about data that none of them shows to anybody. Three
//! nodes, of which at most one may cheat, compute it on secret shares; whoever cheats is noticed
//! before anything is revealed. Protocol rounds are pure functions over a [`net::Channel`];
//! sockets and files are at the edge.

pub mod circuit;
pub mod client;
pub mod engine;
pub mod field;
pub mod function;
pub mod net;
pub mod node;
pub mod share;

//! The storage on real files: sessions, kills, databases that misbehave, and the audit.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod audits;
mod databases;
mod kills;
mod rig;
mod sessions;

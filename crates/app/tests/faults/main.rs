//! Faults around the real program: disks, databases and venues that fail it.
//!
//! Each test runs the binary as a child process, does something bad to what it depends on,
//! and checks what it says, how it ends, and that its books hold.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "../support_process/mod.rs"]
mod support_process;

mod database;
mod disk;
mod journal;
mod network;

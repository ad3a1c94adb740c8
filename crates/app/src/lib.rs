//! One binary for algorithmic trading research and execution.
//!
//! This crate joins the others: it reads configuration and command line, wires a session
//! together, and shows results. It decides nothing about markets or orders.

pub mod cli;
pub mod command;
pub mod config;
pub mod http;
pub mod output;
pub mod report;
pub mod session;
pub mod source;

//! Reports as whole folders, written by the product code and read back as others would read them.
//!
//! One program, so that the sample is built once; what single functions do is tested beside them.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "tests")]

mod browser;
mod browser_tools;
mod charts;
mod content;
mod doubts;
mod foreign_text;
mod markup;
mod sample;
mod summary;
mod tables;

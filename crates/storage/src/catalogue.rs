//! The recorders there are.

use std::path::Path;

use crate::{DatabaseError, Recorder, sqlite::Database};

/// One kind of recorder.
#[derive(Clone, Copy, Debug)]
pub struct RecorderEntry {
    /// The name in configurations.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// Opens it at a path.
    pub open: fn(&Path) -> Result<Box<dyn Recorder>, DatabaseError>,
}

/// All recorders, sorted by name.
pub const RECORDERS: &[RecorderEntry] = &[RecorderEntry {
    name: "sqlite",
    purpose: "one file with tables for trades, orders, positions and metrics",
    open: |path| Ok(Box::new(Database::open(path)?)),
}];

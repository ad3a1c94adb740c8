//! A file for people: what is held, when the database that usually says so is lost.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::State;
use crate::DatabaseError;

#[derive(Serialize)]
struct SnapshotFile<'a> {
    /// The last record of the journal's facts this was made from.
    facts: u64,
    /// When a position last changed, in nanoseconds since 1970.
    time_ns: i64,
    #[serde(flatten)]
    state: &'a State,
}

/// Writes the state beside a corrupted database and adds the file's name to the error.
pub(crate) fn save_for_people(error: DatabaseError, state: &State) -> DatabaseError {
    let DatabaseError::Corrupt { path, source, snapshot: None } = error else { return error };
    let snapshot = match save(&path, state) {
        Ok(saved) => Some(saved),
        Err(error) => {
            tracing::error!(%error, "positions and cash could not be saved beside the database");
            None
        }
    };
    DatabaseError::Corrupt { path, snapshot, source }
}

fn save(database: &Path, state: &State) -> io::Result<PathBuf> {
    let mut path = database.as_os_str().to_owned();
    path.push(".snapshot.json");
    let path = PathBuf::from(path);
    let changed = state.accounts.iter().map(|account| account.updated.as_nanos()).max();
    let file = SnapshotFile { facts: state.facts, time_ns: changed.unwrap_or(0), state };
    fs::write(&path, serde_json::to_vec_pretty(&file)?)?;
    Ok(path)
}

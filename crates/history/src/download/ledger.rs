//! Which days of a series were taken, for kinds of rows that do not tell it themselves.

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Day, DownloadError, shelf::Shelf};
use crate::place::{InstrumentKey, Series};

/// The days of a series.
pub(crate) struct Ledger {
    file: PathBuf,
    days: BTreeSet<Day>,
}

/// First and last day of each run.
#[derive(Serialize, Deserialize)]
struct Written {
    days: Vec<(String, String)>,
}

impl Ledger {
    pub(crate) fn read(shelf: &Shelf, series: &Series) -> Result<Self, DownloadError> {
        let InstrumentKey { venue, market, symbol } = &series.instrument;
        let file: PathBuf =
            ["_done", venue, &market.to_string(), symbol, &format!("{}.json", series.kind)]
                .iter()
                .collect();
        let path = shelf.path(&file);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { file, days: BTreeSet::new() });
            }
            Err(error) => return Err(DownloadError::disk(&path, error)),
        };
        let bad = |reason: String| {
            DownloadError::disk(&path, io::Error::new(io::ErrorKind::InvalidData, reason))
        };
        let written: Written = serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))?;
        let mut days = BTreeSet::new();
        for (first, last) in written.days {
            let (first, last): (Day, Day) =
                (first.parse().map_err(bad)?, last.parse().map_err(bad)?);
            days.extend(first.to(last));
        }
        Ok(Self { file, days })
    }

    pub(crate) fn has(&self, day: Day) -> bool {
        self.days.contains(&day)
    }

    /// Adds days and writes them down.
    pub(crate) fn add(
        &mut self,
        folder: &Shelf,
        days: impl IntoIterator<Item = Day>,
    ) -> Result<(), DownloadError> {
        self.days.extend(days);
        let all: Vec<Day> = self.days.iter().copied().collect();
        let runs = all.chunk_by(|one, next| one.next() == *next);
        let ends = |run: &[Day]| Some((run.first()?.to_string(), run.last()?.to_string()));
        let written = Written { days: runs.filter_map(ends).collect() };
        let text = serde_json::to_vec(&written).map_err(|error| {
            DownloadError::disk(&self.file, io::Error::other(error.to_string()))
        })?;
        folder.put(&self.file, &text)
    }
}

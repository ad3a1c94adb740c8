//! A folder of Parquet files, and what is in it.
//!
//! An import first puts its new files aside, then writes down which they are, then moves them
//! into place. Whoever opens the folder after a crash finds either nothing written down, and
//! nothing has happened, or the list, and finishes the moves.

mod staging;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub(crate) use staging::Staging;

use crate::{
    error::{ImportError, ReadError},
    instrument_file::{self, InstrumentFile},
    part::{PartReader, Scales},
    place::{InstrumentKey, Period, Series},
};

/// The catalogue below a folder.
#[derive(Clone, Debug)]
pub struct Catalogue {
    dir: PathBuf,
}

/// What the catalogue has of one kind of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub series: Series,
    /// Rows; of depth, one for each level.
    pub rows: u64,
    /// First and last event time in nanoseconds.
    pub times: Option<(i64, i64)>,
    /// Files.
    pub files: usize,
    /// Bytes on disk.
    pub bytes: u64,
}

/// One file of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) period: Period,
    pub(crate) path: PathBuf,
}

impl Catalogue {
    /// Opens a catalogue, and finishes an import that was interrupted while it moved its files.
    ///
    /// # Errors
    /// [`ReadError`] when there is no such folder or it cannot be read.
    pub fn open(dir: &Path) -> Result<Self, ReadError> {
        if !dir.is_dir() {
            let reason = "there is no catalogue; `data import` makes one";
            return Err(ReadError::NotThere(format!("{}: {reason}", dir.display())));
        }
        staging::recover(dir)?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Opens a catalogue, which is made when there is none.
    ///
    /// # Errors
    /// [`ImportError`] when the folder cannot be made or read.
    pub fn create(dir: &Path) -> Result<Self, ImportError> {
        fs::create_dir_all(dir).map_err(|error| ImportError::write(dir, error))?;
        Ok(Self::open(dir)?)
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Everything that is in it, sorted by name.
    ///
    /// # Errors
    /// [`ReadError`] of a file that is damaged.
    pub fn list(&self) -> Result<Vec<Listed>, ReadError> {
        self.all_series()?.into_iter().map(|series| self.describe(series)).collect()
    }

    /// What the catalogue knows about an instrument.
    ///
    /// # Errors
    /// [`ReadError::NotThere`] for an instrument of which it has nothing.
    pub fn instrument(&self, key: &InstrumentKey) -> Result<InstrumentFile, ReadError> {
        self.known_instrument(key)?.ok_or_else(|| {
            ReadError::NotThere(format!("{}: there is no {key} in it", self.dir.display()))
        })
    }

    pub(crate) fn known_instrument(
        &self,
        key: &InstrumentKey,
    ) -> Result<Option<InstrumentFile>, ReadError> {
        InstrumentFile::read(&instrument_file::path_of(&self.dir, key))
    }

    fn describe(&self, series: Series) -> Result<Listed, ReadError> {
        let mut listed = Listed { series, rows: 0, times: None, files: 0, bytes: 0 };
        for part in self.parts(&listed.series)? {
            let facts = PartReader::open(&part.path, listed.series.kind)?.facts();
            let size = fs::metadata(&part.path).map_err(|error| ReadError::open(&part.path, error));
            listed.rows += facts.rows;
            listed.files += 1;
            listed.bytes += size?.len();
            listed.times = match (listed.times, facts.times) {
                (Some((first, last)), Some((start, end))) => {
                    Some((first.min(start), last.max(end)))
                }
                (one, other) => one.or(other),
            };
        }
        Ok(listed)
    }

    /// Every series that has a file.
    pub(crate) fn all_series(&self) -> Result<Vec<Series>, ReadError> {
        let mut folders = vec![PathBuf::new()];
        for key in ["venue=", "market=", "kind=", "symbol="] {
            let mut deeper = Vec::new();
            for folder in folders {
                for name in names(&self.dir.join(&folder))? {
                    if name.starts_with(key) {
                        deeper.push(folder.join(name));
                    }
                }
            }
            folders = deeper;
        }
        let mut all: Vec<_> =
            folders.iter().filter_map(|folder| Series::of_folder(folder)).collect();
        all.sort();
        Ok(all)
    }

    /// The files of a series in the order of time.
    pub(crate) fn parts(&self, series: &Series) -> Result<Vec<Part>, ReadError> {
        let folder = self.dir.join(series.folder());
        let mut parts = Vec::new();
        for name in names(&folder)? {
            let Some(period) = name.strip_prefix("day=").and_then(Period::parse) else { continue };
            let path = folder.join(&name).join("part-0.parquet");
            if path.exists() {
                parts.push(Part { period, path });
            }
        }
        parts.sort_by_key(|part| part.period);
        Ok(parts)
    }

    /// The largest number of decimals in the files of an instrument.
    pub(crate) fn scales(&self, key: &InstrumentKey) -> Result<Scales, ReadError> {
        let mut most = Scales::default();
        for series in self.all_series()?.iter().filter(|series| series.instrument == *key) {
            for part in self.parts(series)? {
                let scales = PartReader::open(&part.path, series.kind)?.scales();
                most.price = most.price.max(scales.price);
                most.quantity = most.quantity.max(scales.quantity);
            }
        }
        Ok(most)
    }
}

/// The names in a folder; none when there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>, ReadError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ReadError::open(folder, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| ReadError::open(folder, error))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

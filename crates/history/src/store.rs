//! Where rows can be read from: a folder of Parquet files, or a database of bars.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{
    catalogue::{Catalogue, Part},
    error::ReadError,
    instrument_file::InstrumentFile,
    kind::Kind,
    part::{Batch, PartReader, Scales},
    place::{InstrumentKey, Series},
    read::hash_into,
};

/// A span of time in nanoseconds, from the first moment to before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub from: i64,
    /// The moment after the last one.
    pub to: i64,
}

impl Window {
    /// All of time.
    pub const ALWAYS: Self = Self { from: i64::MIN, to: i64::MAX };
}

/// Holds series of rows.
pub trait Store {
    /// Everything that it has, sorted.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    fn series(&self) -> Result<Vec<Series>, ReadError>;

    /// What it knows about an instrument.
    ///
    /// # Errors
    /// [`ReadError::NotThere`] for one that it does not have.
    fn instrument(&self, key: &InstrumentKey) -> Result<InstrumentFile, ReadError>;

    /// The rows of a series around a window, in the order of time; rows outside may come too.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    fn rows(&self, series: &Series, window: Window) -> Result<Box<dyn Rows>, ReadError>;

    /// SHA-256 over everything that [`Store::rows`] would read.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    fn digest(&self, series: &Series, window: Window) -> Result<[u8; 32], ReadError>;
}

/// Rows of one series, read in batches.
pub trait Rows: Send {
    /// Reads up to `most` rows; a batch without rows is the end.
    ///
    /// # Errors
    /// [`ReadError`] of a file that is damaged.
    fn read(&mut self, most: usize, batch: &mut Batch) -> Result<(), ReadError>;

    /// The decimals of the last batch.
    fn scales(&self) -> Scales;

    /// The file of the last batch.
    fn path(&self) -> &Path;

    /// The number of the last batch's first row in its file, from 1.
    fn first_row(&self) -> u64;
}

impl Store for Catalogue {
    fn series(&self) -> Result<Vec<Series>, ReadError> {
        self.all_series()
    }

    fn instrument(&self, key: &InstrumentKey) -> Result<InstrumentFile, ReadError> {
        Self::instrument(self, key)
    }

    fn rows(&self, series: &Series, window: Window) -> Result<Box<dyn Rows>, ReadError> {
        let parts = self.parts_within(series, window)?;
        Ok(Box::new(PartRows::new(series.kind, parts, window.from)))
    }

    fn digest(&self, series: &Series, window: Window) -> Result<[u8; 32], ReadError> {
        let mut hash = Sha256::new();
        for part in self.parts_within(series, window)? {
            hash.update(series.file(part.period).to_string_lossy().as_bytes());
            hash_into(&part.path, &mut hash).map_err(|error| ReadError::open(&part.path, error))?;
        }
        Ok(hash.finalize().into())
    }
}

impl Catalogue {
    /// The files that may hold rows of a window.
    fn parts_within(&self, series: &Series, window: Window) -> Result<Vec<Part>, ReadError> {
        let parts = self.parts(series)?;
        let next_starts: Vec<i64> = parts
            .iter()
            .skip(1)
            .map(|part| part.period.start())
            .chain(std::iter::once(i64::MAX))
            .collect();
        // A bar may begin in one period and end in the next.
        let slack = match series.kind {
            Kind::Bars(interval) => interval.span().as_nanos(),
            _ => 0,
        };
        let within = |(part, next): &(Part, i64)| {
            part.period.start() < window.to && next.saturating_add(slack) > window.from
        };
        Ok(parts.into_iter().zip(next_starts).filter(within).map(|(part, _)| part).collect())
    }
}

/// The files of a series, one after the other.
struct PartRows {
    kind: Kind,
    left: std::vec::IntoIter<Part>,
    from: i64,
    reader: Option<PartReader>,
    path: PathBuf,
    scales: Scales,
    first_row: u64,
}

impl PartRows {
    fn new(kind: Kind, parts: Vec<Part>, from: i64) -> Self {
        Self {
            kind,
            left: parts.into_iter(),
            from,
            reader: None,
            path: PathBuf::new(),
            scales: Scales::default(),
            first_row: 1,
        }
    }
}

impl Rows for PartRows {
    fn read(&mut self, most: usize, batch: &mut Batch) -> Result<(), ReadError> {
        loop {
            if let Some(reader) = &mut self.reader {
                self.first_row = reader.next_row();
                reader.read(most, batch)?;
                if batch.rows > 0 {
                    return Ok(());
                }
            }
            batch.rows = 0;
            let Some(part) = self.left.next() else { return Ok(()) };
            let mut reader = PartReader::open(&part.path, self.kind)?;
            reader.skip_before(self.from);
            self.scales = reader.scales();
            self.path = part.path;
            self.reader = Some(reader);
        }
    }

    fn scales(&self) -> Scales {
        self.scales
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn first_row(&self) -> u64 {
        self.first_row
    }
}

//! Bars in one SQLite file, for those who would rather query than scan.
//!
//! Prices and volumes are whole numbers whose decimals are in the instrument's row; the times
//! are nanoseconds since the epoch. An import is one transaction.

mod write;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
pub(crate) use write::store;

use crate::{
    catalogue::Listed,
    error::ReadError,
    instrument_file::InstrumentFile,
    kind::{Interval, Kind},
    part::{Batch, Scales},
    place::{InstrumentKey, Series, market_from},
    store::{Rows, Store, Window},
};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS instrument (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    market TEXT NOT NULL,
    symbol TEXT NOT NULL,
    price_decimals INTEGER NOT NULL,
    volume_decimals INTEGER NOT NULL,
    facts TEXT NOT NULL,
    UNIQUE (venue, market, symbol)
) STRICT;
CREATE TABLE IF NOT EXISTS bar (
    instrument INTEGER NOT NULL REFERENCES instrument (id),
    interval_s INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    open INTEGER NOT NULL,
    high INTEGER NOT NULL,
    low INTEGER NOT NULL,
    close INTEGER NOT NULL,
    volume INTEGER NOT NULL,
    PRIMARY KEY (instrument, interval_s, start_ns)
) STRICT, WITHOUT ROWID;
";

/// A database of bars.
pub struct SqliteBars {
    path: PathBuf,
    connection: Connection,
}

impl SqliteBars {
    /// Opens a database that `data import --sqlite` made.
    ///
    /// # Errors
    /// [`ReadError`] when there is none or it is no such database.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let damaged = |error: rusqlite::Error| ReadError::damaged(path, error);
        if !path.is_file() {
            return Err(ReadError::NotThere(format!("{}: there is no such file", path.display())));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(damaged)?;
        connection.prepare("SELECT price_decimals FROM instrument").map_err(damaged)?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Everything that is in it, sorted by name.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, ReadError> {
        let bytes = std::fs::metadata(&self.path)
            .map_err(|error| ReadError::open(&self.path, error))?
            .len();
        let describe = |series: Series| {
            let (Kind::Bars(interval), Some((id, ..))) =
                (series.kind, self.find(&series.instrument)?)
            else {
                return Err(ReadError::NotThere(series.to_string()));
            };
            let (rows, first, last): (i64, Option<i64>, Option<i64>) = self
                .connection
                .query_row(
                    "SELECT count(*), min(end_ns), max(end_ns) FROM bar
                     WHERE instrument = ?1 AND interval_s = ?2",
                    params![id, interval.seconds()],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .map_err(self.failed())?;
            let rows = u64::try_from(rows).unwrap_or(0);
            Ok(Listed { series, rows, times: first.zip(last), files: 1, bytes })
        };
        self.series()?.into_iter().map(describe).collect()
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> ReadError + '_ {
        |error| ReadError::damaged(&self.path, error)
    }

    fn find(&self, key: &InstrumentKey) -> Result<Option<(i64, Scales, String)>, ReadError> {
        self.connection
            .query_row(
                "SELECT id, price_decimals, volume_decimals, facts FROM instrument
                 WHERE venue = ?1 AND market = ?2 AND symbol = ?3",
                params![key.venue, key.market.to_string(), key.symbol],
                |row| {
                    let scales = Scales { price: row.get(1)?, quantity: row.get(2)? };
                    Ok((row.get(0)?, scales, row.get(3)?))
                },
            )
            .optional()
            .map_err(self.failed())
    }
}

impl Store for SqliteBars {
    fn series(&self) -> Result<Vec<Series>, ReadError> {
        let failed = self.failed();
        let mut query = self
            .connection
            .prepare(
                "SELECT venue, market, symbol, interval_s FROM instrument
                 JOIN (SELECT DISTINCT instrument, interval_s FROM bar) ON instrument = id",
            )
            .map_err(&failed)?;
        let text = |row: &rusqlite::Row<'_>, at: usize| row.get::<_, String>(at);
        let rows = query.query_map([], |row| {
            Ok(([text(row, 0)?, text(row, 1)?, text(row, 2)?], row.get::<_, u32>(3)?))
        });
        let mut all = Vec::new();
        for row in rows.map_err(&failed)? {
            let ([venue, market, symbol], seconds) = row.map_err(&failed)?;
            let instrument = market_from(&market)
                .and_then(|market| InstrumentKey::new(&venue, market, &symbol))
                .map_err(|reason| ReadError::damaged(&self.path, reason))?;
            let interval = Interval::from_secs(seconds)
                .ok_or_else(|| ReadError::damaged(&self.path, "a bar of no usual length"))?;
            all.push(Series { instrument, kind: Kind::Bars(interval) });
        }
        all.sort();
        Ok(all)
    }

    fn instrument(&self, key: &InstrumentKey) -> Result<InstrumentFile, ReadError> {
        let Some((_, _, facts)) = self.find(key)? else {
            let text = format!("{}: there is no {key} in it", self.path.display());
            return Err(ReadError::NotThere(text));
        };
        serde_json::from_str(&facts).map_err(|error| ReadError::damaged(&self.path, error))
    }

    fn rows(&self, series: &Series, window: Window) -> Result<Box<dyn Rows>, ReadError> {
        let (Kind::Bars(interval), Some((id, scales, _))) =
            (series.kind, self.find(&series.instrument)?)
        else {
            let text = format!("{}: there is no {series} in it", self.path.display());
            return Err(ReadError::NotThere(text));
        };
        let own = Self::open(&self.path)?;
        Ok(Box::new(BarRows {
            own,
            id,
            interval,
            scales,
            next_start: window.from,
            to: window.to,
            read: 0,
            first_row: 1,
        }))
    }

    fn digest(&self, series: &Series, window: Window) -> Result<[u8; 32], ReadError> {
        let mut rows = self.rows(series, window)?;
        let (mut batch, mut hash) = (Batch::default(), Sha256::new());
        hash.update([rows.scales().price, rows.scales().quantity]);
        loop {
            rows.read(4_096, &mut batch)?;
            if batch.rows == 0 {
                return Ok(hash.finalize().into());
            }
            for value in (0..batch.rows).flat_map(|row| batch.row(row).values) {
                hash.update(value.to_le_bytes());
            }
        }
    }
}

/// The bars of one series. Each batch is a query of its own, so nothing is kept open.
struct BarRows {
    own: SqliteBars,
    id: i64,
    interval: Interval,
    scales: Scales,
    next_start: i64,
    to: i64,
    read: u64,
    first_row: u64,
}

impl Rows for BarRows {
    fn read(&mut self, most: usize, batch: &mut Batch) -> Result<(), ReadError> {
        batch.clear(7);
        let failed = self.own.failed();
        let mut query = self
            .own
            .connection
            .prepare(
                "SELECT start_ns, end_ns, open, high, low, close, volume FROM bar
                 WHERE instrument = ?1 AND interval_s = ?2 AND start_ns >= ?3 AND start_ns < ?4
                 ORDER BY start_ns LIMIT ?5",
            )
            .map_err(&failed)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let seconds = self.interval.seconds();
        let mut rows = query
            .query(params![self.id, seconds, self.next_start, self.to, most])
            .map_err(&failed)?;
        self.first_row = self.read + 1;
        while let Some(row) = rows.next().map_err(&failed)? {
            for column in 0..7 {
                batch.columns[column].push(row.get(column).map_err(&failed)?);
            }
            batch.rows += 1;
        }
        if let Some(start) = batch.columns[0].last() {
            self.next_start = start + 1;
        }
        self.read += batch.rows as u64;
        Ok(())
    }

    fn scales(&self) -> Scales {
        self.scales
    }

    fn path(&self) -> &Path {
        &self.own.path
    }

    fn first_row(&self) -> u64 {
        self.first_row
    }
}

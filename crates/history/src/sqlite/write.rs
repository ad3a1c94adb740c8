//! Writes the bars of an import into a database, in one transaction.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::SCHEMA;
use crate::{
    error::ImportError,
    instrument_file::InstrumentFile,
    intake::{Arrivals, Collected, ImportReport, ImportedSeries, Intake, Tally, Terms},
    kind::{Interval, Kind, Row},
    part::Scales,
    place::InstrumentKey,
};

/// Stores everything that an import collected.
pub(crate) fn store(
    file: &Path,
    all: BTreeMap<InstrumentKey, Vec<Collected>>,
    files: &[PathBuf],
    intake: &Intake,
    report: &mut ImportReport,
) -> Result<(), ImportError> {
    let failed = |error: rusqlite::Error| ImportError::write(file, error);
    let mut connection = Connection::open(file).map_err(failed)?;
    connection.execute_batch(SCHEMA).map_err(failed)?;
    let transaction = connection.transaction().map_err(failed)?;
    for (key, collected) in all {
        let table = Table { file, transaction: &transaction };
        table.instrument(&key, collected, files, intake, report)?;
    }
    transaction.commit().map_err(failed)
}

struct Table<'a> {
    file: &'a Path,
    transaction: &'a Transaction<'a>,
}

impl Table<'_> {
    fn failed(&self) -> impl Fn(rusqlite::Error) -> ImportError + '_ {
        |error| ImportError::write(self.file, error)
    }

    fn instrument(
        &self,
        key: &InstrumentKey,
        collected: Vec<Collected>,
        files: &[PathBuf],
        intake: &Intake,
        report: &mut ImportReport,
    ) -> Result<(), ImportError> {
        let known = self.known(key)?;
        let before = known.as_ref().map_or_else(Scales::default, |known| known.1);
        let scales = Intake::scales(key, before, &collected)?;
        let file = known.as_ref().map(|known| known.2.clone());
        let mut facts = intake.facts_of(key, file, &collected, scales)?;
        let id = self.put_instrument(key, scales, &facts)?;
        if known.is_some() && before != scales {
            self.refine(id, before, scales)?;
        }
        for one in collected {
            let Kind::Bars(interval) = one.series.kind else {
                let reason = "the database takes bars only; leave --sqlite out";
                return Err(ImportError::unstated(&one.series, reason));
            };
            let (series, sources, read) = (one.series, one.sources, one.spool.rows());
            let terms = Terms { kind: series.kind, scales, replace: intake.replaces(), files };
            let mut arrivals = Arrivals::new(terms, Some(one.spool.finish()?))?;
            let tally = self.bars(id, interval, &mut arrivals)?;
            let (added, replaced) = (tally.added, tally.replaced + arrivals.replaced);
            if tally.changed() {
                intake.record(&mut facts, &sources, &series, read);
            }
            let known = tally.known + arrivals.twice;
            report.series.push(ImportedSeries { series, read, added, replaced, known });
        }
        self.put_instrument(key, scales, &facts).map(|_| ())
    }

    fn known(
        &self,
        key: &InstrumentKey,
    ) -> Result<Option<(i64, Scales, InstrumentFile)>, ImportError> {
        let found: Option<(i64, Scales, String)> = self
            .transaction
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
            .map_err(self.failed())?;
        let Some((id, scales, facts)) = found else { return Ok(None) };
        let facts =
            serde_json::from_str(&facts).map_err(|error| ImportError::write(self.file, error))?;
        Ok(Some((id, scales, facts)))
    }

    fn put_instrument(
        &self,
        key: &InstrumentKey,
        scales: Scales,
        facts: &InstrumentFile,
    ) -> Result<i64, ImportError> {
        let facts =
            serde_json::to_string(facts).map_err(|error| ImportError::write(self.file, error))?;
        self.transaction
            .query_row(
                "INSERT INTO instrument
                     (venue, market, symbol, price_decimals, volume_decimals, facts)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET price_decimals = excluded.price_decimals,
                     volume_decimals = excluded.volume_decimals, facts = excluded.facts
                 RETURNING id",
                params![
                    key.venue,
                    key.market.to_string(),
                    key.symbol,
                    scales.price,
                    scales.quantity,
                    facts
                ],
                |row| row.get(0),
            )
            .map_err(self.failed())
    }

    /// Brings an instrument's bars to more decimals.
    fn refine(&self, id: i64, from: Scales, to: Scales) -> Result<(), ImportError> {
        let power = |from: u8, to: u8| 10_i64.pow(u32::from(to - from));
        let (price, volume) = (power(from.price, to.price), power(from.quantity, to.quantity));
        // A strict table refuses a product that does not fit as the wrong type.
        self.transaction
            .execute(
                "UPDATE bar SET open = open * ?2, high = high * ?2, low = low * ?2,
                     close = close * ?2, volume = volume * ?3 WHERE instrument = ?1",
                params![id, price, volume],
            )
            .map(|_| ())
            .map_err(self.failed())
    }

    fn bars(
        &self,
        id: i64,
        interval: Interval,
        arrivals: &mut Arrivals<'_>,
    ) -> Result<Tally, ImportError> {
        let failed = self.failed();
        let seconds = interval.seconds();
        let mut find = self
            .transaction
            .prepare(
                "SELECT end_ns, open, high, low, close, volume FROM bar
                 WHERE instrument = ?1 AND interval_s = ?2 AND start_ns = ?3",
            )
            .map_err(&failed)?;
        let mut put = self
            .transaction
            .prepare("INSERT OR REPLACE INTO bar VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
            .map_err(&failed)?;
        let mut tally = Tally::default();
        while let Some(arrival) = arrivals.take()? {
            let row = arrival.row;
            let [start, end, open, high, low, close, volume, ..] = row.values;
            let there: Option<Row> = find
                .query_row(params![id, seconds, start], |found| {
                    let mut row = Row::of(&[start]);
                    for column in 0..6 {
                        row.values[column + 1] = found.get(column)?;
                    }
                    Ok(row)
                })
                .optional()
                .map_err(&failed)?;
            match there {
                Some(there) if there == row => {
                    tally.known += 1;
                    continue;
                }
                Some(there) if !arrivals.terms().replace => {
                    let first = format!("{} {interval} bars", self.file.display());
                    return Err(arrivals.conflict(&first, &there, &arrival));
                }
                Some(_) => tally.replaced += 1,
                None => tally.added += 1,
            }
            put.execute(params![id, seconds, start, end, open, high, low, close, volume])
                .map_err(&failed)?;
        }
        Ok(tally)
    }
}

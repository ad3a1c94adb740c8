//! What arrives meets what is there.

use std::path::Path;

use super::{Arrivals, Steps, steps::rescale};
use crate::{
    error::{ImportError, ReadError},
    kind::{Kind, Meaning, Row},
    moment::iso,
    number::fixed_text,
    part::{Batch, PartReader, PartWriter, Scales},
    place::Period,
};

const BATCH: usize = 4_096;

/// What came of the rows of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) added: u64,
    pub(crate) replaced: u64,
    pub(crate) known: u64,
}

impl Tally {
    pub(crate) const fn changed(self) -> bool {
        self.added + self.replaced > 0
    }
}

/// The first field in which two rows differ.
pub(crate) fn difference(kind: Kind, scales: Scales, one: &Row, other: &Row) -> String {
    let columns = kind.columns().iter().enumerate();
    let mut differing = columns.filter(|(place, _)| one.get(*place) != other.get(*place));
    let Some((place, column)) = differing.next() else { return "nothing".into() };
    let shown = |row: &Row| match (row.get(place), scales.of(column.meaning)) {
        (None, _) => "nothing".to_owned(),
        (Some(value), Some(decimals)) => fixed_text(i128::from(value), decimals),
        (Some(value), None) if column.meaning == Meaning::Time => {
            iso(domain::Timestamp::from_nanos(value))
        }
        (Some(value), None) => value.to_string(),
    };
    format!("{} {} against {}", column.name, shown(one), shown(other))
}

/// Reads the rows of a file one by one, brought to other decimals.
struct Existing {
    reader: PartReader,
    batch: Batch,
    at: usize,
    next: Option<Row>,
    row: u64,
}

impl Existing {
    fn open(path: &Path, kind: Kind, scales: Scales, steps: &Steps) -> Result<Self, ImportError> {
        let reader = PartReader::open(path, kind)?;
        let mut existing = Self { reader, batch: Batch::default(), at: 0, next: None, row: 0 };
        existing.advance(kind, scales, steps)?;
        Ok(existing)
    }

    fn advance(&mut self, kind: Kind, to: Scales, steps: &Steps) -> Result<(), ImportError> {
        if self.at == self.batch.rows {
            self.reader.read(BATCH, &mut self.batch)?;
            self.at = 0;
        }
        if self.at == self.batch.rows {
            self.next = None;
            return Ok(());
        }
        let mut row = self.batch.row(self.at);
        self.at += 1;
        self.row += 1;
        let misfit = |place: usize| {
            let column = kind.columns()[place];
            let reason = "does not fit the tick and lot of this import".to_owned();
            ReadError::Row {
                path: self.reader.path().to_owned(),
                row: self.row,
                column: column.name,
                reason,
            }
        };
        rescale(kind.columns(), &mut row, self.reader.scales(), to).map_err(misfit)?;
        for (place, column) in kind.columns().iter().enumerate() {
            let decimals = to.of(column.meaning).unwrap_or(0);
            if !steps.hold(column.meaning, row.values[place], decimals) {
                return Err(misfit(place).into());
            }
        }
        self.next = Some(row);
        Ok(())
    }
}

/// Writes the rows of one period: those of the file that is there, and those that arrive.
pub(super) fn merge_period(
    existing: Option<&Path>,
    arrivals: &mut Arrivals<'_>,
    period: Period,
    steps: &Steps,
    out: &Path,
) -> Result<Tally, ImportError> {
    let (kind, scales) = (arrivals.terms().kind, arrivals.terms().scales);
    let mut existing =
        existing.map(|path| Existing::open(path, kind, scales, steps)).transpose()?;
    let mut writer = PartWriter::create(out, kind, scales)?;
    let mut tally = Tally::default();
    loop {
        let there = existing.as_ref().and_then(|existing| existing.next);
        let arriving = arrivals.key_in(Some(period));
        match (there, arriving) {
            (None, None) => break,
            (Some(row), key) if key.is_none_or(|key| row.key(kind) < key) => {
                writer.push(&row)?;
                if let Some(existing) = &mut existing {
                    existing.advance(kind, scales, steps)?;
                }
            }
            (there, _) => {
                let Some(arrival) = arrivals.take()? else { break };
                writer.push(&arrival.row)?;
                let same_key = there.filter(|row| row.key(kind) == arrival.row.key(kind));
                let (Some(row), Some(existing)) = (same_key, &mut existing) else {
                    tally.added += 1;
                    continue;
                };
                if row == arrival.row {
                    tally.known += 1;
                } else if arrivals.terms().replace {
                    tally.replaced += 1;
                } else {
                    let first =
                        format!("{} row {}", existing.reader.path().display(), existing.row);
                    return Err(arrivals.conflict(&first, &row, &arrival));
                }
                existing.advance(kind, scales, steps)?;
            }
        }
    }
    writer.finish()?;
    Ok(tally)
}

//! Reads rows in batches.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader},
    data_type::{BoolType, Int64Type},
    errors::ParquetError,
    file::{
        reader::FileReader as _, serialized_reader::SerializedFileReader, statistics::Statistics,
    },
};

use super::schema::{Scales, scales_of};
use crate::{
    error::ReadError,
    kind::{Kind, Row},
};

/// Some rows, as columns. Values of absent fields are zero.
#[derive(Default)]
pub struct Batch {
    /// How many rows.
    pub(crate) rows: usize,
    /// One vector for each column of the kind.
    pub(crate) columns: Vec<Vec<i64>>,
    /// For each column, whether a row has a value; empty where every row has.
    pub(crate) present: Vec<Vec<bool>>,
}

impl Batch {
    /// Makes it a batch of no rows with so many columns, all of them required.
    pub(crate) fn clear(&mut self, columns: usize) {
        self.rows = 0;
        self.columns.resize_with(columns, Vec::new);
        self.present.resize_with(columns, Vec::new);
        self.columns.iter_mut().for_each(Vec::clear);
        self.present.iter_mut().for_each(Vec::clear);
    }

    /// A field, `None` where it is absent.
    pub(crate) fn get(&self, column: usize, row: usize) -> Option<i64> {
        let present = self.present[column].get(row).copied().unwrap_or(true);
        present.then(|| self.columns[column][row])
    }

    /// A whole row.
    pub(crate) fn row(&self, row: usize) -> Row {
        let mut out = Row::default();
        for column in 0..self.columns.len() {
            out.set(column, self.get(column, row));
        }
        out
    }
}

/// What the end of a file says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Rows in it.
    pub(crate) rows: u64,
    /// First and last event time.
    pub(crate) times: Option<(i64, i64)>,
    /// Decimals of its prices and quantities.
    pub(crate) scales: Scales,
}

enum Lane {
    Number(Box<ColumnReaderImpl<Int64Type>>),
    Flag(Box<ColumnReaderImpl<BoolType>>),
}

/// A file that is being read.
pub(crate) struct PartReader {
    path: PathBuf,
    kind: Kind,
    file: SerializedFileReader<File>,
    scales: Scales,
    next_group: usize,
    /// Rows of earlier groups, read or left out.
    passed: u64,
    lanes: Vec<Lane>,
    /// Rows left in the open group.
    left: usize,
    levels: Vec<i16>,
    flags: Vec<bool>,
}

impl PartReader {
    /// Opens a file and checks its columns.
    pub(crate) fn open(path: &Path, kind: Kind) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|error| ReadError::open(path, error))?;
        let file =
            SerializedFileReader::new(file).map_err(|error| ReadError::damaged(path, error))?;
        let scales = scales_of(path, kind, file.metadata().file_metadata().schema_descr())?;
        Ok(Self {
            path: path.to_owned(),
            kind,
            file,
            scales,
            next_group: 0,
            passed: 0,
            lanes: Vec::new(),
            left: 0,
            levels: Vec::new(),
            flags: Vec::new(),
        })
    }

    pub(crate) const fn scales(&self) -> Scales {
        self.scales
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the end of the file says.
    pub(crate) fn facts(&self) -> Facts {
        let groups = self.file.metadata().row_groups();
        let rows = groups.iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum();
        let all: Option<Vec<_>> = (0..groups.len()).map(|group| self.group_times(group)).collect();
        let times = all.filter(|all| !all.is_empty()).map(|all| {
            let first = all.iter().map(|times| times.0).min().expect("it is not empty");
            let last = all.iter().map(|times| times.1).max().expect("it is not empty");
            (first, last)
        });
        Facts { rows, times, scales: self.scales }
    }

    fn group_times(&self, group: usize) -> Option<(i64, i64)> {
        let group = self.file.metadata().row_group(group);
        match group.column(self.kind.event_time()).statistics()? {
            Statistics::Int64(times) => Some((*times.min_opt()?, *times.max_opt()?)),
            _ => None,
        }
    }

    /// Leaves out the groups whose last event is before this time.
    pub(crate) fn skip_before(&mut self, from: i64) {
        while self.lanes.is_empty()
            && self.next_group < self.file.num_row_groups()
            && self.group_times(self.next_group).is_some_and(|(_, last)| last < from)
        {
            self.passed += self.group_rows(self.next_group);
            self.next_group += 1;
        }
    }

    fn group_rows(&self, group: usize) -> u64 {
        u64::try_from(self.file.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    /// The number of the next row, from 1.
    pub(crate) fn next_row(&self) -> u64 {
        self.passed + 1
    }

    /// Reads up to `most` rows; a batch without rows is the end.
    pub(crate) fn read(&mut self, most: usize, batch: &mut Batch) -> Result<(), ReadError> {
        batch.rows = 0;
        while self.left == 0 {
            if self.next_group == self.file.num_row_groups() {
                return Ok(());
            }
            self.open_group().map_err(|error| ReadError::damaged(&self.path, error))?;
        }
        let rows = most.min(self.left);
        let columns = self.kind.columns().len();
        batch.columns.resize_with(columns, Vec::new);
        batch.present.resize_with(columns, Vec::new);
        for column in 0..columns {
            let (values, present) = (&mut batch.columns[column], &mut batch.present[column]);
            let read = self
                .column(column, rows, values, present)
                .map_err(|error| ReadError::damaged(&self.path, error))?;
            if read != rows || batch.columns[column].len() != rows {
                let name = self.kind.columns()[column].name;
                let reason = format!("column {name} ends before the others");
                return Err(ReadError::damaged(&self.path, reason));
            }
        }
        batch.rows = rows;
        self.left -= rows;
        self.passed += rows as u64;
        Ok(())
    }

    fn open_group(&mut self) -> Result<(), ParquetError> {
        let group = self.file.get_row_group(self.next_group)?;
        self.lanes.clear();
        for column in 0..self.kind.columns().len() {
            self.lanes.push(match group.get_column_reader(column)? {
                reader @ ColumnReader::BoolColumnReader(_) => {
                    Lane::Flag(Box::new(get_typed_column_reader(reader)))
                }
                reader => Lane::Number(Box::new(get_typed_column_reader(reader))),
            });
        }
        self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        self.next_group += 1;
        Ok(())
    }

    fn column(
        &mut self,
        column: usize,
        rows: usize,
        values: &mut Vec<i64>,
        present: &mut Vec<bool>,
    ) -> Result<usize, ParquetError> {
        values.clear();
        present.clear();
        let optional = !self.kind.columns()[column].required;
        self.levels.clear();
        let levels = optional.then_some(&mut self.levels);
        let read = match &mut self.lanes[column] {
            Lane::Number(reader) => reader.read_records(rows, levels, None, values)?.0,
            Lane::Flag(reader) => {
                self.flags.clear();
                let read = reader.read_records(rows, levels, None, &mut self.flags)?.0;
                values.extend(self.flags.iter().map(|flag| i64::from(*flag)));
                read
            }
        };
        if optional && values.len() < rows {
            spread(&self.levels, values, present);
        }
        Ok(read)
    }
}

/// Moves the values that are there to the rows they belong to.
fn spread(levels: &[i16], values: &mut Vec<i64>, present: &mut Vec<bool>) {
    present.extend(levels.iter().map(|level| *level > 0));
    let mut next = values.len();
    values.resize(levels.len(), 0);
    for row in (0..levels.len()).rev() {
        values[row] = if present[row] && next > 0 {
            next -= 1;
            values[next]
        } else {
            0
        };
    }
}

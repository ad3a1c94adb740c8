//! Sorting more rows than fit into memory.
//!
//! Rows wait in memory until there are enough, and are then written to a run: a file of sorted
//! rows. What arrives in order, as most data do, extends the last run, so that an import of any
//! size usually has one. At the end the runs are merged.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use crate::{
    error::ImportError,
    kind::{Kind, Row, WIDTH},
    part::Scales,
};

/// A row as it was read, with where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loose {
    pub(crate) row: Row,
    /// The decimals of this row's prices and quantities.
    pub(crate) scales: Scales,
    /// Place of its file in the import.
    pub(crate) source: u32,
    /// Line in the file, from 1.
    pub(crate) line: u64,
}

type Key = [i64; 3];
/// By what rows are sorted: a later file comes after an earlier one.
type Order = (Key, u32, u64);

const BYTES: usize = WIDTH * 8 + 2 + 2 + 4 + 8;

impl Loose {
    fn order(&self, kind: Kind) -> Order {
        (self.row.key(kind), self.source, self.line)
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut bytes = [0; BYTES];
        let (values, rest) = bytes.split_at_mut(WIDTH * 8);
        for (chunk, value) in values.chunks_exact_mut(8).zip(self.row.values) {
            chunk.copy_from_slice(&value.to_le_bytes());
        }
        rest[..2].copy_from_slice(&self.row.absent.to_le_bytes());
        rest[2] = self.scales.price;
        rest[3] = self.scales.quantity;
        rest[4..8].copy_from_slice(&self.source.to_le_bytes());
        rest[8..].copy_from_slice(&self.line.to_le_bytes());
        out.write_all(&bytes)
    }

    fn read(input: &mut impl Read) -> io::Result<Self> {
        let mut values = [0; WIDTH];
        for value in &mut values {
            *value = i64::from_le_bytes(array(input)?);
        }
        let absent = u16::from_le_bytes(array(input)?);
        let [price, quantity] = array(input)?;
        let source = u32::from_le_bytes(array(input)?);
        let line = u64::from_le_bytes(array(input)?);
        let scales = Scales { price, quantity };
        Ok(Self { row: Row { values, absent }, scales, source, line })
    }
}

fn array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

struct Run {
    path: PathBuf,
    rows: u64,
    last: Order,
}

/// The rows of one series that an import has read so far.
pub(crate) struct Spool {
    kind: Kind,
    /// Beginning of the names of its runs.
    stem: PathBuf,
    waiting: Vec<Loose>,
    sorted: bool,
    runs: Vec<Run>,
    rows: u64,
}

impl Spool {
    /// An empty spool whose runs are called `stem`, a dot and a number.
    pub(crate) const fn new(kind: Kind, stem: PathBuf) -> Self {
        Self { kind, stem, waiting: Vec::new(), sorted: true, runs: Vec::new(), rows: 0 }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: Loose) {
        let kind = self.kind;
        self.sorted &= self.waiting.last().is_none_or(|last| last.order(kind) <= row.order(kind));
        self.waiting.push(row);
        self.rows += 1;
    }

    /// The kind is known only now; its key is that of the kind assumed before.
    pub(crate) fn settle(&mut self, kind: Kind) {
        debug_assert_eq!(kind.key(), self.kind.key(), "rows are sorted already");
        self.kind = kind;
    }

    /// Rows in memory.
    #[cfg(test)]
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// All rows.
    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Moves the rows in memory to the disk.
    pub(crate) fn spill(&mut self) -> Result<(), ImportError> {
        let kind = self.kind;
        self.sort();
        let (Some(first), Some(last)) = (self.waiting.first(), self.waiting.last()) else {
            return Ok(());
        };
        let (first, last) = (first.order(kind), last.order(kind));
        if self.runs.last().is_none_or(|run| run.last > first) {
            let path = PathBuf::from(format!("{}.{}", self.stem.display(), self.runs.len()));
            self.runs.push(Run { path, rows: 0, last });
        }
        let run = self.runs.last_mut().expect("one was added when there was none");
        append(&run.path, &self.waiting).map_err(|error| ImportError::write(&run.path, error))?;
        run.rows += self.waiting.len() as u64;
        run.last = last;
        self.waiting.clear();
        self.sorted = true;
        Ok(())
    }

    fn sort(&mut self) {
        if !self.sorted {
            let kind = self.kind;
            self.waiting.sort_by_key(|row| row.order(kind));
        }
    }

    /// All rows in order.
    pub(crate) fn finish(mut self) -> Result<Sorted, ImportError> {
        self.sort();
        let mut sources = vec![Source::Memory(self.waiting.into_iter())];
        for run in &self.runs {
            let file =
                File::open(&run.path).map_err(|error| ImportError::write(&run.path, error))?;
            let reader = BufReader::with_capacity(65_536, file);
            sources.push(Source::Disk { reader, left: run.rows, path: run.path.clone() });
        }
        let mut sorted = Sorted { kind: self.kind, sources, next: BinaryHeap::new() };
        for place in 0..sorted.sources.len() {
            sorted.advance(place)?;
        }
        Ok(sorted)
    }
}

fn append(path: &Path, rows: &[Loose]) -> io::Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let mut out = BufWriter::with_capacity(65_536, file);
    rows.iter().try_for_each(|row| row.write(&mut out))?;
    out.flush()
}

enum Source {
    Memory(std::vec::IntoIter<Loose>),
    Disk { reader: BufReader<File>, left: u64, path: PathBuf },
}

impl Source {
    fn next(&mut self) -> Result<Option<Loose>, ImportError> {
        match self {
            Self::Memory(rows) => Ok(rows.next()),
            Self::Disk { left: 0, .. } => Ok(None),
            Self::Disk { reader, left, path } => {
                *left -= 1;
                Loose::read(reader).map(Some).map_err(|error| ImportError::write(path, error))
            }
        }
    }
}

struct Next {
    order: Order,
    place: usize,
    row: Loose,
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        (self.order, self.place) == (other.order, other.place)
    }
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.order, self.place).cmp(&(other.order, other.place))
    }
}

/// The rows of a spool in the order of their keys; of equal keys, in the order of the files.
pub(crate) struct Sorted {
    kind: Kind,
    sources: Vec<Source>,
    next: BinaryHeap<Reverse<Next>>,
}

impl Sorted {
    fn advance(&mut self, place: usize) -> Result<(), ImportError> {
        if let Some(row) = self.sources[place].next()? {
            self.next.push(Reverse(Next { order: row.order(self.kind), place, row }));
        }
        Ok(())
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<Loose>, ImportError> {
        let Some(Reverse(Next { place, row, .. })) = self.next.pop() else { return Ok(None) };
        self.advance(place)?;
        Ok(Some(row))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn loose(time: i64, line: u64) -> Loose {
        let scales = Scales { price: 2, quantity: 3 };
        let mut row = Row::of(&[time, time * 2, -1]);
        row.set(2, None);
        Loose { row, scales, source: 1, line }
    }

    proptest! {
        #[test]
        fn rows_come_back_sorted_and_whole_however_they_were_spilled(
            times in prop::collection::vec(-50_i64..50, 0..200),
            every in 1_usize..60,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut spool = Spool::new(Kind::Funding, dir.path().join("run"));
            let mut expected = Vec::new();
            for (line, time) in (1..).zip(&times) {
                let row = loose(*time, line);
                spool.push(row);
                expected.push(row);
                if spool.waiting() == every {
                    spool.spill().unwrap();
                }
            }
            expected.sort_by_key(|row| (row.row.values[0], row.line));
            let mut sorted = spool.finish().unwrap();
            let mut found = Vec::new();
            while let Some(row) = sorted.next().unwrap() {
                found.push(row);
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn rows_in_order_make_one_run() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(Kind::Funding, dir.path().join("run"));
        for line in 1..100 {
            spool.push(loose(0, line));
            spool.push(loose(0, line));
            spool.spill().unwrap();
        }
        assert_eq!(spool.runs.len(), 1);
        assert_eq!(spool.rows(), 198);
    }
}

//! The rows of an import in their final form: sorted, complete, each once.

use std::path::PathBuf;

use super::{merge::difference, steps::rescale};
use crate::{
    error::ImportError,
    kind::{Kind, Row, at},
    moment::iso,
    part::Scales,
    place::Period,
    spool::{Loose, Sorted},
};

/// What is the same for all rows of a series.
pub(crate) struct Terms<'a> {
    pub(crate) kind: Kind,
    pub(crate) scales: Scales,
    pub(crate) replace: bool,
    /// The files, by their place in the import.
    pub(crate) files: &'a [PathBuf],
}

/// A row on its way into the catalogue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) row: Row,
    source: u32,
    line: u64,
}

/// Sorted rows, of which equal ones are one.
pub(crate) struct Arrivals<'a> {
    terms: Terms<'a>,
    sorted: Option<Sorted>,
    next: Option<Arrival>,
    /// Rows that came twice.
    pub(crate) twice: u64,
    /// Rows that took the place of an earlier one of the same import.
    pub(crate) replaced: u64,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(terms: Terms<'a>, sorted: Option<Sorted>) -> Result<Self, ImportError> {
        let mut arrivals = Self { terms, sorted, next: None, twice: 0, replaced: 0 };
        arrivals.next = arrivals.read()?;
        Ok(arrivals)
    }

    pub(crate) const fn terms(&self) -> &Terms<'a> {
        &self.terms
    }

    /// The period of the next row.
    pub(crate) fn period(&self) -> Option<Period> {
        self.next.as_ref().map(|next| Period::of(self.terms.kind, next.row.values[0]))
    }

    /// The key of the next row, when it belongs to the period.
    pub(crate) fn key_in(&self, period: Option<Period>) -> Option<[i64; 3]> {
        let next = self.next.as_ref().filter(|_| period.is_none() || self.period() == period)?;
        Some(next.row.key(self.terms.kind))
    }

    /// Takes the next row.
    pub(crate) fn take(&mut self) -> Result<Option<Arrival>, ImportError> {
        let Some(mut taken) = self.next.take() else { return Ok(None) };
        let key = taken.row.key(self.terms.kind);
        loop {
            self.next = self.read()?;
            match &self.next {
                Some(next) if next.row.key(self.terms.kind) == key => {
                    if next.row == taken.row {
                        self.twice += 1;
                    } else if self.terms.replace {
                        self.replaced += 1;
                        taken = *next;
                    } else {
                        return Err(self.conflict(&self.place(&taken), &taken.row, next));
                    }
                }
                _ => return Ok(Some(taken)),
            }
        }
    }

    /// An error about a row that contradicts an arrival.
    pub(crate) fn conflict(&self, first: &str, row: &Row, arrival: &Arrival) -> ImportError {
        let Terms { kind, scales, .. } = self.terms;
        ImportError::Conflict {
            first: first.to_owned(),
            second: self.place(arrival),
            moment: iso(domain::Timestamp::from_nanos(row.values[0])),
            difference: difference(kind, scales, row, &arrival.row),
        }
    }

    fn place(&self, arrival: &Arrival) -> String {
        let file = usize::try_from(arrival.source).ok().and_then(|at| self.terms.files.get(at));
        let file = file.map_or_else(String::new, |file| file.display().to_string());
        format!("{file} row {}", arrival.line)
    }

    fn read(&mut self) -> Result<Option<Arrival>, ImportError> {
        let Some(sorted) = &mut self.sorted else { return Ok(None) };
        let Some(Loose { mut row, scales, source, line }) = sorted.next()? else {
            return Ok(None);
        };
        if let Kind::Bars(interval) = self.terms.kind
            && row.is_absent(at::BAR_END)
        {
            row.absent &= !(1 << at::BAR_END);
            row.values[at::BAR_END] = row.values[at::TIME] + interval.span().as_nanos();
        }
        let arrival = Arrival { row, source, line };
        let columns = self.terms.kind.columns();
        let mut fitted = arrival;
        rescale(columns, &mut fitted.row, scales, self.terms.scales).map_err(|column| {
            let decimals = self.terms.scales.of(columns[column].meaning).unwrap_or(0);
            let hint = "state --tick or --lot, and --round to round to it";
            let file = usize::try_from(source).ok().and_then(|at| self.terms.files.get(at));
            ImportError::Row {
                path: file.cloned().unwrap_or_default(),
                row: line,
                field: columns[column].name.into(),
                reason: format!("more than 18 digits with {decimals} decimals; {hint}"),
            }
        })?;
        Ok(Some(fitted))
    }
}

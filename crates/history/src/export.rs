//! Tables of what is in a store, in the form that the import reads again.

use std::io::Write;

use crate::{
    error::ReadError,
    kind::Meaning,
    moment::iso,
    number::fixed_text,
    part::Batch,
    place::Series,
    store::{Store, Window},
};

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The data cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table cannot be written: make room or correct the rights.
    #[error("cannot write the table: {0}")]
    Write(#[from] std::io::Error),
}

/// Writes a series as a table with a header; the number of rows.
///
/// Times are ISO 8601 in UTC to the nanosecond, numbers exact, absent fields empty. Rows are
/// those whose first time is within the window.
///
/// # Errors
/// [`ExportError`].
pub fn export(
    store: &dyn Store,
    series: &Series,
    window: Window,
    out: &mut dyn Write,
) -> Result<u64, ExportError> {
    let columns = series.kind.columns();
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    writeln!(out, "{}", names.join(","))?;
    let mut rows = store.rows(series, window)?;
    let (mut batch, mut line, mut written) = (Batch::default(), String::new(), 0);
    loop {
        rows.read(4_096, &mut batch)?;
        if batch.rows == 0 {
            out.flush()?;
            return Ok(written);
        }
        let scales = rows.scales();
        for row in 0..batch.rows {
            let time = batch.columns[0][row];
            if time < window.from || time >= window.to {
                continue;
            }
            line.clear();
            for (place, column) in columns.iter().enumerate() {
                if place > 0 {
                    line.push(',');
                }
                let Some(value) = batch.get(place, row) else { continue };
                line += &match (column.meaning, scales.of(column.meaning)) {
                    (Meaning::Time, _) => iso(domain::Timestamp::from_nanos(value)),
                    (_, Some(decimals)) => fixed_text(i128::from(value), decimals),
                    _ => value.to_string(),
                };
            }
            line.push('\n');
            out.write_all(line.as_bytes())?;
            written += 1;
        }
    }
}

//! `data export`: a series as a table.

use std::{
    fs::{self, File},
    io::{BufWriter, ErrorKind},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use history::{
    Series,
    export::{ExportError, export},
};
use serde::Serialize;

use super::{Failure, Opened, failed, window};
use crate::{cli::ExportArgs, output, report::summary::grouped};

pub(super) fn execute(arguments: &ExportArgs) -> Result<(), Failure> {
    let opened = Opened::open(&arguments.store)?;
    let series = Series { instrument: arguments.instrument.clone(), kind: arguments.kind };
    if !opened.store().series().map_err(failed)?.contains(&series) {
        let text = format!("error: there is no {series}; see `algopioneer data list`");
        return Err(Failure::Usage(text));
    }
    let Some(out) = &arguments.out else {
        return to_stdout(&opened, &series, arguments);
    };
    let rows = to_file(&opened, &series, arguments, out)
        .with_context(|| format!("cannot write {}", out.display()))?;
    if arguments.json {
        return Ok(output::json(&Exported {
            file: out.clone(),
            series: series.to_string(),
            rows,
        })?);
    }
    Ok(output::text(&format!("{}: {} rows of {series}\n", out.display(), grouped(rows)))?)
}

#[derive(Serialize)]
struct Exported {
    file: PathBuf,
    series: String,
    rows: u64,
}

fn to_stdout(opened: &Opened, series: &Series, arguments: &ExportArgs) -> Result<(), Failure> {
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    let window = window(arguments.from, arguments.to);
    match export(opened.store(), series, window, &mut stdout) {
        // A closed pipe is not an error: the reader has seen enough.
        Err(ExportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Failed(error.into())),
        Ok(_) => Ok(()),
    }
}

/// Writes beside the file and renames, so that a table is there as a whole or not at all.
fn to_file(
    opened: &Opened,
    series: &Series,
    arguments: &ExportArgs,
    out: &Path,
) -> Result<u64, ExportError> {
    let new = PathBuf::from(format!("{}.new", out.display()));
    let mut writer = BufWriter::new(File::create(&new)?);
    let window = window(arguments.from, arguments.to);
    let written = export(opened.store(), series, window, &mut writer);
    let rows = match written {
        Ok(rows) => rows,
        Err(error) => {
            drop(writer);
            let _ = fs::remove_file(&new);
            return Err(error);
        }
    };
    writer.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&new, out)?;
    Ok(rows)
}

//! `audit` and `rebuild`: the books checked, the database made anew.

use std::path::PathBuf;

use anyhow::Context;

use super::Failure;
use crate::{cli::AuditArgs, output};

pub(super) fn execute(arguments: &AuditArgs) -> Result<(), Failure> {
    let database = database(arguments)?;
    let report = storage::audit(&arguments.data_dir, Some(&database))
        .with_context(|| format!("cannot audit {}", arguments.data_dir.display()))?;
    if arguments.json {
        output::json(&report)?;
    } else {
        output::text(&format!("{report}\n"))?;
    }
    if report.first_difference.is_some() { Err(Failure::Wanting) } else { Ok(()) }
}

pub(super) fn rebuild(arguments: &AuditArgs) -> Result<(), Failure> {
    let database = database(arguments)?;
    let rebuilt = storage::rebuild(&arguments.data_dir, &database)
        .with_context(|| format!("cannot rebuild {}", database.display()))?;
    if arguments.json {
        return Ok(output::json(&rebuilt)?);
    }
    let text = format!(
        "{}: made anew from {} records of the journal, {} facts.\n",
        rebuilt.database.display(),
        rebuilt.records,
        rebuilt.facts
    );
    Ok(output::text(&text)?)
}

/// The database that belongs to a data directory with a journal in it.
fn database(arguments: &AuditArgs) -> Result<PathBuf, Failure> {
    if !storage::journal::folder(&arguments.data_dir).is_dir() {
        return Err(Failure::Usage(format!(
            "error: {} has no journal; name the data directory of a session with --data-dir",
            arguments.data_dir.display()
        )));
    }
    Ok(arguments.database.clone().unwrap_or_else(|| arguments.data_dir.join("strategy.db")))
}

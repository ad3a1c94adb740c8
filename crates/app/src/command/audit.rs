//! `audit` and `rebuild`: the books checked, the database made anew.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Failure;
use crate::{cli::AuditArgs, output};

pub(super) fn execute(arguments: &AuditArgs) -> Result<(), Failure> {
    let data_dir = data_dir(arguments)?;
    let database = database(arguments, &data_dir);
    if arguments.database.is_some() && !database.exists() {
        return Err(Failure::Usage(format!(
            "error: --database: there is no file {}",
            database.display()
        )));
    }
    let report = storage::audit(&data_dir, Some(&database))
        .with_context(|| format!("cannot audit {}", data_dir.display()))?;
    if arguments.json {
        output::json(&report)?;
    } else {
        output::text(&format!("directory {}\n{report}\n", data_dir.display()))?;
    }
    if report.first_difference.is_some() { Err(Failure::Wanting) } else { Ok(()) }
}

pub(super) fn rebuild(arguments: &AuditArgs) -> Result<(), Failure> {
    let data_dir = data_dir(arguments)?;
    let database = database(arguments, &data_dir);
    let rebuilt = storage::rebuild(&data_dir, &database)
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

/// The data directory: the one that was named, or the newest session in it, for a folder
/// such as `data/demo` that holds one directory for each demo.
fn data_dir(arguments: &AuditArgs) -> Result<PathBuf, Failure> {
    let named = &arguments.data_dir;
    let has_journal = |dir: &Path| storage::journal::folder(dir).is_dir();
    if has_journal(named) {
        return Ok(named.clone());
    }
    let below = std::fs::read_dir(named).into_iter().flatten().flatten();
    let newest = below.map(|entry| entry.path()).filter(|dir| has_journal(dir)).max();
    newest.ok_or_else(|| {
        Failure::Usage(format!(
            "error: {} has no journal; name the data directory of a session with --data-dir",
            named.display()
        ))
    })
}

/// The database of a data directory, or the one that was named.
fn database(arguments: &AuditArgs, data_dir: &Path) -> PathBuf {
    arguments.database.clone().unwrap_or_else(|| data_dir.join("strategy.db"))
}

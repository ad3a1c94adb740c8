//! What a back-test found, as files: a page for people, JSON for programs, tables, and charts.
//!
//! [`write()`] puts everything into one folder; [`CsvListener`] writes the tables while the back-test
//! runs, so that their length does not matter; [`summary_text`] is the short form for a terminal.
//! Each of them says what speaks against the result as plainly as what speaks for it, and whether
//! the market was made up. Running back-tests and reading data is left to others.

mod content;
mod csv_listener;
mod distribution;
mod doubt;
mod error;
mod escape;
mod evidence;
mod facts;
mod figure;
mod folder;
mod marks;
mod moment;
mod page;
mod picture;
mod summary;

use std::path::{Path, PathBuf};

use research::{Outcome, lookahead::LookaheadReport, sensitivity::Row};

use self::{content::Content, folder::Folder};
pub use self::{
    csv_listener::CsvListener,
    doubt::{Doubt, Weight},
    error::ReportError,
    facts::{Configuration, DataSource, Facts, MarketSource, Named, StrategyFacts},
    summary::summary_text,
};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Every file, in the order in which they were written.
    pub files: Vec<PathBuf>,
    /// The fingerprint of everything the report says, without the time of its making.
    pub content_sha256: String,
}

/// Everything that a report is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) facts: &'a Facts,
    pub(crate) sensitivity: &'a [Row],
    pub(crate) lookahead: Option<&'a LookaheadReport>,
}

/// Writes `report.html`, `report.json` and the folder `charts` into `dir`, which is made when it
/// is missing. Each file appears whole or not at all. The same input gives the same bytes.
///
/// # Errors
/// [`ReportError`] names the file that could not be written.
pub fn write(
    dir: &Path,
    outcome: &Outcome,
    facts: &Facts,
    sensitivity: &[Row],
    lookahead: Option<&LookaheadReport>,
) -> Result<Written, ReportError> {
    let sources = Sources { outcome, facts, sensitivity, lookahead };
    let content = Content::new(&sources);
    let (json, content_sha256) = content.json(facts.generated_at);
    let mut folder = Folder::open(dir)?;
    for picture in picture::all(&sources)? {
        folder.put(&picture.name, &picture.bytes)?;
    }
    folder.put("report.json", json.as_bytes())?;
    let tables = ["trades.csv", "equity.csv"].map(|name| dir.join(name).is_file());
    let page = page::html(&sources, &content, &content_sha256, tables == [true, true]);
    folder.put("report.html", page.as_bytes())?;
    Ok(Written { files: folder.into_files(), content_sha256 })
}

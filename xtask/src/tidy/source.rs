//! Sizes and headers of source files.

use super::{Finding, files::Repository};

const LONGEST_FILE: usize = 500;
const SHORTEST_HEADER: usize = 8;

/// No file is too long to be read in one sitting.
pub(super) fn sizes(repository: &Repository) -> Vec<Finding> {
    let lengths = repository.ending(".rs").map(|(path, text)| (path, text.lines().count()));
    lengths
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(path, lines)| {
            Finding::new(path, 0, format!("{lines} lines; at most {LONGEST_FILE} are allowed"))
        })
        .collect()
}

/// Every file says first what it is.
pub(super) fn headers(repository: &Repository) -> Vec<Finding> {
    let sources = repository.ending(".rs");
    sources
        .filter(|(_, text)| text.lines().next().is_none_or(is_empty_header))
        .map(|(path, _)| Finding::new(path, 1, "the file must open with `//!` and say what it is"))
        .collect()
}

fn is_empty_header(line: &str) -> bool {
    line.strip_prefix("//! ").is_none_or(|words| words.trim().chars().count() < SHORTEST_HEADER)
}

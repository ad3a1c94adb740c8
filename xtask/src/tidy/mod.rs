//! `cargo xtask tidy`: the rules of this project that no compiler checks.
//!
//! Every rule is a function from the files of the repository to findings, so that its
//! tests need no disk. All findings are shown, sorted by place.

mod arrows;
mod catalogues;
mod files;
mod links;
mod shares;
mod source;
mod words;

#[cfg(test)]
mod tests;

use std::{fmt, path::Path};

use anyhow::{Result, bail};

pub(crate) use files::Repository;

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    /// Counted from 1; 0 for the file as a whole.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

type Rule = fn(&Repository) -> Vec<Finding>;

const RULES: [Rule; 9] = [
    arrows::directions,
    catalogues::sorted,
    files::present,
    links::resolve,
    shares::enough_tests,
    source::headers,
    source::sizes,
    words::banned,
    words::forbidden_crates,
];

/// Checks the repository at `root`.
pub(crate) fn run(root: &Path) -> Result<()> {
    let repository = Repository::read(root)?;
    let findings = check(&repository);
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {}", shares::describe(&repository));
    match findings.len() {
        0 => Ok(()),
        count => bail!("tidy found {count} broken rules"),
    }
}

fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(repository)).collect();
    findings.sort();
    findings
}

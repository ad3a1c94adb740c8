//! How much of the code is tests.

use super::{Finding, files::Repository};

const LEAST_PERCENT: usize = 30;

/// Lines of Rust, and those of them that test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    tests: usize,
    all: usize,
}

impl Lines {
    fn percent(self) -> usize {
        self.tests * 100 / self.all.max(1)
    }
}

/// The tests are at least 30 % of all lines.
pub(super) fn enough_tests(repository: &Repository) -> Vec<Finding> {
    let lines = count(repository);
    if lines.all == 0 || lines.percent() >= LEAST_PERCENT {
        return Vec::new();
    }
    let message = format!("{} % of the lines are tests, not {LEAST_PERCENT} %", lines.percent());
    vec![Finding::new("Cargo.toml", 0, message)]
}

/// The shares in words.
pub(super) fn describe(repository: &Repository) -> String {
    let lines = count(repository);
    let percent = lines.percent();
    format!("{} lines of Rust, {} of them tests ({percent} %)", lines.all, lines.tests)
}

fn count(repository: &Repository) -> Lines {
    let mut lines = Lines::default();
    for (path, text) in repository.ending(".rs") {
        let all = text.lines().count();
        lines.all += all;
        lines.tests += if is_test_file(path) { all } else { test_module_lines(text).len() };
    }
    lines
}

/// Whether a whole file exists for tests.
pub(super) fn is_test_file(path: &str) -> bool {
    let is_folder = |part: &str| matches!(part, "tests" | "benches" | "testkit");
    path.ends_with("/tests.rs") || path.rsplit('/').skip(1).any(is_folder)
}

/// The lines, counted from 0, of modules under `#[cfg(test)]`.
pub(super) fn test_module_lines(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut depth: Option<usize> = None;
    for (index, line) in text.lines().enumerate() {
        if depth.is_none() && line.trim() == "#[cfg(test)]" {
            depth = Some(0);
        }
        let Some(open) = depth else { continue };
        found.push(index);
        let now = (open + line.matches('{').count()).saturating_sub(line.matches('}').count());
        let closed = now == 0 && (open > 0 || line.trim_end().ends_with([';', '}']));
        depth = (!closed).then_some(now);
    }
    found
}

//! The tables that name venues, strategies, rules: unique names, sorted rows.

use super::{Finding, files::Repository};

/// A header with these words says that the order of the rows has a meaning.
const ORDER_MATTERS: &str = "in the order in which";

/// Rows are `name: "..."` lines; they are sorted unless their order has a meaning.
pub(super) fn sorted(repository: &Repository) -> Vec<Finding> {
    repository.ending("catalogue.rs").flat_map(|(path, text)| check(path, text)).collect()
}

fn check(path: &str, text: &str) -> Vec<Finding> {
    let free = text.lines().take_while(|line| line.starts_with("//!"));
    let any_order = free.into_iter().any(|line| line.contains(ORDER_MATTERS));
    let mut seen: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for (number, name) in rows(text) {
        if seen.contains(&name) {
            findings.push(Finding::new(path, number, format!("`{name}` is listed twice")));
        } else if !any_order && seen.last().is_some_and(|last| *last > name) {
            let message = format!("`{name}` must come before `{}`", seen[seen.len() - 1]);
            findings.push(Finding::new(path, number, message));
        }
        seen.push(name);
    }
    findings
}

fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let (_, rest) = line.split_once("name: \"")?;
        let (name, _) = rest.split_once('"')?;
        Some((index + 1, name))
    })
}

//! Which of our crates may use which.
//!
//! Only ordinary dependencies count: what tests use is free. A new arrow needs a note in
//! `docs/decisions/` and a row here.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{Finding, files::Repository};

/// A crate and what it may use. `app` may use everything and is the only one that may.
const ARROWS: &[(&str, &[&str])] = &[
    ("dashboard", &["domain", "engine", "market"]),
    ("domain", &[]),
    ("engine", &["domain", "market"]),
    ("history", &["domain", "market"]),
    ("inference", &["domain", "market"]),
    ("market", &["domain"]),
    ("mpc", &["domain"]),
    ("report", &["domain", "engine", "research"]),
    ("research", &["domain", "engine", "market", "strategies"]),
    ("runtime", &["domain", "engine", "market"]),
    ("sandbox", &["domain", "engine", "market", "venues"]),
    ("storage", &["domain"]),
    ("strategies", &["domain", "engine", "market"]),
    ("testkit", &["domain", "market"]),
    ("venues", &["domain"]),
];

const KNOWS_ALL: &str = "app";

/// Every arrow between our crates is in the table.
pub(super) fn directions(repository: &Repository) -> Vec<Finding> {
    let manifests: Vec<(&str, &str, &str)> = repository
        .ending("/Cargo.toml")
        .filter_map(|(path, text)| {
            let folder = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
            Some((path, folder, text))
        })
        .collect();
    let ours: BTreeSet<&str> = manifests.iter().map(|(_, folder, _)| *folder).collect();
    let check = |(path, folder, text): &(&str, &str, &str)| match text.parse::<Table>() {
        Ok(manifest) => wrong_arrows(path, folder, &manifest, &ours),
        Err(error) => vec![Finding::new(path, 0, format!("not TOML: {}", error.message()))],
    };
    manifests.iter().flat_map(check).collect()
}

fn wrong_arrows(path: &str, folder: &str, manifest: &Table, ours: &BTreeSet<&str>) -> Vec<Finding> {
    if folder == KNOWS_ALL {
        return Vec::new();
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == folder) else {
        let message = format!("`{folder}` is missing from the table of arrows in xtask");
        return vec![Finding::new(path, 0, message)];
    };
    dependencies(manifest)
        .into_iter()
        .filter(|name| ours.contains(name) && !allowed.contains(name))
        .map(|name| Finding::new(path, 0, format!("`{folder}` must not use `{name}`")))
        .collect()
}

/// Ordinary and build dependencies, for every target.
fn dependencies(manifest: &Table) -> BTreeSet<&str> {
    let of = |table: &'static str| {
        let per_target = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
        let tables = per_target.filter_map(|(_, target)| target.as_table());
        std::iter::once(manifest)
            .chain(tables)
            .filter_map(move |one| one.get(table).and_then(Value::as_table))
    };
    of("dependencies")
        .chain(of("build-dependencies"))
        .flat_map(|table| table.keys().map(String::as_str))
        .collect()
}

//! The text files of the repository, read once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result};

use super::Finding;

const SKIPPED_FOLDERS: [&str; 5] = [".git", "data", "node_modules", "results", "target"];
const TEXT_ENDINGS: [&str; 8] =
    [".json", ".lock", ".md", ".rs", ".sh", ".toml", ".yml", "/.ci/run"];
const REQUIRED: [&str; 6] = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "docs/changes.md",
];

/// Paths relative to the root, with `/` between their parts.
#[derive(Debug, Default)]
pub(crate) struct Repository {
    texts: BTreeMap<String, String>,
    /// Every file and folder, also those whose text is not read.
    paths: BTreeSet<String>,
}

impl Repository {
    /// Reads everything below `root` but build results and recorded data.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut repository = Self::default();
        repository.read_folder(root, "")?;
        Ok(repository)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        let entries =
            fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                // `data` and the like are skipped at the root only: tests have such folders too.
                let skipped = SKIPPED_FOLDERS.contains(&name.as_str());
                if !(skipped && (prefix.is_empty() || name == "target")) {
                    self.paths.insert(path.clone());
                    self.read_folder(&entry.path(), &path)?;
                }
            } else if kind.is_file() {
                if TEXT_ENDINGS.iter().any(|ending| format!("/{path}").ends_with(ending)) {
                    let text = fs::read_to_string(entry.path())
                        .with_context(|| format!("cannot read {path}"))?;
                    self.texts.insert(path.clone(), text);
                }
                self.paths.insert(path);
            }
        }
        Ok(())
    }

    /// The texts whose path ends like this, in order.
    pub(super) fn ending<'a>(
        &'a self,
        ending: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let texts = self.texts.iter().filter(move |(path, _)| path.ends_with(ending));
        texts.map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut repository = Self::default();
        for (path, text) in files {
            repository.texts.insert((*path).to_owned(), (*text).to_owned());
            let mut whole = *path;
            repository.paths.insert(whole.to_owned());
            while let Some((folder, _)) = whole.rsplit_once('/') {
                repository.paths.insert(folder.to_owned());
                whole = folder;
            }
        }
        repository
    }
}

/// The files that every reader expects.
pub(super) fn present(repository: &Repository) -> Vec<Finding> {
    let missing = REQUIRED.iter().filter(|path| !repository.has(path));
    missing.map(|path| Finding::new(path, 0, "this file must exist")).collect()
}

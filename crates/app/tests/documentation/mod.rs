//! Finds every command that the repository's documents tell a reader to type.

#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod reference;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A command as somebody wrote it down.
#[derive(Clone, Debug)]
pub(crate) struct Documented {
    /// Such as `README.md:7`.
    pub(crate) place: String,
    /// The command, in one line.
    pub(crate) line: String,
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The pages for readers and the example configurations, by their names in the repository.
pub(crate) fn texts() -> Vec<(String, String)> {
    let root = root();
    let mut names: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec();
    for folder in ["docs", "docs/decisions", "config"] {
        let entries = fs::read_dir(root.join(folder)).expect("the folder is part of the project");
        let files = entries.map(|entry| entry.expect("a readable folder").file_name());
        let files = files.map(|name| format!("{folder}/{}", name.to_string_lossy()));
        names.extend(files.filter(|name| is_toml(name) || is_markdown(name)));
    }
    names.sort();
    let read = |name: String| {
        let text = fs::read_to_string(root.join(&name)).expect("it is listed");
        (name, text)
    };
    names.into_iter().map(read).collect()
}

/// Every command in these texts.
pub(crate) fn commands() -> Vec<Documented> {
    let of_text = |(name, text): (String, String)| {
        let lines = if is_toml(&name) { in_comments(&text) } else { in_markdown(&text) };
        let place = move |(number, line): (usize, String)| Documented {
            place: format!("{name}:{number}"),
            line,
        };
        joined(lines).into_iter().map(place).collect::<Vec<_>>()
    };
    texts().into_iter().flat_map(of_text).collect()
}

fn is_toml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

fn is_markdown(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "md")
}

/// Code between backticks within a line, without the fenced blocks.
pub(crate) fn inline_code(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let code = line.split('`').skip(1).step_by(2);
            found.extend(code.map(|code| (index + 1, code.to_owned())));
        }
    }
    found
}

/// Lines of a page that are typed: all of a shell block, elsewhere what starts like a command.
fn in_markdown(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fence: Option<String> = None;
    let mut continued = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if let Some(language) = trimmed.strip_prefix("```") {
            fence = if fence.is_some() { None } else { Some(language.to_owned()) };
            continue;
        }
        let shell = matches!(fence.as_deref(), Some("sh" | "bash" | "console"));
        let indented = fence.is_some() || line.starts_with("    ");
        let typed = continued || shell || (indented && is_command(trimmed));
        if typed && !trimmed.is_empty() && !trimmed.starts_with('#') {
            found.push((index + 1, trimmed.to_owned()));
            continued = trimmed.ends_with('\\');
        }
    }
    found
}

/// Indented lines of a comment.
fn in_comments(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate();
    let typed = lines.filter_map(|(index, line)| {
        let line = line.strip_prefix("#    ")?;
        Some((index + 1, line.trim().to_owned()))
    });
    typed.collect()
}

fn is_command(line: &str) -> bool {
    ["algopioneer ", "cargo "].iter().any(|start| line.starts_with(start))
}

/// Joins lines that end with a backslash with the next one, and drops comments at the end.
fn joined(lines: Vec<(usize, String)>) -> Vec<(usize, String)> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in lines {
        let line = line.split(" #").next().unwrap_or_default().trim_end().to_owned();
        let ends_open = line.ends_with('\\');
        let part = line.trim_end_matches('\\').trim().to_owned();
        match joined.last_mut().filter(|_| open) {
            Some((_, before)) => *before = format!("{before} {part}"),
            None => joined.push((number, part)),
        }
        open = ends_open;
    }
    joined
}

/// The words of a command, with quotes understood.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            (' ', None) => words.push(String::new()),
            _ => {
                if let Some(word) = words.last_mut() {
                    word.push(letter);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

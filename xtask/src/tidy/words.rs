//! Names and words that do not belong into this repository.
//!
//! The words are written in two halves here, so that this file does not contain them.

use super::{
    Finding,
    files::Repository,
    shares::{is_test_file, test_module_lines},
};

const VAGUE_FILES: [&str; 5] = ["common.rs", "helpers.rs", "misc.rs", "util.rs", "utils.rs"];

/// Never in a source file.
const UNFINISHED: [&str; 5] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("#[ig", "nore"),
];

/// Never in any text: such a path exists on one machine only.
const MACHINE_PATHS: [&str; 6] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/fa", "rm/"),
    concat!("/tm", "p/"),
    concat!("/Us", "ers/"),
    concat!("/ho", "me/"),
];

/// What must not be linked: other TLS stacks, and a key exchange with a timing leak.
const FORBIDDEN_CRATES: [&str; 4] = ["aws-lc-sys", "native-tls", "openssl-sys", "rsa"];

/// Vague names, unfinished work, paths of one machine, printing in libraries.
pub(super) fn banned(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in repository.ending("") {
        findings.extend(lines_with(path, text, &MACHINE_PATHS, "a path of one machine"));
    }
    for (path, text) in repository.ending(".rs") {
        let name = path.rsplit('/').next().unwrap_or(path);
        if VAGUE_FILES.contains(&name) {
            findings.push(Finding::new(path, 0, "name the file after what it is about"));
        }
        findings.extend(lines_with(path, text, &UNFINISHED, "unfinished or switched off"));
        findings.extend(prints(path, text));
    }
    findings
}

/// No forbidden crate is in the lock file.
pub(super) fn forbidden_crates(repository: &Repository) -> Vec<Finding> {
    const LOCK: &str = "Cargo.lock";
    let Some(text) = repository.text(LOCK) else { return Vec::new() };
    let names = text.lines().enumerate().filter_map(|(index, line)| {
        let name = line.strip_prefix("name = \"")?.strip_suffix('"')?;
        FORBIDDEN_CRATES.contains(&name).then_some((index + 1, name))
    });
    names.map(|(line, name)| Finding::new(LOCK, line, format!("`{name}` is forbidden"))).collect()
}

fn lines_with(path: &str, text: &str, words: &[&str], what: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(word) = words.iter().find(|word| line.contains(**word)) {
            findings.push(Finding::new(path, index + 1, format!("{what}: `{word}`")));
        }
    }
    findings
}

/// Results are printed by the binary, and by tests that say what they skip.
fn prints(path: &str, text: &str) -> Vec<Finding> {
    const PRINT: &str = concat!("print", "ln!(");
    let may_print = path.starts_with("crates/app/") || path.starts_with("xtask/");
    if may_print || is_test_file(path) || path.contains("/examples/") {
        return Vec::new();
    }
    let in_tests = test_module_lines(text);
    let lines = text.lines().enumerate().filter(|(index, line)| {
        let comment = line.trim_start().starts_with("//");
        line.contains(PRINT) && !comment && !in_tests.contains(index)
    });
    lines.map(|(index, _)| Finding::new(path, index + 1, "only the binary prints")).collect()
}

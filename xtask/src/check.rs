//! `cargo xtask check`: one step after the other, stopping at the first that fails.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, bail};

use crate::tidy;

/// A step that is a cargo command.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    /// Whether the step takes `--locked`.
    locked: bool,
}

const FORMAT: Step = cargo("format", &["fmt", "--all", "--", "--check"]);
const LINTS: Step =
    locked("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
const NEXTEST: Step = locked("tests", &["nextest", "run", "--workspace"]);
const DOC_TESTS: Step = locked("doc tests", &["test", "--workspace", "--doc"]);
const TESTS: Step = locked("tests and doc tests", &["test", "--workspace"]);
const MODEL_CHECK: Step = Step {
    environment: &[("RUSTFLAGS", "--cfg loom"), ("CARGO_TARGET_DIR", "target/loom")],
    ..locked("model check", &["test", "--release", "-p", "market", "--test", "loom_snapshot"])
};
const DOCUMENTATION: Step = Step {
    environment: &[("RUSTDOCFLAGS", "-D warnings")],
    ..locked("documentation", &["doc", "--workspace", "--no-deps"])
};
const LICENCES: Step = cargo("licences", &["deny", "check", "licenses", "bans", "sources"]);

const fn cargo(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { name, arguments, environment: &[], locked: false }
}

const fn locked(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { locked: true, ..cargo(name, arguments) }
}

/// Runs every step.
pub(crate) fn run(root: &Path) -> Result<()> {
    let start = Instant::now();
    FORMAT.run(root)?;
    announce("tidy");
    tidy::run(root)?;
    LINTS.run(root)?;
    if installed(root, "nextest") {
        NEXTEST.run(root)?;
        DOC_TESTS.run(root)?;
    } else {
        TESTS.run(root)?;
    }
    MODEL_CHECK.run(root)?;
    DOCUMENTATION.run(root)?;
    if installed(root, "deny") {
        LICENCES.run(root)?;
    } else {
        println!("skipped: licences (cargo-deny is not installed)");
    }
    println!("check passed in {} s", start.elapsed().as_secs());
    Ok(())
}

impl Step {
    fn run(&self, root: &Path) -> Result<()> {
        announce(self.name);
        let start = Instant::now();
        let status = Command::new("cargo")
            .args(self.all_arguments(env::var_os("CI").is_some()))
            .envs(self.environment.iter().copied())
            .current_dir(root)
            .status()
            .with_context(|| format!("cannot run cargo for `{}`", self.name))?;
        if !status.success() {
            bail!("`{}` failed: cargo {}", self.name, self.arguments.join(" "));
        }
        println!("{} passed in {} s", self.name, start.elapsed().as_secs());
        Ok(())
    }

    /// In continuous integration the lock file must not change.
    fn all_arguments(&self, in_ci: bool) -> Vec<&'static str> {
        let mut arguments = self.arguments.to_vec();
        if self.locked && in_ci {
            let end = arguments.iter().position(|one| *one == "--").unwrap_or(arguments.len());
            arguments.insert(end, "--locked");
        }
        arguments
    }
}

fn announce(name: &str) {
    println!("--- {name}");
}

fn installed(root: &Path, subcommand: &str) -> bool {
    Command::new("cargo")
        .args([subcommand, "--version"])
        .current_dir(root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, LINTS, TESTS};

    #[test]
    fn the_lock_file_is_frozen_in_ci_only() {
        assert_eq!(TESTS.all_arguments(false), ["test", "--workspace"]);
        assert_eq!(TESTS.all_arguments(true), ["test", "--workspace", "--locked"]);
    }

    #[test]
    fn arguments_for_cargo_come_before_the_two_dashes() {
        let arguments = LINTS.all_arguments(true).join(" ");
        assert_eq!(arguments, "clippy --workspace --all-targets --locked -- -D warnings");
        assert_eq!(FORMAT.all_arguments(true), FORMAT.arguments);
    }
}

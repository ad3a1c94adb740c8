//! Chores of the people who work on this repository: `cargo xtask check`, `cargo xtask tidy`.
//!
//! `check` is all that continuous integration runs; `tidy` is the part of it that knows
//! the rules of this project which no compiler checks. Nothing here reaches the product.
#![allow(clippy::print_stdout, reason = "a command prints its results")]

mod check;
mod tidy;

use std::{env, path::Path, process::ExitCode};

use anyhow::{Context as _, Result};

const HELP: &str = "\
Chores of this repository.

Usage: cargo xtask <COMMAND>

  check   everything: format, tidy, lints, tests, the model check, documentation, licences
  tidy    the project's own rules only: sizes, headers, arrows, catalogues, words, links

Example: cargo xtask check";

fn main() -> ExitCode {
    let command = env::args().nth(1);
    let outcome = match command.as_deref() {
        Some("check") => root().and_then(check::run),
        Some("tidy") => root().and_then(tidy::run),
        None | Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(unknown) => {
            println!("error: unknown command `{unknown}`\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")
}

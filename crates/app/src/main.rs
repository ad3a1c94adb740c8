//! The binary: reads the command line, sets up logging, runs one command.

use std::{process::ExitCode, sync::Arc};

use algopioneer::{
    cli::{Cli, LogFormat},
    command::{self, Failure},
};
use clap::Parser;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are results, everything else is a mistake: clap knows where each goes.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    start_logging(cli.log_format);
    if let Err(error) = outlive_file_limits() {
        tracing::warn!(%error, "a file size limit would end this program without a word");
    }
    match command::execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// A file that hits a size limit is an error like a full disk, not the end by a signal.
fn outlive_file_limits() -> std::io::Result<()> {
    let signal = nix::sys::signal::Signal::SIGXFSZ as i32;
    signal_hook::flag::register(signal, Arc::default()).map(|_| ())
}

/// Logs go to standard error. `RUST_LOG` decides how much; warnings by default.
fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Pretty => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
}

#[expect(clippy::print_stderr, reason = "the last words of a failed command")]
fn complain(failure: &Failure) {
    let text = failure.to_string();
    if !text.is_empty() {
        eprintln!("{text}");
    }
}

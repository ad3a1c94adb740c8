//! The subcommands, one file each.

mod audit;
mod backtest;
mod bench;
mod config;
mod data;
mod demo;
mod kill;
mod live;
mod loading;
mod mpc;
mod product;
mod record;
mod replay;
mod run;
mod sandbox;
mod trade;
mod venue;
mod wrap_up;

use std::fmt;

use crate::cli::{BenchCommand, Cli, Command};

/// Why a command did not succeed; decides the exit code.
#[derive(Debug)]
pub enum Failure {
    /// The command line or the configuration is wrong: exit code 2.
    Usage(String),
    /// Something failed while running: exit code 1.
    Failed(anyhow::Error),
    /// The result does not hold, and was printed: exit code 1.
    Wanting,
    /// A person interrupted before there was a result: exit code 130.
    Interrupted,
}

impl Failure {
    /// The exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) | Self::Wanting => 1,
            Self::Interrupted => 130,
        }
    }
}

impl Failure {
    /// The failure as an error among others, for callers that add where it happened.
    fn into_error(self) -> anyhow::Error {
        match self {
            Self::Failed(error) => error,
            Self::Usage(text) => {
                anyhow::anyhow!(text.trim_start_matches("error: ").trim_end().to_owned())
            }
            other => anyhow::anyhow!(other.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text.trim_end()),
            Self::Failed(error) => write!(f, "error: {}", whole_story(error)),
            Self::Wanting => Ok(()),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// The error and its causes, each said once: some messages already end with their cause.
fn whole_story(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |story, cause| {
        if story.is_empty() {
            cause
        } else if story.contains(&cause) {
            story
        } else {
            format!("{story}: {cause}")
        }
    })
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<crate::config::ConfigErrors> for Failure {
    fn from(errors: crate::config::ConfigErrors) -> Self {
        Self::Usage(errors.to_string())
    }
}

/// Runs what the command line asks for.
///
/// # Errors
/// [`Failure`], which carries its exit code.
pub fn execute(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Demo(arguments) => demo::execute(&arguments),
        Command::Replay(arguments) => replay::execute(&arguments),
        Command::Backtest(arguments) => backtest::execute(&arguments),
        Command::Run(arguments) => run::execute(&arguments),
        Command::Trade(arguments) => trade::execute(&arguments),
        Command::Record(arguments) => record::execute(&arguments),
        Command::Sandbox(arguments) => sandbox::execute(&arguments),
        Command::Config(arguments) => config::execute(&arguments),
        Command::Audit(arguments) => audit::execute(&arguments),
        Command::Rebuild(arguments) => audit::rebuild(&arguments),
        Command::Kill(arguments) => kill::execute(&arguments),
        Command::Resume(arguments) => kill::resume(&arguments),
        Command::Data(arguments) => data::execute(&arguments),
        Command::Mpc(command) => mpc::execute(&command),
        Command::Bench(BenchCommand::Latency(arguments)) => bench::execute(&arguments),
        Command::Bench(BenchCommand::Backtest(arguments)) => bench::backtest::execute(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_the_message_already_names_is_not_said_again() {
        let cause = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = anyhow::Error::from(cause).context("cannot open x: no such file");
        let error = error.context("cannot start");
        let text = Failure::Failed(error).to_string();
        assert_eq!(text, "error: cannot start: cannot open x: no such file");
    }
}

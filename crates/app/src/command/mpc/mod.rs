//! `mpc`: computing together without showing each other the inputs.
//!
//! The protocol, the nodes and the participants are the crate `mpc`; here are files, words and
//! exit codes.

mod catalogue;
mod demo;
mod demo_report;
mod example;
mod inputs;
mod node;
mod participant;
mod reference;

use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::Context as _;
use mpc::client::ClientError;
use serde::de::DeserializeOwned;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use super::Failure;
use crate::cli::MpcCommand;

pub(super) fn execute(command: &MpcCommand) -> Result<(), Failure> {
    match command {
        MpcCommand::Demo(arguments) => demo::execute(arguments),
        MpcCommand::Functions(arguments) => catalogue::list(arguments),
        MpcCommand::Keygen(arguments) => node::keygen(arguments),
        MpcCommand::Node(arguments) => node::execute(arguments),
        MpcCommand::Open(arguments) => participant::open(arguments),
        MpcCommand::Submit(arguments) => participant::submit(arguments),
        MpcCommand::Result(arguments) => participant::result(arguments),
        MpcCommand::Sessions(arguments) => participant::sessions(arguments),
        MpcCommand::Audit(arguments) => participant::audit(arguments),
    }
}

/// Reads a configuration.
fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let mistake = |error: &dyn std::fmt::Display| {
        Failure::Usage(format!("error: {}: {}", path.display(), error.to_string().trim_end()))
    };
    let text = fs::read_to_string(path).map_err(|error| mistake(&error))?;
    toml::from_str(&text).map_err(|error| mistake(&error))
}

/// A flag that Ctrl-C or a polite request to end sets.
fn stop_flag() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&stop)).context("cannot listen for Ctrl-C")?;
    }
    Ok(stop)
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Input(_) | ClientError::Identity(_) => {
                Self::Usage(format!("error: {error}"))
            }
            other => Self::Failed(other.into()),
        }
    }
}

//! `mpc keygen` and `mpc node`: setting up a circle and running one of its nodes.

use std::{
    fs::{self, OpenOptions},
    io::{Read as _, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::{Context as _, anyhow};
use mpc::{
    client::keys::{CirclePlan, generate},
    net::identity::IdentityError,
    node::{NodeConfig, NodeError, Shutdown, serve},
};
use serde::Serialize;

use super::{Failure, catalogue::programs, read_toml, stop_flag};
use crate::{
    cli::{KeygenArgs, NodeArgs},
    output,
};

pub(super) fn keygen(arguments: &KeygenArgs) -> Result<(), Failure> {
    let found = arguments.nodes.len();
    let addresses: [String; 3] = arguments.nodes.clone().try_into().map_err(|_| {
        Failure::Usage(format!("error: --nodes: three addresses are needed, not {found}"))
    })?;
    let out = &arguments.out;
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    // Whole paths, so that the files can be used from any folder.
    let folder = out.canonicalize().with_context(|| format!("cannot open {}", out.display()))?;
    let participants = arguments.participants.clone();
    let keys = generate(&folder, &CirclePlan { addresses, participants, days: arguments.days })
        .map_err(|error| match error {
            IdentityError::Issue { .. } => Failure::Usage(format!("error: {error}")),
            other => Failure::Failed(other.into()),
        })?;
    for config in &keys.nodes {
        write_new_toml(&folder.join(format!("node{}.toml", config.node)), config)?;
    }
    for config in &keys.clients {
        write_new_toml(&folder.join(format!("{}.toml", config.participant)), config)?;
    }
    let first = keys.clients.first().map_or("", |client| client.participant.as_str());
    let (days, shown) = (arguments.days, out.display());
    Ok(output::text(&format!(
        "Certificates for three nodes and {} participant(s), valid for {days} day(s), in {shown}.\n\
         Each *.key file is a secret of the one it is named after: hand it over and delete it here.\n\n\
         Start the nodes:     algopioneer mpc node --config {shown}/node0.toml   (also 1 and 2)\n\
         Look at sessions:    algopioneer mpc sessions --config {shown}/{first}.toml\n\
         Only {first} may open sessions; `may_open` in the nodes' files changes that.\n",
        keys.clients.len(),
    ))?)
}

fn write_new_toml(path: &Path, config: &impl Serialize) -> Result<(), Failure> {
    let text = toml::to_string(config).context("a configuration cannot be written as TOML")?;
    let mut options = OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    Ok(written.with_context(|| format!("cannot write {}", path.display()))?)
}

pub(super) fn execute(arguments: &NodeArgs) -> Result<(), Failure> {
    let config: NodeConfig = read_toml(&arguments.config)?;
    let stop = stop_flag()?;
    if arguments.until_stdin_closes {
        stop_with_stdin(&stop)?;
    }
    let (node, listen) = (config.node, config.listen.clone());
    output::text(&format!("Node {node} on {listen}; stop with Ctrl-C.\n"))?;
    let file = arguments.config.display();
    serve(config, programs(), Shutdown::sharing(stop)).map_err(|error| match error {
        NodeError::Setting(_) | NodeError::Identity(_) | NodeError::Session { .. } => {
            Failure::Usage(format!("error: {file}: {error}"))
        }
        other => Failure::Failed(anyhow!(other).context(format!("node {node}"))),
    })
}

/// The other end of standard input belongs to whoever started the node, and closes with it.
fn stop_with_stdin(stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    let wait = move || {
        let mut ignored = [0; 256];
        // An error is an end too.
        while matches!(std::io::stdin().read(&mut ignored), Ok(count) if count > 0) {}
        stop.store(true, Ordering::Release);
    };
    thread::Builder::new().name("mpc-stdin".to_owned()).spawn(wait)?;
    Ok(())
}

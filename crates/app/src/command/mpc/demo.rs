//! `mpc demo`: a whole joint computation on one machine, with processes of this very program.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, sync_channel},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use mpc::{
    client::demo::{DemoError, DemoPlan, DemoReport, Launcher, run},
    node::{NodeConfig, program::SecretNumbers},
};

use super::{
    Failure,
    catalogue::{find, programs},
    demo_report::{self, Shown, Verdict},
    example, reference, stop_flag,
};
use crate::{cli::MpcDemoArgs, output};

/// How often Ctrl-C is looked for.
const GLANCE: Duration = Duration::from_millis(50);

pub(super) fn execute(arguments: &MpcDemoArgs) -> Result<(), Failure> {
    let entry = find(&arguments.function)?;
    let participants = usize::from(arguments.participants);
    let example = example::of(entry.name, participants, arguments.seed).ok_or_else(|| {
        Failure::Usage(format!("error: there is no demonstration of `{}`", entry.name))
    })?;
    let expected = reference::expected(entry, &example)?;
    let names = example.terms.participants.iter().cloned();
    let secrets = example.inputs.iter().map(|numbers| SecretNumbers::new(numbers.clone()));
    let plan = DemoPlan {
        terms: example.terms.clone(),
        inputs: names.zip(secrets).collect(),
        cheat: arguments.cheat,
        limit: Duration::from_secs(arguments.limit),
    };
    let stop = stop_flag()?;
    let folder = tempfile::tempdir().context("cannot make a folder for the demonstration")?;
    let report = held(plan, folder.path(), &stop)?;
    let shown = Shown { entry, example: &example, expected: &expected, report: &report };
    let document = demo_report::build(&shown, arguments);
    if arguments.json {
        output::json(&document)?;
    } else {
        output::text(&document.text())?;
    }
    match document.verdict {
        Verdict::Right | Verdict::Caught | Verdict::Harmless => Ok(()),
        Verdict::Wrong | Verdict::NoResult => Err(Failure::Wanting),
    }
}

/// Holds the session on a thread of its own, so that Ctrl-C ends it at any time: nodes stop by
/// themselves when this program has ended.
fn held(plan: DemoPlan, folder: &Path, stop: &AtomicBool) -> Result<DemoReport, Failure> {
    let mut again = Again { program: env::current_exe().context("where is this program?")? };
    let (sender, receiver) = sync_channel(1);
    let own_folder = folder.to_owned();
    let work = move || {
        // Nobody listens any more after an interruption.
        let _sent = sender.send(run(plan, &own_folder, &programs(), &mut again));
    };
    thread::Builder::new().name("mpc-demo".to_owned()).spawn(work)?;
    loop {
        if stop.load(Ordering::Acquire) {
            return Err(Failure::Interrupted);
        }
        match receiver.recv_timeout(GLANCE) {
            Ok(outcome) => return outcome.map_err(|error| failure(error, folder)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(anyhow!("the demonstration ended without a report").into());
            }
        }
    }
}

/// A node's own last words say more than that it cannot be reached.
fn failure(error: DemoError, folder: &Path) -> Failure {
    let words: Vec<String> = (0..3)
        .filter_map(|node| fs::read_to_string(complaints(folder, node)).ok())
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    let error = anyhow::Error::from(error);
    Failure::Failed(if words.is_empty() { error } else { error.context(words.join("; ")) })
}

fn complaints(folder: &Path, node: u8) -> PathBuf {
    folder.join(format!("node{node}.err"))
}

/// Starts this program again, as a node that ends with it.
struct Again {
    program: PathBuf,
}

impl Launcher for Again {
    fn launch(&mut self, config: &NodeConfig, folder: &Path) -> io::Result<Child> {
        let path = folder.join(format!("node{}.toml", config.node));
        fs::write(&path, toml::to_string(config).map_err(io::Error::other)?)?;
        Command::new(&self.program)
            .args(["mpc", "node", "--until-stdin-closes", "--config"])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(fs::File::create(complaints(folder, config.node))?)
            .spawn()
    }
}

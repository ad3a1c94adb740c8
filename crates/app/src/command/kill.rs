//! `kill` and `resume`: the kill switch from outside.

use anyhow::Context;

use super::Failure;
use crate::{cli::DataDirArgs, output, session::KillSwitch};

pub(super) fn execute(arguments: &DataDirArgs) -> Result<(), Failure> {
    let switch = switch(arguments)?;
    switch
        .throw("Thrown by `algopioneer kill`.")
        .with_context(|| format!("cannot write {}", switch.file().display()))?;
    let text = format!(
        "The kill switch is thrown ({}).\n\
         A running session sees it within 100 ms: it cancels everything and refuses everything.\n\
         It stays thrown over restarts until:\n\n    algopioneer resume --data-dir {}\n",
        switch.file().display(),
        arguments.data_dir.display()
    );
    Ok(output::text(&text)?)
}

pub(super) fn resume(arguments: &DataDirArgs) -> Result<(), Failure> {
    let switch = switch(arguments)?;
    let was_thrown =
        switch.lift().with_context(|| format!("cannot remove {}", switch.file().display()))?;
    let text = if was_thrown {
        "The kill switch is lifted.\n"
    } else {
        "The kill switch was not thrown; nothing changed.\n"
    };
    Ok(output::text(text)?)
}

fn switch(arguments: &DataDirArgs) -> Result<KillSwitch, Failure> {
    if arguments.data_dir.is_dir() {
        return Ok(KillSwitch::of(&arguments.data_dir));
    }
    Err(Failure::Usage(format!(
        "error: {} is not a directory; name the data directory of the session with --data-dir",
        arguments.data_dir.display()
    )))
}

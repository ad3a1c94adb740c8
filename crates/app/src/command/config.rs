//! `config check` and `config show`.

use super::{Failure, loading};
use crate::{
    cli::ConfigCommand,
    config::{self, Origins},
    output,
};

pub(super) fn execute(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check { file } => {
            let loaded = config::check(file)?;
            let traded: Vec<_> = loaded.config.traded().iter().map(ToString::to_string).collect();
            let text = format!("{}: good. It trades {}.\n", file.display(), traded.join(", "));
            Ok(output::text(&text)?)
        }
        ConfigCommand::Show { file, origin, overrides } => {
            let loaded = loading::load(Some(file), overrides, &[])?;
            let origins = if *origin { Origins::Shown } else { Origins::Hidden };
            Ok(output::text(&loaded.show(origins))?)
        }
    }
}

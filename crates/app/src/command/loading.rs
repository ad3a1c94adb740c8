//! From the command line to a configuration.

use std::path::Path;

use super::Failure;
use crate::{
    cli::LayoutArg,
    config::{self, Environment, Loaded, Override, Sources},
};

/// Loads a configuration: defaults, file, environment, `--set`, then the flags of the command.
pub(super) fn load(
    file: Option<&Path>,
    set: &[String],
    flags: &[Override],
) -> Result<Loaded, Failure> {
    let overrides = all_overrides(set, flags)?;
    let environment = Environment::of_process()?;
    let sources = match file {
        Some(path) => Sources::with_file(path, environment, overrides)?,
        None => Sources::without_file(environment, overrides),
    };
    Ok(config::load(&sources)?)
}

/// Loads a configuration whose text is part of the program.
pub(super) fn load_built_in(
    name: &str,
    text: &str,
    set: &[String],
    flags: &[Override],
) -> Result<Loaded, Failure> {
    let overrides = all_overrides(set, flags)?;
    let environment = Environment::of_process()?;
    Ok(config::load(&Sources::with_text(name.into(), text.into(), environment, overrides))?)
}

fn all_overrides(set: &[String], flags: &[Override]) -> Result<Vec<Override>, Failure> {
    let mut overrides =
        set.iter().map(|argument| Override::parse_set(argument)).collect::<Result<Vec<_>, _>>()?;
    overrides.extend_from_slice(flags);
    Ok(overrides)
}

/// The `--layout` flag as a setting.
pub(super) fn layout_flag(layout: Option<LayoutArg>) -> Option<Override> {
    let value = match layout? {
        LayoutArg::Fused => "\"fused\"",
        LayoutArg::Pipelined => "\"pipelined\"",
    };
    Some(Override::new("--layout", "strategy.performance.layout", value))
}

/// A path as a TOML string.
pub(super) fn toml_path(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

//! The places settings come from, read but not yet understood.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    origin::{Location, SourceText, excerpt},
    problem::{ConfigErrors, Problem},
};

/// Variables with this prefix are settings; two underscores go one level down.
pub const ENVIRONMENT_PREFIX: &str = "ALGOPIONEER__";
const DOT_ENV: &str = ".env";

/// A value from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The flag as the user knows it, such as `--set` or `--seed`.
    pub flag: String,
    /// The full name of the setting.
    pub path: String,
    /// The text of the value.
    pub value: String,
}

impl Override {
    /// A dedicated flag for one setting.
    #[must_use]
    pub fn new(flag: &str, path: &str, value: &str) -> Self {
        Self { flag: flag.to_owned(), path: path.to_owned(), value: value.to_owned() }
    }

    /// The argument of `--set`: a setting, `=`, a value.
    ///
    /// # Errors
    /// When there is no `=`.
    pub fn parse_set(argument: &str) -> Result<Self, ConfigErrors> {
        let Some((path, value)) = argument.split_once('=') else {
            let location = Location::Flag {
                flag: "--set".into(),
                text: argument.into(),
                span: 0..argument.len(),
            };
            return Err(Problem::new("`--set` takes NAME=VALUE")
                .at(&location, "there is no `=`")
                .help("for example --set strategy.params.imbalance_threshold=0.4".to_owned())
                .into());
        };
        Ok(Self::new("--set", path.trim(), value.trim()))
    }

    /// The text shown in messages and the part of it that is the value.
    pub(super) fn location(&self) -> Location {
        let text = format!("{}={}", self.path, self.value);
        Location::Flag { flag: self.flag.clone(), span: self.path.len() + 1..text.len(), text }
    }

    pub(super) fn key_location(&self) -> Location {
        let text = format!("{}={}", self.path, self.value);
        Location::Flag { flag: self.flag.clone(), span: 0..self.path.len(), text }
    }
}

/// A variable of the process or of the `.env` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) location: Location,
}

/// The environment: the process first, then what `.env` adds to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Lowest precedence first.
    variables: Vec<Variable>,
}

impl Environment {
    /// The variables of this process and the `.env` file of the working directory, if any.
    ///
    /// # Errors
    /// A `.env` file that cannot be read or has a line that is not `NAME=VALUE`.
    pub fn of_process() -> Result<Self, ConfigErrors> {
        let process = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::layered(read_optional(Path::new(DOT_ENV))?, process)
    }

    /// `process` variables over those of a `.env` file (its path and text).
    pub(super) fn layered(
        dot_env: Option<(String, String)>,
        process: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let mut process: Vec<(String, String)> = process.into_iter().collect();
        process.sort();
        let mut variables = match dot_env {
            Some((path, text)) => read_dot_env(path, text)?,
            None => Vec::new(),
        };
        variables.retain(|one| process.iter().all(|(name, _)| *name != one.name));
        variables.extend(process.into_iter().map(|(name, value)| Variable {
            location: Location::Environment { name: name.clone(), value: value.clone() },
            name,
            value,
        }));
        Ok(Self { variables })
    }

    /// A variable such as `RUST_LOG`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.iter().rev().find(|one| one.name == name).map(|one| one.value.as_str())
    }

    /// The variables that are settings, with the names of the settings.
    pub(super) fn settings(&self) -> impl Iterator<Item = (String, &Variable)> {
        self.variables.iter().filter_map(|one| {
            let name = one.name.strip_prefix(ENVIRONMENT_PREFIX)?;
            Some((name.to_ascii_lowercase().replace("__", "."), one))
        })
    }
}

/// All the places a configuration is put together from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The configuration file, when there is one.
    pub(super) file: Option<Arc<SourceText>>,
    pub(super) environment: Environment,
    pub(super) overrides: Vec<Override>,
}

impl Sources {
    /// No file: defaults, `environment` and `overrides`.
    #[must_use]
    pub fn without_file(environment: Environment, overrides: Vec<Override>) -> Self {
        Self { file: None, environment, overrides }
    }

    /// A file under `environment` and `overrides`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn with_file(
        path: &Path,
        environment: Environment,
        overrides: Vec<Override>,
    ) -> Result<Self, ConfigErrors> {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self::with_text(path.display().to_string(), text, environment, overrides))
    }

    /// A file whose text is already here.
    #[must_use]
    pub fn with_text(
        path: String,
        text: String,
        environment: Environment,
        overrides: Vec<Override>,
    ) -> Self {
        Self { file: Some(Arc::new(SourceText { path, text })), environment, overrides }
    }
}

fn read_optional(path: &Path) -> Result<Option<(String, String)>, ConfigErrors> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> ConfigErrors {
    let problem = Problem::new(format!("cannot read {}: {error}", path.display()));
    let help = match error.kind() {
        io::ErrorKind::NotFound => Some(format!("the working directory is {}", here().display())),
        io::ErrorKind::InvalidData => Some("the file must be UTF-8 text".to_owned()),
        _ => None,
    };
    problem.help(help).into()
}

fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}

/// Reads `NAME=VALUE` lines. Empty lines, `#` comments and a leading `export` are
/// allowed; a value may stand in single or double quotes, which are taken off.
fn read_dot_env(path: String, text: String) -> Result<Vec<Variable>, ConfigErrors> {
    let source = Arc::new(SourceText { path, text });
    let (mut variables, mut problems) = (Vec::new(), Vec::new());
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        match read_assignment(line) {
            Ok(None) => {}
            Ok(Some((name, value))) => {
                let location =
                    Location::DotEnv { source: Arc::clone(&source), span, name: name.to_owned() };
                variables.push(Variable { name: name.into(), value: value.into(), location });
            }
            // The line itself is not shown: it may hold a secret.
            Err(reason) => {
                let line = excerpt(&source.text, &span).line;
                let message = format!("{}:{line} is not NAME=VALUE: {reason}", source.path);
                problems.push(Problem::new(message));
            }
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(ConfigErrors::new(problems)) }
}

fn read_assignment(line: &str) -> Result<Option<(&str, &str)>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("there is no `=`")?;
    let (name, value) = (name.trim(), value.trim());
    let allowed = |one: char| one.is_ascii_alphanumeric() || one == '_';
    if name.is_empty() || !name.chars().all(allowed) {
        return Err("names have letters, digits and underscores");
    }
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let (inner, rest) = value[1..].split_once(quote).ok_or("the quote is never closed")?;
            let rest = rest.trim_start();
            if rest.is_empty() || rest.starts_with('#') {
                Ok(Some((name, inner)))
            } else {
                Err("text after the closing quote")
            }
        }
        _ => Ok(Some((name, value.split(" #").next().unwrap_or(value).trim_end()))),
    }
}

//! What is wrong with a configuration, shown where it was written.
//!
//! The layout is the one people know from the compiler: the line, a mark under the
//! part that is wrong, and what to do about it. All problems are shown at once.

use std::fmt;

use super::origin::{Location, excerpt};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    message: String,
    places: Vec<Place>,
    help: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    location: Location,
    label: String,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), places: Vec::new(), help: None }
    }

    /// Points at a place. The first one is the main one.
    pub(super) fn at(mut self, location: &Location, label: impl Into<String>) -> Self {
        self.places.push(Place { location: location.clone(), label: label.into() });
        self
    }

    pub(super) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// The one-sentence statement, without places.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Orders problems as a reader meets them: file, `.env`, environment, flags.
    fn position(&self) -> (u8, usize) {
        match self.places.first().map(|place| &place.location) {
            Some(Location::File { span, .. }) => (1, span.start),
            Some(Location::DotEnv { span, .. }) => (2, span.start),
            Some(Location::Environment { .. }) => (3, 0),
            Some(Location::Flag { .. }) => (4, 0),
            Some(Location::Default | Location::Follows(_)) | None => (0, 0),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        let gutter = self.places.iter().map(Place::gutter).max().unwrap_or(1);
        for (index, place) in self.places.iter().enumerate() {
            let (arrow, mark) = if index == 0 { ("-->", '^') } else { (":::", '-') };
            place.write(f, gutter, arrow, mark)?;
        }
        match &self.help {
            Some(help) => write!(f, "\n{:gutter$} = help: {help}", ""),
            None => Ok(()),
        }
    }
}

impl Place {
    /// Width of the widest line number shown for this place.
    fn gutter(&self) -> usize {
        match &self.location {
            Location::File { source, span } | Location::DotEnv { source, span, .. } => {
                excerpt(&source.text, span).line.to_string().len()
            }
            _ => 1,
        }
    }

    fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        gutter: usize,
        arrow: &str,
        mark: char,
    ) -> fmt::Result {
        let (head, text, span, numbered) = match &self.location {
            Location::File { source, span } | Location::DotEnv { source, span, .. } => {
                (source.path.clone(), source.text.as_str(), span.clone(), true)
            }
            Location::Environment { name, value } => {
                (format!("environment {name}"), value.as_str(), 0..value.len(), false)
            }
            Location::Flag { flag, text, span } => {
                (format!("flag {flag}"), text.as_str(), span.clone(), false)
            }
            Location::Default => return self.write_default(f, gutter, arrow, "default"),
            Location::Follows(path) => return self.write_default(f, gutter, arrow, path),
        };
        let part = excerpt(text, &span);
        let (number, at) = if numbered {
            (part.line.to_string(), format!(":{}:{}", part.line, part.column + 1))
        } else {
            (String::new(), String::new())
        };
        let shown = part.text.replace('\t', " ");
        let marks: String = std::iter::repeat_n(mark, part.width).collect();
        let indent = part.column;
        write!(f, "\n{:gutter$}{arrow} {head}{at}", "")?;
        write!(f, "\n{:gutter$} |\n{number:>gutter$} | {shown}", "")?;
        write!(f, "\n{:gutter$} | {:indent$}{marks} {}\n{:gutter$} |", "", "", self.label, "")
    }

    fn write_default(
        &self,
        f: &mut fmt::Formatter<'_>,
        gutter: usize,
        arrow: &str,
        name: &str,
    ) -> fmt::Result {
        write!(f, "\n{:gutter$}{arrow} {name}: {}", "", self.label)
    }
}

/// Everything that is wrong with a configuration; at least one problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<Problem>);

impl ConfigErrors {
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(Problem::position);
        Self(problems)
    }

    /// The problems in the order in which they are shown.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for ConfigErrors {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{problem}")?;
        }
        match self.0.len() {
            0 | 1 => Ok(()),
            many => write!(f, "\n\nerror: {many} problems in the configuration"),
        }
    }
}

impl std::error::Error for ConfigErrors {}

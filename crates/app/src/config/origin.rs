//! Where a value comes from: for people, and precisely enough to underline it.

use std::{fmt, ops::Range, sync::Arc};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// Nobody set it; it takes the value of another setting.
    Follows(&'static str),
    /// A line of the configuration file.
    File {
        /// The path as it was given.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// A line of the `.env` file.
    DotEnv {
        /// The path of the file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// A variable of the environment.
    Environment(String),
    /// An argument of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Follows(path) => write!(f, "default, follows {path}"),
            Self::File { path, line } => write!(f, "file {path}:{line}"),
            Self::DotEnv { path, line, name } => write!(f, "file {path}:{line} {name}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// A text with a name, shared by every place that points into it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceText {
    pub(super) path: String,
    pub(super) text: String,
}

/// One line of a source, with the part that matters.
pub(super) struct Excerpt<'a> {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) text: &'a str,
    /// In characters, counted from 0.
    pub(super) column: usize,
    /// In characters, at least 1.
    pub(super) width: usize,
}

/// Finds the line of a byte range; a range over several lines is cut to the first.
pub(super) fn excerpt<'a>(text: &'a str, span: &Range<usize>) -> Excerpt<'a> {
    let position = span.start.min(text.len());
    let before = text.get(..position).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
    let column = before[start..].chars().count();
    let end = span.end.clamp(position, start + line.len().max(position - start));
    let width = text.get(position..end).map_or(1, |part| part.chars().count()).max(1);
    Excerpt { line: before.matches('\n').count() + 1, text: line, column, width }
}

/// The precise place of a value or a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    Default,
    Follows(&'static str),
    File { source: Arc<SourceText>, span: Range<usize> },
    DotEnv { source: Arc<SourceText>, span: Range<usize>, name: String },
    Environment { name: String, value: String },
    Flag { flag: String, text: String, span: Range<usize> },
}

impl Location {
    /// The same source, another part of it. Only files know more than one part.
    pub(super) fn at(&self, span: Option<Range<usize>>) -> Self {
        match (self, span) {
            (Self::File { source, .. }, Some(span)) => {
                Self::File { source: Arc::clone(source), span }
            }
            _ => self.clone(),
        }
    }

    pub(super) fn origin(&self) -> Origin {
        match self {
            Self::Default => Origin::Default,
            Self::Follows(path) => Origin::Follows(path),
            Self::File { source, span } => {
                Origin::File { path: source.path.clone(), line: excerpt(&source.text, span).line }
            }
            Self::DotEnv { source, span, name } => Origin::DotEnv {
                path: source.path.clone(),
                line: excerpt(&source.text, span).line,
                name: name.clone(),
            },
            Self::Environment { name, .. } => Origin::Environment(name.clone()),
            Self::Flag { flag, .. } => Origin::Flag(flag.clone()),
        }
    }
}

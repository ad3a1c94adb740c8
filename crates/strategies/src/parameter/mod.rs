//! What a strategy can be told: its parameters, declared once and read by their names.
//!
//! A strategy lists its parameters in its catalogue row. The configuration, the command
//! line, the reference and the parameter search read that list; the strategy asks
//! [`ParamValues`] for what it declared and gets a value inside the declared range.

mod range;
mod values;

#[cfg(test)]
mod tests;

pub use range::Range;
pub use values::{ParamValue, ParamValues};

/// One parameter of a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the configuration: whole words in lower case, joined by `_`.
    pub name: &'static str,
    /// What it may hold.
    pub kind: ParameterKind,
    /// What holds when nobody sets it.
    pub preset: Preset,
    /// Another parameter that has to be larger.
    pub below: Option<&'static str>,
    /// What it does, for people.
    pub purpose: &'static str,
}

/// What a parameter may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// `true` or `false`.
    Flag,
    /// A whole number between two bounds.
    Whole(usize, usize),
    /// A length of event time in whole milliseconds between two bounds.
    Milliseconds(u64, u64),
    /// A parameter of statistics, kept as a float.
    Real(Range),
    /// An exact quantity in units of the base asset.
    Quantity(Range),
    /// An exact plain fraction: 0.05 is five percent.
    Rate(Range),
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// What holds when nobody sets a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// This value, written as in a file but without quotes.
    Is(&'static str),
    /// The largest position the risk limits allow: [`Preset::POSITION_LIMIT`] where nobody
    /// states one. What is set instead may be smaller, never larger.
    PositionLimit,
}

impl Preset {
    /// The documented risk limit, in units of the base asset.
    pub const POSITION_LIMIT: &'static str = "1";

    const fn text(self) -> &'static str {
        match self {
            Self::Is(text) => text,
            Self::PositionLimit => Self::POSITION_LIMIT,
        }
    }
}

/// Sizes a venue could ever take.
const QUANTITY: Range = Range::above(0, 1_000_000_000_000_000, 18);

impl Parameter {
    /// `true` or `false`.
    #[must_use]
    pub const fn flag(name: &'static str, default: &'static str, purpose: &'static str) -> Self {
        Self { name, kind: ParameterKind::Flag, preset: Preset::Is(default), below: None, purpose }
    }

    /// A whole number from `bounds.0` to `bounds.1`.
    #[must_use]
    pub const fn whole(
        name: &'static str,
        bounds: (usize, usize),
        default: &'static str,
        purpose: &'static str,
    ) -> Self {
        let kind = ParameterKind::Whole(bounds.0, bounds.1);
        Self { name, kind, preset: Preset::Is(default), below: None, purpose }
    }

    /// Whole milliseconds of event time from `bounds.0` to `bounds.1`.
    #[must_use]
    pub const fn milliseconds(
        name: &'static str,
        bounds: (u64, u64),
        default: &'static str,
        purpose: &'static str,
    ) -> Self {
        let kind = ParameterKind::Milliseconds(bounds.0, bounds.1);
        Self { name, kind, preset: Preset::Is(default), below: None, purpose }
    }

    /// A parameter of statistics.
    #[must_use]
    pub const fn real(
        name: &'static str,
        range: Range,
        default: &'static str,
        purpose: &'static str,
    ) -> Self {
        Self {
            name,
            kind: ParameterKind::Real(range),
            preset: Preset::Is(default),
            below: None,
            purpose,
        }
    }

    /// A quantity above zero in units of the base asset.
    #[must_use]
    pub const fn quantity(name: &'static str, preset: Preset, purpose: &'static str) -> Self {
        Self { name, kind: ParameterKind::Quantity(QUANTITY), preset, below: None, purpose }
    }

    /// A plain fraction.
    #[must_use]
    pub const fn rate(
        name: &'static str,
        range: Range,
        default: &'static str,
        purpose: &'static str,
    ) -> Self {
        Self {
            name,
            kind: ParameterKind::Rate(range),
            preset: Preset::Is(default),
            below: None,
            purpose,
        }
    }

    /// One of some words.
    #[must_use]
    pub const fn choice(
        name: &'static str,
        words: &'static [&'static str],
        default: &'static str,
        purpose: &'static str,
    ) -> Self {
        Self {
            name,
            kind: ParameterKind::Choice(words),
            preset: Preset::Is(default),
            below: None,
            purpose,
        }
    }

    /// The same parameter, which has to be smaller than `other`.
    #[must_use]
    pub const fn below(self, other: &'static str) -> Self {
        Self { below: Some(other), ..self }
    }

    /// The values at both ends of what it may hold; all of them for words and flags.
    #[must_use]
    pub fn extremes(&self) -> Vec<String> {
        match self.kind {
            ParameterKind::Flag => vec!["false".into(), "true".into()],
            ParameterKind::Whole(low, high) => vec![low.to_string(), high.to_string()],
            ParameterKind::Milliseconds(low, high) => vec![low.to_string(), high.to_string()],
            ParameterKind::Real(range)
            | ParameterKind::Quantity(range)
            | ParameterKind::Rate(range) => {
                vec![range.lowest().to_string(), range.highest().to_string()]
            }
            ParameterKind::Choice(words) => words.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Why a parameter could not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Use one of the strategy's own names.
    #[error("there is no parameter `{name}`; known here: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Write something of the right kind.
    #[error("`{name}` takes {expected}, not `{text}`")]
    Unreadable {
        /// The parameter.
        name: &'static str,
        /// What it takes.
        expected: String,
        /// What was given.
        text: String,
    },
    /// Stay inside the range.
    #[error("`{name}` must be {allowed}, not {text}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// Its range in words.
        allowed: String,
        /// What was given.
        text: String,
    },
}

/// A name as the catalogue writes it: `moving-average` is `moving_average`.
#[must_use]
pub fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

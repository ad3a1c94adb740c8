//! A value as somebody wrote it, before anything is known about its meaning.

use std::ops::Range;

use toml_edit::{Item, Value as TomlValue};

/// A literal and where it stands in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) literal: Literal,
    pub(super) span: Option<Range<usize>>,
}

/// The shapes a source can express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    Flag(bool),
    /// The digits as written, so that no precision is lost.
    Number(String),
    List(Vec<Written>),
    Table,
    Date,
    /// Text of a variable or a flag, whose type its setting decides.
    Loose(String),
}

impl Literal {
    /// The shape in words.
    pub(super) const fn describe(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Loose(_) => "text",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
            Self::Table => "a section",
            Self::Date => "a date",
        }
    }
}

impl Written {
    /// Text of a variable or a flag. Brackets and quotes are read as TOML.
    pub(super) fn loose(text: &str) -> Self {
        if text.starts_with(['[', '"', '\''])
            && let Ok(value) = text.parse::<TomlValue>()
        {
            return Self { span: None, ..Self::from_toml(&value, text) };
        }
        Self { literal: Literal::Loose(text.to_owned()), span: None }
    }

    pub(super) fn text(text: &str, span: Option<Range<usize>>) -> Self {
        Self { literal: Literal::Text(text.to_owned()), span }
    }

    /// A value of a TOML document whose text is `source`.
    pub(super) fn from_toml(value: &TomlValue, source: &str) -> Self {
        let span = value.span();
        let literal = match value {
            TomlValue::String(text) => Literal::Text(text.value().clone()),
            TomlValue::Boolean(flag) => Literal::Flag(*flag.value()),
            TomlValue::Integer(number) => Literal::Number(number.value().to_string()),
            TomlValue::Float(number) => {
                let raw = number.as_repr().and_then(|repr| repr.as_raw().as_str());
                let sliced = span.clone().and_then(|span| source.get(span));
                Literal::Number(
                    raw.or(sliced).map_or_else(|| number.value().to_string(), Into::into),
                )
            }
            TomlValue::Array(items) => {
                Literal::List(items.iter().map(|item| Self::from_toml(item, source)).collect())
            }
            TomlValue::Datetime(_) => Literal::Date,
            TomlValue::InlineTable(_) => Literal::Table,
        };
        Self { literal, span }
    }

    /// An item that stands where a value is expected.
    pub(super) fn from_item(item: &Item, source: &str) -> Self {
        match item {
            Item::Value(value) => Self::from_toml(value, source),
            _ => Self { literal: Literal::Table, span: item.span() },
        }
    }
}

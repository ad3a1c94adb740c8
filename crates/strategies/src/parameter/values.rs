//! The values of a strategy's parameters.

use std::fmt;

use domain::{Qty, Rate, Span};
use rust_decimal::Decimal;

use super::{Parameter, ParameterError, ParameterKind, Range, canonical};

/// The value of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamValue {
    /// Of a flag.
    Flag(bool),
    /// Of a whole number.
    Whole(usize),
    /// Of milliseconds.
    Span(Span),
    /// Of a parameter of statistics.
    Real(f64),
    /// Of a quantity.
    Quantity(Qty),
    /// Of a rate.
    Rate(Rate),
    /// Of a choice.
    Choice(&'static str),
}

/// As it is written in a file, without quotes.
impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Whole(number) => number.fmt(f),
            Self::Span(span) => span.as_millis().fmt(f),
            Self::Real(number) => number.fmt(f),
            Self::Quantity(quantity) => quantity.fmt(f),
            Self::Rate(rate) => rate.decimal().fmt(f),
            Self::Choice(word) => f.write_str(word),
        }
    }
}

impl ParamValue {
    /// What can be compared in size.
    #[expect(clippy::cast_precision_loss, reason = "whole numbers of parameters are small")]
    const fn size(&self) -> Option<f64> {
        match *self {
            Self::Whole(number) => Some(number as f64),
            Self::Real(number) => Some(number),
            Self::Span(span) => Some(span.as_nanos() as f64),
            Self::Flag(_) | Self::Quantity(_) | Self::Rate(_) | Self::Choice(_) => None,
        }
    }
}

/// A value for every parameter a strategy declares, each inside its range.
///
/// The getters panic for a name that was not declared, or not with that kind: a strategy
/// that asks for such a name is wrong, and the catalogue's tests build every one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParamValues(Vec<(&'static Parameter, ParamValue)>);

impl ParamValues {
    /// The defaults of these parameters.
    ///
    /// # Panics
    /// When a default is not a value of its own parameter.
    #[must_use]
    pub fn defaults(parameters: impl Iterator<Item = &'static Parameter>) -> Self {
        let value = |one: &'static Parameter| {
            let value = read(one, one.preset.text());
            (one, value.expect("the catalogue's tests read every default"))
        };
        Self(parameters.map(value).collect())
    }

    /// Sets one parameter from text, as it is written in a file but without quotes.
    /// `stop-loss` is `stop_loss`.
    ///
    /// # Errors
    /// [`ParameterError`]; nothing was changed then.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), ParameterError> {
        let wanted = canonical(name);
        let Some((parameter, value)) = self.0.iter_mut().find(|(one, _)| one.name == wanted) else {
            let known: Vec<&str> = self.0.iter().map(|(one, _)| one.name).collect();
            return Err(ParameterError::Unknown { name: wanted, known: known.join(", ") });
        };
        *value = read(parameter, text)?;
        Ok(())
    }

    /// These values with one of them set.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn with(mut self, name: &str, text: &str) -> Result<Self, ParameterError> {
        self.set(name, text)?;
        Ok(self)
    }

    /// The first parameter that is not below the one it has to be below.
    #[must_use]
    pub fn contradiction(&self) -> Option<(&'static Parameter, &'static str)> {
        self.0.iter().find_map(|(parameter, value)| {
            let larger = parameter.below?;
            let other = self.get(larger)?;
            (value.size()? >= other.size()?).then_some((*parameter, larger))
        })
    }

    /// Every parameter with its value, in the order of declaration.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static Parameter, &ParamValue)> {
        self.0.iter().map(|(parameter, value)| (*parameter, value))
    }

    /// A value as it is written in a file, without quotes; `None` for an unknown name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.to_string())
    }

    /// Whether a parameter was declared.
    #[must_use]
    pub fn declares(&self, name: &str) -> bool {
        self.0.iter().any(|(one, _)| one.name == name)
    }

    /// A flag.
    ///
    /// # Panics
    /// When no flag of that name was declared.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(ParamValue::Flag(flag)) => flag,
            _ => undeclared(name, "a flag"),
        }
    }

    /// A whole number.
    ///
    /// # Panics
    /// When no whole number of that name was declared.
    #[must_use]
    pub fn whole(&self, name: &str) -> usize {
        match self.get(name) {
            Some(ParamValue::Whole(number)) => number,
            _ => undeclared(name, "a whole number"),
        }
    }

    /// A length of event time.
    ///
    /// # Panics
    /// When no milliseconds of that name were declared.
    #[must_use]
    pub fn span(&self, name: &str) -> Span {
        match self.get(name) {
            Some(ParamValue::Span(span)) => span,
            _ => undeclared(name, "milliseconds"),
        }
    }

    /// A parameter of statistics.
    ///
    /// # Panics
    /// When no real number of that name was declared.
    #[must_use]
    pub fn real(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(ParamValue::Real(number)) => number,
            _ => undeclared(name, "a real number"),
        }
    }

    /// A quantity.
    ///
    /// # Panics
    /// When no quantity of that name was declared.
    #[must_use]
    pub fn quantity(&self, name: &str) -> Qty {
        match self.get(name) {
            Some(ParamValue::Quantity(quantity)) => quantity,
            _ => undeclared(name, "a quantity"),
        }
    }

    /// A rate.
    ///
    /// # Panics
    /// When no rate of that name was declared.
    #[must_use]
    pub fn rate(&self, name: &str) -> Rate {
        match self.get(name) {
            Some(ParamValue::Rate(rate)) => rate,
            _ => undeclared(name, "a rate"),
        }
    }

    /// One of the declared words.
    ///
    /// # Panics
    /// When no choice of that name was declared.
    #[must_use]
    pub fn choice(&self, name: &str) -> &'static str {
        match self.get(name) {
            Some(ParamValue::Choice(word)) => word,
            _ => undeclared(name, "a choice"),
        }
    }

    fn get(&self, name: &str) -> Option<ParamValue> {
        self.0.iter().find(|(one, _)| one.name == name).map(|(_, value)| *value)
    }
}

fn undeclared(name: &str, kind: &str) -> ! {
    panic!("the strategy reads its parameter `{name}` as {kind}, which its row does not declare")
}

fn read(parameter: &'static Parameter, text: &str) -> Result<ParamValue, ParameterError> {
    let name = parameter.name;
    let unreadable = |expected: &str| ParameterError::Unreadable {
        name,
        expected: expected.to_owned(),
        text: text.to_owned(),
    };
    match parameter.kind {
        ParameterKind::Flag => match text {
            "true" => Ok(ParamValue::Flag(true)),
            "false" => Ok(ParamValue::Flag(false)),
            _ => Err(unreadable("`true` or `false`")),
        },
        ParameterKind::Whole(low, high) => {
            let number = text.parse().map_err(|_| unreadable("a whole number"))?;
            within((low..=high).contains(&number), name, text, || format!("from {low} to {high}"))?;
            Ok(ParamValue::Whole(number))
        }
        ParameterKind::Milliseconds(low, high) => {
            let number: u64 = text.parse().map_err(|_| unreadable("whole milliseconds"))?;
            within((low..=high).contains(&number), name, text, || format!("from {low} to {high}"))?;
            Ok(ParamValue::Span(Span::from_millis(number.cast_signed())))
        }
        ParameterKind::Real(range) => {
            decimal(parameter, range, text)?;
            text.parse().map(ParamValue::Real).map_err(|_| unreadable("a number"))
        }
        ParameterKind::Quantity(range) => {
            let number = decimal(parameter, range, text)?;
            Qty::new(number).map(ParamValue::Quantity).map_err(|_| unreadable("a quantity"))
        }
        ParameterKind::Rate(range) => {
            decimal(parameter, range, text).map(Rate::new).map(ParamValue::Rate)
        }
        ParameterKind::Choice(words) => {
            let known = || unreadable(&format!("one of {}", words.join(", ")));
            let word = words.iter().find(|word| **word == text).ok_or_else(known)?;
            Ok(ParamValue::Choice(word))
        }
    }
}

fn decimal(
    parameter: &'static Parameter,
    range: Range,
    text: &str,
) -> Result<Decimal, ParameterError> {
    let name = parameter.name;
    let number = Decimal::from_str_exact(text).map_err(|_| ParameterError::Unreadable {
        name,
        expected: "a plain decimal number".to_owned(),
        text: text.to_owned(),
    })?;
    let number = number.normalize();
    within(range.contains(number), name, text, || range.describe())?;
    let few = number.scale() <= range.decimals();
    within(few, name, text, || format!("a number of at most {} decimals", range.decimals()))?;
    Ok(number)
}

fn within(
    holds: bool,
    name: &'static str,
    text: &str,
    allowed: impl FnOnce() -> String,
) -> Result<(), ParameterError> {
    if holds {
        return Ok(());
    }
    Err(ParameterError::OutOfRange { name, allowed: allowed(), text: text.to_owned() })
}

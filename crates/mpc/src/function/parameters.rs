//! Public parameters of a function: named lists of whole numbers.
//!
//! Every node and participant must hold the same ones, so they have one encoding, over which
//! a hash is agreed on before a run.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// Named lists of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, Vec<i64>>);

/// A parameter that cannot be used. Correct it and try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// There is no function of this name.
    #[error("there is no function `{name}`; there are: {known}")]
    UnknownFunction {
        /// As asked for.
        name: String,
        /// All there are.
        known: String,
    },
    /// It is not there.
    #[error("parameter `{name}` is missing")]
    Missing {
        /// Which.
        name: &'static str,
    },
    /// The function has no such parameter.
    #[error("parameter `{name}` is not one of this function")]
    Unknown {
        /// Which.
        name: String,
    },
    /// A value is outside of what the function can do.
    #[error("parameter `{name}` is {value}; {rule}")]
    OutOfRange {
        /// Which.
        name: &'static str,
        /// As given.
        value: i64,
        /// What is allowed.
        rule: &'static str,
    },
    /// A list has the wrong length.
    #[error("parameter `{name}` has {found} values; {rule}")]
    Length {
        /// Which.
        name: &'static str,
        /// As given.
        found: usize,
        /// What is allowed.
        rule: &'static str,
    },
}

impl Parameters {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more list; a list of that name is replaced.
    #[must_use]
    pub fn with(mut self, name: &str, values: impl Into<Vec<i64>>) -> Self {
        self.0.insert(name.to_owned(), values.into());
        self
    }

    /// A hash over a function's name and all parameters.
    #[must_use]
    pub fn digest(&self, function: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut text = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        text(function);
        for (name, values) in &self.0 {
            text(name);
            text(&format!("{values:?}"));
        }
        hash.finalize().into()
    }

    /// Refuses names that are not in the list.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), ParameterError> {
        match self.0.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(ParameterError::Unknown { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// A list.
    pub(crate) fn list(&self, name: &'static str) -> Result<&[i64], ParameterError> {
        self.0.get(name).map(Vec::as_slice).ok_or(ParameterError::Missing { name })
    }

    /// A list of counts or indexes.
    pub(crate) fn counts(
        &self,
        name: &'static str,
        most: usize,
        rule: &'static str,
    ) -> Result<Vec<usize>, ParameterError> {
        let check = |value: &i64| match usize::try_from(*value) {
            Ok(count) if count <= most => Ok(count),
            _ => Err(ParameterError::OutOfRange { name, value: *value, rule }),
        };
        self.list(name)?.iter().map(check).collect()
    }

    /// A single number from a range.
    pub(crate) fn number(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<i64>,
        rule: &'static str,
    ) -> Result<i64, ParameterError> {
        match self.list(name)? {
            [value] if range.contains(value) => Ok(*value),
            [value] => Err(ParameterError::OutOfRange { name, value: *value, rule }),
            list => Err(ParameterError::Length { name, found: list.len(), rule: "one is needed" }),
        }
    }

    /// A single count from a range.
    pub(crate) fn count(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<usize>,
        rule: &'static str,
    ) -> Result<usize, ParameterError> {
        let bound = |count: &usize| i64::try_from(*count).unwrap_or(i64::MAX);
        let value = self.number(name, bound(range.start())..=bound(range.end()), rule)?;
        Ok(usize::try_from(value).expect("between two counts"))
    }
}

/// Which thing is at each place, from the place of each thing; `None` unless each place from 0 is
/// taken by one.
pub(crate) fn inverse(places: &[usize]) -> Option<Vec<usize>> {
    let mut things = vec![usize::MAX; places.len()];
    for (thing, place) in places.iter().enumerate() {
        *things.get_mut(*place)? = thing;
    }
    (!things.contains(&usize::MAX)).then_some(things)
}

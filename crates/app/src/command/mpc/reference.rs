//! What a joint computation should give: the function's plain reference on the same inputs.

use std::collections::BTreeMap;

use anyhow::anyhow;
use mpc::{
    client::OwnResult,
    function::{ParameterError, Parameters, catalogue::Entry},
    node::terms::Parameter,
};

use super::example::Example;

/// Named lists of numbers.
pub(super) type Named = BTreeMap<String, Vec<i128>>;

/// The output that is computed with a stated error; all others are exact.
pub(super) const ROUNDED: &str = "weights";

/// What everybody sees, and what each participant sees.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) public: Named,
    pub(super) own: Vec<Named>,
}

impl Expected {
    /// Whether these public numbers are right. Weights of portfolios may be wrong by one part in
    /// 10,000 of the largest, or of one.
    pub(super) fn is_public(&self, found: &Named) -> bool {
        found.len() == self.public.len()
            && self.public.iter().all(|(name, expected)| {
                let bound = if name == ROUNDED {
                    let largest = expected.iter().map(|value| value.abs()).max().unwrap_or(0);
                    largest.max(1 << 24) / 10_000
                } else {
                    0
                };
                found.get(name).is_some_and(|found| {
                    found.len() == expected.len()
                        && found
                            .iter()
                            .zip(expected)
                            .all(|(one, other)| (one - other).abs() <= bound)
                })
            })
    }
}

/// Computes in the clear.
pub(super) fn expected(entry: &Entry, example: &Example) -> anyhow::Result<Expected> {
    let terms = &example.terms.parameters;
    let parameters = plain(terms.iter().map(|(name, value)| (name.as_str(), value)));
    let count = i64::try_from(example.inputs.len())?;
    let counted = parameters.clone().with("participants", [count]);
    let function = match (entry.build)(&counted) {
        Err(ParameterError::Unknown { .. }) => (entry.build)(&parameters),
        other => other,
    }?;
    let plain = function.reference(&example.inputs).map_err(|broken| {
        anyhow!("the input of participant {} breaks a rule", broken.participant)
    })?;
    let public = plain.public.into_iter().map(|one| (one.name.to_owned(), one.values)).collect();
    let mut own = vec![Named::new(); example.inputs.len()];
    for output in plain.private {
        own[output.participant].insert(output.name.to_owned(), output.values);
    }
    Ok(Expected { public, own })
}

/// What a participant was given, in the same form.
pub(super) fn public_of(result: &OwnResult) -> Named {
    let number = |value: &serde_json::Value| match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_i64().map(i128::from),
    };
    let numbers = |value: &serde_json::Value| -> Vec<i128> {
        value.as_array().into_iter().flatten().filter_map(number).collect()
    };
    let named = result.public.as_object().into_iter().flatten();
    named.map(|(name, value)| (name.clone(), numbers(value))).collect()
}

/// The participant's own numbers.
pub(super) fn own_of(result: &OwnResult) -> Named {
    result.own.iter().map(|(name, numbers)| (name.clone(), numbers.to_vec())).collect()
}

/// Public parameters as a function takes them. Texts are for people.
pub(super) fn plain<'a>(
    parameters: impl IntoIterator<Item = (&'a str, &'a Parameter)>,
) -> Parameters {
    parameters.into_iter().fold(Parameters::new(), |all, (name, value)| match value {
        Parameter::Number(number) => all.with(name, [*number]),
        Parameter::Numbers(numbers) => all.with(name, numbers.clone()),
        Parameter::Text(_) => all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_may_differ_by_their_stated_error_and_nothing_else_may() {
        let named = |weight: i128, price: i128| {
            Named::from([
                (ROUNDED.to_owned(), vec![1 << 25, weight]),
                ("price".to_owned(), vec![price]),
            ])
        };
        let expected = Expected { public: named(1 << 20, 7), own: Vec::new() };
        let bound = (1 << 25) / 10_000;
        assert!(expected.is_public(&named((1 << 20) + bound, 7)));
        assert!(!expected.is_public(&named((1 << 20) + bound + 1, 7)));
        assert!(!expected.is_public(&named(1 << 20, 8)));
        assert!(!expected.is_public(&Named::new()));
    }
}

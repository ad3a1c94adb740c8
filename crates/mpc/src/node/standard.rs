//! The functions of a catalogue, set up for those who contribute to a session.
//!
//! A catalogue makes a function from parameters alone. Who takes part is known only at the
//! deadline, so what happens to those who stay away is decided here.

use super::{
    functions::{Prepared, adapt},
    program::{Programs, Unsuitable},
    terms::{Parameter, SessionTerms},
};
use crate::function::{Function, ParameterError, Parameters};

/// Set by the node to the number of those who contribute.
const PARTICIPANTS: &str = "participants";

/// A parameter for people.
const INSTRUMENT: &str = "instrument";

/// Makes a function from its public parameters.
pub type Make = fn(&Parameters) -> Result<Box<dyn Function>, ParameterError>;

impl Programs {
    /// The functions of a catalogue: their names and how they are made.
    #[must_use]
    pub fn of_catalogue(entries: impl IntoIterator<Item = (&'static str, Make)>) -> Self {
        let program = |(name, make): (&'static str, Make)| {
            adapt(name, move |terms, contributors| prepare(make, terms, contributors))
        };
        Self::new(entries.into_iter().map(program))
    }
}

/// Functions in which an input of zeros changes nothing, and which have a place for everybody.
const ZEROS_ARE_NOTHING: [&str; 3] = ["auction", "match_midpoint", "match_size"];

/// Sets up a function of the catalogue. A function with a parameter `participants` is made for
/// exactly those who contribute. Of the others, some take zeros for those who do not, and the rest
/// need everybody.
fn prepare(
    make: Make,
    terms: &SessionTerms,
    contributors: &[usize],
) -> Result<Prepared, Unsuitable> {
    let parameters = parameters_of(terms)?;
    let unsuitable = |error: ParameterError| Unsuitable(error.to_string());
    let count = i64::try_from(contributors.len()).unwrap_or(i64::MAX);
    let counted = parameters.clone().with(PARTICIPANTS, [count]);
    match make(&counted) {
        Ok(function) => {
            Ok(Prepared { function, seats: (0..contributors.len()).map(Some).collect() })
        }
        Err(ParameterError::Unknown { name }) if name == PARTICIPANTS => {
            let everybody = terms.participants.len();
            if contributors.len() < everybody && !ZEROS_ARE_NOTHING.contains(&&*terms.function) {
                let (have, name) = (contributors.len(), &terms.function);
                return Err(Unsuitable(format!(
                    "`{name}` needs everybody: {have} of {everybody} contribute"
                )));
            }
            let function = make(&parameters).map_err(unsuitable)?;
            let seat = |number: usize| contributors.iter().position(|one| *one == number);
            Ok(Prepared { function, seats: (0..everybody).map(seat).collect() })
        }
        Err(error) => Err(unsuitable(error)),
    }
}

/// The parameters that are numbers. A text is for people, but part of the terms' hash.
fn parameters_of(terms: &SessionTerms) -> Result<Parameters, Unsuitable> {
    let mut parameters = Parameters::new();
    for (name, value) in &terms.parameters {
        match value {
            Parameter::Number(number) => parameters = parameters.with(name, [*number]),
            Parameter::Numbers(numbers) => parameters = parameters.with(name, numbers.clone()),
            Parameter::Text(_) if name == INSTRUMENT => {}
            Parameter::Text(_) => {
                return Err(Unsuitable(format!("parameter `{name}` is text, not numbers")));
            }
        }
    }
    Ok(parameters)
}

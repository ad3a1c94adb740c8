//! All functions there are: the one place where a new one is entered.

use super::{
    Function, ParameterError, Parameters, auction, crossed_market, cycles, inverse_volatility,
    match_midpoint, match_size, pooled_portfolio, ranking, sealed_portfolio, vwap_floor,
};

/// One function for people and for programs.
pub struct Entry {
    /// How it is asked for.
    pub name: &'static str,
    /// What it answers.
    pub purpose: &'static str,
    /// Its parameters, for a person.
    pub parameters: &'static str,
    /// What each participant submits, for a person.
    pub inputs: &'static str,
    /// What comes out, for a person.
    pub outputs: &'static str,
    /// All that anybody learns beside its own inputs.
    pub leaks: &'static [&'static str],
    /// Makes it for public parameters.
    pub build: fn(&Parameters) -> Result<Box<dyn Function>, ParameterError>,
}

/// Sorted by name.
pub const FUNCTIONS: &[Entry] = &[
    auction::ENTRY,
    crossed_market::ENTRY,
    cycles::ENTRY,
    inverse_volatility::ENTRY,
    match_midpoint::ENTRY,
    match_size::ENTRY,
    ranking::MEDIAN,
    pooled_portfolio::ENTRY,
    ranking::QUANTILE,
    sealed_portfolio::ENTRY,
    ranking::TRIMMED_MEAN,
    vwap_floor::ENTRY,
    ranking::WEIGHTED_MEDIAN,
];

/// Makes a function.
///
/// # Errors
/// [`ParameterError`] for an unknown name or parameters it cannot work with.
pub fn build(name: &str, parameters: &Parameters) -> Result<Box<dyn Function>, ParameterError> {
    match FUNCTIONS.iter().find(|entry| entry.name == name) {
        Some(entry) => (entry.build)(parameters),
        None => Err(ParameterError::UnknownFunction {
            name: name.to_owned(),
            known: FUNCTIONS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "),
        }),
    }
}

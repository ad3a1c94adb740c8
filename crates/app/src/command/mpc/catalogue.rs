//! Functions by their short names, and a clear answer for those that are not there.

use std::fmt::Write as _;

use mpc::{
    function::catalogue::{Entry, FUNCTIONS},
    node::Programs,
};
use serde::Serialize;

use super::Failure;
use crate::{cli::MpcFunctionsArgs, output};

/// Short names, and what they stand for.
const SHORT_NAMES: [(&str, &str); 5] = [
    ("arbitrage", "crossed_market"),
    ("match", "match_midpoint"),
    ("portfolio", "sealed_portfolio"),
    ("trimmed-mean", "trimmed_mean"),
    ("vwap", "vwap_floor"),
];

/// The functions as programs of nodes and participants.
pub(super) fn programs() -> Programs {
    Programs::of_catalogue(FUNCTIONS.iter().map(|entry| (entry.name, entry.build)))
}

/// Finds a function by either of its names.
pub(super) fn find(name: &str) -> Result<&'static Entry, Failure> {
    let long = SHORT_NAMES.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| long);
    FUNCTIONS.iter().find(|entry| entry.name == long).ok_or_else(|| {
        let known: Vec<String> = FUNCTIONS.iter().map(names).collect();
        let known = known.join(", ");
        Failure::Usage(format!("error: there is no function `{name}`; there are: {known}"))
    })
}

/// Both names.
fn names(entry: &Entry) -> String {
    match short_name(entry.name) {
        Some(short) => format!("{short} ({})", entry.name),
        None => entry.name.to_owned(),
    }
}

fn short_name(long: &str) -> Option<&'static str> {
    SHORT_NAMES.iter().find(|(_, name)| *name == long).map(|(short, _)| *short)
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    short_name: Option<&'static str>,
    purpose: &'static str,
    parameters: &'static str,
    inputs: &'static str,
    outputs: &'static str,
    leaks: &'static [&'static str],
}

/// Lists the catalogue.
pub(super) fn list(arguments: &MpcFunctionsArgs) -> Result<(), Failure> {
    if arguments.json {
        let listed: Vec<Listed> = FUNCTIONS
            .iter()
            .map(|entry| Listed {
                name: entry.name,
                short_name: short_name(entry.name),
                purpose: entry.purpose,
                parameters: entry.parameters,
                inputs: entry.inputs,
                outputs: entry.outputs,
                leaks: entry.leaks,
            })
            .collect();
        return Ok(output::json(&listed)?);
    }
    let mut text = String::new();
    for entry in FUNCTIONS {
        let _ = write!(
            text,
            "{}\n  answers     {}\n  parameters  {}\n  inputs      {}\n  outputs     {}\n  \
             revealed    {}\n\n",
            names(entry),
            entry.purpose,
            entry.parameters,
            entry.inputs,
            entry.outputs,
            entry.leaks.join("; ")
        );
    }
    text.push_str("Try one:  algopioneer mpc demo --function vwap\n");
    Ok(output::text(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_name_stands_for_a_function_of_the_catalogue() {
        for (short, long) in SHORT_NAMES {
            assert_eq!(find(short).unwrap().name, long);
            assert_eq!(find(long).unwrap().name, long);
        }
    }

    #[test]
    fn a_function_that_is_not_there_is_a_mistake_that_lists_those_that_are() {
        let Err(failure) = find("lottery") else { panic!("there is no lottery") };
        assert_eq!(failure.exit_code(), 2);
        let text = failure.to_string();
        assert!(text.contains("no function `lottery`") && text.contains("vwap (vwap_floor)"));
    }
}

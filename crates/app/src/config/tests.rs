//! Tests of the configuration, by topic.

mod examples;
mod layers;
mod messages;
mod properties;
mod shown;
mod strategies;
mod values;

use super::{ConfigErrors, Environment, Loaded, Override, Sources, load};

const FILE: &str = "config/test.toml";

/// Variables and flags around a file.
#[derive(Default)]
struct Surroundings<'a> {
    dot_env: Option<&'a str>,
    environment: &'a [(&'a str, &'a str)],
    set: &'a [&'a str],
}

fn load_with(text: &str, around: &Surroundings<'_>) -> Result<Loaded, ConfigErrors> {
    let dot_env = around.dot_env.map(|text| (".env".to_owned(), text.to_owned()));
    let process =
        around.environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let environment = Environment::layered(dot_env, process)?;
    let overrides =
        around.set.iter().map(|one| Override::parse_set(one)).collect::<Result<_, _>>()?;
    load(&Sources::with_text(FILE.into(), text.into(), environment, overrides))
}

fn load_text(text: &str) -> Result<Loaded, ConfigErrors> {
    load_with(text, &Surroundings::default())
}

/// The report of everything that is wrong with a text.
fn report(text: &str) -> String {
    load_text(text).expect_err("the text has a mistake").to_string()
}

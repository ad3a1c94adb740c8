//! One layered configuration: defaults, file, environment, command line.
//!
//! ```text
//! defaults  <  TOML file  <  .env  <  environment  <  --set and other flags
//! ```
//!
//! Every value knows where it comes from, every problem points at the place where it
//! was written, and all problems are reported together. `settings.rs` describes each
//! setting once, the catalogue of strategies each parameter; the loader, the messages and
//! `docs/configuration.md` all read them.
//! Nothing here decides what a setting does: that is the business of its reader.

mod bars;
mod kind;
mod model;
mod nearest;
mod origin;
mod problem;
mod reference;
mod rules;
mod settings;
mod settle;
mod show;
mod sources;
mod symbol;
mod table;
mod written;

#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

pub use bars::{BarsRule, BarsRuleError};
pub use model::{
    BarsConfig, BinanceConfig, Config, DataConfig, Durability, FeeTier, FillModel, HttpConfig,
    Layout, Margin, MarginTier, OpenOrders, PaperConfig, PerformanceConfig, PersistenceConfig,
    RiskLimits, ShutdownConfig, StrategyConfig, Stream, VenueConfig, Wait,
};
pub use origin::Origin;
pub use problem::{ConfigErrors, Problem};
pub use reference::reference;
pub use show::Origins;
pub use sources::{ENVIRONMENT_PREFIX, Environment, Override, Sources};
pub use symbol::{MarketName, MarketSymbol, SymbolError, SymbolName};

use kind::Value;
use settings::INSTRUMENTS;
use settle::{Settled, Values};
use strategies::{ParamValues, StrategyRow, parameter::ParameterError};
use table::PARAMS;

/// A configuration without problems, and where each value comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    settled: Settled,
}

/// Loads a file below the environment of this process.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(path: &Path) -> Result<Loaded, ConfigErrors> {
    load(&Sources::with_file(path, Environment::of_process()?, Vec::new())?)
}

/// Puts all sources together and checks the result.
///
/// # Errors
/// Everything that is wrong with them.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    let mut problems = Vec::new();
    let settled = settle::settle(sources, &mut problems);
    problems.extend(rules::contradictions(&settled));
    if !problems.is_empty() {
        return Err(ConfigErrors::new(problems));
    }
    let mut config: Config = serde_json::from_value(tree(&settled)).map_err(|e| defect(&e))?;
    config.strategy.params = params(&settled).map_err(|error| defect(&error))?;
    let problems = rules::instrument_problems(&config, &settled);
    if problems.is_empty() {
        Ok(Loaded { config, settled })
    } else {
        Err(ConfigErrors::new(problems))
    }
}

/// Every value has passed its checks, so this is about the program.
fn defect(error: &dyn std::error::Error) -> Problem {
    Problem::new(format!("the settings do not fit together: {error}"))
        .help("this is a defect of the program, not of the configuration".to_owned())
}

/// The parameters of the chosen strategy.
fn params(settled: &Settled) -> Result<ParamValues, ParameterError> {
    let table = settled.table();
    let mut params = table.strategy.map(StrategyRow::defaults).unwrap_or_default();
    for setting in table.parameters() {
        if let Some(held) = settled.get(setting.path) {
            params.set(setting.split().1, &held.value.to_string())?;
        }
    }
    Ok(params)
}

impl Loaded {
    /// The effective configuration as TOML that loads to the same values.
    #[must_use]
    pub fn show(&self, origins: Origins) -> String {
        show::render(&self.settled, origins)
    }

    /// Where the value of a setting comes from; `None` for an unknown or unset one.
    #[must_use]
    pub fn origin(&self, path: &str) -> Option<Origin> {
        self.settled.get(path).map(|held| held.location.origin())
    }

    /// Every set setting as name, TOML value and origin, in the order of the reference.
    /// Instruments are not among them.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, String, Origin)> {
        self.settled.table().settings().filter_map(|one| {
            let held = self.settled.get(one.path)?;
            Some((one.path, held.literal(one.kind), held.location.origin()))
        })
    }

    /// SHA-256 of the effective configuration without origins: equal values, equal hash.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.show(Origins::Hidden)).into()
    }
}

/// The settled values as the nested shape that [`Config`] is read from, but for the
/// parameters of the strategy.
fn tree(settled: &Settled) -> Json {
    let mut root = Map::new();
    for (path, held) in &settled.values {
        let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
        if section == PARAMS {
            continue;
        }
        let mut table = &mut root;
        for part in section.split('.').filter(|part| !part.is_empty()) {
            let entry = table.entry(part).or_insert_with(|| Json::Object(Map::new()));
            let Json::Object(inner) = entry else { return Json::Null };
            table = inner;
        }
        table.insert(name.to_owned(), json(&held.value));
    }
    let instruments = settled.instruments.iter().map(|table| flat(&table.values)).collect();
    root.insert(INSTRUMENTS.to_owned(), Json::Array(instruments));
    Json::Object(root)
}

fn flat(values: &Values) -> Json {
    let entry = |(path, held): (&&'static str, &settle::Held)| {
        let name = path.rsplit_once('.').map_or(*path, |(_, name)| name);
        (name.to_owned(), json(&held.value))
    };
    Json::Object(values.iter().map(entry).collect())
}

fn json(value: &Value) -> Json {
    match value {
        Value::Flag(flag) => Json::from(*flag),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Whole(number) => Json::from(*number),
        Value::Number(number) => Json::from(number.to_string()),
        Value::Real(number) => number.to_string().parse::<f64>().map_or(Json::Null, Json::from),
        Value::List(words) => words.iter().map(String::as_str).collect(),
    }
}

//! What a report has to know about a back-test beside its outcome: how it was asked for, with
//! which data, under which assumptions.

use domain::Timestamp;
use serde::Serialize;

/// Everything that whoever ran the back-test knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// Name, version and build of the program, such as `algopioneer 0.1.0`.
    pub program: String,
    /// The command that makes this report again.
    pub command_line: String,
    /// What was tested.
    pub strategy: StrategyFacts,
    /// The configuration in effect.
    pub configuration: Configuration,
    /// Where prices came from.
    pub market: MarketSource,
    /// The data, one row per file or set.
    pub data: Vec<DataSource>,
    /// Stretches without data, each as a sentence or a range.
    pub data_gaps: Vec<String>,
    /// Whatever else is doubtful about the data.
    pub data_warnings: Vec<String>,
    /// What the simulation of fills assumes, one sentence each.
    pub fill_model: Vec<String>,
    /// Costs as configured, such as `taker fee` and `10 bps`.
    #[serde(rename = "configured_costs")]
    pub costs: Vec<Named>,
    /// How many attempts were made before this one was chosen, itself included: as declared by the
    /// user, since no program can know.
    pub trials: u32,
    /// The yearly Sharpe ratio that one hopes for. A target, never a promise.
    pub sharpe_target: f64,
    /// When the report was made. Not part of its fingerprint.
    #[serde(skip)]
    pub generated_at: Option<Timestamp>,
}

impl Facts {
    /// The Sharpe ratio aimed at when nobody says otherwise.
    pub const DEFAULT_SHARPE_TARGET: f64 = 2.0;
}

/// A name with a value, both as texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// What it is.
    pub name: String,
    /// How much or which.
    pub value: String,
}

impl Named {
    /// From two texts.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// What was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StrategyFacts {
    /// The strategy's name in the catalogue.
    pub kind: String,
    /// Its parameters in effect.
    pub parameters: Vec<Named>,
}

/// The configuration in effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// As text, without secrets.
    pub text: String,
    /// The SHA-256 of that text, in hexadecimal.
    pub sha256: String,
}

/// One file or set of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DataSource {
    /// What it is called.
    pub name: String,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Where it is from, as a sentence.
    pub provenance: String,
}

/// Where prices came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum MarketSource {
    /// Made up. No evidence of anything.
    Synthetic {
        /// The seed that makes it again.
        seed: u64,
        /// How it was made, as a sentence.
        model: String,
    },
    /// Observed on a real market.
    Recorded,
}

impl MarketSource {
    /// `synthetic` or `recorded`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Synthetic { .. } => "synthetic",
            Self::Recorded => "recorded",
        }
    }

    /// `SYNTHETIC MARKET, seed 7`; `None` for a real one.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        match self {
            Self::Synthetic { seed, .. } => Some(format!("SYNTHETIC MARKET, seed {seed}")),
            Self::Recorded => None,
        }
    }
}

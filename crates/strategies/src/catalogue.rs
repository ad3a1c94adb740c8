//! Every strategy: its name, what it is for, what it can be told, and how it is made.
//!
//! A strategy is one file with one [`StrategyRow`], listed here. The command line, the
//! configuration, the reference, back-tests and paper trading all read this table.

use domain::{InstrumentId, Instruments, NumberError, StrategyId};
use engine::Strategy;
use market::{feature::FeatureConfig, indicator::IndicatorError};

use crate::{
    exit::{self, Guarded},
    parameter::{ParamValues, Parameter, canonical},
};

/// All strategies, by name.
#[rustfmt::skip] // one line each
pub const CATALOGUE: &[&StrategyRow] = &[
    &crate::dual_leg::ROW,
    &crate::imbalance::ROW,
    &crate::moving_average::ROW,
];

/// Finds a strategy by name; `moving-average` is `moving_average`.
#[must_use]
pub fn find(name: &str) -> Option<&'static StrategyRow> {
    let name = canonical(name);
    CATALOGUE.iter().copied().find(|row| row.name == name)
}

/// The names of all strategies.
#[must_use]
pub fn names() -> Vec<&'static str> {
    CATALOGUE.iter().map(|row| row.name).collect()
}

/// A line for each strategy: its name, and what it is for.
#[must_use]
pub fn list() -> String {
    let lines = CATALOGUE.iter().map(|row| format!("  {:<16} {}\n", row.name, row.purpose));
    lines.collect::<Vec<_>>().concat()
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct StrategyRow {
    /// The `kind` in the configuration.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// How many instruments it trades.
    pub instruments: InstrumentCount,
    /// What it can be told, in blocks: its own parameters, and those it shares with others.
    pub parameters: &'static [&'static [Parameter]],
    /// What it has to be shown.
    pub needs: fn(&ParamValues) -> Needs,
    /// Makes one. Everybody else calls [`Self::make`].
    pub build: fn(&Setup<'_>) -> Result<Box<dyn Strategy>, SetupError>,
}

/// How many instruments a strategy trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstrumentCount {
    /// Each on its own.
    AtLeastOne,
    /// Two against each other.
    ExactlyTwo,
}

/// What a strategy has to be shown to decide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needs {
    /// On what it decides.
    pub decides_on: DecidesOn,
    /// The features of the book, when it looks at them.
    pub features: Option<FeatureConfig>,
}

impl Needs {
    /// The closes of bars, and nothing else.
    pub const BARS: Self = Self { decides_on: DecidesOn::Bars, features: None };
    /// Best bids and asks, and nothing else.
    pub const QUOTES: Self = Self { decides_on: DecidesOn::Quotes, features: None };
}

/// On what market data a strategy decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidesOn {
    /// Every change of the book.
    Book,
    /// Every best bid and ask the venue sends.
    Quotes,
    /// The end of every bar.
    Bars,
}

/// What a strategy is made of.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// Its place among the strategies of the session.
    pub id: StrategyId,
    /// Its name in files and logs, such as `imbalance_v1`.
    pub name: &'a str,
    /// The instruments of the session.
    pub instruments: &'a Instruments,
    /// Those it trades.
    pub trades: &'a [InstrumentId],
    /// Its parameters.
    pub params: &'a ParamValues,
}

/// Why a strategy could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Correct this setting.
    #[error("{setting} = {value} must be {allowed}")]
    OutOfRange {
        /// Its name in the configuration.
        setting: &'static str,
        /// What it was.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// Correct the size or the instrument: they do not fit together.
    #[error("a size does not fit its instrument")]
    Number(#[from] NumberError),
    /// Correct a window.
    #[error("an indicator cannot be made as configured")]
    Indicator(#[from] IndicatorError),
    /// Name at least one instrument.
    #[error("strategy {name} has no instrument to trade")]
    NoInstrument {
        /// The strategy.
        name: String,
    },
    /// Name two instruments.
    #[error("strategy {name} trades two instruments against each other, not {count}")]
    NotTwo {
        /// The strategy.
        name: String,
        /// How many there are.
        count: usize,
    },
}

impl StrategyRow {
    /// Every parameter, its own first.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> + use<> {
        self.parameters.iter().copied().flatten()
    }

    /// What holds when nobody sets anything.
    #[must_use]
    pub fn defaults(&self) -> ParamValues {
        ParamValues::defaults(self.parameters())
    }

    /// Makes one, with the exits its parameters turn on.
    ///
    /// # Errors
    /// [`SetupError`], by what has to be corrected.
    pub fn make(&self, setup: &Setup<'_>) -> Result<Box<dyn Strategy>, SetupError> {
        let (name, count) = (setup.name.to_owned(), setup.trades.len());
        match self.instruments {
            InstrumentCount::AtLeastOne if count == 0 => {
                return Err(SetupError::NoInstrument { name });
            }
            InstrumentCount::ExactlyTwo if count != 2 => {
                return Err(SetupError::NotTwo { name, count });
            }
            InstrumentCount::AtLeastOne | InstrumentCount::ExactlyTwo => {}
        }
        if let Some((parameter, larger)) = setup.params.contradiction() {
            let (setting, allowed) = (parameter.name, format!("below `{larger}`"));
            let value = setup.params.text(setting).unwrap_or_default();
            return Err(SetupError::OutOfRange { setting, value, allowed });
        }
        let strategy = (self.build)(setup)?;
        Ok(match exit::read(setup.params) {
            Some(policy) => Box::new(Guarded::new(strategy, policy)),
            None => strategy,
        })
    }
}

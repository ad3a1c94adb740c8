//! Every strategy: its name, what it is for, and how it is made.

use domain::{InstrumentId, Instruments, NumberError, StrategyId};
use engine::Strategy;

use crate::imbalance::{ImbalanceParams, ImbalanceStrategy};

/// The settings of a strategy, by kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Params {
    /// Of `imbalance`.
    Imbalance(ImbalanceParams),
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
    /// Its settings.
    pub params: &'a Params,
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
        allowed: &'static str,
    },
    /// Correct the size or the instrument: they do not fit together.
    #[error("a size does not fit its instrument")]
    Number(#[from] NumberError),
    /// Name at least one instrument.
    #[error("strategy {name} has no instrument to trade")]
    NoInstrument {
        /// The strategy.
        name: String,
    },
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct StrategyRow {
    /// The `kind` in the configuration.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Makes one.
    pub build: fn(&Setup<'_>) -> Result<Box<dyn Strategy>, SetupError>,
}

/// All strategies, by name.
pub const CATALOGUE: [StrategyRow; 1] = [StrategyRow {
    name: "imbalance",
    purpose: "follows the side of the book with more quantity at the best price",
    build: |setup| {
        let Params::Imbalance(params) = setup.params;
        let strategy = ImbalanceStrategy::new(setup, params)?;
        Ok(Box::new(strategy))
    },
}];

/// Finds a strategy by name.
#[must_use]
pub fn find(name: &str) -> Option<&'static StrategyRow> {
    CATALOGUE.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::instruments::{btc_perpetual, instruments};

    #[test]
    fn names_are_unique_and_sorted() {
        assert!(CATALOGUE.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn every_strategy_is_found_by_its_name_and_builds_with_its_defaults() {
        let instruments = instruments([btc_perpetual()]);
        let trades = [InstrumentId::new(0)];
        for row in &CATALOGUE {
            let found = find(row.name).unwrap();
            let params = Params::Imbalance(ImbalanceParams::default());
            let (id, name) = (StrategyId::new(0), "first_v1");
            let setup =
                Setup { id, name, instruments: &instruments, trades: &trades, params: &params };
            let strategy = (found.build)(&setup).unwrap();
            assert_eq!((strategy.id(), strategy.name()), (id, name));
            assert_eq!(strategy.instruments(), trades);
            assert!(!found.purpose.is_empty());
        }
        assert!(find("no_such_strategy").is_none());
    }
}

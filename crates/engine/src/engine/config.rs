//! What an engine is made with, and why it could not be made.

use domain::{Instruments, NumberError, RunNumber, Span, StrategyId};
use market::{
    bars::{BarError, BarRule},
    feature::{FeatureConfig, FeatureConfigError},
};

use crate::{PriceSource, risk::RiskConfig, strategy::Strategy};

/// What an engine is made with, besides instruments, strategies and accounts.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The number of this run: half of every order id.
    pub run: RunNumber,
    /// The limits.
    pub risk: RiskConfig,
    /// What prices come from.
    pub prices: PriceSource,
    /// Bars to be built from trades; `None` for none. A session that is priced by bars builds
    /// none of its own.
    pub bars: Option<BarRule>,
    /// How features of the book are made; `None` for none.
    pub features: Option<FeatureConfig>,
    /// Event time between two [`StrategySnapshot`](domain::record::StrategySnapshot)s of a strategy.
    pub snapshot_interval: Span,
}

/// Why an engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Correct the limits, the opening account or the instruments.
    #[error("a limit or an opening account does not fit its instrument")]
    Number(#[from] NumberError),
    /// Correct the feature settings.
    #[error("the features cannot be made as configured")]
    Features(#[from] FeatureConfigError),
    /// Correct the wiring: a strategy's id is its place in the list.
    #[error("strategy {name} says it is number {id} but stands at place {place}")]
    Misplaced {
        /// The strategy.
        name: String,
        /// What it says.
        id: usize,
        /// Where it is.
        place: usize,
    },
    /// Correct the wiring or the opening account: the session has no such instrument or
    /// strategy.
    #[error("{who} refers to an instrument or a strategy outside the session")]
    Unknown {
        /// A strategy's name, or the opening account.
        who: String,
    },
    /// Correct the configuration: such bars never end.
    #[error("bars cannot be built as configured")]
    Bars(#[from] BarError),
    /// Correct the configuration: prices come from bars, so none can be built beside them.
    #[error("a session that is priced by bars builds none from trades")]
    BarsTwice,
    /// Correct the configuration: snapshots need a time between them.
    #[error("the snapshot interval must be longer than nothing")]
    NoSnapshotInterval,
}

/// By instrument: which strategies hear about it.
pub(super) fn listeners(
    instruments: &Instruments,
    strategies: &[Box<dyn Strategy>],
) -> Result<Vec<Vec<StrategyId>>, EngineError> {
    let mut listeners = vec![Vec::new(); instruments.len()];
    for (place, strategy) in strategies.iter().enumerate() {
        let (name, id) = (strategy.name().to_owned(), strategy.id());
        if id.index() != place {
            return Err(EngineError::Misplaced { name, id: id.index(), place });
        }
        for instrument in strategy.instruments() {
            match listeners.get_mut(instrument.index()) {
                Some(who) if who.last() == Some(&id) => {}
                Some(who) => who.push(id),
                None => return Err(EngineError::Unknown { who: name }),
            }
        }
    }
    Ok(listeners)
}

//! What happens to an account without an order of ours.

use serde::{Deserialize, Serialize};

use crate::{Fill, InstrumentId, Money, NetLots, StrategyId, Timestamp};

/// Money or a position that a venue moved by its own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEvent {
    /// Whose account.
    pub strategy: StrategyId,
    /// In what.
    pub instrument: InstrumentId,
    /// When it happened at the venue.
    pub time: Timestamp,
    /// What we received; negative is paid. Zero where only the position changed.
    pub amount: Money,
    /// Why.
    pub kind: AccountEventKind,
}

/// The reasons for an [`AccountEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEventKind {
    /// Funding of a perpetual was settled.
    Funding,
    /// Interest on what was borrowed for a short position.
    Borrow,
    /// A dividend was paid, or owed on a short position.
    Dividend,
    /// A split changed the position; the amount is paid in place of fractions.
    Split {
        /// The position from now on.
        position: NetLots,
    },
    /// The venue closed some or all of the position because the margin no longer covered it.
    /// The amount is zero; the fee is that of the fill.
    Liquidation {
        /// The forced execution, whose order is none of ours.
        fill: Fill,
    },
}

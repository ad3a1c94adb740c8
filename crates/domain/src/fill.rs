//! Executions.

use serde::{Deserialize, Serialize};

use crate::{InstrumentId, Lots, Money, OrderId, Side, Ticks, Timestamp, TradeId};

/// Which side of the trade waited in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// Our order waited.
    Maker,
    /// Our order took.
    Taker,
}

/// One execution of one of our orders. Booked at most once, keyed by `trade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fill {
    /// The venue's trade id.
    pub trade: TradeId,
    /// The order it belongs to.
    pub order: OrderId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// Our side.
    pub side: Side,
    /// The price per unit.
    pub price: Ticks,
    /// How much, above zero.
    pub quantity: Lots,
    /// What we pay in quote currency; negative is a rebate.
    pub fee: Money,
    /// Whether we waited or took.
    pub liquidity: Liquidity,
    /// When it happened at the venue.
    pub time: Timestamp,
}

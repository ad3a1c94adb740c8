//! Orders: what we ask for, and what comes back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Fill, InstrumentId, Lots, OrderId, StrategyId, Ticks, Timestamp};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Acquire the base asset.
    Buy,
    /// Part with it.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

/// How an order wants to be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// Take what is there, now, at any price.
    Market,
    /// Take up to the limit, leave the rest resting.
    Limit,
    /// Rest at the limit, refused if it would take.
    PostOnly,
    /// Take up to the limit, cancel the rest.
    ImmediateOrCancel,
    /// Take all of it up to the limit or nothing.
    FillOrKill,
    /// Wait until the market trades at the trigger or beyond it, then take at any price.
    Stop,
}

impl OrderType {
    /// Whether such an order carries a limit price.
    #[must_use]
    pub const fn has_limit(self) -> bool {
        !matches!(self, Self::Market | Self::Stop)
    }

    /// Whether such an order carries a trigger price.
    #[must_use]
    pub const fn has_trigger(self) -> bool {
        matches!(self, Self::Stop)
    }

    /// Whether such an order may stay at the venue.
    #[must_use]
    pub const fn may_rest(self) -> bool {
        matches!(self, Self::Limit | Self::PostOnly | Self::Stop)
    }
}

impl fmt::Display for OrderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::PostOnly => "post_only",
            Self::ImmediateOrCancel => "immediate_or_cancel",
            Self::FillOrKill => "fill_or_kill",
            Self::Stop => "stop",
        })
    }
}

/// What an order may do to the position of its strategy.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PositionEffect {
    /// Anything.
    #[default]
    Any,
    /// Only bring it nearer to zero; the venue cuts the order to what is held and ends it when
    /// nothing is.
    ReduceOnly,
}

/// A new order. Only the risk gate can make one that may leave the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NewOrder {
    /// Our id, unique for ever.
    pub id: OrderId,
    /// Who wished for it.
    pub strategy: StrategyId,
    /// What is traded.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How.
    pub order_type: OrderType,
    /// How much, above zero.
    pub quantity: Lots,
    /// The limit; `None` exactly for types without one.
    pub limit: Option<Ticks>,
    /// The trigger: at or above the market for a buy, at or below it for a sell; `None` exactly
    /// for types without one.
    pub trigger: Option<Ticks>,
    /// What it may do to the position.
    pub effect: PositionEffect,
    /// When it was decided.
    pub created: Timestamp,
}

/// Where an order is in its life.
///
/// `Created -> Sent -> Open -> PartlyFilled -> Filled | Cancelled | Rejected | Expired`; from
/// `Sent`, `Open` and `PartlyFilled` also `Unknown`, which only evidence from the venue ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Made, not yet handed to the venue.
    Created,
    /// Handed over, no answer yet.
    Sent,
    /// Resting at the venue.
    Open,
    /// Resting, and some of it is done.
    PartlyFilled,
    /// All of it is done.
    Filled,
    /// Withdrawn.
    Cancelled,
    /// Refused by the venue.
    Rejected,
    /// Ended by the venue's rules, such as the unfilled rest of an IOC.
    Expired,
    /// Its fate is not known; counts at worst case until the venue proves it.
    Unknown,
}

impl OrderStatus {
    /// Whether nothing more can happen to it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Sent => "sent",
            Self::Open => "open",
            Self::PartlyFilled => "partly_filled",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        })
    }
}

/// Why a venue refused or ended an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A post-only order would have taken.
    WouldTake,
    /// A fill-or-kill order could not be filled whole.
    NotFillable,
    /// There was nothing to trade against.
    NoLiquidity,
    /// The unfilled rest of an order that may not rest.
    RemainderCancelled,
    /// The order is not known (any more).
    UnknownOrder,
    /// The venue was restarted and forgot it.
    VenueRestarted,
    /// The account does not cover the margin it needs.
    InsufficientMargin,
    /// It may only reduce a position, and there is none to reduce.
    NothingToReduce,
    /// It would sell what is not held, and nothing can be borrowed.
    NotBorrowable,
}

/// What a venue says about an order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// Which order.
    pub order: OrderId,
    /// Its instrument.
    pub instrument: InstrumentId,
    /// When it happened at the venue.
    pub time: Timestamp,
    /// What happened.
    pub kind: ReportKind,
}

/// The kinds of [`OrderReport`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// It rests in the venue's book.
    Accepted,
    /// It was refused and never lived.
    Rejected(Refusal),
    /// Some or all of it was executed.
    Filled(Fill),
    /// It was withdrawn at our request.
    Cancelled,
    /// It was ended by the venue.
    Expired(Refusal),
    /// The request to withdraw it was refused.
    CancelRejected(Refusal),
}

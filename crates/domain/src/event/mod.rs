//! Everything that can happen.
//!
//! The sequencer gives each event a number and a time; the engine sees nothing else.
//! Market data borrow their levels from the decoder's buffer, so that a tick costs no
//! allocation; an event read back from the journal owns them.

mod account;
mod control;
mod market;

use serde::{Deserialize, Serialize};

pub use account::{AccountEvent, AccountEventKind};
pub use control::Control;
pub use market::{
    Bar, BookLoss, Dividend, FundingSettlement, MarkPrice, MarketData, MarketEvent, Quote, Split,
    Trade,
};

use crate::{OrderReport, Timestamp};

/// An event with its place in the sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped<'a> {
    /// Place in the sequence of this run, from 1, without holes.
    pub sequence: u64,
    /// When we received it. Never goes back within a run.
    pub time: Timestamp,
    /// What happened.
    #[serde(borrow)]
    pub event: Event<'a>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event<'a> {
    /// Something in the market.
    #[serde(borrow)]
    Market(MarketEvent<'a>),
    /// Something about an order of ours.
    Report(OrderReport),
    /// The venue moved money or a position of ours by its own rules.
    Account(AccountEvent),
    /// Somebody gave an order to the engine itself.
    Control(Control),
    /// Time passed and nothing else happened.
    Clock,
}

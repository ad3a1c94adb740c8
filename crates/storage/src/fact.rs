//! The part of the journal that accounts, databases and people care about.
//!
//! Market data and the passing of time are most of a journal and matter only to a replay.
//! What remains is small enough to be handed on by value.

use domain::{
    AccountEvent, Control, Event, Fill, NewOrder, Record, ReportKind, Timestamp,
    record::{
        AccountRecord, OrderChanged, PerformanceRecord, SessionEnded, SessionStarted,
        StrategySnapshot,
    },
};

use crate::journal::Hash;

/// A record that is not market data.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A run began.
    SessionStarted(Box<SessionStarted>),
    /// An order of ours was executed.
    Filled {
        /// When we heard of it.
        received: Timestamp,
        /// The execution.
        fill: Fill,
    },
    /// The venue moved money or a position of ours.
    AccountEvent(AccountEvent),
    /// Somebody gave an order to the engine itself.
    Control(Control),
    /// An order left.
    Placed(NewOrder),
    /// An order changed its state.
    OrderChanged(OrderChanged),
    /// The accounts after a fill.
    Account(AccountRecord),
    /// A periodic picture of a strategy.
    StrategySnapshot(Box<StrategySnapshot>),
    /// A periodic picture of the account's performance.
    Performance(Box<PerformanceRecord>),
    /// A run ended in order.
    SessionEnded(SessionEnded),
}

impl Fact {
    /// The fact in a record; `None` exactly where [`crate::RecordKind::is_fact`] says so.
    #[must_use]
    pub fn of(record: Record<'_>) -> Option<Self> {
        match record {
            Record::SessionStarted(started) => Some(Self::SessionStarted(started)),
            Record::Input(stamped) => match stamped.event {
                Event::Report(report) => match report.kind {
                    ReportKind::Filled(fill) => Some(Self::Filled { received: stamped.time, fill }),
                    _ => None,
                },
                Event::Account(event) => Some(Self::AccountEvent(event)),
                Event::Control(control) => Some(Self::Control(control)),
                Event::Market(_) | Event::Clock => None,
            },
            Record::Placed(order) => Some(Self::Placed(order)),
            Record::CancelRequested { .. } => None,
            Record::OrderChanged(change) => Some(Self::OrderChanged(change)),
            Record::Account(account) => Some(Self::Account(account)),
            Record::StrategySnapshot(snapshot) => Some(Self::StrategySnapshot(Box::new(snapshot))),
            Record::Performance(figures) => Some(Self::Performance(figures)),
            Record::SessionEnded(ended) => Some(Self::SessionEnded(ended)),
        }
    }
}

/// A fact with its place in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct FactLine {
    /// Where it is.
    pub mark: Watermark,
    /// The fact.
    pub fact: Fact,
}

/// How far somebody has come in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// The place of a record among all records, zero for none.
    pub sequence: u64,
    /// Its place among the facts. Facts are counted without holes, so whoever gets one that
    /// is not the next has missed something and reads it from the journal.
    pub number: u64,
    /// The record's hash, which proves everything before it.
    pub(crate) hash: Hash,
}

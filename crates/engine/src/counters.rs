//! How often things happened, for summaries and metrics.

use market::signal::Suppression;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::risk::{RULE_COUNT, RULES, RiskRule};

/// Counts since the start of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Market events of any kind.
    pub market_updates: u64,
    /// Book snapshots and changes applied.
    pub book_updates: u64,
    /// Trades between others, single and aggregated.
    pub trades: u64,
    /// Best-price updates.
    pub quotes: u64,
    /// Mark price and funding updates.
    pub marks: u64,
    /// Bars, from outside and built here.
    pub bars: u64,
    /// Trades that came too late for the bar they belong to, or that no bar can hold.
    pub trades_outside_bars: u64,
    /// Books lost, for any reason.
    pub book_losses: u64,
    /// Books lost because a change was missing.
    pub sequence_gaps: u64,
    /// Books lost because bid met ask.
    pub crossed_books: u64,
    /// Books that came back after a loss.
    pub resyncs: u64,
    /// Changes of a book that was out of sync; they were not applied.
    pub ignored_changes: u64,
    /// Feeds that fell silent.
    pub silences: u64,
    /// Signals worth acting on.
    pub signals: u64,
    /// Signals held back and market events withheld from a strategy, by reason.
    #[serde(serialize_with = "by_suppression")]
    pub suppressed: [u64; Suppression::COUNT],
    /// Orders placed.
    pub orders: u64,
    /// Orders refused by the risk gate, by rule.
    #[serde(serialize_with = "by_rule")]
    pub rejected: [u64; RULE_COUNT],
    /// Orders refused by the venue.
    pub refused_by_venue: u64,
    /// Fills booked.
    pub fills: u64,
    /// Funding, interest, dividends, splits and liquidations booked.
    pub account_events: u64,
    /// Fills that came again and were not booked.
    pub duplicate_fills: u64,
    /// Fills of orders that were closed already; they were booked.
    pub late_fills: u64,
    /// Cancels sent.
    pub cancels: u64,
    /// Cancels refused by the venue.
    pub cancel_rejects: u64,
    /// Things that must not happen: illegal order states, reports of unknown orders, fills
    /// beyond an order's quantity or beyond the arithmetic. Anything above zero is a fault.
    pub alarms: u64,
}

impl Counters {
    /// Reasons and how often, in a fixed order.
    pub fn suppressed(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Suppression::ALL.iter().map(|reason| reason.name()).zip(self.suppressed)
    }

    /// Rules and how often, in the order of the gate.
    pub fn rejected(&self) -> impl Iterator<Item = (&'static str, u64)> {
        RULES.iter().map(|row| row.name).zip(self.rejected)
    }

    /// How often one rule refused an order.
    #[must_use]
    pub const fn rejected_by(&self, rule: RiskRule) -> u64 {
        self.rejected[rule.index()]
    }

    /// Everything held back.
    #[must_use]
    pub fn suppressed_total(&self) -> u64 {
        self.suppressed.iter().sum()
    }

    /// Everything refused by the gate.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().sum()
    }
}

/// Counts of one strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Signals worth acting on.
    pub signals: u64,
    /// Signals held back.
    pub suppressed: u64,
    /// Orders placed.
    pub orders: u64,
    /// Fills booked.
    pub fills: u64,
}

fn by_suppression<S: Serializer>(counts: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    named(Suppression::ALL.iter().map(|reason| reason.name()), counts, serializer)
}

fn by_rule<S: Serializer>(counts: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    named(RULES.iter().map(|row| row.name), counts, serializer)
}

fn named<S: Serializer>(
    names: impl Iterator<Item = &'static str>,
    counts: &[u64],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(counts.len()))?;
    for (name, count) in names.zip(counts) {
        map.serialize_entry(name, count)?;
    }
    map.end()
}

//! What ran and where it ended.

use domain::Money;
use research::Outcome;
use serde::Serialize;

use crate::moment;

/// The run in numbers that need no statistics.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    /// The first and the last market event.
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// The time between them.
    pub(crate) seconds: f64,
    pub(crate) market_events: u64,
    /// Whether somebody stopped it before the history ended.
    pub(crate) stopped_early: bool,
    pub(crate) instruments: Vec<String>,
    pub(crate) strategies: Vec<String>,
    /// The asset that amounts are counted in; null when instruments differ in it.
    pub(crate) currency: Option<String>,
    pub(crate) opening_equity: Money,
    pub(crate) closing_equity: Money,
    /// Closing less opening equity.
    pub(crate) profit: Money,
    pub(crate) cash: Money,
    pub(crate) realized_profit: Money,
    pub(crate) unrealized_profit: Money,
    pub(crate) orders: u64,
    pub(crate) fills: u64,
    /// The fingerprint of every order and fill.
    pub(crate) commands_sha256: String,
}

impl Run {
    pub(crate) fn new(outcome: &Outcome) -> Self {
        let snapshot = &outcome.snapshot;
        let length = outcome.span.map(|(first, last)| last.since(first).as_secs_f64());
        Self {
            from: outcome.span.map(|(first, _)| moment::iso(first)),
            to: outcome.span.map(|(_, last)| moment::iso(last)),
            seconds: length.unwrap_or(0.0),
            market_events: outcome.events,
            stopped_early: outcome.stopped,
            instruments: outcome.instruments.iter().map(ToString::to_string).collect(),
            strategies: outcome.strategies.clone(),
            currency: currency(outcome),
            opening_equity: outcome.opening_equity,
            closing_equity: snapshot.equity,
            profit: snapshot.equity - outcome.opening_equity,
            cash: snapshot.cash,
            realized_profit: snapshot.realized_pnl,
            unrealized_profit: snapshot.unrealized_pnl,
            orders: snapshot.counters.orders,
            fills: snapshot.counters.fills,
            commands_sha256: snapshot.commands_sha256.clone(),
        }
    }
}

fn currency(outcome: &Outcome) -> Option<String> {
    let mut quotes = outcome.instruments.iter().map(|one| one.spec().quote.as_str());
    let first = quotes.next()?;
    quotes.all(|other| other == first).then(|| first.to_owned())
}

/// Growth in one month.
#[derive(Debug, Serialize)]
pub(crate) struct Month {
    pub(crate) year: i16,
    #[serde(rename = "month")]
    pub(crate) number: i8,
    #[serde(rename = "return")]
    pub(crate) growth: Option<f64>,
}

impl Month {
    pub(crate) fn new(month: &research::Month) -> Self {
        Self { year: month.year, number: month.month, growth: month.growth() }
    }
}

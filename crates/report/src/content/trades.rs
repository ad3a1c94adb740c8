//! Round trips, finished and open, with names and decimals in place of ids and counts.

use domain::{Instruments, Money, Side};
use engine::performance::RoundTrip;
use research::Outcome;
use serde::Serialize;

use crate::moment;

/// A round trip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Trade {
    pub(crate) strategy: String,
    pub(crate) instrument: String,
    /// `long` or `short`.
    pub(crate) side: &'static str,
    pub(crate) opened: String,
    /// Null while it is open.
    pub(crate) closed: Option<String>,
    /// Everything that went into it, in units of the base asset.
    pub(crate) quantity: String,
    /// The mean price of the entries, rounded to eleven digits.
    pub(crate) entry_price: Option<f64>,
    /// The mean price of the exits so far, rounded likewise.
    pub(crate) exit_price: Option<f64>,
    /// What the entries came to, exactly.
    pub(crate) entry_value: Money,
    /// What the exits came to, exactly.
    pub(crate) exit_value: Money,
    /// After fees and carry.
    pub(crate) profit: Option<Money>,
    /// Profit over the value of the entries.
    #[serde(rename = "return")]
    pub(crate) return_on_entry: Option<f64>,
    pub(crate) fees: Money,
    /// Funding, interest and dividends received; negative is paid.
    pub(crate) carry: Money,
    pub(crate) fills: u32,
    pub(crate) maker_fills: u32,
    /// Whether the venue closed some of it by force.
    pub(crate) liquidated: bool,
}

impl Trade {
    pub(crate) fn new(trip: &RoundTrip, outcome: &Outcome) -> Self {
        Self::of(trip, &outcome.instruments, &outcome.strategies)
    }

    pub(crate) fn of(trip: &RoundTrip, instruments: &Instruments, strategies: &[String]) -> Self {
        let instrument = instruments.get(trip.instrument);
        let strategy = strategies.get(trip.strategy.index()).cloned().unwrap_or_default();
        Self {
            strategy,
            instrument: instrument.to_string(),
            side: side(trip.side),
            opened: moment::iso(trip.opened),
            closed: trip.closed.map(moment::iso),
            quantity: instrument.quantity(trip.quantity).normalize().to_string(),
            entry_price: trip.entry_price(instrument).map(precise),
            exit_price: trip.exit_price(instrument).map(precise),
            entry_value: trip.entry_value,
            exit_value: trip.exit_value,
            profit: trip.profit(),
            return_on_entry: trip.return_on_entry().map(precise),
            fees: trip.fees,
            carry: trip.carry,
            fills: trip.fills,
            maker_fills: trip.maker_fills,
            liquidated: trip.liquidated,
        }
    }
}

/// `long` or `short`.
pub(crate) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "long",
        Side::Sell => "short",
    }
}

/// Eleven significant digits: a mean has no more that mean anything.
pub(crate) fn precise(value: f64) -> f64 {
    format!("{value:.10e}").parse().unwrap_or(value)
}

/// A position that was open at the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct OpenPosition {
    #[serde(flatten)]
    pub(crate) trade: Trade,
    /// What is still held, in units of the base asset.
    pub(crate) open_quantity: String,
    /// Its profit at the last price, before fees; null when the account does not know it.
    pub(crate) unrealized_profit: Option<Money>,
}

impl OpenPosition {
    pub(crate) fn all(outcome: &Outcome) -> Vec<Self> {
        outcome.open_trips.iter().map(|trip| Self::new(trip, outcome)).collect()
    }

    fn new(trip: &RoundTrip, outcome: &Outcome) -> Self {
        let trade = Trade::new(trip, outcome);
        let instrument = outcome.instruments.get(trip.instrument);
        let mut known = outcome.snapshot.positions.iter();
        let own =
            known.find(|one| one.strategy == trade.strategy && one.instrument == trade.instrument);
        Self {
            unrealized_profit: own.map(|one| one.unrealized_pnl),
            open_quantity: instrument.quantity(trip.open_quantity()).normalize().to_string(),
            trade,
        }
    }
}

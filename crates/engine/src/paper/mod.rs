//! A pretend exchange for paper trading and back-tests.
//!
//! Approved orders go in, reports come out, against the real market's books and trades. Everything
//! happens in event time: a request takes `order_latency` to arrive and its reports take
//! `report_latency` to come back. Pure: the same requests and events with the same seed give the
//! same reports. Our orders never appear in the market's book and never trade with each other.
//!
//! The owner calls, for every event in sequence: [`PaperBroker::before_event`], then lets the book
//! take the event in, then [`PaperBroker::on_market`]; and feeds the reports that
//! [`PaperBroker::next_report`] gives back into the sequence when they are due.
//!
//! What an order does on arrival:
//!
//! - It takes the opposite side level by level as far as its limit allows, each level an execution
//!   of its own at the level's price made worse by `slippage`, but never worse than the limit.
//! - What is taken stays taken until the market itself changes that level.
//! - The rest waits (limit, post-only) or expires (market, immediate-or-cancel). A post-only order
//!   that would take and a fill-or-kill order that cannot be filled whole are rejected, and so is
//!   every order that arrives while the book is out of sync: there is nothing to match it with.
//! - A limit order is `Accepted` only when some of it comes to rest, and then before its fills.
//!
//! What a waiting order does is up to the [`FillModel`]. It trades at its limit, as maker. While
//! the book is out of sync it stays but never trades, and it can be cancelled; after the resync it
//! queues at the back. If an instrument reports single trades, its aggregate trades are ignored
//! from the first single trade on, as they tell of the same executions.

mod arrivals;
mod consumed;
mod desk;
mod exchange;
mod fees;
mod fill_model;
pub mod matching;
mod reports;
mod resting;
mod slippage;

#[cfg(test)]
mod tests;

use domain::{
    Bps, InstrumentId, Instruments, MarketEvent, NumberError, OrderId, OrderReport, Refusal,
    ReportKind, RunNumber, Span, Timestamp,
};
use market::OrderBook;

use self::{arrivals::Arrivals, desk::Desk, exchange::Exchange};
pub use self::{fill_model::FillModel, slippage::Slippage};
use crate::Command;

/// How the pretend exchange behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperConfig {
    /// When waiting orders trade.
    pub fill_model: FillModel,
    /// How long a request takes to the exchange.
    pub order_latency: Span,
    /// How long a report takes back, at least one nanosecond.
    pub report_latency: Span,
    /// The fee on executions of waiting orders; negative is a rebate.
    pub maker_fee: Bps,
    /// The fee on executions that take.
    pub taker_fee: Bps,
    /// How much worse than it looks the market is for us: see [`Slippage`].
    pub slippage: Bps,
    /// The seed of the fill model's chance.
    pub seed: u64,
    /// The run that trade ids belong to.
    pub run: RunNumber,
}

impl PaperConfig {
    /// One millisecond each way, the queue model, no fees and no slippage.
    #[must_use]
    pub fn new(run: RunNumber, seed: u64) -> Self {
        Self {
            fill_model: FillModel::Queue,
            order_latency: Span::from_millis(1),
            report_latency: Span::from_millis(1),
            maker_fee: Bps::default(),
            taker_fee: Bps::default(),
            slippage: Bps::default(),
            seed,
            run,
        }
    }
}

/// Which setting of a [`PaperConfig`] must be corrected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PaperConfigError {
    /// Set an order latency of zero or more.
    #[error("an order latency of {latency} is below zero")]
    OrderLatency {
        /// As configured.
        latency: Span,
    },
    /// Set a report latency above zero: a report cannot be part of its own cause.
    #[error("a report latency of {} ns is below 1 ns", latency.as_nanos())]
    ReportLatency {
        /// As configured.
        latency: Span,
    },
    /// Set slippage from 0 to below 10,000 bps, with at most eight decimals.
    #[error("slippage of {slippage} is not in 0..10000 bps with at most eight decimals")]
    Slippage {
        /// As configured.
        slippage: Bps,
    },
    /// Set both factors of the probability within 0 to 1.
    #[error("queue position and base probability must be within 0 to 1: {model:?}")]
    Probability {
        /// As configured.
        model: FillModel,
    },
    /// Set fees that can be charged exactly.
    #[error("a fee rate cannot be charged")]
    Fee {
        /// What is wrong with it.
        source: NumberError,
    },
}

/// Where the broker looks up the market's books.
pub trait Books {
    /// The book of an instrument; `None` while it is out of sync.
    fn book(&self, id: InstrumentId) -> Option<&OrderBook>;
}

/// Shim.
#[derive(Debug)]
pub struct ExecutionCost {
    /// Shim.
    pub spread: domain::Money,
    /// Shim.
    pub impact: domain::Money,
    /// Shim.
    pub slippage: domain::Money,
}

/// The pretend exchange. See the [module](self) for its rules.
#[derive(Debug)]
pub struct PaperBroker {
    exchanges: Vec<Exchange>,
    arrivals: Arrivals,
    desk: Desk,
    run: RunNumber,
}

impl PaperBroker {
    /// An exchange without orders.
    ///
    /// # Errors
    /// [`PaperConfigError`] names the setting that is out of range.
    pub fn new(config: &PaperConfig, instruments: &Instruments) -> Result<Self, PaperConfigError> {
        if config.order_latency < Span::ZERO {
            return Err(PaperConfigError::OrderLatency { latency: config.order_latency });
        }
        if config.report_latency < Span::from_nanos(1) {
            return Err(PaperConfigError::ReportLatency { latency: config.report_latency });
        }
        let exchanges = instruments.iter().cloned().map(Exchange::new).collect();
        let arrivals = Arrivals::new(config.order_latency);
        Ok(Self { exchanges, arrivals, desk: Desk::new(config)?, run: config.run })
    }

    /// Sends a request, decided at `now`. It arrives one order latency later.
    pub fn submit(&mut self, command: &Command, now: Timestamp) {
        self.arrivals.send(*command, now);
    }

    /// Carries out what has arrived by `now`, against the books as they stand before the event
    /// at `now`.
    ///
    /// # Panics
    /// When an order names an instrument of another session.
    pub fn before_event(&mut self, now: Timestamp, books: &dyn Books) {
        let Self { exchanges, arrivals, desk, .. } = self;
        while let Some(command) = arrivals.next(now) {
            match command {
                Command::Place(order) => {
                    let order = order.get();
                    let book = books.book(order.instrument);
                    exchanges[order.instrument.index()].place(&order, book, desk, now);
                }
                Command::Cancel { order, instrument } => {
                    exchanges[instrument.index()].cancel(order, desk, now);
                }
            }
        }
    }

    /// Lets waiting orders meet the event. `book` is the instrument's book, which has taken it in.
    ///
    /// # Panics
    /// When the event names an instrument of another session.
    pub fn on_market(&mut self, event: &MarketEvent<'_>, now: Timestamp, book: &OrderBook) {
        let Self { exchanges, desk, .. } = self;
        exchanges[event.instrument.index()].on_market(&event.data, book, desk, now);
    }

    /// Shim.
    pub fn before_market(&mut self, _event: &MarketEvent<'_>, now: Timestamp, books: &dyn Books) {
        self.before_event(now, books);
    }

    /// Shim.
    pub fn next_answer(&mut self, due_by: Timestamp) -> Option<(Timestamp, domain::Event<'static>)> {
        let due = self.earliest_due().filter(|due| *due <= due_by)?;
        self.next_report(due_by).map(|report| (due, domain::Event::Report(report)))
    }

    /// Shim.
    pub fn take_costs(&mut self) -> Vec<ExecutionCost> {
        Vec::new()
    }

    /// The next report due by then, in the order of (due, making). A report made at event time
    /// `t` is due at `t` plus the report latency.
    pub fn next_report(&mut self, due_by: Timestamp) -> Option<OrderReport> {
        self.desk.reports.next(due_by)
    }

    /// When the next report is due, `None` when there is none.
    #[must_use]
    pub fn earliest_due(&self) -> Option<Timestamp> {
        self.desk.reports.earliest()
    }

    /// When the next request arrives, `None` when none is on its way.
    #[must_use]
    pub fn earliest_arrival(&self) -> Option<Timestamp> {
        self.arrivals.earliest()
    }

    /// How many orders wait in the exchange's book.
    #[must_use]
    pub fn open_orders(&self) -> usize {
        self.exchanges.iter().map(Exchange::open_orders).sum()
    }

    /// Tells that the exchange lives in memory and has been started anew.
    ///
    /// `open` are the orders that recovery still counts as open. Those of earlier runs end as
    /// expired; those of this run are known here and are left alone.
    pub fn restart(
        &mut self,
        open: impl IntoIterator<Item = (OrderId, InstrumentId)>,
        now: Timestamp,
    ) {
        let kind = ReportKind::Expired(Refusal::VenueRestarted);
        for (order, instrument) in open.into_iter().filter(|(order, _)| order.run() != self.run) {
            self.desk.reports.send(OrderReport { order, instrument, time: now, kind });
        }
    }
}

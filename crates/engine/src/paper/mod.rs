//! A pretend exchange for paper trading and back-tests, and the account at it.
//!
//! Approved orders go in, reports and account events come out, against the real market. Everything
//! happens in event time. Pure: the same requests and events with the same seed give the same
//! answers. Our orders never appear in the market and never trade with each other.
//!
//! The owner calls, for every market event in sequence: [`PaperBroker::next_answer`] until `None`,
//! [`PaperBroker::before_market`], `next_answer` again, then lets its books take the event in, then
//! [`PaperBroker::on_market`], then [`PaperBroker::submit`] for what was decided and
//! [`PaperBroker::after_submit`]. When time passes
//! without an event it calls [`PaperBroker::before_event`]. At equal times bars come before
//! settlements, dividends and splits.
//!
//! # Books and quotes
//!
//! A request takes `order_latency` to arrive and its reports take `report_latency` to come back.
//! What an order does on arrival:
//!
//! - It takes the opposite side level by level as far as its limit allows, each level an execution
//!   of its own at the level's price made worse by `slippage`, but never worse than the limit. With
//!   [`PriceSource::Quotes`] there is one level, and its size is all there is.
//! - What is taken stays taken until the market itself changes that level.
//! - The rest waits (limit, post-only) or expires (market, immediate-or-cancel). A post-only order
//!   that would take and a fill-or-kill order that cannot be filled whole are rejected, and so is
//!   every order that arrives while the book is out of sync: there is nothing to match it with.
//! - A limit order is `Accepted` only when some of it comes to rest, and then before its fills.
//! - A stop order waits for its trigger: a buy goes off when the best ask or a trade is at the
//!   trigger or above, a sell when the best bid or a trade is at it or below. It then takes like a
//!   market order.
//!
//! What a waiting order does is up to the [`FillModel`]. It trades at its limit, as maker. While
//! the book is out of sync it stays but never trades, and it can be cancelled; after the resync it
//! queues at the back. If an instrument reports single trades, its aggregate trades are ignored
//! from the first single trade on, as they tell of the same executions. A quote shows no level
//! behind the touch: an order that waits there is taken to be behind as much as stands at the touch,
//! and behind everything that stands at its price once that can be seen.
//!
//! # Bars
//!
//! The rules are told in `paper/bars`. Latencies have no meaning there: answers are due at once.
//!
//! # The account
//!
//! The exchange knows each strategy's position from its own executions. Orders that may only reduce
//! are cut to it; what cannot be borrowed is not sold; `paper/carry` tells of funding, interest,
//! dividends and splits, `paper/margin` of cover and liquidation. Everything it moves is told as an
//! [`Event::Account`]. What it could not reckon is in [`PaperBroker::problems`].

mod account;
mod answers;
mod arrivals;
mod bars;
mod carry;
mod config;
mod consumed;
mod costs;
mod depth;
mod desk;
mod exchange;
mod fees;
mod fill_model;
mod margin;
pub mod matching;
mod problem;
mod resting;
mod slippage;
mod wide;

#[cfg(test)]
mod tests;

use domain::{
    Bar, Event, InstrumentId, Instruments, MarketData, MarketEvent, Money, NetLots, OrderId,
    Refusal, ReportKind, RunNumber, Span, StrategyId, Ticks, Timestamp,
};
use market::OrderBook;

use self::{
    arrivals::Arrivals,
    bars::{BarExchange, BarRules},
    carry::Carry,
    depth::Depth as _,
    desk::Desk,
    exchange::Exchange,
    margin::Victim,
};
pub use self::{
    config::{
        BarConfig, BorrowConfig, CostRecording, FeeTier, FundingConfig, InstrumentFee, PaperConfig,
        PaperConfigError,
    },
    costs::ExecutionCost,
    fill_model::FillModel,
    margin::{MarginConfig, MarginMode, MarginTier},
    problem::PaperProblem,
    slippage::Slippage,
};
use crate::{Command, PriceSource};

/// Where the broker looks up the market's books.
pub trait Books {
    /// The book of an instrument; `None` while it is out of sync.
    fn book(&self, id: InstrumentId) -> Option<&OrderBook>;
}

/// The pretend exchange. See the [module](self) for its rules.
#[derive(Debug)]
pub struct PaperBroker {
    prices: PriceSource,
    /// For books and quotes.
    exchanges: Vec<Exchange>,
    /// For bars.
    bars: Vec<BarExchange>,
    arrivals: Arrivals,
    carry: Carry,
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
        let rules = BarRules::new(&config.bars)?;
        let all = || instruments.iter().cloned();
        Ok(Self {
            prices: config.prices,
            exchanges: all().map(|one| Exchange::new(one, config.prices)).collect(),
            bars: all().map(|one| BarExchange::new(one, rules)).collect(),
            arrivals: Arrivals::new(config.order_latency),
            carry: Carry::new(config, instruments)?,
            desk: Desk::new(config, instruments)?,
            run: config.run,
        })
    }

    /// Sends a request, decided at `now`. It arrives one order latency later; where prices come from
    /// bars, with the first bar that begins then or later.
    pub fn submit(&mut self, command: &Command, now: Timestamp) {
        match self.prices {
            PriceSource::Book | PriceSource::Quotes => self.arrivals.send(*command, now),
            PriceSource::Bars => {
                let instrument = match command {
                    Command::Place(order) => order.instrument,
                    Command::Cancel { instrument, .. } => *instrument,
                };
                self.bars[instrument.index()].send(*command, now);
            }
        }
    }

    /// Without latency a request arrives at the moment it is decided: carries it out against the
    /// books as they stand, on which it was decided. Called after [`Self::submit`]; does nothing
    /// where requests take time, and where prices come from bars.
    ///
    /// # Panics
    /// When an order names an instrument of another session.
    #[inline]
    pub fn after_submit(&mut self, now: Timestamp, books: &dyn Books) {
        if self.arrivals.earliest().is_some_and(|arrival| arrival <= now) {
            self.desk.let_pass(now);
            self.carry_out(now, books);
        }
    }

    /// Lets time reach `now` without an event in the market: carries out what has arrived, against
    /// the books as they stand, and what the account's own clocks bring.
    ///
    /// # Panics
    /// When an order names an instrument of another session.
    pub fn before_event(&mut self, now: Timestamp, books: &dyn Books) {
        self.desk.let_pass(now);
        self.carry.let_pass(now, &mut self.desk);
        self.let_arrive(now, books);
    }

    /// Lets time reach a market event: carries out what has arrived, against the books as they stand
    /// before it, and what the event brings to the account. A bar is lived through here.
    ///
    /// # Panics
    /// When the event or an order names an instrument of another session.
    #[inline]
    pub fn before_market(&mut self, event: &MarketEvent<'_>, now: Timestamp, books: &dyn Books) {
        let id = event.instrument;
        self.desk.let_pass(now);
        if self.prices == PriceSource::Bars {
            if let MarketData::Bar(bar) = &event.data {
                return self.live_through(id, bar, now);
            }
            // The bars of other instruments may still tell of earlier times.
            self.carry.let_pass_for(id, now, &mut self.desk);
        } else {
            self.carry.let_pass(now, &mut self.desk);
            self.let_arrive(now, books);
        }
        match &event.data {
            MarketData::Funding(funding) => {
                self.carry.on_funding(id, funding, now, &mut self.desk);
            }
            MarketData::Dividend(dividend) => {
                carry::pay_dividend(id, dividend, now, &mut self.desk);
            }
            MarketData::Split(split) => {
                let reason = Refusal::RemainderCancelled;
                self.exchanges[id.index()].end_orders(None, reason, &mut self.desk);
                self.bars[id.index()].end_everything(reason, now, &mut self.desk);
                self.end_arrivals(id, reason);
                carry::split(id, split, now, &mut self.desk);
            }
            _ => {}
        }
    }

    /// Lets waiting orders meet the event. `book` is the instrument's book, which has taken it in.
    ///
    /// # Panics
    /// When the event names an instrument of another session.
    #[inline]
    pub fn on_market(&mut self, event: &MarketEvent<'_>, now: Timestamp, book: &OrderBook) {
        let id = event.instrument;
        if let (PriceSource::Bars, MarketData::Bar(_)) = (self.prices, &event.data) {
            return;
        }
        self.desk.let_pass(now);
        self.exchanges[id.index()].on_market(&event.data, book, &mut self.desk);
        match &event.data {
            MarketData::Mark(mark) => self.carry.on_mark(id, mark, &mut self.desk),
            MarketData::Trade(trade) | MarketData::AggregateTrade(trade)
                if self.prices != PriceSource::Bars =>
            {
                self.desk.account.note_price(id, trade.price);
            }
            MarketData::Quote(quote) if self.prices == PriceSource::Quotes => {
                let middle = quote.bid.price.get().midpoint(quote.ask.price.get());
                if quote.bid.price.get() > 0 && quote.ask.price.get() > 0 {
                    self.desk.account.note_price(id, Ticks::new(middle));
                }
            }
            MarketData::BookDiff { .. } | MarketData::BookSnapshot { .. }
                if self.prices == PriceSource::Book && !self.desk.account.is_flat() =>
            {
                if let Some(twice) = book.twice_mid() {
                    self.desk.account.note_price(id, Ticks::new(twice.get() / 2));
                }
            }
            _ => return,
        }
        self.call_margin(now);
    }

    /// The next answer due by then, and when it is due, in the order of (due, making): an
    /// [`Event::Report`] or an [`Event::Account`]. An answer made at event time `t` is due at `t`
    /// plus the report latency; where prices come from bars, at `t`.
    pub fn next_answer(&mut self, due_by: Timestamp) -> Option<(Timestamp, Event<'static>)> {
        self.desk.answers.next(due_by)
    }

    /// When the next answer is due, `None` when there is none.
    #[inline]
    #[must_use]
    pub fn earliest_due(&self) -> Option<Timestamp> {
        self.desk.answers.earliest()
    }

    /// When the next request arrives at the earliest, `None` when none is on its way.
    #[must_use]
    pub fn earliest_arrival(&self) -> Option<Timestamp> {
        let in_bars = self.bars.iter().filter_map(BarExchange::earliest_arrival).min();
        self.arrivals.earliest().into_iter().chain(in_bars).min()
    }

    /// How many orders wait in the exchange.
    #[must_use]
    pub fn open_orders(&self) -> usize {
        let at_levels: usize = self.exchanges.iter().map(Exchange::open_orders).sum();
        at_levels + self.bars.iter().map(BarExchange::open_orders).sum::<usize>()
    }

    /// What could not be reckoned about the account; of very many the first ones. None of it must
    /// be passed over: numbers that follow from it are wrong.
    #[must_use]
    pub fn problems(&self) -> &[PaperProblem] {
        self.desk.problems.kept()
    }

    /// How many problems there were.
    #[must_use]
    pub const fn problem_count(&self) -> u64 {
        self.desk.problems.count()
    }

    /// The costs of the executions since the last call, oldest first, where
    /// [`PaperConfig::costs`] keeps them.
    pub fn take_costs(&mut self) -> impl Iterator<Item = ExecutionCost> + '_ {
        self.desk.costs.drain(..)
    }

    /// Cash of the account at the exchange.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.desk.account.cash()
    }

    /// A strategy's position at the exchange.
    #[must_use]
    pub fn position(&self, strategy: StrategyId, instrument: InstrumentId) -> NetLots {
        self.desk.account.position(strategy, instrument)
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
        self.desk.let_pass(now);
        let kind = ReportKind::Expired(Refusal::VenueRestarted);
        for (order, instrument) in open.into_iter().filter(|(order, _)| order.run() != self.run) {
            self.desk.tell(order, instrument, kind, now);
        }
    }

    #[inline]
    fn let_arrive(&mut self, now: Timestamp, books: &dyn Books) {
        if self.arrivals.earliest().is_some_and(|arrival| arrival <= now) {
            self.carry_out(now, books);
        }
    }

    fn carry_out(&mut self, now: Timestamp, books: &dyn Books) {
        let Self { exchanges, arrivals, desk, .. } = self;
        while let Some(command) = arrivals.next(now) {
            match command {
                Command::Place(order) => {
                    let order = order.get();
                    let book = books.book(order.instrument);
                    exchanges[order.instrument.index()].place(&order, book, desk);
                }
                Command::Cancel { order, instrument } => {
                    exchanges[instrument.index()].cancel(order, desk);
                }
            }
        }
    }

    /// Orders on their way are in the old units of an instrument that was split.
    fn end_arrivals(&mut self, id: InstrumentId, reason: Refusal) {
        for order in self.arrivals.take_orders(id) {
            self.desk.report(&order, ReportKind::Rejected(reason), self.desk.now());
        }
    }

    /// One bar from its start to its end.
    fn live_through(&mut self, id: InstrumentId, bar: &Bar, now: Timestamp) {
        let Self { bars, carry, desk, .. } = self;
        let exchange = &mut bars[id.index()];
        carry.let_pass_for(id, bar.start, desk);
        if exchange.is_calm(bar) && !desk.has_cover_to_watch() {
            carry.let_pass_for(id, now, desk);
        } else {
            let mut closed = Vec::new();
            let budget = exchange.open(bar, desk);
            exchange.range(bar, budget, desk, &mut closed);
            carry.let_pass_for(id, now, desk);
            self.end_orders_of(&closed, now);
        }
        self.bars[id.index()].note(bar);
        self.desk.account.note_price(id, bar.close);
        self.call_margin(now);
    }

    /// Closes what the last prices leave uncovered.
    #[inline]
    fn call_margin(&mut self, now: Timestamp) {
        if !self.desk.has_cover_to_watch() {
            return;
        }
        let mut closed = Vec::new();
        margin::call(&mut self.desk, now, &mut closed);
        self.end_orders_of(&closed, now);
    }

    /// Who was closed by force has no open orders there any more.
    fn end_orders_of(&mut self, closed: &[Victim], now: Timestamp) {
        let reason = Refusal::InsufficientMargin;
        for Victim { strategy, instrument, .. } in closed {
            let index = instrument.index();
            self.exchanges[index].end_orders(Some(*strategy), reason, &mut self.desk);
            self.bars[index].end_orders(Some(*strategy), reason, now, &mut self.desk);
        }
    }
}

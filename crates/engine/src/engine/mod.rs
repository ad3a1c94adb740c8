//! The only decider: one event in, commands and records out.
//!
//! [`Engine::step`] is the only way in. What the engine knows is a function of the events
//! it was given, so the same events give the same commands on any machine: back-test,
//! paper and live differ in who calls it and who takes the commands.

mod config;

use config::listeners;
pub use config::{EngineConfig, EngineError};

use domain::{
    Control, Event, InstrumentId, Instruments, MarketData, MarketEvent, OrderReport, Record,
    ReportKind, Span, Stamped, StrategyId, Timestamp,
    event::{AccountEvent, Split},
    record::StrategySnapshot,
};
use market::{
    bars::BarBuilder, book::OrderBook, feature::FeatureCalculator, signal::Suppression,
    snapshot::SnapshotView,
};

use crate::{
    Outputs, PriceSource,
    counters::Counters,
    desk::{Desk, OpenOrders, Scene},
    instrument_state::{Change, InstrumentState},
    intent::{Intent, Intents},
    order::Order,
    performance::{Performance, SessionPerformance},
    portfolio::{OpeningAccount, Portfolio},
    probe::Probe,
    strategy::{Strategy, View},
};

/// Whose a fill is that belongs to no known order; the accounts do the same.
const NOBODYS: StrategyId = StrategyId::new(0);

/// How many wishes a strategy may push at one event before the list has to grow.
const WISHES_PER_EVENT: usize = 32;

/// Market state, strategies, risk gate, orders and accounts of one session.
pub struct Engine {
    instruments: Instruments,
    markets: Vec<InstrumentState>,
    strategies: Vec<Box<dyn Strategy>>,
    /// By instrument: who hears about it.
    listeners: Vec<Vec<StrategyId>>,
    desk: Desk,
    performance: SessionPerformance,
    intents: Intents,
    prices: PriceSource,
    builds_bars: bool,
    bar_times: BarTimes,
    snapshot_interval: Span,
    next_snapshot: Option<Timestamp>,
}

/// How many different times of bars the session has seen, and the last of them.
#[derive(Clone, Copy, Debug, Default)]
struct BarTimes {
    count: u64,
    last: Option<Timestamp>,
}

impl BarTimes {
    fn note(&mut self, end: Timestamp) -> u64 {
        if self.last.is_none_or(|last| end > last) {
            (self.count, self.last) = (self.count + 1, Some(end));
        }
        self.count
    }
}

impl Engine {
    /// An engine before its first event.
    ///
    /// # Errors
    /// [`EngineError`], by what has to be corrected.
    pub fn new(
        config: EngineConfig,
        instruments: Instruments,
        strategies: Vec<Box<dyn Strategy>>,
        opening: OpeningAccount,
    ) -> Result<Self, EngineError> {
        if config.snapshot_interval <= Span::ZERO {
            return Err(EngineError::NoSnapshotInterval);
        }
        if config.bars.is_some() && config.prices == PriceSource::Bars {
            return Err(EngineError::BarsTwice);
        }
        let builder = config.bars.map(BarBuilder::new).transpose()?;
        let listeners = listeners(&instruments, &strategies)?;
        let in_session = |index: usize| index < instruments.len();
        if opening.positions.iter().any(|one| {
            !in_session(one.instrument.index()) || one.strategy.index() >= strategies.len()
        }) {
            return Err(EngineError::Unknown { who: "the opening account".into() });
        }
        let market = |instrument| -> Result<InstrumentState, EngineError> {
            let features = config.features.map(|one| FeatureCalculator::new(one, instrument));
            Ok(InstrumentState::new(
                config.prices,
                instrument,
                features.transpose()?,
                builder.clone(),
            ))
        };
        let markets = instruments.iter().map(market).collect::<Result<_, _>>()?;
        let desk = Desk::new(config.run, config.risk, &instruments, strategies.len(), opening)?;
        let performance =
            SessionPerformance::new(desk.portfolio().equity(), strategies.len(), instruments.len());
        Ok(Self {
            performance,
            instruments,
            markets,
            strategies,
            listeners,
            desk,
            intents: Intents::with_capacity(WISHES_PER_EVENT),
            prices: config.prices,
            builds_bars: config.bars.is_some(),
            bar_times: BarTimes::default(),
            snapshot_interval: config.snapshot_interval,
            next_snapshot: None,
        })
    }

    /// Takes one event in and adds to `out` what follows from it.
    ///
    /// # Panics
    /// When the event names an instrument outside the session, or when the accounts leave
    /// the range of [`domain::Money`].
    pub fn step(&mut self, input: &Stamped<'_>, out: &mut Outputs) {
        self.step_probed(input, out, &mut ());
    }

    /// [`Self::step`] with somebody listening to how far it is.
    ///
    /// # Panics
    /// As [`Self::step`].
    #[inline]
    pub fn step_probed(&mut self, input: &Stamped<'_>, out: &mut Outputs, probe: &mut impl Probe) {
        let now = input.time;
        match &input.event {
            Event::Market(market) => self.on_market(market, input, out, probe),
            Event::Report(report) => self.on_report(report, &input.event, now, out),
            Event::Account(account) => self.on_account(account, &input.event, now, out),
            Event::Control(control) => self.on_control(*control, now, out),
            Event::Clock => self.on_clock(&input.event, now, out),
        }
        if self.builds_bars {
            self.end_bars(now, out);
        }
        if self.next_snapshot.is_none_or(|due| now >= due) {
            self.snapshot_strategies(now, out);
        }
    }

    fn on_market(
        &mut self,
        market: &MarketEvent<'_>,
        input: &Stamped<'_>,
        out: &mut Outputs,
        probe: &mut impl Probe,
    ) {
        let (id, now) = (market.instrument, input.time);
        self.desk.counters_mut().market_updates += 1;
        let state = &mut self.markets[id.index()];
        let change = state.apply(&market.data, now, self.desk.counters_mut(), probe);
        match (change, &market.data) {
            (Change::Lost, _) => return self.desk.withdraw_from(id, now, out),
            (Change::Split, MarketData::Split(split)) => self.split(id, *split, now, out),
            (Change::Price | Change::Synced, data) => {
                if let MarketData::Bar(bar) = data {
                    self.markets[id.index()].note_round(self.bar_times.note(bar.end));
                }
                self.mark(id);
                self.look_at_equity(now);
            }
            _ => {}
        }
        if matches!(change, Change::Synced | Change::Live) {
            self.desk.unpause(id);
        }
        self.consult_listeners(id, &input.event, now, out);
    }

    /// Asks everybody who hears about an instrument, and pursues what they wish there.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the way of every tick; the other caller is rare")]
    fn consult_listeners(
        &mut self,
        id: InstrumentId,
        event: &Event<'_>,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let usable = self.markets[id.index()].is_usable();
        for place in 0..self.listeners[id.index()].len() {
            let strategy = self.listeners[id.index()][place];
            if usable {
                self.consult(strategy, event, now, out);
                self.pursue(strategy, id, now, out);
            } else {
                self.desk.withheld(strategy, Suppression::OutOfSync);
            }
        }
    }

    /// Lets the bars be heard of that a trade or the passing of time has ended. Such an event
    /// follows from the one before it, so it is no input of its own.
    #[cold]
    fn end_bars(&mut self, now: Timestamp, out: &mut Outputs) {
        for place in 0..self.instruments.len() {
            let index = u16::try_from(place).expect("a table of instruments counts in 16 bits");
            self.end_bar(InstrumentId::new(index), now, out);
        }
    }

    fn end_bar(&mut self, id: InstrumentId, now: Timestamp, out: &mut Outputs) {
        while let Some(bar) = self.markets[id.index()].built_by(now) {
            self.markets[id.index()].note_built(bar, self.desk.counters_mut());
            let data = MarketData::Bar(bar);
            let event = Event::Market(MarketEvent { instrument: id, exchange_time: None, data });
            self.consult_listeners(id, &event, now, out);
        }
    }

    /// Prices and quantities are in other units from now on.
    fn split(&mut self, id: InstrumentId, split: Split, now: Timestamp, out: &mut Outputs) {
        self.desk.split(id, split.ratio, now, out);
        // A book comes in new units by itself.
        if self.prices != PriceSource::Book {
            self.mark(id);
        }
    }

    fn on_report(
        &mut self,
        report: &OrderReport,
        event: &Event<'_>,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let booked = self.desk.counters().fills;
        let owner = self.desk.report(report, &self.instruments, now, out);
        if let ReportKind::Filled(fill) = &report.kind
            && self.desk.counters().fills > booked
        {
            self.performance.filled(owner.unwrap_or(NOBODYS), fill, &self.instruments);
            self.look_at_equity(now);
        }
        if let Some(strategy) = owner {
            self.consult(strategy, event, now, out);
            self.pursue(strategy, report.instrument, now, out);
        }
    }

    fn on_account(
        &mut self,
        account: &AccountEvent,
        event: &Event<'_>,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        if self.desk.account(account, &self.instruments, now, out) {
            self.performance.moved(account, &self.instruments);
            self.look_at_equity(now);
            self.consult(account.strategy, event, now, out);
            self.pursue(account.strategy, account.instrument, now, out);
        }
    }

    fn on_control(&mut self, control: Control, now: Timestamp, out: &mut Outputs) {
        match control {
            Control::Kill => self.desk.kill(now, out),
            Control::Resume => self.desk.resume(),
            Control::WindDown => self.desk.wind_down(OpenOrders::Withdraw, now, out),
            Control::WindDownKeepOrders => self.desk.wind_down(OpenOrders::Leave, now, out),
            Control::JournalStalled => self.desk.set_journal_stalled(true),
            Control::JournalRecovered => self.desk.set_journal_stalled(false),
        }
    }

    fn on_clock(&mut self, event: &Event<'_>, now: Timestamp, out: &mut Outputs) {
        for index in 0..self.strategies.len() {
            let strategy = self.strategies[index].id();
            self.consult(strategy, event, now, out);
            for place in 0..self.strategies[index].instruments().len() {
                let instrument = self.strategies[index].instruments()[place];
                self.pursue(strategy, instrument, now, out);
            }
        }
    }

    /// Asks one strategy and takes the first step toward each of its new wishes.
    fn consult(
        &mut self,
        strategy: StrategyId,
        event: &Event<'_>,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        if self.desk.is_winding_down() {
            return;
        }
        self.intents.clear();
        let view = View {
            now,
            strategy,
            instruments: &self.instruments,
            markets: &self.markets,
            desk: &self.desk,
        };
        self.strategies[strategy.index()].on_event(event, &view, &mut self.intents);
        if self.intents.is_blank() {
            return;
        }
        self.desk.accept(strategy, &self.intents, now, out);
        for wish in self.intents.wishes() {
            let instrument = wish.instrument();
            let scene = Scene {
                instruments: &self.instruments,
                market: &self.markets[instrument.index()],
                bar_round: self.bar_times.count,
                now,
            };
            match wish {
                Intent::Target { .. } | Intent::Protect { .. } => {
                    self.desk.pursue(strategy, instrument, scene, out);
                }
                Intent::Quote { quotes, .. } => {
                    self.desk.quote(strategy, instrument, quotes, scene, out);
                }
                Intent::Withdraw { .. } => {}
            }
        }
    }

    fn pursue(
        &mut self,
        strategy: StrategyId,
        instrument: InstrumentId,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        let scene = Scene {
            instruments: &self.instruments,
            market: &self.markets[instrument.index()],
            bar_round: self.bar_times.count,
            now,
        };
        self.desk.pursue(strategy, instrument, scene, out);
    }

    fn mark(&mut self, id: InstrumentId) {
        if let Some(touch) = self.markets[id.index()].touch() {
            self.desk.portfolio_mut().mark(self.instruments.get(id), touch.bid, touch.ask);
        }
    }

    /// Tells the figures what the account is worth.
    #[inline]
    fn look_at_equity(&mut self, now: Timestamp) {
        let portfolio = self.desk.portfolio();
        self.performance.see(now, portfolio.equity(), portfolio.holds_anything());
    }

    /// The first event only starts the interval.
    fn snapshot_strategies(&mut self, now: Timestamp, out: &mut Outputs) {
        let due = self.next_snapshot.replace(now + self.snapshot_interval);
        if due.is_none() {
            return;
        }
        for strategy in &self.strategies {
            let record = self.strategy_snapshot(strategy.id(), now);
            out.records.push(Record::StrategySnapshot(record));
        }
    }

    /// One strategy's figures now; equity and drawdown are those of the whole account.
    #[must_use]
    pub fn strategy_snapshot(&self, strategy: StrategyId, time: Timestamp) -> StrategySnapshot {
        let portfolio = self.desk.portfolio();
        let (tally, account) =
            (self.desk.tally(strategy), portfolio.account(strategy, &self.instruments));
        StrategySnapshot {
            time,
            strategy,
            signals: tally.signals,
            suppressed: tally.suppressed,
            orders: tally.orders,
            fills: tally.fills,
            realized_pnl: account.realized_pnl,
            unrealized_pnl: account.unrealized_pnl,
            fees: account.fees,
            carry: account.carry,
            equity: portfolio.equity(),
            max_drawdown: portfolio.max_drawdown(),
            wins: account.wins,
            losses: account.losses,
        }
    }

    /// How well the session did so far. Allocates: not for the hot path.
    #[must_use]
    pub fn performance(&self) -> Performance {
        self.performance.performance()
    }

    /// Returns of equal periods, and the length of one in seconds. Allocates.
    #[must_use]
    pub fn returns(&self) -> (Vec<f64>, f64) {
        self.performance.returns()
    }

    /// An instrument's middle price or last close, as traded, in quote currency; `None` before
    /// the first and while it cannot be trusted.
    #[must_use]
    pub fn price(&self, id: InstrumentId) -> Option<f64> {
        self.markets[id.index()].price()
    }

    /// What prices come from.
    #[must_use]
    pub const fn prices(&self) -> PriceSource {
        self.prices
    }

    /// An instrument's book. Out of sync it holds what it last held: ask [`Self::in_sync`].
    #[must_use]
    pub fn book(&self, id: InstrumentId) -> &OrderBook {
        self.markets[id.index()].book()
    }

    /// Whether an instrument's book may be decided on.
    #[must_use]
    pub fn in_sync(&self, id: InstrumentId) -> bool {
        self.markets[id.index()].in_sync()
    }

    /// The latest picture of an instrument for other threads; `None` while its prices cannot
    /// be trusted.
    #[must_use]
    pub fn latest_view(&self, id: InstrumentId) -> Option<SnapshotView> {
        self.markets[id.index()].view()
    }

    /// What happened how often.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        self.desk.counters()
    }

    /// Cash and positions.
    #[must_use]
    pub const fn portfolio(&self) -> &Portfolio {
        self.desk.portfolio()
    }

    /// Orders that may still trade.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.desk.orders().iter()
    }

    /// SHA-256, in hex, over every command and fill so far in order.
    #[must_use]
    pub fn commands_sha256(&self) -> String {
        self.desk.digest()
    }

    /// Whether the kill switch is on.
    #[must_use]
    pub const fn kill_switch(&self) -> bool {
        self.desk.gate().is_killed()
    }

    /// The instruments of the session.
    #[must_use]
    pub const fn instruments(&self) -> &Instruments {
        &self.instruments
    }

    /// The strategies' names in the order of their ids.
    #[must_use]
    pub fn strategy_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.strategies.iter().map(|strategy| strategy.name())
    }
}

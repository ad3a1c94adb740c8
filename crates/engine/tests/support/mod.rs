//! What tests of the whole engine share: a strategy on strings, and a desk to drive it from.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "test support")]

use std::sync::{Arc, Mutex};

use domain::{
    AccountEvent, AccountEventKind, Event, Fill, InstrumentId, Instruments, Liquidity, Lots,
    MarketData, Money, NetLots, NewOrder, OrderId, OrderReport, Record, ReportKind, RunNumber,
    Side, Span, StrategyId, Ticks, TradeId, event::Bar,
};
use engine::{
    Command, Engine, EngineConfig, Intent, Intents, OpeningAccount, OrderStyle, Outputs,
    PriceSource, Protection, Quotes, RiskConfig, Strategy, View,
};
use market::bars::BarRule;
use market::feature::{FeatureConfig, FeatureVector};
use testkit::events::Tape;

pub const BTC: InstrumentId = InstrumentId::new(0);
pub const PUPPET: StrategyId = StrategyId::new(0);

/// The strings of a [`Puppet`]: wishes to utter at its next event, and what it saw.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    wishes: Arc<Mutex<Vec<Intent>>>,
    seen: Arc<Mutex<Option<FeatureVector>>>,
    glimpses: Arc<Mutex<Vec<Glimpse>>>,
}

/// What a puppet saw of BTC at one event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glimpse {
    /// The bar, where the event is one.
    pub bar: Option<Bar>,
    pub price: Option<f64>,
    /// The close of the last bar, adjusted.
    pub adjusted_close: Option<f64>,
    /// Its volume, adjusted.
    pub adjusted_volume: Option<f64>,
    pub adjustment: f64,
    pub bid: Option<i64>,
    pub position: i64,
    pub equity: Money,
    pub cash: Money,
}

impl Glimpse {
    fn at(event: &Event<'_>, view: &View<'_>) -> Self {
        let bar = match event {
            Event::Market(market) => match market.data {
                MarketData::Bar(bar) => Some(bar),
                _ => None,
            },
            _ => None,
        };
        let last = view.last_bar(BTC);
        Self {
            bar,
            price: view.price(BTC),
            adjusted_close: last.map(|last| view.adjusted(BTC, last.close)),
            adjusted_volume: last.map(|last| view.adjusted_volume(BTC, last.volume)),
            adjustment: view.adjustment(BTC),
            bid: view.best_bid(BTC).map(|level| level.price.get()),
            position: view.position(BTC).get(),
            equity: view.equity(),
            cash: view.cash(),
        }
    }
}

impl Strings {
    pub fn target(&self, lots: i64, style: OrderStyle) {
        self.target_in(BTC, lots, style);
    }

    pub fn target_in(&self, instrument: InstrumentId, lots: i64, style: OrderStyle) {
        let position = NetLots::new(lots);
        self.wishes.lock().unwrap().push(Intent::Target { instrument, position, style });
    }

    pub fn quote(&self, quotes: Quotes) {
        self.wishes.lock().unwrap().push(Intent::Quote { instrument: BTC, quotes });
    }

    /// Wishes for a stop and a target in BTC.
    pub fn protect(&self, stop: Option<i64>, target: Option<i64>) {
        self.protect_in(BTC, stop, target);
    }

    pub fn protect_in(&self, instrument: InstrumentId, stop: Option<i64>, target: Option<i64>) {
        let (stop, target) = (stop.map(Ticks::new), target.map(Ticks::new));
        let protection = Protection { stop, target };
        self.wishes.lock().unwrap().push(Intent::Protect { instrument, protection });
    }

    /// What the puppet saw since the last time.
    pub fn glimpses(&self) -> Vec<Glimpse> {
        std::mem::take(&mut self.glimpses.lock().unwrap())
    }

    /// The features of BTC at the puppet's last event.
    pub fn seen(&self) -> FeatureVector {
        self.seen.lock().unwrap().expect("the features are warm")
    }

    pub fn withdraw(&self) {
        self.withdraw_in(BTC);
    }

    pub fn withdraw_in(&self, instrument: InstrumentId) {
        self.wishes.lock().unwrap().push(Intent::Withdraw { instrument });
    }
}

/// A strategy that wishes what the test pulls.
#[derive(Debug)]
pub struct Puppet {
    id: StrategyId,
    instruments: Vec<InstrumentId>,
    strings: Strings,
}

impl Strategy for Puppet {
    fn id(&self) -> StrategyId {
        self.id
    }

    fn name(&self) -> &'static str {
        "puppet"
    }

    fn instruments(&self) -> &[InstrumentId] {
        &self.instruments
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        self.strings.glimpses.lock().unwrap().push(Glimpse::at(event, view));
        *self.strings.seen.lock().unwrap() = view.features(BTC);
        for wish in self.strings.wishes.lock().unwrap().drain(..) {
            match wish {
                Intent::Target { instrument, position, style } => {
                    out.target(instrument, position, style);
                }
                Intent::Withdraw { instrument } => out.withdraw(instrument),
                Intent::Quote { instrument, quotes } => out.quote(instrument, quotes),
                Intent::Protect { instrument, protection } => out.protect(instrument, protection),
            }
        }
    }
}

pub fn puppet(instruments: &Instruments) -> (Strings, Box<dyn Strategy>) {
    let strings = Strings::default();
    let all = instruments.iter().map(domain::Instrument::id).collect();
    let puppet = Puppet { id: PUPPET, instruments: all, strings: strings.clone() };
    (strings, Box::new(puppet))
}

pub fn config(risk: RiskConfig) -> EngineConfig {
    EngineConfig {
        run: RunNumber::FIRST,
        risk,
        prices: engine::PriceSource::Book,
        bars: None,
        features: Some(FeatureConfig::default()),
        snapshot_interval: Span::from_secs(60),
    }
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// An engine, its event tape, and a venue that answers what the test tells it to.
pub struct Stage {
    pub engine: Engine,
    pub tape: Tape,
    pub strings: Strings,
    pub out: Outputs,
    trades: u64,
}

impl Stage {
    pub fn new(instruments: Instruments, risk: RiskConfig) -> Self {
        Self::opening(instruments, risk, OpeningAccount::with_cash(money("100000")))
    }

    pub fn opening(instruments: Instruments, risk: RiskConfig, opening: OpeningAccount) -> Self {
        let (strings, strategy) = puppet(&instruments);
        let engine = Engine::new(config(risk), instruments, vec![strategy], opening).unwrap();
        Self::of(engine, strings)
    }

    /// One instrument, priced as said.
    pub fn priced(instruments: Instruments, prices: PriceSource, bars: Option<BarRule>) -> Self {
        let (strings, strategy) = puppet(&instruments);
        let config = EngineConfig { prices, bars, ..config(RiskConfig::default()) };
        let opening = OpeningAccount::with_cash(money("100000"));
        Self::of(Engine::new(config, instruments, vec![strategy], opening).unwrap(), strings)
    }

    pub fn of(engine: Engine, strings: Strings) -> Self {
        let (tape, out) = (Tape::default(), Outputs::default());
        Self { engine, tape, strings, out, trades: 0 }
    }

    /// Lets one event happen and gives the commands that follow.
    pub fn happens(&mut self, event: Event<'_>) -> Vec<Command> {
        self.out.clear();
        let stamped = self.tape.stamp(event);
        self.engine.step(&stamped, &mut self.out);
        self.out.commands.clone()
    }

    pub fn clock(&mut self) -> Vec<Command> {
        self.happens(Event::Clock)
    }

    pub fn wait(&mut self, span: Span) -> &mut Self {
        self.tape.pass(span);
        self
    }

    /// The venue does something to the puppet's account in BTC.
    pub fn account(&mut self, amount: &str, kind: AccountEventKind) -> Vec<Command> {
        let (strategy, instrument, time) = (PUPPET, BTC, self.tape.now());
        let amount = money(amount);
        self.happens(Event::Account(AccountEvent { strategy, instrument, time, amount, kind }))
    }

    /// The venue closes so much in BTC by force.
    pub fn liquidate(&mut self, side: Side, price: i64, lots: i64) -> Vec<Command> {
        self.trades += 1;
        let fill = Fill {
            trade: TradeId::new(RunNumber::FIRST, self.trades),
            order: OrderId::new(RunNumber::FIRST, 1 << 30),
            instrument: BTC,
            side,
            price: Ticks::new(price),
            quantity: Lots::new(lots),
            fee: money("0.5"),
            liquidity: Liquidity::Taker,
            time: self.tape.now(),
        };
        self.account("0", AccountEventKind::Liquidation { fill })
    }

    /// Buys or sells so much in BTC, at this price, with one order.
    pub fn hold(&mut self, lots: i64, price: i64) -> Vec<Command> {
        self.strings.target(lots, OrderStyle::MARKET);
        let order = placed(&self.clock());
        self.fill(&order, price, order.quantity.get())
    }

    pub fn answer(&mut self, order: OrderId, kind: ReportKind) -> Vec<Command> {
        let time = self.tape.now();
        self.happens(Event::Report(OrderReport { order, instrument: BTC, time, kind }))
    }

    pub fn fill(&mut self, order: &NewOrder, price: i64, lots: i64) -> Vec<Command> {
        self.trades += 1;
        let fill = self.fill_of(order, price, lots);
        let (time, instrument) = (self.tape.now(), order.instrument);
        let kind = ReportKind::Filled(fill);
        self.happens(Event::Report(OrderReport { order: order.id, instrument, time, kind }))
    }

    /// The fill that [`Self::fill`] reported last, or would with these numbers.
    pub fn fill_of(&self, order: &NewOrder, price: i64, lots: i64) -> Fill {
        Fill {
            trade: TradeId::new(RunNumber::FIRST, self.trades),
            order: order.id,
            instrument: order.instrument,
            side: order.side,
            price: Ticks::new(price),
            quantity: Lots::new(lots),
            fee: money("0.01"),
            liquidity: Liquidity::Taker,
            time: self.tape.now(),
        }
    }

    pub fn position(&self) -> i64 {
        self.engine.portfolio().position(PUPPET, BTC).quantity.get()
    }

    pub fn records(&self) -> &[Record<'static>] {
        &self.out.records
    }
}

/// The only order placed by these commands.
pub fn placed(commands: &[Command]) -> NewOrder {
    match commands {
        [Command::Place(order)] => order.get(),
        other => panic!("one order was expected, not {other:?}"),
    }
}

/// Side, quantity and limit of every order placed.
pub fn orders(commands: &[Command]) -> Vec<(Side, i64, Option<i64>)> {
    let order = |command: &Command| match command {
        Command::Place(order) => {
            Some((order.side, order.quantity.get(), order.limit.map(Ticks::get)))
        }
        Command::Cancel { .. } => None,
    };
    commands.iter().filter_map(order).collect()
}

/// The counters of every order to be withdrawn.
pub fn cancels(commands: &[Command]) -> Vec<u64> {
    let cancel = |command: &Command| match command {
        Command::Cancel { order, .. } => Some(order.counter()),
        Command::Place(_) => None,
    };
    commands.iter().filter_map(cancel).collect()
}

/// A bar of BTC: start and end in seconds of the tape, then open, high, low, close.
pub fn bar((start, end): (i64, i64), [open, high, low, close]: [i64; 4]) -> Bar {
    let zero = Tape::default().now();
    let [open, high, low, close] = [open, high, low, close].map(Ticks::new);
    let (start, end) = (zero + Span::from_secs(start), zero + Span::from_secs(end));
    Bar { start, end, open, high, low, close, volume: Lots::new(7) }
}

/// A bar as an event.
pub const fn bar_event(bar: Bar) -> Event<'static> {
    testkit::events::market(BTC, MarketData::Bar(bar))
}

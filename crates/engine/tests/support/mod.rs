//! What tests of the whole engine share: a strategy on strings, and a desk to drive it from.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "test support")]

use std::sync::{Arc, Mutex};

use domain::{
    Event, Fill, InstrumentId, Instruments, Liquidity, Lots, Money, NetLots, NewOrder, OrderId,
    OrderReport, Record, ReportKind, RunNumber, Side, Span, StrategyId, Ticks, TradeId,
};
use engine::{
    Command, Engine, EngineConfig, Intent, Intents, OpeningAccount, OrderStyle, Outputs, Quotes,
    RiskConfig, Strategy, View,
};
use market::feature::{FeatureConfig, FeatureVector};
use testkit::events::Tape;

pub const BTC: InstrumentId = InstrumentId::new(0);
pub const PUPPET: StrategyId = StrategyId::new(0);

/// The strings of a [`Puppet`]: wishes to utter at its next event, and the features it saw.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    wishes: Arc<Mutex<Vec<Intent>>>,
    seen: Arc<Mutex<Option<FeatureVector>>>,
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

    /// The features of BTC at the puppet's last event.
    pub fn seen(&self) -> FeatureVector {
        self.seen.lock().unwrap().expect("the features are warm")
    }

    pub fn withdraw(&self) {
        self.wishes.lock().unwrap().push(Intent::Withdraw { instrument: BTC });
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

    fn on_event(&mut self, _: &Event<'_>, view: &View<'_>, out: &mut Intents) {
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

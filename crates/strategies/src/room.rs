//! A strategy of the catalogue in an engine with the paper broker, for tests: events in,
//! decisions out, fills in between as in a back-test.

use domain::{
    Event, InstrumentId, Instruments, Lots, Market, MarketData, Money, NetLots, PositionEffect,
    Rate, ReportKind, RunNumber, Side, Span, StrategyId, Ticks, Timestamp,
    event::{Bar, Split},
};
use engine::{
    Command, Engine, EngineConfig, OpeningAccount, Outputs, PriceSource, RiskConfig,
    paper::{Books, PaperBroker, PaperConfig},
};
use market::book::OrderBook;
use testkit::events::{Tape, market};

use crate::{DecidesOn, ParamValues, Setup, StrategyRow};

pub(crate) const FIRST: InstrumentId = InstrumentId::new(0);
pub(crate) const SECOND: InstrumentId = InstrumentId::new(1);

/// A minute, the length of every bar.
pub(crate) const BAR: Span = Span::from_secs(60);

/// An order for a position, and when it was made: the number of the event before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) event: usize,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) lots: i64,
}

/// A stop or a target that was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Protecting {
    pub(crate) event: usize,
    pub(crate) stop: Option<i64>,
    pub(crate) target: Option<i64>,
}

/// An execution, in ticks and lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) event: usize,
    pub(crate) side: Side,
    pub(crate) price: i64,
    pub(crate) lots: i64,
}

/// Something that happens to the market.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// A bar ends: open, high, low, close.
    Bar(InstrumentId, [i64; 4]),
    /// Each unit becomes several.
    Split(InstrumentId, i64),
    /// Anything else.
    Other(Event<'static>),
    /// Time passes.
    Wait(Span),
}

pub(crate) struct Room {
    engine: Engine,
    broker: PaperBroker,
    tape: Tape,
    out: Outputs,
    events: usize,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) protections: Vec<Protecting>,
    pub(crate) fills: Vec<Filled>,
}

struct EngineBooks<'a>(&'a Engine);

impl Books for EngineBooks<'_> {
    fn book(&self, id: InstrumentId) -> Option<&OrderBook> {
        self.0.in_sync(id).then(|| self.0.book(id))
    }
}

/// Two instruments with a tick of a cent and a lot of a thousandth.
pub(crate) fn two_instruments() -> Instruments {
    let spec = |pair| testkit::instruments::spec(Market::Spot, pair, "0.01", "0.001");
    testkit::instruments::instruments([spec("AAA/USD"), spec("BBB/USD")])
}

impl Room {
    /// With a hundred thousand in cash and no limit in the way.
    pub(crate) fn new(row: &StrategyRow, params: &ParamValues, trades: &[InstrumentId]) -> Self {
        let table = two_instruments();
        let setup = Setup {
            id: StrategyId::new(0),
            name: "under_test",
            instruments: &table,
            trades,
            params,
        };
        let strategy = row.make(&setup).unwrap();
        let needs = (row.needs)(params);
        let cash: Money = "100000".parse().unwrap();
        let prices = match needs.decides_on {
            DecidesOn::Book => PriceSource::Book,
            DecidesOn::Quotes => PriceSource::Quotes,
            DecidesOn::Bars => PriceSource::Bars,
        };
        let config = EngineConfig {
            run: RunNumber::FIRST,
            risk: RiskConfig {
                max_position_size: "1000000".parse().unwrap(),
                max_order_size: "1000000".parse().unwrap(),
                max_notional_exposure: "100000000".parse().unwrap(),
                max_orders_per_second: 1_000,
                stale_after: Span::from_secs(86_400),
                ..RiskConfig::default()
            },
            prices,
            bars: None,
            features: needs.features,
            snapshot_interval: Span::from_secs(86_400),
        };
        let broker =
            PaperConfig { prices, opening_cash: cash, ..PaperConfig::new(RunNumber::FIRST, 7) };
        let broker = PaperBroker::new(&broker, &table).unwrap();
        let opening = OpeningAccount::with_cash(cash);
        let engine = Engine::new(config, table, vec![strategy], opening).unwrap();
        let tape = Tape::from(Timestamp::from_millis(1_700_000_040_000));
        Self {
            engine,
            broker,
            tape,
            out: Outputs::default(),
            events: 0,
            decisions: Vec::new(),
            protections: Vec::new(),
            fills: Vec::new(),
        }
    }

    pub(crate) fn live(mut self, happenings: &[Happening]) -> Self {
        for one in happenings {
            self.happens(one);
        }
        self
    }

    pub(crate) fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Wait(span) => {
                self.tape.pass(*span);
            }
            Happening::Bar(id, [open, high, low, close]) => {
                let end = self.tape.now();
                let bar = Bar {
                    start: Timestamp::from_nanos(end.as_nanos() - BAR.as_nanos()),
                    end,
                    open: Ticks::new(*open),
                    high: Ticks::new(*high),
                    low: Ticks::new(*low),
                    close: Ticks::new(*close),
                    volume: Lots::new(1_000_000),
                };
                self.event(market(*id, MarketData::Bar(bar)));
            }
            Happening::Split(id, ratio) => {
                let ratio = Rate::new((*ratio).into());
                self.event(market(*id, MarketData::Split(Split { ratio })));
            }
            Happening::Other(event) => self.event(event.clone()),
        }
    }

    fn event(&mut self, event: Event<'static>) {
        self.events += 1;
        let now = self.tape.now();
        let Event::Market(data) = &event else { return self.step(event) };
        self.answers(now);
        self.broker.before_market(data, now, &EngineBooks(&self.engine));
        self.answers(now);
        let data = data.clone();
        self.step(event);
        let book = self.engine.book(data.instrument);
        self.broker.on_market(&data, now, book);
        self.answers(now);
        assert_eq!(self.broker.problems(), []);
    }

    fn answers(&mut self, now: Timestamp) {
        while let Some((_, answer)) = self.broker.next_answer(now) {
            if let Event::Report(report) = &answer
                && let ReportKind::Filled(fill) = report.kind
            {
                let (price, lots) = (fill.price.get(), fill.quantity.get());
                self.fills.push(Filled { event: self.events, side: fill.side, price, lots });
            }
            self.step(answer);
        }
    }

    fn step(&mut self, event: Event<'static>) {
        self.out.clear();
        let stamped = self.tape.stamp(event);
        let now = stamped.time;
        self.engine.step(&stamped, &mut self.out);
        for command in &self.out.commands {
            if let Command::Place(order) = command {
                let order = order.get();
                let guards = order.effect == PositionEffect::ReduceOnly && order.limit.is_some();
                if order.trigger.is_some() || guards {
                    self.protections.push(Protecting {
                        event: self.events,
                        stop: order.trigger.map(Ticks::get),
                        target: order.limit.map(Ticks::get),
                    });
                } else {
                    self.decisions.push(Decision {
                        event: self.events,
                        instrument: order.instrument,
                        side: order.side,
                        lots: order.quantity.get(),
                    });
                }
            }
            self.broker.submit(command, now);
        }
    }

    pub(crate) fn held(&self, id: InstrumentId) -> NetLots {
        self.engine.portfolio().position(StrategyId::new(0), id).quantity
    }

    pub(crate) fn commands_sha256(&self) -> String {
        self.engine.commands_sha256()
    }
}

/// Bars of one instrument whose open, high, low and close are these, a minute apart.
pub(crate) fn bars(closes: &[i64]) -> Vec<Happening> {
    let bar = |&close: &i64| [Happening::Wait(BAR), Happening::Bar(FIRST, [close; 4])];
    closes.iter().flat_map(bar).collect()
}

/// Numbers that look random and are the same every time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// From 0 to below `limit`.
    pub(crate) fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % limit.unsigned_abs()).unwrap()
    }
}

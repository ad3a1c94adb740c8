//! A random market with a paper broker in it, for the laws in `paper_properties.rs`.

use domain::{
    Bps, Event, Fill, InstrumentId, Instruments, Level, Lots, MarketData, NewOrder, OrderId,
    OrderReport, OrderType, ReportKind, RunNumber, Side, Span, StrategyId, Ticks, Timestamp,
    event::{BookLoss, Trade},
};
use engine::{
    Command, RiskConfig,
    paper::{Books, FillModel, PaperBroker, PaperConfig},
    risk::{Exposure, Facts, RiskGate, Touch},
};
use market::OrderBook;
use proptest::prelude::*;
use testkit::events::{self, Rung};

pub(crate) const BTC: InstrumentId = InstrumentId::new(0);

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// One level of a side changes; levels it would cross vanish with it.
    Change(Side, Rung),
    Trade(Side, Rung),
    AggregateTrade(Side, Rung),
    Lose,
    Resync(Vec<Rung>, Vec<Rung>),
    Place(Side, OrderType, Rung),
    /// Withdraws the order of this place, counted from the first.
    Cancel(usize),
    Pass(i64),
}

const PRICES: std::ops::Range<i64> = 995..1_006;

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

pub(crate) fn any_order() -> impl Strategy<Value = OrderType> {
    prop_oneof![
        Just(OrderType::Market),
        Just(OrderType::Limit),
        Just(OrderType::PostOnly),
        Just(OrderType::ImmediateOrCancel),
        Just(OrderType::FillOrKill),
        Just(OrderType::Stop),
    ]
}

/// A market that opens with a book, and up to 120 things that happen in it.
pub(crate) fn steps(orders: impl Strategy<Value = OrderType>) -> impl Strategy<Value = Vec<Step>> {
    let rungs = |prices: std::ops::Range<i64>| prop::collection::vec((prices, 1_i64..9), 0..4);
    let step = prop_oneof![
        8 => (side(), (PRICES, 0_i64..9)).prop_map(|(side, rung)| Step::Change(side, rung)),
        5 => (side(), (PRICES, 1_i64..9)).prop_map(|(side, rung)| Step::Trade(side, rung)),
        2 => (side(), (PRICES, 1_i64..9)).prop_map(|(side, rung)| Step::AggregateTrade(side, rung)),
        1 => Just(Step::Lose),
        1 => (rungs(995..1_000), rungs(1_000..1_006))
            .prop_map(|(bids, asks)| Step::Resync(bids, asks)),
        6 => (side(), orders, (PRICES, 1_i64..12))
            .prop_map(|(side, order_type, rung)| Step::Place(side, order_type, rung)),
        2 => (0_usize..30).prop_map(Step::Cancel),
        1 => (0_i64..4).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..120).prop_map(|mut steps| {
        let opening = Step::Resync(vec![(999, 5), (998, 9)], vec![(1_001, 5), (1_002, 9)]);
        steps.insert(0, opening);
        steps
    })
}

pub(crate) fn config(fill_model: FillModel) -> PaperConfig {
    PaperConfig {
        fill_model,
        order_latency: Span::from_nanos(1_500_000),
        ..PaperConfig::new(RunNumber::FIRST, 11)
    }
}

pub(crate) fn bps(text: &str) -> Bps {
    Bps::new(text.parse().unwrap())
}

/// When the reports are read; it must not matter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    WhenDue,
    AtOnce,
    AtTheEnd,
}

/// What one step brought, with [`Reading::AtOnce`].
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What happened in the market.
    pub(crate) data: Option<MarketData<'static>>,
    /// Fills of orders on their arrival, before the market's event.
    pub(crate) arriving: Vec<Fill>,
    /// Fills of waiting orders that met the market's event.
    pub(crate) waiting: Vec<Fill>,
}

struct Market {
    book: OrderBook,
    in_sync: bool,
}

impl Books for Market {
    fn book(&self, _id: InstrumentId) -> Option<&OrderBook> {
        self.in_sync.then_some(&self.book)
    }
}

/// A broker in a random market. Every step takes one millisecond.
pub(crate) struct World {
    pub(crate) broker: PaperBroker,
    pub(crate) orders: Vec<NewOrder>,
    pub(crate) reports: Vec<OrderReport>,
    market: Market,
    gate: RiskGate,
    instruments: Instruments,
    now: Timestamp,
    reading: Reading,
}

impl World {
    pub(crate) fn new(config: &PaperConfig, reading: Reading) -> Self {
        let instruments =
            testkit::instruments::instruments([testkit::instruments::btc_perpetual()]);
        let generous = RiskConfig {
            max_position_size: "1000000000".parse().unwrap(),
            max_order_size: "1000000000".parse().unwrap(),
            max_notional_exposure: "1000000000000000".parse().unwrap(),
            max_orders_per_second: 1_000,
            price_collar: bps("1000000"),
            ..RiskConfig::default()
        };
        Self {
            broker: PaperBroker::new(config, &instruments).unwrap(),
            orders: Vec::new(),
            reports: Vec::new(),
            market: Market { book: OrderBook::with_window(256), in_sync: false },
            gate: RiskGate::new(generous, &instruments).unwrap(),
            instruments,
            now: Timestamp::from_millis(1_000),
            reading,
        }
    }

    /// Everything in one go, until the last request has arrived and every report is read.
    pub(crate) fn lived_through(config: &PaperConfig, reading: Reading, steps: &[Step]) -> Self {
        let mut world = Self::new(config, reading);
        for step in steps {
            world.live(step);
        }
        world.finish();
        world
    }

    pub(crate) fn finish(&mut self) {
        while let Some(arrival) = self.broker.earliest_arrival() {
            self.now = arrival;
            self.broker.before_event(arrival, &self.market);
        }
        self.read(Timestamp::MAX);
    }

    pub(crate) fn live(&mut self, step: &Step) -> Outcome {
        self.now = self.now + Span::from_millis(1);
        let data = match step {
            Step::Change(side, rung) => self.change(*side, *rung),
            Step::Trade(aggressor, rung) => MarketData::Trade(trade(*aggressor, *rung)),
            Step::AggregateTrade(aggressor, rung) => {
                MarketData::AggregateTrade(trade(*aggressor, *rung))
            }
            Step::Lose => MarketData::BookLost(BookLoss::Gap),
            Step::Resync(bids, asks) => data_of(events::book(BTC, bids, asks)),
            Step::Place(side, order_type, rung) => {
                self.place(*side, *order_type, *rung);
                return Outcome::default();
            }
            Step::Cancel(place) => {
                if let Some(order) = self.orders.get(*place) {
                    let cancel = Command::Cancel { order: order.id, instrument: BTC };
                    self.broker.submit(&cancel, self.now);
                }
                return Outcome::default();
            }
            Step::Pass(millis) => {
                self.now = self.now + Span::from_millis(*millis);
                return Outcome::default();
            }
        };
        self.happen(data)
    }

    /// One event in the order of calls that the module asks for.
    fn happen(&mut self, data: MarketData<'static>) -> Outcome {
        self.broker.before_event(self.now, &self.market);
        let arriving = self.read_as_configured();
        match &data {
            MarketData::BookSnapshot { bids, asks, .. } => {
                self.market.book.load(bids, asks);
                self.market.in_sync = true;
            }
            MarketData::BookDiff { bids, asks, .. } => self.market.book.apply(bids, asks),
            MarketData::BookLost(_) => self.market.in_sync = false,
            _ => {}
        }
        let Event::Market(event) = events::market(BTC, data) else { unreachable!() };
        self.broker.on_market(&event, self.now, &self.market.book);
        let waiting = self.read_as_configured();
        Outcome { data: Some(event.data), arriving, waiting }
    }

    fn change(&self, side: Side, rung: Rung) -> MarketData<'static> {
        let book = &self.market.book;
        let crossed = |level: &Level| match side {
            Side::Buy => level.price.get() <= rung.0,
            Side::Sell => level.price.get() >= rung.0,
        };
        let opposite =
            book.levels(side.opposite()).take_while(|level| rung.1 > 0 && crossed(level));
        let gone: Vec<Rung> = opposite.map(|level| (level.price.get(), 0)).collect();
        data_of(match side {
            Side::Buy => events::diff(BTC, &[rung], &gone),
            Side::Sell => events::diff(BTC, &gone, &[rung]),
        })
    }

    /// Sends an order through a gate that has nothing against it.
    fn place(&mut self, side: Side, order_type: OrderType, (price, quantity): Rung) {
        let order = NewOrder {
            id: OrderId::new(RunNumber::FIRST, self.orders.len() as u64 + 1),
            strategy: StrategyId::new(0),
            instrument: BTC,
            side,
            order_type,
            quantity: Lots::new(quantity),
            limit: order_type.has_limit().then_some(Ticks::new(price)),
            trigger: order_type.has_trigger().then_some(Ticks::new(price)),
            effect: domain::PositionEffect::Any,
            created: self.now,
        };
        let facts = Facts {
            now: self.now,
            instrument: self.instruments.get(BTC),
            touch: Some(Touch { bid: Ticks::new(999), ask: Ticks::new(1_001) }),
            last_data: Some(self.now),
            held: domain::NetLots::ZERO,
            exposure: Exposure::default(),
            open_orders: 0,
        };
        let approved = self.gate.approve(order, &facts).unwrap();
        self.broker.submit(&Command::Place(approved), self.now);
        self.orders.push(order);
    }

    fn read_as_configured(&mut self) -> Vec<Fill> {
        match self.reading {
            Reading::WhenDue => self.read(self.now),
            Reading::AtOnce => self.read(Timestamp::MAX),
            Reading::AtTheEnd => Vec::new(),
        }
    }

    fn read(&mut self, due_by: Timestamp) -> Vec<Fill> {
        let first = self.reports.len();
        let answers = std::iter::from_fn(|| self.broker.next_answer(due_by));
        self.reports.extend(answers.filter_map(|(_, answer)| match answer {
            Event::Report(report) => Some(report),
            _ => None,
        }));
        fills(&self.reports[first..])
    }
}

pub(crate) fn fills(reports: &[OrderReport]) -> Vec<Fill> {
    let fill = |report: &OrderReport| match report.kind {
        ReportKind::Filled(fill) => Some(fill),
        _ => None,
    };
    reports.iter().filter_map(fill).collect()
}

fn trade(aggressor: Side, (price, quantity): Rung) -> Trade {
    Trade { id: 1, price: Ticks::new(price), quantity: Lots::new(quantity), aggressor }
}

fn data_of(event: Event<'static>) -> MarketData<'static> {
    let Event::Market(event) = event else { unreachable!("these builders make market events") };
    event.data
}

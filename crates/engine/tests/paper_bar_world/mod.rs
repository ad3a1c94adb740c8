//! Random minutes of two instruments with a paper broker in them, for `paper_bars.rs`.

use domain::{
    AccountEvent, AccountEventKind, Bar, Bps, Event, Fill, InstrumentId, Instruments, Lots,
    MarketData, MarketEvent, Money, NetLots, NewOrder, OrderId, OrderReport, OrderType,
    PositionEffect, Rate, ReportKind, RunNumber, Side, Span, StrategyId, Ticks, Timestamp,
    event::{Dividend, FundingSettlement, Split},
};
use engine::{
    Command, PriceSource,
    paper::{Books, CostRecording, ExecutionCost, PaperBroker, PaperConfig},
};
use market::OrderBook;
use proptest::prelude::*;

use crate::paper_gate::OpenGate;

pub(crate) const MINUTE: Span = Span::from_secs(60);

/// An order before it has an id.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) strategy: u16,
    pub(crate) instrument: u16,
    pub(crate) side: Side,
    pub(crate) order_type: OrderType,
    pub(crate) quantity: i64,
    pub(crate) price: i64,
    pub(crate) effect: PositionEffect,
}

/// One minute: what happens at its beginning, its bars, and what is decided at its end.
#[derive(Clone, Debug)]
pub(crate) struct Minute {
    pub(crate) event: Option<(u16, MarketData<'static>)>,
    /// Open, high, low, close, volume of each instrument.
    pub(crate) bars: [(i64, i64, i64, i64, i64); 2],
    pub(crate) wishes: Vec<Wish>,
    pub(crate) cancel: Option<usize>,
}

pub(crate) fn bps(text: &str) -> Bps {
    Bps::new(text.parse().unwrap())
}

pub(crate) fn rate(text: &str) -> Rate {
    Rate::new(text.parse().unwrap())
}

pub(crate) fn config() -> PaperConfig {
    PaperConfig {
        prices: PriceSource::Bars,
        maker_fee: bps("1"),
        taker_fee: bps("5"),
        costs: CostRecording::On,
        opening_cash: "1000000".parse().unwrap(),
        ..PaperConfig::new(RunNumber::FIRST, 5)
    }
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

pub(crate) fn any_type() -> impl Strategy<Value = OrderType> {
    prop_oneof![
        3 => Just(OrderType::Market),
        3 => Just(OrderType::Limit),
        1 => Just(OrderType::PostOnly),
        1 => Just(OrderType::ImmediateOrCancel),
        1 => Just(OrderType::FillOrKill),
        3 => Just(OrderType::Stop),
    ]
}

fn wish(order_type: impl Strategy<Value = OrderType>) -> impl Strategy<Value = Wish> {
    let effect = prop_oneof![Just(PositionEffect::Any), Just(PositionEffect::ReduceOnly)];
    let who = (0_u16..2, 0_u16..2);
    (who, side(), order_type, 1_i64..12, 970_i64..1_031, effect).prop_map(
        |((strategy, instrument), side, order_type, quantity, price, effect)| Wish {
            strategy,
            instrument,
            side,
            order_type,
            quantity,
            price,
            effect,
        },
    )
}

fn bar() -> impl Strategy<Value = (i64, i64, i64, i64, i64)> {
    (980_i64..1_021, 0_i64..20, 0_i64..20, 0_i64..40, 0_i64..40).prop_map(
        |(open, up, down, place, volume)| {
            let (high, low) = (open + up, open - down);
            (open, high, low, low + place % (up + down + 1), volume)
        },
    )
}

fn event() -> impl Strategy<Value = (u16, MarketData<'static>)> {
    let data = prop_oneof![
        (-50_i64..50).prop_map(|rate| MarketData::Funding(FundingSettlement {
            rate: Rate::new(rust_decimal::Decimal::new(rate, 5)),
            price: None,
        })),
        (0_i64..500).prop_map(|cents| MarketData::Dividend(Dividend {
            per_unit: Money::from_atto(i128::from(cents) * 10_i128.pow(16)),
        })),
        prop_oneof![Just("1.5"), Just("2"), Just("0.1"), Just("0.333")]
            .prop_map(|text| MarketData::Split(Split { ratio: rate(text) })),
    ];
    (0_u16..2, data)
}

/// Up to 40 minutes with orders of these types.
pub(crate) fn minutes(
    order_type: impl Strategy<Value = OrderType>,
) -> impl Strategy<Value = Vec<Minute>> {
    let wishes = prop::collection::vec(wish(order_type), 0..4);
    let minute = (
        prop::option::weighted(0.2, event()),
        [bar(), bar()],
        wishes,
        prop::option::weighted(0.1, 0_usize..30),
    );
    let minute =
        minute.prop_map(|(event, bars, wishes, cancel)| Minute { event, bars, wishes, cancel });
    prop::collection::vec(minute, 1..40)
}

struct NoBooks;

impl Books for NoBooks {
    fn book(&self, _id: InstrumentId) -> Option<&OrderBook> {
        None
    }
}

/// A fill with the bar it happened in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happened {
    pub(crate) fill: Fill,
    pub(crate) strategy: StrategyId,
    pub(crate) bar: Option<Bar>,
    /// The strategy's position before it, as the answers so far tell.
    pub(crate) held: NetLots,
    pub(crate) cost: Option<ExecutionCost>,
}

/// A perpetual and a spot instrument, two strategies, and what the answers add up to.
pub(crate) struct BarWorld {
    pub(crate) broker: PaperBroker,
    pub(crate) orders: Vec<NewOrder>,
    pub(crate) answers: Vec<Event<'static>>,
    pub(crate) happened: Vec<Happened>,
    pub(crate) instruments: Instruments,
    pub(crate) now: Timestamp,
    /// By strategy and instrument.
    pub(crate) positions: [[NetLots; 2]; 2],
    pub(crate) cash: Money,
    gate: OpenGate,
    empty: OrderBook,
}

impl BarWorld {
    pub(crate) fn new(config: &PaperConfig, now: Timestamp) -> Self {
        let instruments = testkit::instruments::instruments([
            testkit::instruments::btc_perpetual(),
            testkit::instruments::btc_spot(),
        ]);
        let mut positions = [[NetLots::ZERO; 2]; 2];
        for one in &config.opening_positions {
            positions[one.strategy.index()][one.instrument.index()] = one.position;
        }
        Self {
            broker: PaperBroker::new(config, &instruments).unwrap(),
            orders: Vec::new(),
            answers: Vec::new(),
            happened: Vec::new(),
            now,
            positions,
            cash: config.opening_cash,
            gate: OpenGate::new(&instruments, "1000000"),
            instruments,
            empty: OrderBook::with_window(256),
        }
    }

    pub(crate) fn lived_through(config: &PaperConfig, minutes: &[Minute]) -> Self {
        let mut world = Self::new(config, Timestamp::from_millis(1_700_000_000_000));
        for minute in minutes {
            world.live(minute);
        }
        world
    }

    pub(crate) fn live(&mut self, minute: &Minute) {
        if let Some((instrument, data)) = &minute.event {
            self.happen(InstrumentId::new(*instrument), data.clone());
        }
        let start = self.now;
        self.now = start + MINUTE;
        for (index, (open, high, low, close, volume)) in (0_u16..).zip(minute.bars) {
            let [open, high, low, close] = [open, high, low, close].map(Ticks::new);
            let (end, volume) = (self.now, Lots::new(volume));
            let bar = Bar { start, end, open, high, low, close, volume };
            self.happen(InstrumentId::new(index), MarketData::Bar(bar));
        }
        for wish in &minute.wishes {
            self.send(wish);
        }
        if let Some(order) = minute.cancel.and_then(|place| self.orders.get(place)) {
            let cancel = Command::Cancel { order: order.id, instrument: order.instrument };
            self.broker.submit(&cancel, self.now);
        }
    }

    pub(crate) fn send(&mut self, wish: &Wish) -> OrderId {
        let price = Some(Ticks::new(wish.price));
        let order = NewOrder {
            id: OrderId::new(RunNumber::FIRST, self.orders.len() as u64 + 1),
            strategy: StrategyId::new(wish.strategy),
            instrument: InstrumentId::new(wish.instrument),
            side: wish.side,
            order_type: wish.order_type,
            quantity: Lots::new(wish.quantity),
            limit: price.filter(|_| wish.order_type.has_limit()),
            trigger: price.filter(|_| wish.order_type.has_trigger()),
            effect: wish.effect,
            created: self.now,
        };
        let command = self.gate.command(order, self.now, Ticks::new(1_000));
        self.broker.submit(&command, self.now);
        self.orders.push(order);
        order.id
    }

    fn happen(&mut self, instrument: InstrumentId, data: MarketData<'static>) {
        let event = MarketEvent { instrument, exchange_time: None, data };
        self.broker.before_market(&event, self.now, &NoBooks);
        let bar = if let MarketData::Bar(bar) = &event.data { Some(*bar) } else { None };
        self.listen(bar);
        self.broker.on_market(&event, self.now, &self.empty);
        self.listen(bar);
    }

    fn listen(&mut self, bar: Option<Bar>) {
        let mut costs: Vec<ExecutionCost> = self.broker.take_costs().collect();
        while let Some((due, answer)) = self.broker.next_answer(self.now) {
            assert_eq!(due, self.now, "answers in bars are due at once");
            match &answer {
                Event::Report(OrderReport { order, kind: ReportKind::Filled(fill), .. }) => {
                    let place = usize::try_from(order.counter()).unwrap() - 1;
                    self.book(self.orders[place].strategy, fill, bar, &mut costs);
                }
                Event::Account(event) => self.book_event(event, bar, &mut costs),
                _ => {}
            }
            self.answers.push(answer);
        }
        assert!(costs.is_empty(), "every cost has its fill");
    }

    fn book_event(
        &mut self,
        event: &AccountEvent,
        bar: Option<Bar>,
        costs: &mut Vec<ExecutionCost>,
    ) {
        self.cash += event.amount;
        let held = &mut self.positions[event.strategy.index()][event.instrument.index()];
        match event.kind {
            AccountEventKind::Split { position } => *held = position,
            AccountEventKind::Liquidation { fill } => {
                self.book(event.strategy, &fill, bar, costs);
            }
            AccountEventKind::Funding | AccountEventKind::Borrow | AccountEventKind::Dividend => {}
        }
    }

    fn book(
        &mut self,
        strategy: StrategyId,
        fill: &Fill,
        bar: Option<Bar>,
        costs: &mut Vec<ExecutionCost>,
    ) {
        let traded = fill.quantity.signed(fill.side);
        let instrument = self.instruments.get(fill.instrument);
        self.cash -= instrument.signed_notional(fill.price, traded).unwrap() + fill.fee;
        let held = &mut self.positions[strategy.index()][fill.instrument.index()];
        let before = *held;
        *held = held.checked_add(traded).unwrap();
        let place = costs.iter().position(|cost| cost.trade == fill.trade);
        let cost = place.map(|place| costs.remove(place));
        self.happened.push(Happened { fill: *fill, strategy, bar, held: before, cost });
    }
}

//! Laws of the engine under random markets, wishes, venue answers and operators.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use domain::{
    Control, Event, Fill, InstrumentId, MarketData, Money, NewOrder, OrderId, OrderReport,
    OrderStatus, Record, Refusal, ReportKind, Side, Span, Timestamp, event::BookLoss,
};
use engine::{
    Command, LimitPolicy, Order, OrderStyle, RiskConfig,
    order::{PendingValue, is_legal},
};
use proptest::prelude::*;
use support::{PUPPET, Stage, money};
use testkit::{
    events::{book, control, diff, lost, market, trade},
    instruments::{btc_perpetual, btc_spot, instruments},
};

/// One thing that happens. Which instrument or order it concerns is a free number.
#[derive(Clone, Debug)]
enum Happening {
    Wait { millis: i64 },
    Snapshot { which: u16, mid: i64 },
    Best { which: u16, shift: i64, quantity: i64 },
    Lost { which: u16 },
    Silent { which: u16, silent: bool },
    Trade { which: u16 },
    Wish { which: u16, lots: i64, style: u8 },
    Accept { order: usize },
    Fill { order: usize, share: i64, price: i64 },
    FillAgain,
    Cancel { order: usize },
    Expire { order: usize },
    Reject { order: usize },
    RefuseCancel { order: usize },
    Operator(Control),
}

fn any_happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let which = 0..2_u16;
    let order = 0..8_usize;
    prop_oneof![
        3 => (1..700_i64).prop_map(|millis| H::Wait { millis }),
        3 => (which.clone(), 500_000..700_000_i64).prop_map(|(which, mid)| H::Snapshot { which, mid }),
        6 => (which.clone(), -3..4_i64, 1..50_i64)
            .prop_map(|(which, shift, quantity)| H::Best { which, shift, quantity }),
        1 => which.clone().prop_map(|which| H::Lost { which }),
        1 => (which.clone(), any::<bool>()).prop_map(|(which, silent)| H::Silent { which, silent }),
        1 => which.clone().prop_map(|which| H::Trade { which }),
        8 => (which, -1_200..1_200_i64, 0..5_u8)
            .prop_map(|(which, lots, style)| H::Wish { which, lots, style }),
        4 => order.clone().prop_map(|order| H::Accept { order }),
        8 => (order.clone(), 1..5_i64, -50..50_i64)
            .prop_map(|(order, share, price)| H::Fill { order, share, price }),
        1 => Just(H::FillAgain),
        2 => order.clone().prop_map(|order| H::Cancel { order }),
        1 => order.clone().prop_map(|order| H::Expire { order }),
        1 => order.clone().prop_map(|order| H::Reject { order }),
        1 => order.prop_map(|order| H::RefuseCancel { order }),
        1 => prop_oneof![
            2 => Just(Control::Kill), 4 => Just(Control::Resume), 1 => Just(Control::JournalStalled),
            3 => Just(Control::JournalRecovered),
        ].prop_map(H::Operator),
    ]
}

fn limits() -> RiskConfig {
    RiskConfig {
        max_notional_exposure: money("30000"),
        max_order_notional: Some(money("25000")),
        max_orders_per_second: 5,
        max_open_orders: 6,
        ..RiskConfig::default()
    }
}

/// The engine among random happenings, and what a bystander remembers of it.
struct World {
    stage: Stage,
    mids: [i64; 2],
    silent: [bool; 2],
    stalled: bool,
    last_fill: Option<(OrderId, Fill)>,
    trades: u64,
    statuses: BTreeMap<OrderId, OrderStatus>,
    ordered: BTreeMap<OrderId, i64>,
    placed_at: Vec<Timestamp>,
}

impl World {
    fn new() -> Self {
        let table = instruments([btc_perpetual(), btc_spot()]);
        Self {
            stage: Stage::new(table, limits()),
            mids: [600_000; 2],
            silent: [false; 2],
            stalled: false,
            last_fill: None,
            trades: 0,
            statuses: BTreeMap::new(),
            ordered: BTreeMap::new(),
            placed_at: Vec::new(),
        }
    }

    fn open(&self, number: usize) -> Option<Order> {
        let orders: Vec<_> = self.stage.engine.open_orders().copied().collect();
        if orders.is_empty() { None } else { Some(orders[number % orders.len()]) }
    }

    /// `None` when the happening has nothing to happen to.
    fn event(&mut self, happening: &Happening) -> Option<Event<'static>> {
        use Happening as H;
        let id = InstrumentId::new;
        Some(match *happening {
            H::Wait { millis } => {
                self.stage.wait(Span::from_millis(millis));
                Event::Clock
            }
            H::Snapshot { which, mid } => {
                self.mids[usize::from(which)] = mid;
                book(id(which), &[(mid, 20), (mid - 1, 9)], &[(mid + 1, 20), (mid + 2, 9)])
            }
            H::Best { which, shift, quantity } => {
                let mid = self.mids[usize::from(which)];
                diff(
                    id(which),
                    &[(mid - shift.abs(), quantity)],
                    &[(mid + 1 + shift.abs(), quantity)],
                )
            }
            H::Lost { which } => lost(id(which), BookLoss::Gap),
            H::Silent { which, silent } => {
                self.silent[usize::from(which)] = silent;
                market(
                    id(which),
                    if silent { MarketData::FeedSilent } else { MarketData::FeedLive },
                )
            }
            H::Trade { which } => trade(id(which), (self.mids[usize::from(which)], 1), Side::Buy),
            H::Wish { which, lots, style } => {
                let style = match style {
                    0 => OrderStyle::AGGRESSIVE,
                    1 => OrderStyle::PASSIVE,
                    2 => OrderStyle::IMMEDIATE,
                    3 => OrderStyle {
                        order_type: domain::OrderType::Market,
                        limit: LimitPolicy::OwnTouch,
                    },
                    _ => OrderStyle {
                        order_type: domain::OrderType::Limit,
                        limit: LimitPolicy::Price(domain::Ticks::new(600_500)),
                    },
                };
                let scale = if which == 1 { 100 } else { 1 };
                self.stage.strings.target_in(id(which), lots * scale, style);
                Event::Clock
            }
            H::Operator(order) => {
                match order {
                    Control::JournalStalled => self.stalled = true,
                    Control::JournalRecovered => self.stalled = false,
                    _ => {}
                }
                control(order)
            }
            H::FillAgain => {
                let (order, fill) = self.last_fill?;
                self.say(order, fill.instrument, ReportKind::Filled(fill))
            }
            H::Fill { order, share, price } => {
                let order = self.open(order)?;
                self.trades += 1;
                let fill = self.fill(order.request(), &order, share, price);
                self.last_fill = Some((order.id(), fill));
                self.say(order.id(), order.instrument(), ReportKind::Filled(fill))
            }
            H::Accept { order } => self.answer(order, ReportKind::Accepted, |_| true)?,
            H::Cancel { order } => self.answer(order, ReportKind::Cancelled, |_| true)?,
            H::Expire { order } => {
                self.answer(order, ReportKind::Expired(Refusal::RemainderCancelled), |_| true)?
            }
            H::Reject { order } => {
                self.answer(order, ReportKind::Rejected(Refusal::WouldTake), |order| {
                    order.status() == OrderStatus::Sent
                })?
            }
            H::RefuseCancel { order } => self.answer(
                order,
                ReportKind::CancelRejected(Refusal::UnknownOrder),
                Order::cancel_requested,
            )?,
        })
    }

    fn answer(
        &self,
        order: usize,
        kind: ReportKind,
        fits: impl Fn(&Order) -> bool,
    ) -> Option<Event<'static>> {
        let order = self.open(order).filter(fits)?;
        Some(self.say(order.id(), order.instrument(), kind))
    }

    fn say(&self, order: OrderId, instrument: InstrumentId, kind: ReportKind) -> Event<'static> {
        Event::Report(OrderReport { order, instrument, time: self.stage.tape.now(), kind })
    }

    fn fill(&self, request: &NewOrder, order: &Order, share: i64, price: i64) -> Fill {
        let mid = self.mids[request.instrument.index()];
        let quantity = (order.remaining().get() / share).max(1);
        Fill {
            trade: domain::TradeId::new(domain::RunNumber::FIRST, self.trades),
            ..self.stage.fill_of(request, mid + price, quantity)
        }
    }

    fn live(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        let Some(event) = self.event(happening) else { return Ok(()) };
        let commands = self.stage.happens(event);
        let records = self.stage.records().to_vec();
        self.check_records(&records)?;
        let mut raised = false;
        for command in &commands {
            if let Command::Place(order) = command {
                raised |= !self.check_order(&order.get(), &records)?;
            }
        }
        self.check_stakes(raised)?;
        self.check_money()
    }

    /// Each order's states follow one another legally, and no order is filled beyond its size.
    fn check_records(&mut self, records: &[Record<'_>]) -> Result<(), TestCaseError> {
        for record in records {
            match record {
                Record::Placed(order) => {
                    let known = self.statuses.insert(order.id, OrderStatus::Created);
                    prop_assert_eq!(known, None, "an id came twice");
                    self.ordered.insert(order.id, order.quantity.get());
                }
                Record::OrderChanged(change) => {
                    let before = self.statuses.insert(change.order, change.status);
                    let before = before.expect("an order is placed before it changes");
                    prop_assert!(is_legal(before, change.status), "{before} to {}", change.status);
                    prop_assert!(change.filled.get() <= self.ordered[&change.order]);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the order only reduces. Nothing is sent that should not be.
    fn check_order(
        &mut self,
        order: &NewOrder,
        records: &[Record<'_>],
    ) -> Result<bool, TestCaseError> {
        let engine = &self.stage.engine;
        prop_assert!(engine.in_sync(order.instrument), "sent out of sync");
        prop_assert!(!self.silent[order.instrument.index()], "sent while silent");
        prop_assert!(!engine.kill_switch() && !self.stalled, "sent while stopped");
        prop_assert!(records.contains(&Record::Placed(*order)), "sent without a record");
        let instrument = engine.instruments().get(order.instrument);
        prop_assert!(instrument.quantity(order.quantity) <= limits().max_order_size.decimal());
        let now = self.stage.tape.now();
        self.placed_at.push(now);
        let second = self.placed_at.iter().filter(|at| now.since(**at) < Span::from_secs(1));
        prop_assert!(second.count() <= 5, "too many orders in one second");

        let position = engine.portfolio().net(order.instrument);
        let same_side: i64 = engine
            .open_orders()
            .filter(|open| open.instrument() == order.instrument && open.side() == order.side)
            .map(|open| open.remaining().get())
            .sum();
        let reduces =
            position.side() == Some(order.side.opposite()) && same_side <= position.size().get();
        Ok(reduces)
    }

    /// Worst cases, added up here from positions and open orders.
    fn check_stakes(&self, raised: bool) -> Result<(), TestCaseError> {
        let engine = &self.stage.engine;
        prop_assert!(engine.open_orders().count() <= limits().max_open_orders);
        let mut total = Money::ZERO;
        for instrument in engine.instruments().iter() {
            let (mut lots, mut value) = ([0_i64; 2], PendingValue::default());
            for open in engine.open_orders().filter(|open| open.instrument() == instrument.id()) {
                let rest = instrument.notional(open.reserve_price(), open.remaining()).unwrap();
                match open.side() {
                    Side::Buy => {
                        (lots[0], value.buys) =
                            (lots[0] + open.remaining().get(), value.buys + rest);
                    }
                    Side::Sell => {
                        (lots[1], value.sells) =
                            (lots[1] + open.remaining().get(), value.sells + rest);
                    }
                }
            }
            let position = engine.portfolio().net(instrument.id()).get();
            let limit = instrument.lots(limits().max_position_size).unwrap().get();
            prop_assert!(position + lots[0] <= limit && position - lots[1] >= -limit);
            let held = engine.portfolio().value(instrument.id());
            total += (held + value.buys).abs().max((held - value.sells).abs());
        }
        prop_assert!(!raised || total <= limits().max_notional_exposure, "worst case {total}");
        Ok(())
    }

    /// Cash and positions are what came in, what was earned and what was paid.
    fn check_money(&self) -> Result<(), TestCaseError> {
        let (engine, opening) = (&self.stage.engine, money("100000"));
        let portfolio = engine.portfolio();
        let held: Money = engine.instruments().iter().map(|one| portfolio.value(one.id())).sum();
        let profit = portfolio.realized_pnl() + portfolio.unrealized_pnl();
        prop_assert_eq!(portfolio.cash() + held, opening + profit - portfolio.fees());
        let by_strategy = portfolio.account(PUPPET, engine.instruments());
        prop_assert_eq!(by_strategy.realized_pnl, portfolio.realized_pnl());
        prop_assert_eq!(by_strategy.fees, portfolio.fees());
        prop_assert_eq!(engine.counters().alarms, 0);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_limits_hold_money_is_conserved_and_nothing_is_sent_blindly(
        happenings in prop::collection::vec(any_happening(), 1..150),
    ) {
        let mut world = World::new();
        for which in 0..2 {
            world.live(&Happening::Snapshot { which, mid: 600_000 })?;
        }
        for happening in &happenings {
            world.live(happening)?;
        }
    }

    #[test]
    fn the_same_events_give_the_same_commands_and_records(
        happenings in prop::collection::vec(any_happening(), 1..80),
    ) {
        let play = || {
            let mut world = World::new();
            let mut log = Vec::new();
            for happening in &happenings {
                if let Some(event) = world.event(happening) {
                    world.stage.happens(event);
                    log.push((world.stage.out.commands.clone(), world.stage.records().to_vec()));
                }
            }
            (log, world.stage.engine.commands_sha256(), world.stage.engine.snapshot())
        };
        prop_assert_eq!(play(), play());
    }
}

#[test]
fn the_random_world_really_trades() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut orders, mut fills, mut cancels, mut rejected) = (0, 0, 0, 0);
    for _ in 0..20 {
        let happenings = prop::collection::vec(any_happening(), 150).new_tree(&mut runner).unwrap();
        let mut world = World::new();
        for happening in happenings.current() {
            world.live(&happening).unwrap();
        }
        let counters = world.stage.engine.counters();
        orders += counters.orders;
        fills += counters.fills;
        cancels += counters.cancels;
        rejected += counters.rejected_total();
    }
    assert!(orders > 100 && fills > 50 && cancels > 20 && rejected > 50);
}

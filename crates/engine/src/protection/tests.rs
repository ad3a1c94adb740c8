//! Which move follows from what should stand and what does.

use domain::{
    InstrumentId, Lots, NetLots, NewOrder, OrderId, OrderReport, OrderType, PositionEffect, Rate,
    ReportKind, RunNumber, Side, StrategyId, Ticks, Timestamp,
};

use super::{Guard, Move, Protection, Role, Wanted, next_move};
use crate::{
    order::{Order, OrderManager, Purpose},
    risk::Approved,
};

const INSTRUMENT: InstrumentId = InstrumentId::new(0);

/// Stops in the order manager's keeping.
struct Stops(OrderManager);

impl Stops {
    fn new() -> Self {
        Self(OrderManager::new(RunNumber::FIRST, 1, 8))
    }

    fn with(mut self, side: Side, trigger: i64, quantity: i64) -> Self {
        let order = NewOrder {
            id: self.0.next_id(),
            strategy: StrategyId::new(0),
            instrument: INSTRUMENT,
            side,
            order_type: OrderType::Stop,
            quantity: Lots::new(quantity),
            limit: None,
            trigger: Some(Ticks::new(trigger)),
            effect: PositionEffect::ReduceOnly,
            created: Timestamp::EPOCH,
        };
        self.0.open(Approved::unchecked(order), Purpose::Protection, Ticks::new(trigger));
        self.0.sent(order.id);
        self
    }

    /// The last one is being withdrawn.
    fn leaving(mut self) -> Self {
        self.0.iter_mut().last().map(Order::request_cancel);
        self
    }

    /// Nobody knows what became of the last one.
    fn lost(mut self) -> Self {
        let last = self.0.iter().last().map(Order::id).unwrap();
        self.0.lost(last);
        self
    }

    fn next(&self, wanted: Option<Wanted>) -> Move {
        next_move(Role::Stop, wanted, self.0.protections(StrategyId::new(0), INSTRUMENT))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what is wanted is compared as an option")]
fn wanted(price: i64, quantity: i64) -> Option<Wanted> {
    let (price, quantity) = (Ticks::new(price), Lots::new(quantity));
    Some(Wanted { side: Side::Sell, price, quantity })
}

fn id(counter: u64) -> OrderId {
    OrderId::new(RunNumber::FIRST, counter)
}

#[test]
fn nothing_is_placed_when_nothing_is_wanted_or_it_stands_already() {
    assert_eq!(Stops::new().next(None), Move::Nothing);
    assert_eq!(Stops::new().next(wanted(90, 5)), Move::Place);
    let one = Stops::new().with(Side::Sell, 90, 5);
    assert_eq!(one.next(wanted(90, 5)), Move::Nothing);
    assert_eq!(one.next(None), Move::KeepOnly(None));
}

#[test]
fn another_price_quantity_or_side_is_placed_anew() {
    assert_eq!(Stops::new().with(Side::Sell, 91, 5).next(wanted(90, 5)), Move::Place);
    assert_eq!(Stops::new().with(Side::Sell, 90, 6).next(wanted(90, 5)), Move::Place);
    assert_eq!(Stops::new().with(Side::Buy, 90, 5).next(wanted(90, 5)), Move::Place);
}

#[test]
fn a_stop_that_is_done_in_part_still_fits_what_is_left() {
    let mut stops = Stops::new().with(Side::Sell, 90, 5);
    let fill = domain::Fill {
        trade: domain::TradeId::new(RunNumber::FIRST, 1),
        order: id(1),
        instrument: INSTRUMENT,
        side: Side::Sell,
        price: Ticks::new(90),
        quantity: Lots::new(2),
        fee: domain::Money::ZERO,
        liquidity: domain::Liquidity::Taker,
        time: Timestamp::EPOCH,
    };
    let (order, instrument, time) = (id(1), INSTRUMENT, Timestamp::EPOCH);
    stops.0.apply(&OrderReport { order, instrument, time, kind: ReportKind::Filled(fill) });
    assert_eq!(stops.next(wanted(90, 3)), Move::Nothing);
}

#[test]
fn no_third_is_added_while_the_first_is_leaving_unless_it_is_of_the_other_side() {
    let leaving = Stops::new().with(Side::Sell, 91, 5).leaving();
    assert_eq!(leaving.next(wanted(90, 5)), Move::Nothing);
    assert_eq!(leaving.with(Side::Sell, 92, 5).next(wanted(90, 5)), Move::Nothing);
    let turned = Stops::new().with(Side::Buy, 91, 5).leaving();
    assert_eq!(turned.next(wanted(90, 5)), Move::Place);
}

#[test]
fn two_that_live_become_one_and_one_of_unknown_fate_is_not_relied_upon() {
    let two = Stops::new().with(Side::Sell, 91, 5).with(Side::Sell, 90, 5);
    assert_eq!(two.next(wanted(90, 5)), Move::KeepOnly(Some(id(2))));
    let lost = Stops::new().with(Side::Sell, 90, 5).lost();
    assert_eq!(lost.next(wanted(90, 5)), Move::Place);
    assert_eq!(lost.next(None), Move::Nothing);
}

fn guard(side: Side) -> Guard {
    let mut guard = Guard::default();
    guard.set(Protection { stop: Some(Ticks::new(90)), target: None }, side);
    guard
}

#[test]
fn a_guard_waits_for_its_position_and_ends_with_it() {
    let mut guard = guard(Side::Buy);
    for held in [0, -5, 0] {
        guard.follow(NetLots::new(held));
        assert_eq!(guard.wanted(Role::Stop, NetLots::new(held)), None);
    }
    guard.follow(NetLots::new(3));
    assert_eq!(guard.wanted(Role::Stop, NetLots::new(3)), wanted(90, 3));
    assert_eq!(guard.wanted(Role::Target, NetLots::new(3)), None);
    guard.follow(NetLots::ZERO);
    guard.follow(NetLots::new(3));
    assert_eq!(guard.wanted(Role::Stop, NetLots::new(3)), None);
}

#[test]
fn a_guard_moved_while_its_position_is_held_still_ends_with_it() {
    let mut guard = guard(Side::Buy);
    guard.follow(NetLots::new(3));
    guard.set(Protection { stop: Some(Ticks::new(95)), target: None }, Side::Buy);
    assert_eq!(guard.wanted(Role::Stop, NetLots::new(3)), wanted(95, 3));
    guard.follow(NetLots::new(-3));
    assert!(!guard.is_active());
}

#[test]
fn prices_mean_nothing_between_the_two_tellings_of_a_split() {
    let two = Rate::new("2".parse().unwrap());
    let mut account_first = guard(Side::Buy);
    account_first.account_split();
    assert!(account_first.awaits_market());
    account_first.market_split(two, NetLots::new(6));
    let mut market_first = guard(Side::Buy);
    market_first.market_split(two, NetLots::new(3));
    assert!(!market_first.awaits_market());
    market_first.account_split();
    for guard in [account_first, market_first] {
        assert!(!guard.awaits_market());
        assert_eq!(guard.wanted(Role::Stop, NetLots::new(6)), wanted(45, 6));
    }
    let mut flat = guard(Side::Buy);
    flat.market_split(two, NetLots::ZERO);
    flat.account_split();
    assert!(flat.awaits_market(), "that was another split");
}

//! Behaviour of orders.

use domain::{
    Fill, InstrumentId, Liquidity, Lots, Money, NewOrder, OrderId, OrderReport, OrderStatus,
    OrderType, Refusal, ReportKind, RunNumber, Side, StrategyId, Ticks, Timestamp, TradeId,
};
use proptest::prelude::*;
use testkit::instruments::{btc_perpetual, instruments};

use super::{Applied, Order, OrderManager, Pending, Purpose, is_legal};
use crate::risk::Approved;

const RUN: RunNumber = RunNumber::FIRST;
const INSTRUMENT: InstrumentId = InstrumentId::new(0);
const PRICE: Ticks = Ticks::new(600_000);

fn manager() -> OrderManager {
    OrderManager::new(RUN, 1, 8)
}

fn open(manager: &mut OrderManager, side: Side, quantity: i64) -> OrderId {
    let order = NewOrder {
        id: manager.next_id(),
        strategy: StrategyId::new(0),
        instrument: INSTRUMENT,
        side,
        order_type: OrderType::Limit,
        quantity: Lots::new(quantity),
        limit: Some(PRICE),
        trigger: None,
        effect: domain::PositionEffect::Any,
        created: Timestamp::EPOCH,
    };
    manager.open(Approved::unchecked(order), Purpose::Wish, PRICE);
    manager.sent(order.id);
    order.id
}

fn say(order: OrderId, kind: ReportKind) -> OrderReport {
    OrderReport { order, instrument: INSTRUMENT, time: Timestamp::EPOCH, kind }
}

fn fill(order: OrderId, quantity: i64) -> ReportKind {
    ReportKind::Filled(Fill {
        trade: TradeId::new(RUN, 1),
        order,
        instrument: INSTRUMENT,
        side: Side::Buy,
        price: PRICE,
        quantity: Lots::new(quantity),
        fee: Money::ZERO,
        liquidity: Liquidity::Taker,
        time: Timestamp::EPOCH,
    })
}

fn status(applied: Applied) -> Option<(OrderStatus, i64)> {
    match applied {
        Applied::Changed(order) => Some((order.status(), order.filled().get())),
        _ => None,
    }
}

#[test]
fn an_order_lives_from_sent_over_open_and_partly_filled_to_filled() {
    let mut orders = manager();
    let id = open(&mut orders, Side::Buy, 10);
    assert_eq!(orders.get(id).map(Order::status), Some(OrderStatus::Sent));
    let accepted = orders.apply(&say(id, ReportKind::Accepted));
    assert_eq!(status(accepted), Some((OrderStatus::Open, 0)));
    let partly = orders.apply(&say(id, fill(id, 4)));
    assert_eq!(status(partly), Some((OrderStatus::PartlyFilled, 4)));
    assert_eq!(orders.get(id).map(Order::remaining), Some(Lots::new(6)));
    let filled = orders.apply(&say(id, fill(id, 6)));
    assert_eq!(status(filled), Some((OrderStatus::Filled, 10)));
    assert!(orders.is_empty(), "a closed order leaves memory");
}

#[test]
fn ids_count_up_and_an_unused_id_is_given_again() {
    let mut orders = OrderManager::new(RunNumber::new(7), 5, 8);
    assert_eq!(orders.next_id(), orders.next_id());
    let first = open(&mut orders, Side::Buy, 1);
    let second = open(&mut orders, Side::Buy, 1);
    assert_eq!(
        (first, second),
        (OrderId::new(RunNumber::new(7), 5), OrderId::new(RunNumber::new(7), 6))
    );
}

#[test]
#[should_panic(expected = "once and in order")]
fn an_id_cannot_be_used_twice() {
    let mut orders = manager();
    let id = open(&mut orders, Side::Buy, 1);
    let copy = *orders.get(id).unwrap().request();
    orders.open(Approved::unchecked(copy), Purpose::Wish, PRICE);
}

#[test]
fn an_acknowledgement_that_arrives_after_a_fill_changes_nothing() {
    let mut orders = manager();
    let id = open(&mut orders, Side::Buy, 10);
    orders.apply(&say(id, fill(id, 4)));
    let late = orders.apply(&say(id, ReportKind::Accepted));
    assert!(
        matches!(late, Applied::Unchanged(order) if order.status() == OrderStatus::PartlyFilled)
    );
}

#[test]
fn a_fill_of_a_cancelled_order_is_reported_as_late() {
    let mut orders = manager();
    let id = open(&mut orders, Side::Buy, 10);
    orders.apply(&say(id, ReportKind::Cancelled));
    let late = orders.apply(&say(id, fill(id, 4)));
    assert!(matches!(late, Applied::LateFill(order) if order.filled() == Lots::new(4)));
    assert_eq!(orders.owner(id), Some(StrategyId::new(0)));
}

#[test]
fn a_final_state_is_left_by_nothing() {
    let mut orders = manager();
    let id = open(&mut orders, Side::Buy, 10);
    orders.apply(&say(id, ReportKind::Rejected(Refusal::WouldTake)));
    assert!(matches!(orders.apply(&say(id, ReportKind::Cancelled)), Applied::Illegal(_)));
    assert!(matches!(orders.lost(id), Applied::NoSuchOrder));
}

#[test]
fn an_order_of_unknown_fate_counts_with_its_whole_rest_until_the_venue_proves_its_end() {
    let mut orders = manager();
    let id = open(&mut orders, Side::Sell, 10);
    orders.apply(&say(id, fill(id, 3)));
    assert_eq!(status(orders.lost(id)), Some((OrderStatus::Unknown, 3)));
    let worst = Pending { buys: Lots::ZERO, sells: Lots::new(7) };
    assert_eq!(orders.pending_of_all(INSTRUMENT), worst);
    let proof = orders.apply(&say(id, ReportKind::Cancelled));
    assert_eq!(status(proof), Some((OrderStatus::Cancelled, 3)));
    assert_eq!(orders.pending_of_all(INSTRUMENT), Pending::default());
}

#[test]
fn a_venue_that_does_not_know_an_order_makes_its_fate_unknown() {
    let mut orders = manager();
    let id = open(&mut orders, Side::Buy, 10);
    let refused = ReportKind::CancelRejected(Refusal::UnknownOrder);
    assert_eq!(status(orders.apply(&say(id, refused))), Some((OrderStatus::Unknown, 0)));
}

#[test]
fn a_refused_cancel_may_be_asked_for_again() {
    let mut orders = manager();
    let id = open(&mut orders, Side::Buy, 10);
    let ask = |orders: &mut OrderManager| orders.iter_mut().map(Order::request_cancel).next();
    assert_eq!((ask(&mut orders), ask(&mut orders)), (Some(true), Some(false)));
    orders.apply(&say(id, ReportKind::CancelRejected(Refusal::NoLiquidity)));
    assert_eq!(ask(&mut orders), Some(true));
}

#[test]
fn pending_and_its_value_are_kept_per_side() {
    let table = instruments([btc_perpetual()]);
    let mut orders = manager();
    let buy = open(&mut orders, Side::Buy, 10);
    open(&mut orders, Side::Sell, 4);
    orders.apply(&say(buy, fill(buy, 3)));
    let expected = Pending { buys: Lots::new(7), sells: Lots::new(4) };
    assert_eq!(orders.pending(StrategyId::new(0), INSTRUMENT), expected);
    assert_eq!(orders.pending(StrategyId::new(1), INSTRUMENT), Pending::default());
    let value = orders.pending_value(table.get(INSTRUMENT)).unwrap();
    assert_eq!((value.buys, value.sells), ("420".parse().unwrap(), "240".parse().unwrap()));
}

#[test]
fn a_report_of_an_order_nobody_sent_is_told_apart() {
    let stranger = OrderId::new(RUN, 99);
    let applied = manager().apply(&say(stranger, ReportKind::Accepted));
    assert_eq!(applied, Applied::NoSuchOrder);
}

fn any_kind() -> impl Strategy<Value = ReportKind> {
    prop_oneof![
        Just(ReportKind::Accepted),
        Just(ReportKind::Rejected(Refusal::WouldTake)),
        (1_i64..8).prop_map(|quantity| fill(OrderId::new(RUN, 1), quantity)),
        Just(ReportKind::Cancelled),
        Just(ReportKind::Expired(Refusal::RemainderCancelled)),
        Just(ReportKind::CancelRejected(Refusal::UnknownOrder)),
        Just(ReportKind::CancelRejected(Refusal::NoLiquidity)),
    ]
}

proptest! {
    #[test]
    fn whatever_a_venue_says_only_legal_transitions_happen_and_fills_only_grow(
        kinds in prop::collection::vec(any_kind(), 1..30),
    ) {
        let mut orders = manager();
        let id = open(&mut orders, Side::Buy, 10);
        let (mut before, mut filled) = (OrderStatus::Sent, Lots::ZERO);
        for kind in kinds {
            match orders.apply(&say(id, kind)) {
                Applied::Changed(order) => {
                    prop_assert!(is_legal(before, order.status()));
                    prop_assert!(order.filled() >= filled);
                    (before, filled) = (order.status(), order.filled());
                }
                Applied::Unchanged(order) | Applied::Illegal(order) => {
                    prop_assert_eq!(order.status(), before);
                    prop_assert_eq!(order.filled(), filled);
                }
                Applied::LateFill(order) => {
                    prop_assert_eq!(order.status(), before);
                    prop_assert!(before.is_final() && order.filled() > filled);
                    filled = order.filled();
                }
                Applied::NoSuchOrder => prop_assert!(false, "the order was forgotten"),
            }
            prop_assert_eq!(orders.get(id).is_none(), before.is_final());
            let rest = orders.pending_of_all(INSTRUMENT).buys;
            let expected = if before.is_final() { Lots::ZERO } else { Lots::new(10).minus(filled) };
            prop_assert_eq!(rest, expected);
        }
    }
}

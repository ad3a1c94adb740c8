//! Stop orders and orders that may only reduce, in a book.

use super::{draft::*, *};

/// Bids 99 x 5, 98 x 10; asks 101 x 4, 102 x 6, 104 x 20.
fn stage() -> Stage {
    Stage::with(&config(FillModel::Queue))
}

#[test]
fn a_stop_waits_until_a_trade_is_at_its_trigger_and_then_takes() {
    let mut stage = stage();
    stage.arrived(stop(Side::Buy, 6, 103));
    assert_eq!(stage.kinds(), [ReportKind::Accepted]);
    stage.buyer_takes(102, 1);
    assert_eq!((stage.traded(), stage.broker.open_orders()), (vec![], 1));
    stage.buyer_takes(103, 1);
    assert_eq!(stage.traded(), [(101, 4), (102, 2)]);
    assert_eq!(stage.broker.open_orders(), 0);
}

#[test]
fn a_stop_goes_off_when_the_opposite_touch_reaches_its_trigger() {
    let mut stage = stage();
    let sell = stage.arrived(stop(Side::Sell, 3, 98));
    let buy = stage.arrived(stop(Side::Buy, 3, 102));
    stage.diff(&[(99, 0)], &[]);
    stage.diff(&[], &[(101, 0)]);
    let fills = stage.fills();
    let told: Vec<_> = fills.iter().map(|fill| (fill.order, fill.price.get())).collect();
    assert_eq!(told, [(sell, 98), (buy, 102)]);
}

#[test]
fn a_stop_that_is_reached_on_arrival_takes_at_once() {
    let mut stage = stage();
    stage.arrived(stop(Side::Sell, 3, 99));
    assert_eq!(stage.traded(), [(99, 3)]);
}

#[test]
fn a_stop_takes_what_is_there_and_the_rest_ends() {
    let mut stage = stage();
    stage.arrived(stop(Side::Sell, 40, 98));
    stage.seller_takes(98, 1);
    let kinds = stage.kinds();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    assert_eq!(kinds.last(), Some(&ReportKind::Expired(Refusal::RemainderCancelled)));
    stage.diff(&[(99, 0), (98, 0)], &[]);
    stage.arrived(stop(Side::Sell, 1, 90));
    stage.seller_takes(90, 1);
    let nothing = ReportKind::Expired(Refusal::NoLiquidity);
    assert_eq!(stage.kinds(), [ReportKind::Accepted, nothing]);
}

#[test]
fn a_stop_sleeps_while_the_book_is_lost_and_can_be_cancelled() {
    let mut stage = stage();
    let id = stage.arrived(stop(Side::Sell, 1, 95));
    let other = stage.arrived(stop(Side::Sell, 1, 80));
    stage.lose_book();
    stage.seller_takes(90, 1);
    assert_eq!(stage.traded(), []);
    stage.cancel(other);
    stage.snapshot(&[(94, 1)], &[(96, 1)]);
    let kinds = stage.kinds();
    assert_eq!(kinds[0], ReportKind::Cancelled);
    let ReportKind::Filled(fill) = kinds[1] else { panic!("{kinds:?}") };
    assert_eq!((fill.order, fill.price), (id, Ticks::new(94)));
}

#[test]
fn an_order_that_may_only_reduce_is_cut_when_it_takes_and_when_it_waits() {
    let mut stage = stage();
    stage.limit(Side::Buy, 4, 101);
    stage.reports();
    stage.arrived(sell(3).reducing());
    assert_eq!(stage.traded(), [(99, 3)]);
    stage.arrived(limit(Side::Sell, 5, 103).reducing());
    stage.buyer_takes(110, 9);
    let kinds = stage.kinds();
    let [ReportKind::Accepted, ReportKind::Filled(fill), ended] = kinds[..] else {
        panic!("{kinds:?}")
    };
    assert_eq!((fill.price.get(), fill.quantity.get()), (103, 1));
    assert_eq!(ended, ReportKind::Expired(Refusal::NothingToReduce));
    stage.arrived(stop(Side::Sell, 1, 90).reducing());
    assert_eq!(stage.kinds(), [ReportKind::Rejected(Refusal::NothingToReduce)]);
}

#[test]
fn a_stop_whose_position_is_gone_has_nothing_to_reduce() {
    let mut stage = stage();
    stage.limit(Side::Buy, 4, 101);
    stage.arrived(stop(Side::Sell, 4, 95).reducing());
    stage.limit(Side::Sell, 4, 99);
    stage.reports();
    stage.seller_takes(95, 1);
    assert_eq!(stage.kinds(), [ReportKind::Expired(Refusal::NothingToReduce)]);
}

#[test]
fn a_market_order_that_may_only_reduce_says_why_it_ends() {
    let mut stage = stage();
    stage.limit(Side::Buy, 4, 101);
    stage.reports();
    stage.arrived(sell(9).reducing());
    let kinds = stage.kinds();
    assert!(matches!(kinds[0], ReportKind::Filled(fill) if fill.quantity == Lots::new(4)));
    assert_eq!(kinds[1..], [ReportKind::Expired(Refusal::NothingToReduce)]);
}

#[test]
fn costs_in_a_book_are_split_at_touch_and_level() {
    let recording = CostRecording::On;
    let mut stage = Stage::with(&PaperConfig {
        costs: recording,
        slippage: bps("1"),
        ..config(FillModel::Queue)
    });
    stage.arrived(buy(6));
    stage.limit(Side::Buy, 2, 100);
    stage.seller_takes(90, 9);
    let costs: Vec<_> = stage.broker.take_costs().collect();
    let fills = stage.fills();
    assert_eq!(costs.len(), 3);
    // A tick times a lot is 0.00001; the middle is at 100.
    let tick = |ticks: i128| Money::from_atto(ticks * 10_i128.pow(13));
    let parts = |index: usize| (costs[index].spread, costs[index].impact, costs[index].slippage);
    assert_eq!(parts(0), (tick(4), tick(0), tick(4)), "four at the touch, one tick of slippage");
    assert_eq!(parts(1), (tick(2), tick(2), tick(2)), "two a level on");
    assert_eq!(parts(2), (tick(0), tick(0), tick(0)), "waited in the middle");
    assert_eq!(costs[0].reference, tick(400));
    assert_eq!(fills[2].price, Ticks::new(100));
}

#[test]
fn a_book_with_margin_closes_at_the_middle() {
    let margin = crate::paper::MarginConfig::flat(
        crate::paper::MarginMode::Cross,
        rate("0.1"),
        rate("0.05"),
        bps("0"),
    );
    let cash = "0.0005".parse().unwrap();
    let config =
        PaperConfig { margin: Some(margin), opening_cash: cash, ..config(FillModel::Queue) };
    let mut stage = Stage::with(&config);
    // Four lots at 101 ticks of 0.01 are worth 0.00404.
    let rejected = stage.arrived(buy(6));
    stage.arrived(buy(4));
    stage.arrived(limit(Side::Buy, 1, 50).reducing());
    let kinds = stage.kinds();
    assert_eq!(kinds[0], ReportKind::Rejected(Refusal::InsufficientMargin), "{rejected}");
    assert!(matches!(kinds[1], ReportKind::Filled(_)));
    stage.snapshot(&[(89, 5)], &[(91, 5)]);
    let mut forced = std::iter::from_fn(|| stage.broker.next_answer(Timestamp::MAX));
    let Some((due, Event::Account(event))) = forced.next() else { panic!("a liquidation") };
    let domain::AccountEventKind::Liquidation { fill } = event.kind else { panic!("{event:?}") };
    assert_eq!((fill.price, fill.quantity), (Ticks::new(90), Lots::new(4)));
    assert!(due > event.time, "account events take the report latency too");
}

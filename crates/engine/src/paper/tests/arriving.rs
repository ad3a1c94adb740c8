//! What an order does when it arrives.

use domain::{Liquidity, Money};

use super::*;

const TAKER: Refusal = Refusal::RemainderCancelled;

fn stage() -> Stage {
    Stage::with(&config(FillModel::Queue))
}

#[test]
fn a_buy_limited_at_the_best_ask_fills_at_the_best_ask() {
    let mut stage = stage();
    let id = stage.limit(Side::Buy, 3, 101);
    let [fill] = stage.fills()[..] else { panic!("one fill") };
    assert_eq!((fill.order, fill.side, fill.price), (id, Side::Buy, Ticks::new(101)));
    assert_eq!((fill.quantity, fill.liquidity), (Lots::new(3), Liquidity::Taker));
    assert_eq!(stage.broker.open_orders(), 0);
}

#[test]
fn a_sell_limited_below_the_best_bid_fills_at_the_best_bid() {
    let mut stage = stage();
    stage.limit(Side::Sell, 5, 90);
    assert_eq!(stage.traded(), [(99, 5)]);
}

#[test]
fn an_order_larger_than_the_touch_walks_down_the_depth() {
    let mut stage = stage();
    stage.send(Side::Buy, OrderType::Market, 12, None);
    stage.arrive();
    assert_eq!(stage.traded(), [(101, 4), (102, 6), (104, 2)]);
}

#[test]
fn a_limit_stops_the_walk_and_the_rest_waits_having_been_accepted_first() {
    let mut stage = stage();
    stage.limit(Side::Buy, 15, 103);
    let kinds = stage.kinds();
    assert_eq!(kinds[0], ReportKind::Accepted);
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    assert_eq!(stage.broker.open_orders(), 1);
}

#[test]
fn an_order_that_fills_whole_on_arrival_is_never_accepted_into_the_book() {
    let mut stage = stage();
    stage.limit(Side::Buy, 4, 101);
    assert!(matches!(stage.kinds()[..], [ReportKind::Filled(_)]));
}

#[test]
fn a_market_order_beyond_the_visible_book_takes_all_of_it_and_the_rest_expires() {
    let mut stage = stage();
    stage.send(Side::Sell, OrderType::Market, 100, None);
    stage.arrive();
    let kinds = stage.kinds();
    assert_eq!(kinds.last(), Some(&ReportKind::Expired(TAKER)));
    assert_eq!(kinds.len(), 3, "two levels and the end: {kinds:?}");
}

#[test]
fn a_market_order_against_an_empty_side_is_rejected() {
    let mut stage = stage();
    stage.diff(&[(99, 0), (98, 0)], &[]);
    stage.send(Side::Sell, OrderType::Market, 1, None);
    stage.arrive();
    assert_eq!(stage.kinds(), [ReportKind::Rejected(Refusal::NoLiquidity)]);
}

#[test]
fn the_rest_of_an_immediate_or_cancel_order_expires() {
    let mut stage = stage();
    stage.send(Side::Buy, OrderType::ImmediateOrCancel, 5, Some(101));
    stage.arrive();
    let kinds = stage.kinds();
    assert!(matches!(kinds[..], [ReportKind::Filled(_), ReportKind::Expired(TAKER)]));
    stage.send(Side::Buy, OrderType::ImmediateOrCancel, 5, Some(100));
    stage.arrive();
    assert_eq!(stage.kinds(), [ReportKind::Expired(TAKER)]);
}

#[test]
fn a_fill_or_kill_order_takes_all_or_leaves_the_book_untouched() {
    let mut stage = stage();
    stage.send(Side::Buy, OrderType::FillOrKill, 11, Some(102));
    stage.arrive();
    assert_eq!(stage.kinds(), [ReportKind::Rejected(Refusal::NotFillable)]);
    stage.send(Side::Buy, OrderType::FillOrKill, 10, Some(102));
    stage.arrive();
    assert_eq!(stage.traded(), [(101, 4), (102, 6)]);
}

#[test]
fn a_post_only_order_rests_unless_it_would_take() {
    let mut stage = stage();
    stage.send(Side::Sell, OrderType::PostOnly, 1, Some(99));
    stage.send(Side::Sell, OrderType::PostOnly, 1, Some(100));
    stage.arrive();
    let kinds = stage.kinds();
    assert_eq!(kinds, [ReportKind::Rejected(Refusal::WouldTake), ReportKind::Accepted]);
}

#[test]
fn the_same_displayed_quantity_cannot_be_taken_twice() {
    let mut stage = stage();
    stage.limit(Side::Buy, 3, 101);
    stage.limit(Side::Buy, 3, 101);
    assert_eq!(stage.traded(), [(101, 3), (101, 1)], "four were displayed");
    stage.diff(&[], &[(102, 9)]);
    assert_eq!(stage.traded(), [], "another level changed");
}

#[test]
fn the_markets_own_change_of_a_level_shows_fresh_liquidity() {
    let mut stage = stage();
    stage.send(Side::Buy, OrderType::ImmediateOrCancel, 9, Some(101));
    stage.diff(&[], &[(101, 7)]);
    stage.send(Side::Buy, OrderType::ImmediateOrCancel, 9, Some(101));
    stage.arrive();
    assert_eq!(stage.traded(), [(101, 4), (101, 7)]);
}

#[test]
fn fees_are_notional_times_rate_rounded_up() {
    let fees =
        PaperConfig { taker_fee: bps("2.5"), maker_fee: bps("-0.5"), ..config(FillModel::Through) };
    let mut stage = Stage::with(&fees);
    stage.limit(Side::Buy, 4, 101);
    stage.limit(Side::Buy, 1, 102);
    stage.limit(Side::Buy, 2, 95);
    stage.seller_takes(94, 2);
    let charged: Vec<Money> = stage.fills().iter().map(|fill| fill.fee).collect();
    // 0.00404 and 0.00102 at 0.025 %, and a rebate of 0.0019 at 0.005 % cut to 1e-8.
    let expected = ["0.00000101", "0.00000026", "-0.00000009"];
    assert_eq!(charged, expected.map(|text| text.parse().unwrap()));
}

#[test]
fn trade_ids_count_up_within_the_run() {
    let mut stage = stage();
    stage.limit(Side::Buy, 10, 102);
    let ids: Vec<_> = stage.fills().iter().map(|fill| fill.trade).collect();
    assert_eq!(ids, [1, 2].map(|counter| domain::TradeId::new(RUN, counter)));
}

#[test]
fn an_inverse_contract_is_not_traded() {
    let mut stage = Stage::in_market(&config(FillModel::Queue), Market::InversePerpetual);
    stage.snapshot(&[(99, 5)], &[(101, 5)]);
    stage.limit(Side::Buy, 1, 101);
    assert_eq!(stage.kinds(), [ReportKind::Rejected(Refusal::NotFillable)]);
}

#[test]
fn an_order_without_sense_is_rejected() {
    let mut stage = stage();
    stage.send(Side::Buy, OrderType::Market, 0, None);
    stage.send(Side::Buy, OrderType::Market, 1, Some(101));
    stage.send(Side::Buy, OrderType::Limit, 1, None);
    stage.arrive();
    assert_eq!(stage.kinds(), [ReportKind::Rejected(Refusal::NotFillable); 3]);
}

#[test]
fn an_order_whose_fee_cannot_be_expressed_is_rejected_whole() {
    let fees = PaperConfig { taker_fee: bps("10"), ..config(FillModel::Queue) };
    let mut stage = Stage::with(&fees);
    stage.diff(&[], &[(i64::MAX / 2, i64::MAX / 2)]);
    stage.send(Side::Buy, OrderType::Market, 1_000_000, None);
    stage.arrive();
    assert_eq!(stage.kinds(), [ReportKind::Rejected(Refusal::NotFillable)]);
}

//! Prices from quotes alone: the touch and its sizes.

use domain::event::Quote;

use super::{draft::*, *};
use crate::PriceSource;

fn stage(fill_model: FillModel) -> Stage {
    let config = PaperConfig { prices: PriceSource::Quotes, ..config(fill_model) };
    let mut stage = Stage::in_market(&config, Market::LinearPerpetual);
    quote(&mut stage, (99, 5), (101, 4));
    stage
}

fn quote(stage: &mut Stage, bid: (i64, i64), ask: (i64, i64)) {
    let level = |(price, quantity)| Level::new(price, quantity);
    stage.event(MarketData::Quote(Quote { update_id: 1, bid: level(bid), ask: level(ask) }));
}

#[test]
fn the_size_of_a_quote_is_all_that_can_be_taken() {
    let mut stage = stage(FillModel::Queue);
    stage.arrived(buy(6));
    let kinds = stage.kinds();
    let [ReportKind::Filled(fill), ended] = kinds[..] else { panic!("{kinds:?}") };
    assert_eq!((fill.price.get(), fill.quantity.get()), (101, 4));
    assert_eq!(ended, ReportKind::Expired(Refusal::RemainderCancelled));
}

#[test]
fn a_quote_that_did_not_change_shows_nothing_fresh() {
    let mut stage = stage(FillModel::Queue);
    stage.arrived(buy(3));
    quote(&mut stage, (98, 7), (101, 4));
    stage.arrived(buy(3));
    assert_eq!(stage.traded(), [(101, 3), (101, 1)]);
    quote(&mut stage, (98, 7), (101, 5));
    stage.arrived(buy(3));
    assert_eq!(stage.traded(), [(101, 3)]);
}

#[test]
fn books_are_not_looked_at() {
    let mut stage = stage(FillModel::Queue);
    stage.snapshot(&[(200, 50)], &[(201, 50)]);
    stage.arrived(buy(3));
    assert_eq!(stage.traded(), [(101, 3)]);
}

#[test]
fn an_order_at_the_touch_waits_behind_the_size_of_the_quote() {
    let mut stage = stage(FillModel::Queue);
    stage.limit(Side::Buy, 2, 99);
    stage.seller_takes(99, 5);
    assert_eq!(stage.traded(), []);
    stage.seller_takes(99, 1);
    assert_eq!(stage.traded(), [(99, 1)]);
}

#[test]
fn an_order_behind_the_touch_starts_at_the_back_once_its_price_can_be_seen() {
    let mut stage = stage(FillModel::Queue);
    stage.limit(Side::Buy, 2, 98);
    quote(&mut stage, (98, 20), (100, 4));
    stage.seller_takes(98, 20);
    assert_eq!(stage.traded(), []);
    stage.seller_takes(98, 1);
    assert_eq!(stage.traded(), [(98, 1)]);
}

#[test]
fn an_order_before_the_touch_has_nobody_ahead() {
    let mut stage = stage(FillModel::Queue);
    stage.limit(Side::Buy, 2, 100);
    stage.seller_takes(100, 1);
    assert_eq!(stage.traded(), [(100, 1)]);
}

#[test]
fn a_quote_through_the_limit_trades_up_to_its_size() {
    let mut stage = stage(FillModel::Queue);
    stage.limit(Side::Buy, 9, 98);
    quote(&mut stage, (95, 5), (97, 4));
    assert_eq!(stage.traded(), [(98, 4)]);
}

#[test]
fn stops_go_off_at_quotes_and_at_trades() {
    let mut stage = stage(FillModel::Queue);
    stage.arrived(stop(Side::Sell, 1, 97));
    stage.arrived(stop(Side::Sell, 1, 90));
    quote(&mut stage, (97, 5), (99, 4));
    assert_eq!(stage.traded(), [(97, 1)]);
    stage.seller_takes(90, 1);
    assert_eq!(stage.traded(), [(97, 1)], "against the quote as it stands");
}

#[test]
fn without_a_quote_or_with_a_crossed_one_nothing_can_be_matched() {
    let config = PaperConfig { prices: PriceSource::Quotes, ..config(FillModel::Queue) };
    let mut stage = Stage::in_market(&config, Market::LinearPerpetual);
    stage.arrived(buy(1));
    quote(&mut stage, (102, 5), (101, 4));
    stage.arrived(buy(1));
    quote(&mut stage, (99, 5), (101, 4));
    stage.event(MarketData::BookLost(BookLoss::Disconnected));
    stage.arrived(buy(1));
    assert_eq!(stage.kinds(), [ReportKind::Rejected(Refusal::NoLiquidity); 3]);
}

#[test]
fn a_quote_with_one_side_serves_that_side() {
    let mut stage = stage(FillModel::Queue);
    quote(&mut stage, (0, 0), (101, 4));
    stage.arrived(sell(1));
    stage.arrived(buy(1));
    let kinds = stage.kinds();
    assert_eq!(kinds[0], ReportKind::Rejected(Refusal::NoLiquidity));
    assert!(matches!(kinds[1], ReportKind::Filled(_)));
}

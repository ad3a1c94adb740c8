//! Waiting orders under any model, and the pessimistic one.

use domain::Liquidity;

use super::*;

#[test]
fn the_pessimistic_model_fills_only_on_trades_strictly_through_the_limit() {
    let mut stage = Stage::with(&config(FillModel::Through));
    stage.limit(Side::Buy, 5, 99);
    stage.seller_takes(99, 100);
    stage.diff(&[(99, 0)], &[(98, 10)]);
    assert_eq!(stage.traded(), [], "trades at it and quotes through it do not count");
    stage.seller_takes(98, 2);
    stage.seller_takes(98, 20);
    assert_eq!(stage.traded(), [(99, 2), (99, 3)]);
}

#[test]
fn a_waiting_order_trades_at_its_limit_as_maker() {
    for model in [FillModel::Through, FillModel::Queue, CERTAIN_TOUCH] {
        let mut stage = Stage::with(&config(model));
        stage.limit(Side::Sell, 2, 103);
        stage.buyer_takes(110, 9);
        let [fill] = stage.fills()[..] else { panic!("one fill under {model:?}") };
        assert_eq!((fill.price, fill.liquidity), (Ticks::new(103), Liquidity::Maker));
        assert_eq!((fill.time, fill.quantity), (stage.now, Lots::new(2)));
    }
}

#[test]
fn aggregate_trades_count_until_a_single_trade_is_seen() {
    let mut stage = Stage::with(&config(FillModel::Through));
    stage.limit(Side::Buy, 9, 99);
    let aggregate = || MarketData::AggregateTrade(trade(98, 1, Side::Sell));
    stage.event(aggregate());
    assert_eq!(stage.traded(), [(99, 1)]);
    stage.seller_takes(98, 2);
    stage.event(aggregate());
    assert_eq!(stage.traded(), [(99, 2)]);
}

#[test]
fn nothing_trades_while_the_book_is_lost_and_the_order_stays() {
    for model in [FillModel::Through, FillModel::Queue, CERTAIN_TOUCH] {
        let mut stage = Stage::with(&config(model));
        stage.limit(Side::Buy, 2, 90);
        stage.lose_book();
        stage.seller_takes(80, 9);
        assert_eq!((stage.traded(), stage.broker.open_orders()), (vec![], 1));
        stage.snapshot(&[(95, 1)], &[(96, 1)]);
        stage.seller_takes(80, 9);
        assert_eq!(stage.traded(), [(90, 2)], "{model:?}");
    }
}

#[test]
fn a_rest_does_not_trade_with_the_quantity_its_order_has_already_taken() {
    let mut stage = Stage::with(&config(FillModel::Queue));
    stage.limit(Side::Buy, 6, 101);
    stage.diff(&[(99, 1)], &[]);
    assert_eq!(stage.traded(), [(101, 4)]);
    stage.diff(&[], &[(101, 5)]);
    assert_eq!(stage.traded(), [(101, 2)], "fresh quotes at the limit of the rest");
}

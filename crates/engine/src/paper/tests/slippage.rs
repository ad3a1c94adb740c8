//! Slippage moves the market against us.

use super::*;
use crate::paper::Slippage;

/// One percent of a price near 100 ticks is two ticks for a buyer above it and one below.
fn with_one_percent(model: FillModel) -> Stage {
    Stage::with(&PaperConfig { slippage: bps("100"), ..config(model) })
}

#[test]
fn a_taker_pays_it_on_every_level_rounded_up_to_a_tick() {
    let mut stage = with_one_percent(FillModel::Queue);
    stage.send(Side::Buy, OrderType::Market, 5, None);
    stage.send(Side::Sell, OrderType::Market, 1, None);
    stage.arrive();
    assert_eq!(stage.traded(), [(103, 4), (104, 1), (98, 1)]);
}

#[test]
fn no_fill_is_worse_than_the_limit() {
    let mut stage = with_one_percent(FillModel::Queue);
    stage.limit(Side::Buy, 5, 102);
    stage.limit(Side::Sell, 1, 99);
    assert_eq!(stage.traded(), [(102, 4), (102, 1), (99, 1)]);
}

#[test]
fn a_waiting_order_trades_only_when_the_market_goes_that_far_beyond_its_limit() {
    for model in [FillModel::Through, FillModel::Queue, CERTAIN_TOUCH] {
        let mut stage = with_one_percent(model);
        stage.limit(Side::Buy, 1, 99);
        stage.seller_takes(99, 9);
        assert_eq!(stage.traded(), [], "{model:?}: 99 counts as 100");
        stage.seller_takes(98, 9);
        assert_eq!(stage.traded(), [(99, 1)], "{model:?}: 98 counts as 99");
    }
}

#[test]
fn a_price_never_falls_below_one_tick_nor_leaves_the_range() {
    let slippage = Slippage::new(bps("9999")).unwrap();
    assert_eq!(slippage.apply(Ticks::new(1), Side::Sell), Ticks::new(1));
    assert_eq!(slippage.apply(Ticks::new(1), Side::Buy), Ticks::new(2));
    assert_eq!(slippage.apply(Ticks::new(i64::MAX), Side::Buy), Ticks::new(i64::MAX));
    assert_eq!(slippage.apply(Ticks::new(-3), Side::Sell), Ticks::new(-3));
}

#[test]
fn rates_outside_the_range_are_refused() {
    assert!(Slippage::new(bps("0")).is_some());
    for wrong in ["-0.1", "10000", "0.000000001"] {
        assert!(Slippage::new(bps(wrong)).is_none(), "{wrong}");
    }
    assert!(Slippage::new(bps("9999.99999999")).is_some());
}

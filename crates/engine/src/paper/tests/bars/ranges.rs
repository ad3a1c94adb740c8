//! What a bar's range does to orders that wait.

use super::*;

fn with(fill_model: FillModel) -> BarStage {
    BarStage::new(&PaperConfig { fill_model, ..in_bars() })
}

#[test]
fn each_fill_model_asks_its_own_reach_of_a_bar() {
    let wide = BarConfig { half_spread: bps("100"), ..BarConfig::default() };
    // Our bid is at 1000; how low must a bar go, with a spread of about ten ticks each way?
    let filled = |fill_model, low| {
        let config = PaperConfig { fill_model, bars: wide, ..in_bars() };
        let mut stage = BarStage::new(&config);
        stage.send(limit(Side::Buy, 1, 1_000));
        stage.bar([1_050, 1_050, low, 1_050], 9);
        stage.traded() == [(1_000, 1)]
    };
    let lows = [1_001, 1_000, 999, 991, 989];
    assert_eq!(lows.map(|low| filled(CERTAIN_TOUCH, low)), [false, true, true, true, true]);
    assert_eq!(lows.map(|low| filled(FillModel::Queue, low)), [false, false, true, true, true]);
    assert_eq!(lows.map(|low| filled(FillModel::Through, low)), [false, false, false, false, true]);
}

#[test]
fn chance_decides_where_a_bar_just_touches_the_limit() {
    let never = FillModel::Touch { queue_position: 0.0, base_probability: 1.0 };
    let mut stage = with(never);
    stage.send(limit(Side::Sell, 1, 110));
    stage.bar([100, 110, 100, 105], 9);
    assert_eq!(stage.traded(), []);
    stage.bar([105, 111, 100, 105], 9);
    assert_eq!(stage.traded(), [(110, 1)]);
}

#[test]
fn slippage_is_asked_of_the_range_on_top() {
    let mut stage = BarStage::new(&PaperConfig { slippage: bps("200"), ..in_bars() });
    stage.send(limit(Side::Buy, 1, 1_000));
    stage.bar([1_050, 1_050, 985, 1_050], 9);
    assert_eq!(stage.traded(), [], "985 counts as 1005");
    stage.bar([1_050, 1_050, 979, 1_050], 9);
    assert_eq!(stage.traded(), [(1_000, 1)]);
}

#[test]
fn a_stop_order_takes_at_its_trigger_when_the_range_reaches_it() {
    let mut stage = with(FillModel::Queue);
    let sell = stage.send(stop(Side::Sell, 1, 95));
    let buy = stage.send(stop(Side::Buy, 1, 105));
    stage.bar([100, 104, 96, 100], 9);
    stage.bar([100, 105, 95, 100], 9);
    assert_eq!(stage.story(sell), [Err(ReportKind::Accepted), Ok(95)]);
    assert_eq!(stage.story(buy), [Err(ReportKind::Accepted), Ok(105)]);
}

#[test]
fn an_open_that_jumps_over_the_trigger_is_the_price() {
    let mut stage = with(FillModel::Queue);
    stage.send(stop(Side::Sell, 1, 95));
    stage.quiet(100);
    stage.bar([80, 99, 70, 99], 9);
    assert_eq!(stage.traded(), [(80, 1)]);
}

#[test]
fn a_stop_order_is_made_worse_by_half_the_spread_and_slippage() {
    let bars = BarConfig { half_spread: bps("100"), ..BarConfig::default() };
    let config = PaperConfig { bars, slippage: bps("100"), ..in_bars() };
    let mut stage = BarStage::new(&config);
    stage.send(stop(Side::Sell, 1, 1_000));
    stage.send(stop(Side::Buy, 1, 1_200));
    stage.bar([1_100, 1_300, 900, 1_100], 9);
    // 1000 less 10, less 9.9; 1200 and 12, and 12.12.
    assert_eq!(stage.traded(), [(980, 1), (1_225, 1)]);
}

#[test]
fn where_one_bar_touches_stop_and_target_the_stop_happened() {
    let mut stage = with(CERTAIN_TOUCH).holding(5, 100);
    let target = stage.send(limit(Side::Sell, 5, 110).reducing());
    let stop = stage.send(stop(Side::Sell, 5, 90).reducing());
    stage.bar([100, 115, 85, 112], 50);
    assert_eq!(stage.story(stop), [Err(ReportKind::Accepted), Ok(90)]);
    let ended = ReportKind::Expired(Refusal::NothingToReduce);
    assert_eq!(stage.story(target), [Err(ReportKind::Accepted), Err(ended)]);
    assert_eq!((stage.position(), stage.broker.open_orders()), (0, 0));
}

#[test]
fn a_target_that_is_marketable_at_the_open_comes_before_the_stop() {
    let mut stage = with(FillModel::Queue).holding(5, 100);
    stage.send(stop(Side::Sell, 5, 90).reducing());
    let target = stage.send(limit(Side::Sell, 5, 110).reducing());
    stage.bar([112, 115, 85, 112], 50);
    assert_eq!(stage.story(target), [Ok(112)]);
    assert_eq!(stage.position(), 0);
}

#[test]
fn what_a_stop_could_not_sell_goes_on_at_the_next_open() {
    let bars = BarConfig { volume_share: Some(rate("0.5")), ..BarConfig::default() };
    let mut stage = BarStage::new(&PaperConfig { bars, ..in_bars() });
    let id = stage.send(stop(Side::Sell, 9, 90));
    stage.bar([100, 100, 80, 99], 10);
    stage.bar([97; 4], 10);
    assert_eq!(stage.story(id), [Err(ReportKind::Accepted), Ok(90), Ok(97)]);
}

#[test]
fn an_order_that_may_only_reduce_is_cut_to_the_position() {
    let mut stage = with(FillModel::Queue).holding(5, 100);
    let id = stage.send(sell(8).reducing());
    stage.quiet(100);
    let ended = ReportKind::Expired(Refusal::NothingToReduce);
    assert_eq!(stage.story(id), [Ok(100), Err(ended)]);
    assert_eq!(stage.position(), 0);
    let late = stage.send(sell(8).reducing());
    let wrong = stage.send(buy(8).reducing());
    stage.quiet(100);
    let refused = [Err(ReportKind::Rejected(Refusal::NothingToReduce))];
    assert_eq!((stage.story(late), stage.story(wrong)), (refused.to_vec(), refused.to_vec()));
}

#[test]
fn positions_of_other_strategies_are_nothing_to_reduce() {
    let mut stage = with(FillModel::Queue).holding(5, 100);
    let id = stage.send(sell(5).reducing().by(1));
    stage.quiet(100);
    assert_eq!(stage.story(id), [Err(ReportKind::Rejected(Refusal::NothingToReduce))]);
    assert_eq!(stage.position(), 5);
}

#[test]
fn spot_that_cannot_be_borrowed_is_not_sold_short() {
    let borrow = BorrowConfig { annual: None, by_asset: vec![("ETH".into(), Some(rate("0.1")))] };
    let config = PaperConfig { borrow, ..in_bars() };
    let mut stage = BarStage::in_market(&config, Market::Spot).holding(5, 100);
    let whole = stage.send(sell(6));
    let held = stage.send(sell(5));
    let other = stage.send(sell(5).of(OTHER));
    stage.bars_of(&[INSTRUMENT, OTHER], [100; 4], 50);
    assert_eq!(stage.story(whole), [Err(ReportKind::Rejected(Refusal::NotBorrowable))]);
    assert_eq!(stage.story(held), [Ok(100)]);
    assert_eq!(stage.story(other), [Ok(100)]);
}

#[test]
fn two_waiting_sales_of_the_same_spot_sell_it_once() {
    let config = PaperConfig { borrow: BorrowConfig::flat(None), ..in_bars() };
    let mut stage = BarStage::in_market(&config, Market::Spot).holding(5, 100);
    stage.send(limit(Side::Sell, 5, 110));
    let second = stage.send(limit(Side::Sell, 5, 110));
    stage.bar([100, 120, 100, 100], 50);
    let ended = ReportKind::Expired(Refusal::NotBorrowable);
    assert_eq!(stage.story(second), [Err(ReportKind::Accepted), Err(ended)]);
    assert_eq!(stage.position(), 0);
}

#[test]
fn a_waiting_post_only_order_trades_at_its_limit_when_the_open_jumps_over_it() {
    let mut stage = with(FillModel::Queue);
    stage.send(Draft::new(Side::Buy, OrderType::PostOnly, 2).at(95));
    stage.quiet(100);
    stage.bar([80, 85, 70, 84], 50);
    let [fill] = stage.fills()[..] else { panic!("one fill") };
    assert_eq!((fill.price, fill.liquidity), (Ticks::new(95), domain::Liquidity::Maker));
}

#[test]
fn bars_that_come_near_nothing_leave_orders_alone_and_the_next_one_finds_them() {
    let mut stage = with(FillModel::Queue);
    let bid = stage.send(limit(Side::Buy, 1, 90));
    let ask = stage.send(limit(Side::Sell, 1, 110));
    let low = stage.send(stop(Side::Sell, 1, 80));
    let high = stage.send(stop(Side::Buy, 1, 120));
    for _ in 0..3 {
        stage.bar([100, 109, 91, 100], 9);
    }
    assert_eq!(stage.kinds(), [ReportKind::Accepted; 4]);
    stage.bar([100, 111, 100, 100], 9);
    assert_eq!(stage.story(ask), [Ok(110)]);
    stage.bar([100, 115, 89, 100], 9);
    assert_eq!(stage.story(bid), [Ok(90)]);
    stage.bar([100, 119, 81, 100], 9);
    stage.bar([100, 120, 81, 100], 9);
    assert_eq!((stage.story(high), stage.story(low)), (vec![Ok(120)], vec![]));
    stage.bar([100, 130, 80, 100], 9);
    assert_eq!(stage.story(low), [Ok(80)]);
}

//! What executions cost, and what they are said to cost.

use domain::Money;

use super::*;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn spread_impact_and_slippage_are_told_apart() {
    let bars = BarConfig { half_spread: bps("100"), impact: rate("1"), ..BarConfig::default() };
    let slippage = bps("50");
    let mut stage =
        BarStage::new(&PaperConfig { bars, slippage, costs: CostRecording::On, ..in_bars() });
    stage.bar([1_000, 1_100, 1_000, 1_000], 900);
    stage.send(buy(9));
    stage.bar([1_000, 1_100, 1_000, 1_000], 900);
    let [fill] = stage.fills()[..] else { panic!("one fill") };
    // The ask is at 1010. A range of 100 is a volatility of 60.06; a tenth of it is 6.006, so 7.
    // A half percent of 1017 is 5.085, so 6.
    assert_eq!(fill.price, Ticks::new(1_023));
    let [cost] = stage.broker.take_costs().collect::<Vec<_>>()[..] else { panic!("one cost") };
    // Nine lots of 0.001 at 0.01: a tick is 0.00009.
    assert_eq!(cost.trade, fill.trade);
    assert_eq!(cost.reference, money("0.09"));
    assert_eq!(cost.spread, money("0.0009"));
    assert_eq!((cost.impact, cost.slippage), (money("0.00063"), money("0.00054")));
    assert_eq!(cost.reference + cost.total(), money("0.09207"));
    assert_eq!(stage.broker.take_costs().count(), 0, "taken is taken");
}

#[test]
fn impact_grows_with_the_square_root_of_the_share() {
    let bars = BarConfig { impact: rate("1"), ..BarConfig::default() };
    let moved = |quantity| {
        let mut stage = BarStage::new(&PaperConfig { bars, ..in_bars() });
        stage.bar([100_000, 110_000, 100_000, 100_000], 10_000);
        stage.send(sell(quantity));
        stage.bar([100_000, 110_000, 100_000, 100_000], 10_000);
        100_000 - stage.traded()[0].0
    };
    // The volatility is 6005.6 ticks.
    assert_eq!([100, 400, 10_000].map(moved), [601, 1_202, 6_006]);
}

#[test]
fn orders_of_one_bar_pay_for_each_other() {
    let bars = BarConfig { impact: rate("1"), ..BarConfig::default() };
    let mut stage = BarStage::new(&PaperConfig { bars, ..in_bars() });
    stage.bar([1_000, 2_000, 1_000, 1_000], 400);
    stage.send(buy(1));
    stage.send(buy(3));
    stage.bar([1_000, 2_000, 1_000, 1_000], 400);
    assert_eq!(stage.traded(), [(1_031, 1), (1_061, 3)]);
}

#[test]
fn a_limit_bounds_what_costs_do() {
    let bars = BarConfig { half_spread: bps("100"), ..BarConfig::default() };
    let config = PaperConfig { bars, slippage: bps("500"), ..in_bars() };
    let mut stage = BarStage::new(&config);
    stage.send(limit(Side::Buy, 1, 1_012));
    stage.bar([1_000; 4], 9);
    assert_eq!(stage.traded(), [(1_012, 1)]);
}

#[test]
fn nothing_is_kept_unless_somebody_will_take_it() {
    let mut stage = BarStage::new(&in_bars());
    stage.send(buy(1));
    stage.quiet(100);
    assert_eq!((stage.fills().len(), stage.broker.take_costs().count()), (1, 0));
}

#[test]
fn fees_follow_the_volume_of_the_last_thirty_days() {
    let tier = FeeTier { volume_from: money("1"), maker: bps("1"), taker: bps("2") };
    let fee_tiers = vec![tier];
    let mut stage = BarStage::new(&PaperConfig { fee_tiers, taker_fee: bps("10"), ..in_bars() });
    let fee = |stage: &mut BarStage| {
        stage.send(buy(1_000));
        stage.quiet(100);
        stage.fills()[0].fee
    };
    // Each execution is worth exactly one.
    assert_eq!(fee(&mut stage), money("0.001"), "nothing was traded before");
    assert_eq!(fee(&mut stage), money("0.0002"));
    stage.now = stage.now + Span::from_secs(31 * 86_400);
    assert_eq!(fee(&mut stage), money("0.001"), "that was more than thirty days ago");
}

#[test]
fn an_instrument_may_have_fees_of_its_own() {
    let own = InstrumentFee { instrument: OTHER, maker: bps("1"), taker: bps("3") };
    let instrument_fees = vec![own];
    let config = PaperConfig { taker_fee: bps("10"), instrument_fees, ..in_bars() };
    let mut stage = BarStage::new(&config);
    stage.send(buy(1_000));
    stage.send(buy(1_000).of(OTHER));
    stage.bars_of(&[INSTRUMENT, OTHER], [100; 4], 9);
    let fees: Vec<Money> = stage.fills().iter().map(|fill| fill.fee).collect();
    assert_eq!(fees, [money("0.001"), money("0.0003")]);
}

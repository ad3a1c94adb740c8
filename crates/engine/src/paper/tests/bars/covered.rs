//! Margin and liquidation.

use domain::AccountEventKind;

use super::*;
use crate::paper::{MarginConfig, MarginMode, MarginTier, PaperConfigError};

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Ten times leverage, five percent to stay, a fee of one percent.
fn levered(mode: MarginMode, cash: &str) -> PaperConfig {
    let margin = MarginConfig::flat(mode, rate("0.1"), rate("0.05"), bps("100"));
    PaperConfig { margin: Some(margin), opening_cash: money(cash), ..in_bars() }
}

fn liquidations(stage: &BarStage) -> Vec<(i64, i64)> {
    let forced = stage.events.iter().filter_map(|event| match event.kind {
        AccountEventKind::Liquidation { fill } => Some((fill.price.get(), fill.quantity.get())),
        _ => None,
    });
    forced.collect()
}

#[test]
fn an_order_whose_initial_margin_is_not_covered_is_rejected() {
    for mode in [MarginMode::Cross, MarginMode::Isolated] {
        let mut stage = BarStage::new(&levered(mode, "10"));
        // A thousand lots at 10000 ticks are worth 100.
        let covered = stage.send(buy(1_000));
        stage.bar([10_000; 4], 50);
        let more = stage.send(buy(1));
        let less = stage.send(sell(400));
        let closing = stage.send(limit(Side::Sell, 600, 10_100).reducing());
        stage.bar([10_000; 4], 50);
        assert_eq!(stage.story(covered), [Ok(10_000)]);
        let refused = ReportKind::Rejected(Refusal::InsufficientMargin);
        assert_eq!(stage.story(more), [Err(refused)]);
        assert_eq!(stage.story(less), [Ok(10_000)]);
        assert_eq!(stage.story(closing), [Err(ReportKind::Accepted)]);
    }
}

#[test]
fn a_spot_purchase_must_be_paid_whole() {
    let mut stage = BarStage::in_market(&levered(MarginMode::Cross, "10"), Market::Spot);
    let dear = stage.send(buy(101));
    let paid = stage.send(buy(100));
    stage.bar([10_000; 4], 50);
    assert_eq!(stage.story(dear), [Err(ReportKind::Rejected(Refusal::InsufficientMargin))]);
    assert_eq!(stage.story(paid), [Ok(10_000)]);
}

#[test]
fn a_long_is_closed_where_the_range_leaves_it_uncovered() {
    for mode in [MarginMode::Cross, MarginMode::Isolated] {
        let mut stage = BarStage::new(&levered(mode, "10")).holding(1_000, 10_000);
        stage.bar([9_900, 9_950, 9_480, 9_900], 50);
        assert_eq!(liquidations(&stage), [], "10 less 5.2 is above five percent of 94.8");
        // 10 - (100 - p) < 0.05 p from p = 94.73 on downwards.
        stage.bar([9_900, 9_950, 9_000, 9_900], 50);
        let [event] = stage.events[..] else { panic!("one event") };
        let AccountEventKind::Liquidation { fill } = event.kind else { panic!("{event:?}") };
        assert_eq!((fill.price, fill.side), (Ticks::new(9_473), Side::Sell));
        assert_eq!(fill.order, OrderId::new(RUN, 0));
        assert_eq!((fill.quantity, event.amount), (Lots::new(1_000), Money::ZERO));
        assert_eq!(fill.fee, money("0.9473"));
        assert_eq!((stage.position(), stage.broker.cash()), (0, money("3.7827")));
    }
}

#[test]
fn a_short_is_closed_by_a_rise_and_at_the_open_where_that_is_beyond_already() {
    for mode in [MarginMode::Cross, MarginMode::Isolated] {
        let mut stage = BarStage::new(&levered(mode, "10")).holding(-1_000, 10_000);
        stage.bar([10_100, 10_800, 10_100, 10_100], 50);
        // 10 - (p - 100) < 0.05 p from 104.77 on upwards.
        assert_eq!(liquidations(&stage), [(10_477, 1_000)]);
        let mut stage = BarStage::new(&levered(mode, "10")).holding(-1_000, 10_000);
        stage.bar([11_500, 11_800, 10_100, 10_100], 50);
        assert_eq!(liquidations(&stage), [(11_500, 1_000)]);
    }
}

#[test]
fn a_stop_within_the_bar_comes_before_the_margin_call_and_a_target_after_it() {
    let mut stage = BarStage::new(&levered(MarginMode::Cross, "10")).holding(1_000, 10_000);
    let stop = stage.send(stop(Side::Sell, 1_000, 9_600).reducing());
    stage.bar([9_900, 9_950, 9_000, 9_900], 50);
    assert_eq!((stage.story(stop).len(), liquidations(&stage)), (2, vec![]));
    let mut stage = BarStage::new(&levered(MarginMode::Cross, "10")).holding(1_000, 10_000);
    let target = stage.send(limit(Side::Sell, 1_000, 10_100).reducing());
    stage.bar([9_900, 10_500, 9_000, 9_900], 50);
    let ended = ReportKind::Expired(Refusal::InsufficientMargin);
    assert_eq!(stage.story(target), [Err(ReportKind::Accepted), Err(ended)]);
    assert_eq!(liquidations(&stage), [(9_473, 1_000)]);
}

#[test]
fn the_whole_account_backs_a_position_only_where_margin_is_crossed() {
    let fallen = |mode| {
        let mut stage = BarStage::new(&levered(mode, "100")).holding(1_000, 10_000);
        stage.bar([9_900, 9_900, 9_000, 9_900], 50);
        liquidations(&stage).len()
    };
    assert_eq!((fallen(MarginMode::Cross), fallen(MarginMode::Isolated)), (0, 1));
}

#[test]
fn the_mark_price_goes_before_the_market_when_positions_are_valued() {
    let mut stage = BarStage::new(&levered(MarginMode::Cross, "10")).holding(1_000, 10_000);
    let mark = domain::event::MarkPrice {
        mark: "94".parse().unwrap(),
        index: None,
        funding_rate: None,
        next_funding: None,
    };
    stage.event(MarketData::Mark(mark));
    assert_eq!(liquidations(&stage), [(9_400, 1_000)]);
}

#[test]
fn rates_hold_for_the_part_of_the_worth_within_their_tier() {
    let tier = |from: &str, initial, maintenance| MarginTier {
        notional_from: money(from),
        initial: rate(initial),
        maintenance: rate(maintenance),
    };
    let margin = MarginConfig {
        mode: MarginMode::Cross,
        tiers: vec![tier("0", "0.1", "0.05"), tier("50", "0.5", "0.25")],
        liquidation_fee: bps("0"),
    };
    let config =
        |cash| PaperConfig { margin: Some(margin.clone()), opening_cash: money(cash), ..in_bars() };
    // A worth of 100 needs 5 and 25.
    for (cash, covered) in [("29.99", false), ("30", true)] {
        let mut stage = BarStage::new(&config(cash));
        stage.send(buy(1_000));
        stage.bar([10_000; 4], 50);
        assert_eq!(stage.position() != 0, covered);
    }
}

#[test]
fn margin_that_cannot_be_is_named() {
    let refused = |tiers: Vec<MarginTier>, fee: &str| {
        let mode = MarginMode::Cross;
        let margin = MarginConfig { mode, tiers, liquidation_fee: bps(fee) };
        let config = PaperConfig { margin: Some(margin), ..in_bars() };
        PaperBroker::new(&config, &two(Market::Spot)).unwrap_err()
    };
    let tier = |from: &str, initial, maintenance| MarginTier {
        notional_from: money(from),
        initial: rate(initial),
        maintenance: rate(maintenance),
    };
    let good = tier("0", "0.1", "0.05");
    assert_eq!(refused(vec![], "0"), PaperConfigError::MarginTiers);
    assert_eq!(refused(vec![good, good], "0"), PaperConfigError::MarginTiers);
    let notional_from = Money::ZERO;
    for wrong in [tier("0", "0.1", "0.1"), tier("0", "1.1", "0.1"), tier("0", "0.1", "0")] {
        assert_eq!(refused(vec![wrong], "0"), PaperConfigError::MarginRates { notional_from });
    }
    let fee = bps("-1");
    assert_eq!(refused(vec![good], "-1"), PaperConfigError::LiquidationFee { fee });
}

//! When orders arrive in bars, and what they do at an open.

use super::*;

#[test]
fn a_market_order_executes_at_the_open_of_the_bar_after_its_decision() {
    let mut stage = BarStage::new(&in_bars());
    stage.bar([100, 120, 90, 110], 50);
    let decided = stage.now;
    stage.send(buy(3));
    stage.bar([112, 130, 80, 95], 50);
    let [fill] = stage.fills()[..] else { panic!("one fill") };
    assert_eq!((fill.price, fill.quantity), (Ticks::new(112), Lots::new(3)));
    assert_eq!((fill.time, fill.liquidity), (decided, domain::Liquidity::Taker));
}

#[test]
fn a_bar_that_began_before_the_decision_does_not_execute_it() {
    let mut stage = BarStage::new(&in_bars());
    // Both minutes end together, and the decision follows from the first of them.
    stage.bars_of(&[INSTRUMENT], [100; 4], 50);
    stage.send(buy(3).of(OTHER));
    stage.now = stage.now - MINUTE;
    stage.bars_of(&[OTHER], [200, 210, 190, 205], 50);
    assert_eq!(stage.traded(), [], "its open is over");
    stage.bars_of(&[OTHER], [206; 4], 50);
    assert_eq!(stage.traded(), [(206, 3)]);
}

#[test]
fn a_delay_lets_whole_bars_pass_for_orders_and_for_withdrawals() {
    let bars = BarConfig { delay: 2, ..BarConfig::default() };
    let mut stage = BarStage::new(&PaperConfig { bars, ..in_bars() });
    let id = stage.send(limit(Side::Buy, 1, 50));
    stage.quiet(100);
    stage.cancel(id);
    stage.quiet(101);
    assert_eq!(stage.kinds(), []);
    stage.quiet(102);
    assert_eq!(stage.kinds(), [ReportKind::Accepted]);
    stage.quiet(103);
    assert_eq!(stage.kinds(), [ReportKind::Cancelled]);
}

#[test]
fn requests_on_their_way_are_seen() {
    let mut stage = BarStage::new(&in_bars());
    assert_eq!(stage.broker.earliest_arrival(), None);
    stage.send(buy(1));
    assert_eq!(stage.broker.earliest_arrival(), Some(stage.now));
    stage.quiet(100);
    assert_eq!(stage.broker.earliest_arrival(), None);
}

#[test]
fn a_limit_order_that_the_open_makes_marketable_takes_at_the_open() {
    let mut stage = BarStage::new(&in_bars());
    stage.send(limit(Side::Buy, 2, 105));
    stage.send(limit(Side::Sell, 2, 95));
    stage.bar([100, 101, 99, 100], 50);
    assert_eq!(stage.traded(), [(100, 2), (100, 2)]);
}

#[test]
fn a_waiting_limit_order_gets_the_open_that_jumped_over_it() {
    let mut stage = BarStage::new(&in_bars());
    stage.send(limit(Side::Buy, 2, 90));
    stage.quiet(100);
    stage.bar([80, 85, 70, 84], 50);
    assert_eq!(stage.traded(), [(80, 2)]);
}

#[test]
fn half_a_spread_away_from_the_open_a_limit_order_is_not_marketable() {
    let bars = BarConfig { half_spread: bps("100"), ..BarConfig::default() };
    let mut stage = BarStage::new(&PaperConfig { bars, ..in_bars() });
    stage.send(limit(Side::Buy, 2, 100));
    stage.bar([100, 100, 100, 100], 50);
    assert_eq!(stage.traded(), [], "the ask is at 101");
    stage.send(limit(Side::Buy, 2, 101));
    stage.bar([100, 100, 100, 100], 50);
    assert_eq!(stage.traded(), [(101, 2)]);
}

#[test]
fn a_post_only_order_that_the_open_would_fill_is_rejected() {
    let mut stage = BarStage::new(&in_bars());
    stage.send(Draft::new(Side::Buy, OrderType::PostOnly, 2).at(100));
    stage.send(Draft::new(Side::Buy, OrderType::PostOnly, 2).at(99));
    stage.bar([100, 100, 98, 100], 50);
    let kinds = stage.kinds();
    assert_eq!(kinds[..2], [ReportKind::Rejected(Refusal::WouldTake), ReportKind::Accepted]);
    let ReportKind::Filled(fill) = kinds[2] else { panic!("the range fills the other") };
    assert_eq!((fill.price, fill.liquidity), (Ticks::new(99), domain::Liquidity::Maker));
}

#[test]
fn an_order_that_must_trade_at_once_ends_with_the_first_bar() {
    let mut stage = BarStage::new(&in_bars());
    let away = stage.send(Draft::new(Side::Buy, OrderType::ImmediateOrCancel, 2).at(99));
    let whole = stage.send(Draft::new(Side::Buy, OrderType::FillOrKill, 2).at(99));
    stage.bar([100, 101, 90, 100], 50);
    let rest = ReportKind::Expired(Refusal::RemainderCancelled);
    assert_eq!(stage.story(away), [Err(rest)], "the range is not at once");
    assert_eq!(stage.story(whole), [Err(ReportKind::Rejected(Refusal::NotFillable))]);
    assert_eq!(stage.broker.open_orders(), 0);
}

#[test]
fn a_fill_or_kill_order_needs_room_in_the_bar_for_all_of_it() {
    let bars = BarConfig { volume_share: Some(rate("0.1")), ..BarConfig::default() };
    let mut stage = BarStage::new(&PaperConfig { bars, ..in_bars() });
    let six = stage.send(Draft::new(Side::Buy, OrderType::FillOrKill, 6).at(100));
    let five = stage.send(Draft::new(Side::Buy, OrderType::FillOrKill, 5).at(100));
    stage.bar([100; 4], 50);
    assert_eq!(stage.story(six), [Err(ReportKind::Rejected(Refusal::NotFillable))]);
    assert_eq!(stage.story(five), [Ok(100)]);
}

#[test]
fn without_a_bar_or_without_volume_nothing_fills() {
    let mut stage = BarStage::new(&in_bars());
    let market = stage.send(buy(2));
    let far = stage.send(limit(Side::Sell, 2, 110));
    let gone = stage.send(stop(Side::Sell, 2, 95));
    let at_once = stage.send(Draft::new(Side::Buy, OrderType::ImmediateOrCancel, 2).at(200));
    stage.now = stage.now + MINUTE;
    stage.broker.before_event(stage.now, &NoBooks);
    stage.listen();
    assert_eq!(stage.kinds(), []);
    stage.bar([100, 120, 80, 100], 0);
    for id in [market, far, gone] {
        assert_eq!(stage.story(id), [Err(ReportKind::Accepted)]);
    }
    let rest = ReportKind::Expired(Refusal::RemainderCancelled);
    assert_eq!(stage.story(at_once), [Err(rest)]);
}

#[test]
fn what_a_bars_volume_leaves_of_an_order_goes_on_in_the_next_bars() {
    let bars = BarConfig { volume_share: Some(rate("0.1")), ..BarConfig::default() };
    let mut stage = BarStage::new(&PaperConfig { bars, ..in_bars() });
    let id = stage.send(buy(12));
    let second = stage.send(limit(Side::Buy, 3, 200));
    stage.bar([100; 4], 59);
    stage.bar([101; 4], 9);
    stage.bar([102; 4], 100);
    assert_eq!(stage.story(id), [Err(ReportKind::Accepted), Ok(100), Ok(102)]);
    assert_eq!(stage.story(second), [Err(ReportKind::Accepted), Ok(102)], "first come");
    let quantities: Vec<i64> = stage.traded().into_iter().map(|(_, quantity)| quantity).collect();
    assert_eq!(quantities, [5, 7, 3]);
}

#[test]
fn an_inverse_contract_and_an_order_without_sense_are_rejected_in_bars_too() {
    let refused = [ReportKind::Rejected(Refusal::NotFillable)];
    let mut stage = BarStage::in_market(&in_bars(), Market::InversePerpetual);
    stage.send(buy(1));
    stage.quiet(100);
    assert_eq!(stage.kinds(), refused);
    let mut stage = BarStage::new(&in_bars());
    stage.send(buy(1).from(90));
    stage.quiet(100);
    assert_eq!(stage.kinds(), refused);
}

#[test]
fn a_cancel_of_nothing_is_refused() {
    let mut stage = BarStage::new(&in_bars());
    let id = stage.send(buy(1));
    stage.cancel(id);
    stage.quiet(100);
    assert_eq!(stage.story(id), [Err(ReportKind::Cancelled)], "both arrive before the open");
    stage.cancel(id);
    stage.quiet(100);
    let kinds = stage.kinds();
    assert_eq!(kinds.last(), Some(&ReportKind::CancelRejected(Refusal::UnknownOrder)));
}

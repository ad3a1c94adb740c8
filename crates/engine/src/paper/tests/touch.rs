//! The optimistic model: chance at the touch.

use super::*;

fn stage(queue_position: f64, base_probability: f64, seed: u64) -> Stage {
    let model = FillModel::Touch { queue_position, base_probability };
    Stage::with(&PaperConfig { seed, ..config(model) })
}

/// In how many of 1,000 seeded worlds a bid of one lot at the touch trades during `happening`.
fn successes(probability: (f64, f64), happening: impl Fn(&mut Stage)) -> usize {
    let trades = |seed: &u64| {
        let mut stage = stage(probability.0, probability.1, *seed);
        happening(&mut stage);
        stage.fills().len() == 1
    };
    (0..1_000).filter(trades).count()
}

#[test]
fn a_bid_at_the_best_bid_trades_with_queue_position_times_base_probability() {
    let at_touch = |stage: &mut Stage| {
        stage.limit(Side::Buy, 1, 99);
    };
    assert_eq!(successes((1.0, 1.0), at_touch), 1_000);
    assert_eq!(successes((0.0, 1.0), at_touch), 0, "zero is the back of the queue");
    let quarter = successes((0.5, 0.5), at_touch);
    assert!((200..300).contains(&quarter), "expected 250 +- 4 sigma, got {quarter}");
}

#[test]
fn an_ask_at_the_best_ask_trades_the_same_way_at_its_limit() {
    let mut stage = stage(1.0, 1.0, 1);
    stage.limit(Side::Sell, 3, 101);
    assert_eq!(stage.traded(), [(101, 3)]);
}

#[test]
fn an_order_behind_the_touch_does_not_trade_until_the_touch_comes_to_it() {
    let mut stage = stage(1.0, 1.0, 1);
    stage.limit(Side::Buy, 3, 98);
    stage.diff(&[(99, 6)], &[]);
    assert_eq!(stage.traded(), []);
    stage.diff(&[(99, 0)], &[]);
    assert_eq!(stage.traded(), [(98, 3)]);
}

#[test]
fn the_draw_at_the_touch_trades_no_more_than_the_market_shows_there() {
    let mut stage = stage(1.0, 1.0, 1);
    stage.limit(Side::Buy, 4, 99);
    stage.limit(Side::Buy, 4, 99);
    assert_eq!(stage.traded(), [(99, 4), (99, 1)], "five were shown");
}

#[test]
fn updates_of_the_book_never_draw_again() {
    let flickering = |stage: &mut Stage| {
        stage.limit(Side::Buy, 1, 99);
        for quantity in 1..50 {
            stage.diff(&[(99, quantity % 3)], &[(101, quantity)]);
        }
    };
    let at_once = |stage: &mut Stage| {
        stage.limit(Side::Buy, 1, 99);
    };
    assert_eq!(successes((0.5, 0.5), flickering), successes((0.5, 0.5), at_once));
}

#[test]
fn each_trade_at_the_limit_draws_for_its_own_volume() {
    let mut never = stage(0.0, 1.0, 1);
    never.limit(Side::Buy, 5, 99);
    never.seller_takes(99, 100);
    assert_eq!(never.traded(), []);
    let mut chopped = stage(1.0, 0.5, 3);
    chopped.limit(Side::Buy, 1_000, 97);
    for _ in 0..1_000 {
        chopped.seller_takes(97, 1);
    }
    let lots: i64 = chopped.traded().iter().map(|(_, quantity)| quantity).sum();
    assert!((437..=563).contains(&lots), "expected 500 +- 4 sigma, got {lots}");
}

#[test]
fn trading_or_quoting_through_the_limit_needs_no_luck() {
    let mut stage = stage(0.0, 0.0, 1);
    stage.limit(Side::Buy, 5, 99);
    stage.seller_takes(98, 2);
    assert_eq!(stage.traded(), [(99, 2)]);
    stage.diff(&[(99, 0)], &[(99, 8)]);
    assert_eq!(stage.traded(), [(99, 3)]);
}

//! The realistic model: volume ahead.

use super::*;

/// Five are ahead of our bid of ten at 99.
fn behind_five() -> Stage {
    let mut stage = Stage::with(&config(FillModel::Queue));
    stage.limit(Side::Buy, 10, 99);
    stage.reports();
    stage
}

#[test]
fn trades_use_up_the_volume_ahead_before_they_reach_us() {
    let mut stage = behind_five();
    stage.seller_takes(99, 3);
    assert_eq!(stage.traded(), []);
    stage.seller_takes(99, 4);
    assert_eq!(stage.traded(), [(99, 2)], "two were still ahead");
    stage.seller_takes(99, 4);
    assert_eq!(stage.traded(), [(99, 4)]);
}

#[test]
fn buyers_who_take_do_not_move_our_bid() {
    let mut stage = behind_five();
    stage.buyer_takes(101, 50);
    stage.buyer_takes(99, 50);
    stage.seller_takes(100, 50);
    assert_eq!(stage.traded(), []);
}

#[test]
fn a_shrinking_that_trades_explain_is_not_taken_for_cancellations() {
    let mut stage = behind_five();
    stage.seller_takes(99, 3);
    stage.diff(&[(99, 2)], &[]);
    stage.seller_takes(99, 3);
    assert_eq!(stage.traded(), [(99, 1)], "five traded ahead of us, and then one");
}

#[test]
fn cancellations_remove_their_share_of_the_volume_ahead_rounded_down() {
    let mut stage = behind_five();
    stage.diff(&[(99, 25)], &[]);
    // Five of 25 are ahead; nine cancelled remove 9 x 5 / 25 = 1.8, so one.
    stage.diff(&[(99, 16)], &[]);
    stage.seller_takes(99, 5);
    assert_eq!(stage.traded(), [(99, 1)], "four were ahead");
}

#[test]
fn never_more_is_ahead_than_the_market_shows() {
    let mut stage = behind_five();
    stage.diff(&[(99, 100)], &[]);
    stage.diff(&[(99, 1)], &[]);
    stage.seller_takes(99, 2);
    assert_eq!(stage.traded(), [(99, 1)]);
}

#[test]
fn inside_the_spread_nothing_is_ahead() {
    let mut stage = Stage::with(&config(FillModel::Queue));
    stage.limit(Side::Sell, 3, 100);
    stage.diff(&[], &[(100, 7)]);
    stage.buyer_takes(100, 2);
    assert_eq!(stage.traded(), [(100, 2)]);
}

#[test]
fn a_trade_through_the_limit_fills_up_to_its_quantity() {
    let mut stage = behind_five();
    stage.seller_takes(98, 4);
    stage.seller_takes(99, 1);
    assert_eq!(stage.traded(), [(99, 4), (99, 1)], "nothing is ahead any more");
}

#[test]
fn the_opposite_side_quoting_through_the_limit_fills_up_to_its_quantity_once() {
    let mut stage = behind_five();
    stage.diff(&[(99, 0)], &[(98, 3), (99, 2), (100, 50)]);
    stage.diff(&[(97, 1)], &[]);
    assert_eq!(stage.traded(), [(99, 5)]);
    stage.diff(&[], &[(99, 9)]);
    assert_eq!(stage.traded(), [(99, 5)]);
}

#[test]
fn after_a_resync_the_order_queues_at_the_back() {
    let mut stage = behind_five();
    stage.seller_takes(99, 5);
    stage.lose_book();
    stage.seller_takes(98, 50);
    stage.snapshot(&[(99, 7)], &[(101, 4)]);
    stage.seller_takes(99, 7);
    assert_eq!(stage.traded(), [], "no fill while lost, seven ahead after it");
    stage.seller_takes(99, 1);
    assert_eq!(stage.traded(), [(99, 1)]);
}

#[test]
fn a_trade_is_shared_out_among_our_orders_by_price_and_then_time() {
    let mut stage = Stage::with(&config(FillModel::Queue));
    let orders = [99, 100, 100].map(|limit| stage.limit(Side::Buy, 2, limit));
    stage.reports();
    stage.seller_takes(100, 3);
    stage.seller_takes(99, 7);
    let filled: Vec<_> =
        stage.fills().iter().map(|fill| (fill.order, fill.quantity.get())).collect();
    // The second trade gives one to the rest at 100; of the other six, five were ahead at 99.
    assert_eq!(filled, [(orders[1], 2), (orders[2], 1), (orders[2], 1), (orders[0], 1)]);
}

#[test]
fn asks_are_served_from_the_lowest_up() {
    let mut stage = Stage::with(&config(FillModel::Queue));
    let orders = [101, 100, 100].map(|limit| stage.limit(Side::Sell, 2, limit));
    stage.buyer_takes(102, 5);
    let filled: Vec<_> =
        stage.fills().iter().map(|fill| (fill.order, fill.quantity.get())).collect();
    assert_eq!(filled, [(orders[1], 2), (orders[2], 2), (orders[0], 1)]);
}

#[test]
fn a_trade_the_book_hides_behind_new_arrivals_still_explains_a_later_shrinking() {
    let mut stage = behind_five();
    stage.seller_takes(99, 3);
    stage.diff(&[(99, 5)], &[]);
    stage.diff(&[(99, 2)], &[]);
    stage.seller_takes(99, 2);
    assert_eq!(stage.traded(), [], "two were still ahead");
    stage.seller_takes(99, 1);
    assert_eq!(stage.traded(), [(99, 1)]);
}

//! What the book does at its touch, at the edges of its window and at the ends of the
//! number range. `tests/properties.rs` compares it with a plain map.

use domain::{Level, Lots, Side, Ticks};

use super::OrderBook;

fn levels(pairs: &[(i64, i64)]) -> Vec<Level> {
    pairs.iter().map(|&(price, quantity)| Level::new(price, quantity)).collect()
}

fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> OrderBook {
    let mut book = OrderBook::with_window(256);
    book.load(&levels(bids), &levels(asks));
    book
}

fn side(book: &OrderBook, side: Side) -> Vec<(i64, i64)> {
    book.levels(side).map(|level| (level.price.get(), level.quantity.get())).collect()
}

#[test]
fn a_new_book_is_empty_and_not_crossed() {
    let book = OrderBook::new();
    assert!(book.is_empty() && !book.is_crossed());
    assert_eq!((book.best_bid(), book.best_ask()), (None, None));
    assert_eq!(book.levels(Side::Buy).count() + book.levels(Side::Sell).count(), 0);
}

#[test]
fn levels_come_from_the_best_outwards_on_both_sides() {
    let book = book(&[(98, 2), (100, 1), (99, 3)], &[(105, 6), (102, 4)]);
    assert_eq!(side(&book, Side::Buy), [(100, 1), (99, 3), (98, 2)]);
    assert_eq!(side(&book, Side::Sell), [(102, 4), (105, 6)]);
    assert_eq!((book.depth(Side::Buy), book.depth(Side::Sell)), (3, 2));
}

#[test]
fn a_quantity_of_zero_removes_the_level_and_the_next_one_becomes_the_best() {
    let mut book = book(&[(100, 1), (90, 2)], &[(101, 1), (170, 3)]);
    book.apply(&levels(&[(100, 0), (55, 0)]), &levels(&[(101, 0)]));
    assert_eq!(book.best_bid(), Some(Level::new(90, 2)));
    assert_eq!(book.best_ask(), Some(Level::new(170, 3)));
}

#[test]
fn a_negative_quantity_counts_as_none() {
    let mut book = book(&[(100, 1)], &[(101, 1)]);
    book.apply(&levels(&[(100, -4), (99, i64::MIN)]), &[]);
    assert_eq!((book.best_bid(), book.depth(Side::Buy)), (None, 0));
}

#[test]
fn of_two_changes_at_one_price_the_later_counts() {
    let mut book = book(&[(100, 1), (100, 7)], &[]);
    assert_eq!(side(&book, Side::Buy), [(100, 7)]);
    book.apply(&levels(&[(101, 5), (101, 0), (100, 2), (100, 9)]), &[]);
    assert_eq!(side(&book, Side::Buy), [(100, 9)]);
}

#[test]
fn loading_forgets_what_was_there() {
    let mut book = book(&[(100, 1)], &[(101, 1), (100_000, 5)]);
    book.load(&levels(&[(50, 2)]), &levels(&[(9_000, 3)]));
    assert_eq!(side(&book, Side::Buy), [(50, 2)]);
    assert_eq!(side(&book, Side::Sell), [(9_000, 3)]);
    book.clear();
    assert!(book.is_empty());
}

#[test]
fn levels_beyond_the_window_are_kept_in_order_and_come_back_when_the_market_gets_there() {
    let far: Vec<_> = (0..40).map(|step| (1_000 + step * 50, step + 1)).collect();
    let mut book = book(&[], &far);
    assert_eq!(side(&book, Side::Sell), far);
    for gone in 0..39 {
        book.apply(&[], &levels(&[(far[gone].0, 0)]));
        assert_eq!(side(&book, Side::Sell), far[gone + 1..]);
    }
}

#[test]
fn a_much_better_price_pushes_the_old_touch_out_of_the_window_without_losing_it() {
    let mut book = book(&[(1_000, 1), (990, 2)], &[]);
    book.apply(&levels(&[(1_150, 3), (50_000, 4)]), &[]);
    assert_eq!(side(&book, Side::Buy), [(50_000, 4), (1_150, 3), (1_000, 1), (990, 2)]);
    book.apply(&levels(&[(50_000, 0)]), &[]);
    assert_eq!(book.best_bid(), Some(Level::new(1_150, 3)));
    assert_eq!(book.quantity_at(Side::Buy, Ticks::new(990)), Lots::new(2));
}

#[test]
fn the_whole_book_may_jump_in_one_change() {
    let mut book = book(&[(100, 1), (99, 1)], &[(101, 1), (102, 1)]);
    book.apply(
        &levels(&[(100, 0), (99, 0), (7_000_000, 5)]),
        &levels(&[(101, 0), (102, 0), (7_000_001, 6)]),
    );
    assert_eq!(side(&book, Side::Buy), [(7_000_000, 5)]);
    assert_eq!(side(&book, Side::Sell), [(7_000_001, 6)]);
}

#[test]
fn the_ends_of_the_number_range_are_prices_like_any_other() {
    let ends =
        [(i64::MIN, 1), (i64::MIN + 1, 2), (-1, 3), (0, 4), (i64::MAX - 1, 5), (i64::MAX, 6)];
    let mut book = book(&ends, &ends);
    assert_eq!(side(&book, Side::Sell), ends);
    assert_eq!(side(&book, Side::Buy), ends.iter().rev().copied().collect::<Vec<_>>());
    for (price, _) in ends {
        book.apply(&levels(&[(price, 0)]), &levels(&[(price, 0)]));
    }
    assert!(book.is_empty());
}

#[test]
fn quantities_are_found_inside_the_window_outside_it_and_nowhere() {
    let book = book(&[(1_000, 1), (10, 2)], &[(1_001, 3), (90_000, 4)]);
    let at = |side, price| book.quantity_at(side, Ticks::new(price)).get();
    assert_eq!([at(Side::Buy, 1_000), at(Side::Buy, 10), at(Side::Buy, 999)], [1, 2, 0]);
    assert_eq!([at(Side::Sell, 1_001), at(Side::Sell, 90_000), at(Side::Sell, 1)], [3, 4, 0]);
}

#[test]
fn a_book_is_crossed_when_the_bid_reaches_the_ask() {
    assert!(!book(&[(100, 1)], &[(101, 1)]).is_crossed());
    assert!(book(&[(101, 1)], &[(101, 1)]).is_crossed());
    assert!(book(&[(102, 1)], &[(101, 1)]).is_crossed());
    assert!(!book(&[(102, 1)], &[]).is_crossed());
}

#[test]
fn the_debug_form_is_short() {
    let text = format!("{:?}", book(&[(100, 1)], &[(101, 1)]));
    assert!(text.len() < 300, "{text}");
}

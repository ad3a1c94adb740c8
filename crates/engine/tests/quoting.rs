//! Quotes on both sides of the book, as a market maker stands in it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use domain::{Lots, OrderType, ReportKind, Side, Ticks, event::BookLoss};
use engine::{Command, OrderStyle, QuotedSide, Quotes, Requote, RiskConfig};
use support::{BTC, Stage, cancels, orders};
use testkit::{
    events::{book, diff, lost},
    instruments::{btc_perpetual, instruments},
};

/// A stage with a book of 600,000 bid and 600,001 ask.
fn stage() -> Stage {
    let mut stage = Stage::new(instruments([btc_perpetual()]), RiskConfig::default());
    stage.happens(book(BTC, &[(600_000, 10)], &[(600_001, 10)]));
    stage
}

fn tick(stage: &mut Stage) -> Vec<Command> {
    stage.happens(diff(BTC, &[(599_999, 5)], &[]))
}

fn side(price: i64) -> QuotedSide {
    QuotedSide { price: Ticks::new(price), quantity: Lots::new(5) }
}

fn quotes(bid: i64, ask: i64) -> Quotes {
    Quotes { bid: Some(side(bid)), ask: Some(side(ask)), requote: Requote::WhenMoved }
}

/// Lets the venue accept everything that was placed.
fn accept(stage: &mut Stage, commands: &[Command]) {
    for command in commands {
        if let Command::Place(order) = command {
            stage.answer(order.id, ReportKind::Accepted);
        }
    }
}

#[test]
fn both_sides_are_sent_at_once_and_only_rest() {
    let mut stage = stage();
    stage.strings.quote(quotes(600_000, 600_001));
    let commands = tick(&mut stage);
    assert_eq!(orders(&commands), [(Side::Buy, 5, Some(600_000)), (Side::Sell, 5, Some(600_001))]);
    let all_rest = commands.iter().all(|command| match command {
        Command::Place(order) => order.order_type == OrderType::PostOnly,
        Command::Cancel { .. } => false,
    });
    assert!(all_rest, "{commands:?}");
    assert!(tick(&mut stage).is_empty(), "quotes are not repeated by themselves");
}

#[test]
fn new_quotes_replace_the_old_ones_in_one_breath_and_what_did_not_move_stays() {
    let mut stage = stage();
    stage.strings.quote(quotes(600_000, 600_001));
    let commands = tick(&mut stage);
    accept(&mut stage, &commands);
    stage.strings.quote(quotes(599_999, 600_001));
    let commands = tick(&mut stage);
    assert_eq!(
        (cancels(&commands), orders(&commands)),
        (vec![1], vec![(Side::Buy, 5, Some(599_999))])
    );
}

#[test]
fn quotes_that_are_always_replaced_lose_their_place_in_the_queue() {
    let mut stage = stage();
    let always = Quotes { requote: Requote::Always, ..quotes(600_000, 600_001) };
    stage.strings.quote(always);
    let commands = tick(&mut stage);
    accept(&mut stage, &commands);
    stage.strings.quote(always);
    let commands = tick(&mut stage);
    assert_eq!((cancels(&commands), orders(&commands).len()), (vec![1, 2], 2));
}

#[test]
fn one_side_may_be_empty_and_empty_quotes_withdraw_everything() {
    let mut stage = stage();
    stage.strings.quote(Quotes { ask: None, ..quotes(600_000, 600_001) });
    let commands = tick(&mut stage);
    assert_eq!(orders(&commands), [(Side::Buy, 5, Some(600_000))]);
    accept(&mut stage, &commands);
    stage.strings.quote(Quotes::default());
    assert_eq!(cancels(&tick(&mut stage)), [1]);
}

#[test]
fn quotes_count_as_done_in_every_limit() {
    let mut stage = stage();
    let large = |price| Some(QuotedSide { price: Ticks::new(price), quantity: Lots::new(500) });
    for price in [600_000, 599_999] {
        stage.strings.quote(Quotes { bid: large(price), ask: None, requote: Requote::Always });
        let commands = tick(&mut stage);
        assert_eq!(orders(&commands).len(), 1, "1,000 lots are the limit");
    }
    stage.strings.quote(Quotes { bid: large(599_998), ask: None, requote: Requote::Always });
    let commands = tick(&mut stage);
    assert!(orders(&commands).is_empty(), "the two before may still be done");
    assert_eq!(stage.engine.counters().rejected_total(), 1);
}

#[test]
fn a_target_is_pursued_beside_quotes_and_does_not_count_them_as_its_own() {
    let mut stage = stage();
    stage.strings.quote(quotes(600_000, 600_001));
    let commands = tick(&mut stage);
    accept(&mut stage, &commands);
    stage.strings.target(7, OrderStyle::AGGRESSIVE);
    assert_eq!(orders(&tick(&mut stage)), [(Side::Buy, 7, Some(600_001))]);
}

#[test]
fn quotes_leave_a_book_that_cannot_be_trusted() {
    let mut stage = stage();
    stage.strings.quote(quotes(600_000, 600_001));
    let commands = tick(&mut stage);
    accept(&mut stage, &commands);
    assert_eq!(cancels(&stage.happens(lost(BTC, BookLoss::Gap))), [1, 2]);
}

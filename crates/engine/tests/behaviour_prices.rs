//! Where prices come from: the book, the venue's quotes, or bars.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use domain::{Event, MarketData, Rate, Side, Span, event};
use engine::{
    Counters, Engine, EngineConfig, EngineError, OpeningAccount, OrderStyle, PriceSource,
    RiskConfig, risk::RiskRule,
};
use market::bars::BarRule;
use support::{BTC, Stage, bar, bar_event, config, money, orders, placed, puppet};
use testkit::{
    events::{book, diff, market, quote, trade},
    instruments::{btc_perpetual, instruments},
};

const MINUTE: i64 = 60;

fn stage(prices: PriceSource) -> Stage {
    Stage::priced(instruments([btc_perpetual()]), prices, None)
}

/// Lets a minute pass and end in a bar of this close.
fn minute(stage: &mut Stage, close: i64) -> Vec<engine::Command> {
    let now = stage.tape.now().since(testkit::events::Tape::default().now());
    let start = now.as_millis() / 1_000;
    stage.wait(Span::from_secs(MINUTE));
    stage.happens(bar_event(bar((start, start + MINUTE), [close, close + 5, close - 5, close])))
}

fn counters(stage: &Stage) -> &Counters {
    stage.engine.counters()
}

#[test]
fn quotes_are_the_touch_and_books_decide_nothing() {
    let mut stage = stage(PriceSource::Quotes);
    stage.strings.target(10, OrderStyle::AGGRESSIVE);
    assert!(stage.happens(book(BTC, &[(599_000, 5)], &[(599_001, 5)])).is_empty());
    assert_eq!(counters(&stage).suppressed_total(), 1, "there is no quote yet");
    let commands = stage.happens(quote(BTC, (600_000, 3), (600_002, 4)));
    assert_eq!(orders(&commands), [(Side::Buy, 10, Some(600_002))]);
    let seen = stage.strings.glimpses();
    assert_eq!((seen[0].bid, seen[0].price), (Some(600_000), Some(60_000.1)));

    stage.fill(&placed(&commands), 600_002, 10);
    stage.happens(diff(BTC, &[(610_000, 5)], &[]));
    assert_eq!(stage.engine.portfolio().equity(), money("99999.989"), "a book marks nothing");
    stage.happens(quote(BTC, (601_000, 3), (601_002, 4)));
    assert_eq!(stage.engine.portfolio().equity(), money("100000.989"));
}

#[test]
fn nothing_is_decided_on_quotes_that_cross_or_fall_silent_and_what_rests_may_stay() {
    let mut stage = stage(PriceSource::Quotes);
    stage.strings.target(10, OrderStyle::PASSIVE);
    let order = placed(&stage.happens(quote(BTC, (600_000, 3), (600_002, 4))));
    assert_eq!(stage.happens(quote(BTC, (600_003, 3), (600_002, 4))), []);
    assert_eq!(counters(&stage).suppressed_total(), 1);
    assert!(!stage.happens(market(BTC, MarketData::FeedSilent)).is_empty(), "silence withdraws");
    assert!(stage.engine.open_orders().any(|open| open.id() == order.id));
}

#[test]
fn bars_are_consulted_at_their_end_and_their_close_is_the_price() {
    let mut stage = stage(PriceSource::Bars);
    stage.strings.target(100, OrderStyle::AGGRESSIVE);
    let order = placed(&minute(&mut stage, 600_000));
    assert_eq!((order.limit.unwrap().get(), order.created), (600_000, stage.tape.now()));
    let seen = stage.strings.glimpses();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].bar.unwrap().close.get(), seen[0].price), (600_000, Some(60_000.0)));
    assert_eq!((seen[0].adjusted_close, seen[0].adjusted_volume), (Some(60_000.0), Some(0.007)));
    assert_eq!(seen[0].bid, None, "a bar has no levels");

    stage.fill(&order, 600_100, 100);
    assert_eq!(stage.engine.portfolio().equity(), money("99998.99"), "bought above the close");
    minute(&mut stage, 601_000);
    assert_eq!(stage.engine.portfolio().equity(), money("100008.99"));
    assert_eq!(stage.engine.latest_view(BTC).unwrap().mid_price.to_bits(), 60_100_f64.to_bits());
    assert_eq!(counters(&stage).bars, 2);
}

#[test]
fn a_bar_means_nothing_to_a_session_that_is_priced_by_a_book() {
    let mut stage = stage(PriceSource::Book);
    stage.happens(book(BTC, &[(600_000, 5)], &[(600_002, 5)]));
    stage.strings.target(10, OrderStyle::AGGRESSIVE);
    let commands = stage.happens(bar_event(bar((0, 60), [1, 2, 1, 2])));
    assert_eq!(orders(&commands), [(Side::Buy, 10, Some(600_002))], "the strategy hears of it");
    assert_eq!(stage.strings.glimpses().last().unwrap().price, Some(60_000.1));
}

#[test]
fn a_wish_pursued_later_than_its_bar_is_not_stale() {
    let mut stage = stage(PriceSource::Bars);
    minute(&mut stage, 600_000);
    // Far longer than the two seconds that a book may be silent.
    stage.wait(Span::from_secs(59));
    stage.strings.target(-10, OrderStyle::MARKET);
    assert_eq!(orders(&stage.clock()), [(Side::Sell, 10, None)]);
}

#[test]
fn a_night_makes_nothing_stale_but_bars_that_others_have_do() {
    let table = instruments([btc_perpetual(), testkit::instruments::btc_spot()]);
    let mut stage = Stage::priced(table, PriceSource::Bars, None);
    minute(&mut stage, 600_000);
    stage.wait(Span::from_secs(60_000));
    stage.strings.target(10, OrderStyle::MARKET);
    assert_eq!(orders(&stage.clock()).len(), 1, "nobody traded meanwhile");

    let other = domain::InstrumentId::new(1);
    for _ in 0..6 {
        let now = stage.tape.now();
        let data = event::Bar {
            start: now,
            end: now + Span::from_secs(MINUTE),
            ..bar((0, 60), [600_000; 4])
        };
        stage.wait(Span::from_secs(MINUTE));
        stage.happens(market(other, MarketData::Bar(data)));
    }
    stage.strings.target(20, OrderStyle::MARKET);
    assert!(stage.clock().is_empty());
    assert_eq!(counters(&stage).rejected_by(RiskRule::StaleData), 1);
    minute(&mut stage, 600_000);
    stage.strings.target(30, OrderStyle::MARKET);
    stage.wait(Span::from_secs(2));
    assert_eq!(orders(&stage.clock()).len(), 1, "its own bar is news again");
}

#[test]
fn a_silent_feed_of_bars_is_stale_at_once() {
    let mut stage = stage(PriceSource::Bars);
    minute(&mut stage, 600_000);
    stage.happens(market(BTC, MarketData::FeedSilent));
    stage.strings.target(10, OrderStyle::MARKET);
    assert!(stage.clock().is_empty());
    assert_eq!(counters(&stage).rejected_by(RiskRule::StaleData), 1);
}

fn split(ratio: &str) -> Event<'static> {
    market(BTC, MarketData::Split(event::Split { ratio: Rate::new(ratio.parse().unwrap()) }))
}

#[test]
fn splits_and_dividends_leave_no_jump_in_adjusted_prices() {
    let mut stage = stage(PriceSource::Bars);
    minute(&mut stage, 600_000);
    stage.happens(split("4"));
    minute(&mut stage, 150_000);
    let dividend = event::Dividend { per_unit: money("1500") };
    stage.happens(market(BTC, MarketData::Dividend(dividend)));
    minute(&mut stage, 135_000);
    let seen: Vec<_> =
        stage.strings.glimpses().into_iter().filter(|one| one.bar.is_some()).collect();
    let adjusted: Vec<_> = seen.iter().map(|one| one.adjusted_close.unwrap()).collect();
    assert!(adjusted.iter().all(|close| (close - 60_000.0).abs() < 1e-6), "{adjusted:?}");
    let volumes: Vec<_> = seen.iter().map(|one| one.adjusted_volume.unwrap()).collect();
    assert_eq!(volumes, [0.007, 0.007 / 4.0, 0.007 / 4.0], "dividends change no volume");
    assert_eq!(seen[1].adjustment.to_bits(), 4_f64.to_bits());
    assert_eq!(seen[2].price, Some(13_500.0));
}

#[test]
fn until_the_next_bar_the_price_is_the_last_one_in_new_units() {
    let mut stage = stage(PriceSource::Bars);
    minute(&mut stage, 600_000);
    stage.happens(split("0.1"));
    let dividend = event::Dividend { per_unit: money("1000.04") };
    stage.happens(market(BTC, MarketData::Dividend(dividend)));
    let prices: Vec<_> = stage.strings.glimpses().iter().map(|one| one.price.unwrap()).collect();
    assert_eq!(prices, [60_000.0, 600_000.0, 599_000.0], "to the nearest tick");
}

#[test]
fn bars_of_trades_are_heard_of_right_after_the_trade_or_the_moment_that_ends_them() {
    let rule = BarRule::Time(Span::from_secs(10));
    let mut stage = Stage::priced(instruments([btc_perpetual()]), PriceSource::Book, Some(rule));
    let table = &mut stage;
    table.happens(book(BTC, &[(600_000, 5)], &[(600_002, 5)]));
    table.happens(trade(BTC, (600_001, 2), Side::Buy));
    table.wait(Span::from_secs(4)).happens(trade(BTC, (600_000, 3), Side::Sell));
    table.strings.glimpses();
    table.wait(Span::from_secs(6)).happens(trade(BTC, (600_002, 1), Side::Buy));
    let seen = table.strings.glimpses();
    assert_eq!(seen.iter().map(|one| one.bar.is_some()).collect::<Vec<_>>(), [false, true]);
    let first = seen[1].bar.unwrap();
    assert_eq!((first.open.get(), first.close.get(), first.volume.get()), (600_001, 600_000, 5));
    assert_eq!(seen[1].adjusted_close, Some(60_000.0), "it is the last bar");
    assert_eq!(seen[1].price, Some(60_000.1), "prices are still those of the book");

    table.strings.target(10, OrderStyle::AGGRESSIVE);
    table.strings.glimpses();
    table.wait(Span::from_secs(10)).clock();
    let seen = table.strings.glimpses();
    assert_eq!(seen.iter().filter_map(|one| one.bar).count(), 1, "time alone ends a bar");
    assert_eq!(table.engine.counters().bars, 2);
    assert_eq!(table.engine.open_orders().count(), 0, "two seconds without a book are too long");
}

#[test]
fn an_order_may_follow_from_a_bar_that_was_built_here() {
    let rule = BarRule::Ticks(2);
    let mut stage = Stage::priced(instruments([btc_perpetual()]), PriceSource::Book, Some(rule));
    stage.happens(book(BTC, &[(600_000, 5)], &[(600_002, 5)]));
    stage.happens(trade(BTC, (600_001, 2), Side::Buy));
    stage.happens(trade(BTC, (600_001, 2), Side::Buy));
    let bars: Vec<_> = stage.strings.glimpses().iter().filter_map(|one| one.bar).collect();
    assert_eq!(bars.len(), 1);
    assert_eq!(bars[0].volume.get(), 4);
}

#[test]
fn features_may_be_left_out_and_the_picture_for_others_stays() {
    let table = instruments([btc_perpetual()]);
    let views = [true, false].map(|with| {
        let (strings, strategy) = puppet(&table);
        let plain = config(RiskConfig::default());
        let features = plain.features.filter(|_| with);
        let config = EngineConfig { features, ..plain };
        let opening = OpeningAccount::with_cash(money("1"));
        let engine = Engine::new(config, table.clone(), vec![strategy], opening).unwrap();
        let mut stage = Stage::of(engine, strings);
        for quantity in 1..6 {
            stage.wait(Span::from_millis(10));
            stage.happens(book(BTC, &[(600_000, quantity)], &[(600_003, 5)]));
        }
        stage.engine.latest_view(BTC).unwrap()
    });
    assert_eq!(views[0], views[1]);
}

#[test]
fn bars_that_never_end_and_bars_beside_bars_are_refused() {
    let table = instruments([btc_perpetual()]);
    let make = |prices, rule| {
        let (_, strategy) = puppet(&table);
        let config = EngineConfig { prices, bars: Some(rule), ..config(RiskConfig::default()) };
        let opening = OpeningAccount::with_cash(money("1"));
        Engine::new(config, table.clone(), vec![strategy], opening).err().unwrap()
    };
    let endless = make(PriceSource::Book, BarRule::Time(Span::ZERO));
    assert!(matches!(endless, EngineError::Bars(_)));
    let twice = make(PriceSource::Bars, BarRule::Ticks(5));
    assert!(matches!(twice, EngineError::BarsTwice));
}

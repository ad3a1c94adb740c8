//! Behaviour of the engine as a whole: events in, commands and records out.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use domain::{
    Control, MarketData, NetLots, OrderStatus, Record, Refusal, ReportKind, RunNumber, Side, Span,
    StrategyId, event::BookLoss,
};
use engine::{
    Engine, EngineError, LimitPolicy, OpeningAccount, OpeningPosition, OrderStyle, RiskConfig,
    risk::RiskRule,
};
use market::signal::Suppression;
use support::{BTC, PUPPET, Stage, cancels, config, money, orders, placed, puppet};
use testkit::{
    events::{book, control, diff, lost, market, quote, trade},
    instruments::{btc_perpetual, instruments, pepe_spot},
};

const BUY: OrderStyle = OrderStyle::AGGRESSIVE;
const REST: OrderStyle = OrderStyle::PASSIVE;

/// A stage with a book of 600,000 bid and 600,001 ask.
fn stage() -> Stage {
    let mut stage = Stage::new(instruments([btc_perpetual()]), RiskConfig::default());
    stage.happens(book(BTC, &[(600_000, 10)], &[(600_001, 10)]));
    stage
}

fn tick(stage: &mut Stage) -> Vec<engine::Command> {
    stage.happens(diff(BTC, &[(599_999, 5)], &[]))
}

#[test]
fn a_wish_becomes_an_order_with_its_records_in_order() {
    let mut stage = stage();
    stage.strings.target(5, BUY);
    let order = placed(&tick(&mut stage));
    assert_eq!(order.id.counter(), 1);
    assert_eq!((order.side, order.quantity.get()), (Side::Buy, 5));
    assert_eq!(order.limit.map(domain::Ticks::get), Some(600_001));
    assert_eq!(order.created, stage.tape.now());
    match stage.records() {
        [Record::Placed(placed), Record::OrderChanged(sent)] => {
            assert_eq!(*placed, order);
            assert_eq!((sent.order, sent.status), (order.id, OrderStatus::Sent));
        }
        other => panic!("{other:?}"),
    }
    assert!(tick(&mut stage).is_empty(), "what is under way is not ordered again");
}

#[test]
fn a_passive_wish_rests_at_its_own_side_and_a_market_wish_has_no_limit() {
    let mut resting = stage();
    resting.strings.target(-5, REST);
    assert_eq!(orders(&tick(&mut resting)), [(Side::Sell, 5, Some(600_001))]);
    let mut taking = stage();
    let limit = LimitPolicy::OwnTouch;
    taking.strings.target(-5, OrderStyle { order_type: domain::OrderType::Market, limit });
    assert_eq!(orders(&tick(&mut taking)), [(Side::Sell, 5, None)]);
}

#[test]
fn a_fill_is_booked_with_an_account_record_and_the_rest_of_the_wish_follows() {
    let mut stage = stage();
    stage.strings.target(700, BUY);
    let first = placed(&tick(&mut stage));
    assert_eq!(first.quantity.get(), 500, "cut to the largest order");
    let commands = stage.fill(&first, 600_001, 500);
    let statuses = stage.records().iter().filter_map(|record| match record {
        Record::OrderChanged(change) => Some((change.status, change.filled.get())),
        _ => None,
    });
    let statuses = statuses.collect::<Vec<_>>();
    assert_eq!(statuses, [(OrderStatus::Filled, 500), (OrderStatus::Sent, 0)]);
    let account = stage.records().iter().find_map(|record| match record {
        Record::Account(account) => Some(*account),
        _ => None,
    });
    let account = account.unwrap();
    assert_eq!((account.strategy, account.position), (PUPPET, NetLots::new(500)));
    assert_eq!(account.cash, money("100000") - money("30000.05") - money("0.01"));
    assert_eq!(orders(&commands), [(Side::Buy, 200, Some(600_001))]);
    assert_eq!(stage.engine.counters().fills, 1);
}

#[test]
fn a_turn_from_long_to_short_goes_in_steps_of_the_largest_order() {
    let mut stage = stage();
    stage.strings.target(500, BUY);
    let first = placed(&tick(&mut stage));
    stage.fill(&first, 600_001, 500);
    stage.strings.target(-500, BUY);
    let close = placed(&tick(&mut stage));
    assert_eq!((close.side, close.quantity.get()), (Side::Sell, 500));
    let commands = stage.fill(&close, 600_000, 500);
    assert_eq!(orders(&commands), [(Side::Sell, 500, Some(600_000))]);
}

#[test]
fn a_changed_mind_withdraws_the_old_order_before_the_opposite_one_is_sent() {
    let mut stage = stage();
    stage.strings.target(5, REST);
    let order = placed(&tick(&mut stage));
    stage.strings.target(-5, REST);
    let commands = tick(&mut stage);
    assert_eq!((orders(&commands).len(), cancels(&commands)), (0, vec![1]));
    assert!(tick(&mut stage).is_empty(), "one cancel is enough");
    let commands = stage.answer(order.id, ReportKind::Cancelled);
    assert_eq!(orders(&commands), [(Side::Sell, 5, Some(600_001))]);
}

#[test]
fn withdrawing_cancels_and_forgets_the_target() {
    let mut stage = stage();
    stage.strings.target(5, REST);
    let order = placed(&tick(&mut stage));
    stage.strings.withdraw();
    assert_eq!(cancels(&tick(&mut stage)), [1]);
    assert!(stage.answer(order.id, ReportKind::Cancelled).is_empty());
    assert_eq!(stage.engine.counters().cancels, 1);
}

#[test]
fn a_gap_withdraws_what_rests_and_nothing_is_sent_until_the_book_is_back() {
    let mut stage = stage();
    stage.strings.target(5, REST);
    let order = placed(&tick(&mut stage));
    assert_eq!(cancels(&stage.happens(lost(BTC, BookLoss::Gap))), [1]);
    assert!(!stage.engine.in_sync(BTC) && stage.engine.latest_view(BTC).is_none());
    stage.answer(order.id, ReportKind::Cancelled);
    for event in [trade(BTC, (600_000, 1), Side::Buy), diff(BTC, &[(600_000, 7)], &[])] {
        assert!(stage.happens(event).is_empty());
    }
    assert!(stage.clock().is_empty());
    assert_eq!(stage.engine.counters().ignored_changes, 1);
    assert_eq!(stage.engine.counters().suppressed[Suppression::OutOfSync.index()], 2);
    let commands = stage.happens(book(BTC, &[(600_100, 9)], &[(600_102, 9)]));
    assert_eq!(orders(&commands), [(Side::Buy, 5, Some(600_100))], "the wish is still wanted");
    let counters = stage.engine.counters();
    assert_eq!((counters.sequence_gaps, counters.book_losses, counters.resyncs), (1, 1, 1));
}

#[test]
fn a_crossed_book_is_lost_even_if_nobody_says_so() {
    let mut stage = stage();
    stage.strings.target(5, BUY);
    assert!(stage.happens(diff(BTC, &[(600_001, 5)], &[])).is_empty());
    assert!(!stage.engine.in_sync(BTC));
    assert_eq!(stage.engine.counters().crossed_books, 1);
    stage.happens(lost(BTC, BookLoss::Crossed));
    assert_eq!(stage.engine.counters().book_losses, 1, "one loss is counted once");
}

#[test]
fn a_book_with_one_side_gives_no_price_and_so_no_order() {
    let mut stage = stage();
    stage.strings.target(5, BUY);
    assert!(stage.happens(diff(BTC, &[], &[(600_001, 0)])).is_empty());
    let commands = stage.happens(diff(BTC, &[], &[(600_002, 3)]));
    assert_eq!(orders(&commands), [(Side::Buy, 5, Some(600_002))]);
}

#[test]
fn a_silent_feed_withdraws_and_blocks_until_it_lives() {
    let mut stage = stage();
    stage.strings.target(5, REST);
    let order = placed(&tick(&mut stage));
    assert_eq!(cancels(&stage.happens(market(BTC, MarketData::FeedSilent))), [1]);
    stage.answer(order.id, ReportKind::Cancelled);
    assert_eq!(stage.engine.counters().rejected_by(RiskRule::StaleData), 1);
    assert_eq!(orders(&stage.happens(market(BTC, MarketData::FeedLive))).len(), 1);
}

#[test]
fn an_instrument_that_says_nothing_goes_stale_and_a_quote_wakes_it() {
    let mut stage = stage();
    stage.wait(Span::from_secs(3)).strings.target(5, BUY);
    assert!(stage.clock().is_empty());
    assert_eq!(stage.engine.counters().rejected_by(RiskRule::StaleData), 1);
    stage.happens(quote(BTC, (600_000, 10), (600_001, 10)));
    stage.wait(Span::from_secs(1));
    assert_eq!(orders(&stage.clock()).len(), 1);
}

#[test]
fn the_kill_switch_withdraws_everything_and_refuses_until_resumed() {
    let mut stage = stage();
    stage.strings.target(5, REST);
    let order = placed(&tick(&mut stage));
    assert_eq!(cancels(&stage.happens(control(Control::Kill))), [1]);
    assert!(stage.engine.kill_switch());
    stage.answer(order.id, ReportKind::Cancelled);
    assert!(tick(&mut stage).is_empty(), "the wish from before is forgotten");
    stage.strings.target(3, BUY);
    assert!(tick(&mut stage).is_empty());
    assert_eq!(stage.engine.counters().rejected_by(RiskRule::KillSwitch), 1);
    stage.happens(control(Control::Resume));
    assert_eq!(orders(&tick(&mut stage)), [(Side::Buy, 3, Some(600_001))]);
}

#[test]
fn a_kill_switch_that_was_on_stays_on_after_a_restart() {
    let opening =
        OpeningAccount { kill_switch: true, ..OpeningAccount::with_cash(money("100000")) };
    let mut stage = Stage::opening(instruments([btc_perpetual()]), RiskConfig::default(), opening);
    stage.strings.target(5, BUY);
    assert!(stage.happens(book(BTC, &[(600_000, 10)], &[(600_001, 10)])).is_empty());
    assert!(stage.engine.kill_switch());
}

#[test]
fn winding_down_withdraws_or_leaves_orders_and_asks_no_strategy_any_more() {
    for (control_event, expected) in
        [(Control::WindDown, vec![1]), (Control::WindDownKeepOrders, vec![])]
    {
        let mut stage = stage();
        stage.strings.target(5, REST);
        let order = placed(&tick(&mut stage));
        assert_eq!(cancels(&stage.happens(control(control_event))), expected);
        stage.strings.target(7, REST);
        assert!(tick(&mut stage).is_empty());
        stage.fill(&order, 600_000, 2);
        assert_eq!(stage.position(), 2, "fills are booked to the end");
    }
}

#[test]
fn a_stalled_journal_stops_new_orders_and_not_the_accounts() {
    let mut stage = stage();
    stage.strings.target(10, BUY);
    let order = placed(&tick(&mut stage));
    stage.happens(control(Control::JournalStalled));
    stage.fill(&order, 600_001, 10);
    assert_eq!(stage.position(), 10);
    stage.strings.target(0, BUY);
    assert!(tick(&mut stage).is_empty());
    assert_eq!(stage.engine.counters().rejected_by(RiskRule::JournalStalled), 1);
    stage.happens(control(Control::JournalRecovered));
    assert_eq!(orders(&tick(&mut stage)), [(Side::Sell, 10, Some(600_000))]);
}

#[test]
fn a_refused_wish_is_counted_once_and_tried_again_after_a_pause() {
    let risk = RiskConfig { max_orders_per_second: 0, ..RiskConfig::default() };
    let mut stage = Stage::new(instruments([btc_perpetual()]), risk);
    stage.happens(book(BTC, &[(600_000, 10)], &[(600_001, 10)]));
    for lots in 1..100 {
        stage.strings.target(lots, BUY);
        tick(&mut stage);
    }
    assert_eq!(stage.engine.counters().rejected_by(RiskRule::OrderRate), 1);
    stage.wait(Span::from_secs(1));
    tick(&mut stage);
    stage.wait(Span::from_secs(1));
    tick(&mut stage);
    assert_eq!(stage.engine.counters().rejected_by(RiskRule::OrderRate), 2);
}

#[test]
fn a_venue_that_refuses_is_not_asked_again_at_once() {
    let mut stage = stage();
    stage.strings.target(5, REST);
    let order = placed(&tick(&mut stage));
    let refused = ReportKind::Rejected(Refusal::WouldTake);
    assert!(stage.answer(order.id, refused).is_empty());
    assert!(tick(&mut stage).is_empty());
    stage.wait(Span::from_secs(1));
    assert_eq!(orders(&tick(&mut stage)).len(), 1);
    assert_eq!(stage.engine.counters().refused_by_venue, 1);
}

#[test]
fn the_rest_of_an_immediate_order_is_ordered_again() {
    let mut stage = stage();
    stage.strings.target(10, OrderStyle::IMMEDIATE);
    let order = placed(&tick(&mut stage));
    stage.fill(&order, 600_001, 4);
    let ended = ReportKind::Expired(Refusal::RemainderCancelled);
    assert_eq!(orders(&stage.answer(order.id, ended)), [(Side::Buy, 6, Some(600_001))]);
}

#[test]
fn a_fill_that_comes_again_changes_neither_order_nor_account() {
    let mut stage = stage();
    stage.strings.target(10, BUY);
    let order = placed(&tick(&mut stage));
    stage.fill(&order, 600_001, 4);
    let again = stage.fill_of(&order, 600_001, 4);
    stage.answer(order.id, ReportKind::Filled(again));
    assert!(stage.records().is_empty());
    assert_eq!((stage.position(), stage.engine.counters().duplicate_fills), (4, 1));
    assert_eq!(stage.engine.open_orders().next().unwrap().filled().get(), 4);
}

#[test]
fn a_fill_after_the_cancel_is_booked_and_the_target_corrects_the_position() {
    let mut stage = stage();
    stage.strings.target(5, REST);
    let order = placed(&tick(&mut stage));
    stage.strings.target(0, BUY);
    tick(&mut stage);
    stage.answer(order.id, ReportKind::Cancelled);
    let commands = stage.fill(&order, 600_000, 5);
    assert_eq!(orders(&commands), [(Side::Sell, 5, Some(600_000))]);
    assert_eq!((stage.engine.counters().late_fills, stage.engine.counters().alarms), (1, 0));
}

#[test]
fn a_fill_of_a_stranger_moves_the_money_and_raises_an_alarm() {
    let mut stage = stage();
    stage.strings.target(5, BUY);
    let mut order = placed(&tick(&mut stage));
    order.id = domain::OrderId::new(RunNumber::new(9), 77);
    stage.fill(&order, 600_001, 3);
    assert_eq!((stage.position(), stage.engine.counters().alarms), (3, 1));
}

#[test]
fn an_order_the_venue_forgot_counts_until_there_is_proof() {
    let mut stage = stage();
    stage.strings.target(900, REST);
    let order = placed(&tick(&mut stage));
    stage.strings.withdraw();
    tick(&mut stage);
    stage.answer(order.id, ReportKind::CancelRejected(Refusal::UnknownOrder));
    assert_eq!(stage.engine.open_orders().next().unwrap().status(), OrderStatus::Unknown);
    stage.strings.target(1_000, REST);
    assert!(tick(&mut stage).is_empty(), "it may be one of the orders wanted now");
    let commands = stage.answer(order.id, ReportKind::Cancelled);
    assert_eq!(orders(&commands), [(Side::Buy, 500, Some(600_000))]);
}

#[test]
fn each_strategy_gets_a_snapshot_every_interval_of_event_time() {
    let mut stage = stage();
    let snapshots = |stage: &Stage| {
        let snapshot = |record: &&Record<'_>| matches!(record, Record::StrategySnapshot(_));
        stage.records().iter().filter(snapshot).count()
    };
    stage.wait(Span::from_secs(59)).clock();
    assert_eq!(snapshots(&stage), 0);
    stage.wait(Span::from_secs(1)).clock();
    assert_eq!(snapshots(&stage), 1);
    stage.wait(Span::from_secs(600)).clock();
    assert_eq!(snapshots(&stage), 1, "silence is not made up for");
}

#[test]
fn the_fingerprint_leaves_out_the_run_and_nothing_else() {
    let play = |run: u32, lots: i64, price: i64| {
        let table = instruments([btc_perpetual()]);
        let (strings, strategy) = puppet(&table);
        let config =
            engine::EngineConfig { run: RunNumber::new(run), ..config(RiskConfig::default()) };
        let opening = OpeningAccount::with_cash(money("100000"));
        let mut stage =
            Stage::of(Engine::new(config, table, vec![strategy], opening).unwrap(), strings);
        stage.happens(book(BTC, &[(600_000, 10)], &[(600_001, 10)]));
        stage.strings.target(lots, BUY);
        let order = placed(&tick(&mut stage));
        stage.fill(&order, price, 1);
        stage.engine.commands_sha256()
    };
    let reference = play(1, 5, 600_001);
    assert_eq!(reference.len(), 64);
    assert_eq!(play(2, 5, 600_001), reference);
    assert_ne!(play(1, 6, 600_001), reference);
    assert_ne!(play(1, 5, 600_000), reference);
}

#[test]
fn two_instruments_share_the_value_limit_but_not_the_position_limit() {
    let table = instruments([btc_perpetual(), pepe_spot()]);
    let risk = RiskConfig {
        max_position_size: "1000000".parse().unwrap(),
        max_order_size: "1000000".parse().unwrap(),
        max_notional_exposure: money("1000"),
        ..RiskConfig::default()
    };
    let mut stage = Stage::new(table, risk);
    let pepe = domain::InstrumentId::new(1);
    stage.happens(book(BTC, &[(600_000, 10)], &[(600_001, 10)]));
    stage.happens(book(pepe, &[(100_000, 5_000_000)], &[(100_010, 5_000_000)]));
    stage.strings.target(16, BUY);
    assert_eq!(orders(&tick(&mut stage)).len(), 1, "960 of 1,000");
    stage.strings.target_in(pepe, 100_000, BUY);
    assert!(tick(&mut stage).is_empty(), "100 more is too much");
    assert_eq!(stage.engine.counters().rejected_by(RiskRule::NotionalLimit), 1);
}

#[test]
fn the_summary_names_positions_and_reasons() {
    let mut stage = stage();
    stage.strings.target(5, BUY);
    let order = placed(&tick(&mut stage));
    stage.fill(&order, 600_001, 5);
    let snapshot = stage.engine.snapshot();
    let position = &snapshot.positions[0];
    assert_eq!((position.strategy.as_str(), position.quantity.as_str()), ("puppet", "0.005"));
    assert_eq!(position.instrument, "binance:linear_perpetual:BTCUSDT");
    assert_eq!(snapshot.equity, snapshot.cash + money("300.00025"));
    assert_eq!(snapshot.in_sync.get(&position.instrument), Some(&true));
    let reasons: Vec<_> = snapshot.counters.rejected().map(|(name, _)| name).collect();
    assert_eq!(reasons[..2], ["kill_switch", "position_limit"]);
}

#[test]
fn a_strategy_or_an_account_outside_the_session_is_an_error() {
    let make = |strategies: &dyn Fn(&domain::Instruments) -> Vec<Box<dyn engine::Strategy>>,
                opening| {
        let table = instruments([btc_perpetual()]);
        let strategies = strategies(&table);
        Engine::new(config(RiskConfig::default()), table, strategies, opening).err()
    };
    let one = |table: &domain::Instruments| vec![puppet(table).1];
    let two = |table: &domain::Instruments| vec![puppet(table).1, puppet(table).1];
    let outside =
        |_: &domain::Instruments| vec![puppet(&instruments([btc_perpetual(), pepe_spot()])).1];
    let cash = OpeningAccount::with_cash(money("1"));
    assert!(make(&one, cash.clone()).is_none());
    assert!(matches!(
        make(&two, cash.clone()),
        Some(EngineError::Misplaced { id: 0, place: 1, .. })
    ));
    assert!(matches!(make(&outside, cash.clone()), Some(EngineError::Unknown { .. })));
    let stranger = OpeningPosition {
        strategy: StrategyId::new(3),
        instrument: BTC,
        position: NetLots::new(1),
        cost_basis: money("1"),
        realized_pnl: money("0"),
        fees: money("0"),
        carry: money("0"),
    };
    let opening = OpeningAccount { positions: vec![stranger], ..cash };
    assert!(matches!(make(&one, opening), Some(EngineError::Unknown { .. })));
}

#[test]
fn a_fill_beyond_the_order_or_on_the_wrong_side_is_booked_with_an_alarm() {
    let mut stage = stage();
    stage.strings.target(5, BUY);
    let order = placed(&tick(&mut stage));
    stage.fill(&order, 600_001, 7);
    assert_eq!((stage.position(), stage.engine.counters().alarms), (7, 1));
    let other_side = domain::NewOrder { side: Side::Sell, ..order };
    stage.fill(&other_side, 600_001, 2);
    assert_eq!((stage.position(), stage.engine.counters().alarms), (5, 2));
}

#[test]
fn a_fill_that_cannot_be_counted_stops_trading() {
    let mut stage = stage();
    stage.strings.target(5, BUY);
    let order = placed(&tick(&mut stage));
    stage.fill(&order, i64::MAX, i64::MAX);
    assert!(stage.engine.kill_switch());
    assert_eq!((stage.position(), stage.engine.counters().fills), (0, 0));
    assert!(stage.engine.counters().alarms > 0);
}

#[test]
fn an_engine_can_move_to_another_thread() {
    fn moves<T: Send>(_: &T) {}
    moves(&stage().engine);
}

#[test]
fn aggregated_trades_do_not_count_twice_beside_single_ones() {
    let flow = |single: bool| {
        let mut stage = stage();
        tick(&mut stage);
        tick(&mut stage);
        if single {
            stage.happens(trade(BTC, (600_000, 1), Side::Sell));
        }
        let one = domain::event::Trade {
            id: 1,
            price: domain::Ticks::new(600_001),
            quantity: domain::Lots::new(3),
            aggressor: Side::Buy,
        };
        stage.happens(market(BTC, MarketData::AggregateTrade(one)));
        tick(&mut stage);
        (stage.strings.seen().trade_flow() > 0.0, stage.engine.counters().trades)
    };
    assert_eq!(flow(false), (true, 1), "alone they are the trades");
    assert_eq!(flow(true), (false, 2), "beside single ones they are only counted");
}

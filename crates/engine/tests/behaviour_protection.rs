//! Stops and targets: standing orders that close a position without asking the strategy.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use domain::{
    AccountEventKind, Control, MarketData, NetLots, NewOrder, OrderType, PositionEffect, Rate,
    Refusal, ReportKind, Side, Span,
    event::{BookLoss, Split},
};
use engine::{Command, OrderStyle, PriceSource, Protection, RiskConfig};
use support::{BTC, PUPPET, Stage, bar, bar_event, cancels, money, placed};
use testkit::{
    events::{book, control, lost, market},
    instruments::{btc_perpetual, instruments},
};

fn stage() -> Stage {
    with(RiskConfig::default())
}

fn with(risk: RiskConfig) -> Stage {
    let mut stage = Stage::new(instruments([btc_perpetual()]), risk);
    stage.happens(book(BTC, &[(600_000, 50)], &[(600_001, 50)]));
    stage
}

/// Every order placed by these commands.
fn all_placed(commands: &[Command]) -> Vec<NewOrder> {
    let order = |command: &Command| match command {
        Command::Place(order) => Some(order.get()),
        Command::Cancel { .. } => None,
    };
    commands.iter().filter_map(order).collect()
}

/// Type, side, quantity and price of what stands.
fn standing(commands: &[Command]) -> Vec<(OrderType, Side, i64, i64)> {
    let shape = |order: NewOrder| {
        assert_eq!(order.effect, PositionEffect::ReduceOnly);
        let price = order.trigger.or(order.limit).unwrap();
        (order.order_type, order.side, order.quantity.get(), price.get())
    };
    all_placed(commands).into_iter().map(shape).collect()
}

/// A long of so many lots with a stop and a target, whose orders come back.
fn protected_long(stage: &mut Stage, lots: i64) -> (NewOrder, NewOrder) {
    stage.strings.protect(Some(590_000), Some(620_000));
    let commands = stage.hold(lots, 600_001);
    let [stop, target] = all_placed(&commands)[..] else { panic!("{commands:?}") };
    for order in [stop, target] {
        stage.answer(order.id, ReportKind::Accepted);
    }
    (stop, target)
}

#[test]
fn a_fill_is_protected_at_once_by_a_stop_and_a_target_of_its_size() {
    let mut stage = stage();
    stage.strings.protect(Some(590_000), Some(620_000));
    stage.strings.target(100, OrderStyle::AGGRESSIVE);
    let entry = placed(&stage.clock());
    let commands = stage.fill(&entry, 600_001, 40);
    let expected =
        [(OrderType::Stop, Side::Sell, 40, 590_000), (OrderType::Limit, Side::Sell, 40, 620_000)];
    assert_eq!(standing(&commands), expected);
    assert!(stage.clock().is_empty(), "they do not count as pending, nor does anything repeat");
    assert_eq!(stage.engine.counters().orders, 3);
}

#[test]
fn a_short_is_protected_by_buying() {
    let mut stage = stage();
    stage.strings.protect(Some(610_000), None);
    let commands = stage.hold(-100, 600_000);
    assert_eq!(standing(&commands), [(OrderType::Stop, Side::Buy, 100, 610_000)]);
}

#[test]
fn what_protects_follows_the_position_the_new_order_before_the_old_one_goes() {
    let mut stage = stage();
    stage.strings.protect(Some(590_000), None);
    stage.strings.target(100, OrderStyle::AGGRESSIVE);
    let entry = placed(&stage.clock());
    let first = placed(&stage.fill(&entry, 600_001, 40));
    let commands = stage.fill(&entry, 600_001, 30);
    assert!(matches!(commands[..], [Command::Place(_), Command::Cancel { .. }]), "{commands:?}");
    assert_eq!(standing(&commands), [(OrderType::Stop, Side::Sell, 70, 590_000)]);
    assert_eq!(cancels(&commands), [first.id.counter()]);

    let waiting = stage.fill(&entry, 600_001, 30);
    assert!(waiting.is_empty(), "while one is being replaced no third is added");
    let commands = stage.answer(first.id, ReportKind::Cancelled);
    assert_eq!(standing(&commands), [(OrderType::Stop, Side::Sell, 100, 590_000)]);
}

#[test]
fn a_trailing_stop_replaces_its_order_only_when_the_trigger_moves_by_a_tick() {
    let mut stage = stage();
    let (stop, _) = protected_long(&mut stage, 100);
    stage.strings.protect(Some(590_000), Some(620_000));
    assert!(stage.clock().is_empty());
    stage.strings.protect(Some(590_001), Some(620_000));
    let commands = stage.clock();
    assert_eq!(standing(&commands), [(OrderType::Stop, Side::Sell, 100, 590_001)]);
    assert_eq!(cancels(&commands), [stop.id.counter()]);
}

#[test]
fn a_stop_that_fills_withdraws_the_target_and_is_not_bought_back() {
    let mut stage = stage();
    let (stop, target) = protected_long(&mut stage, 100);
    let commands = stage.fill(&stop, 589_900, 100);
    assert_eq!(cancels(&commands), [target.id.counter()]);
    assert!(all_placed(&commands).is_empty(), "the old wish is over");
    assert!(stage.answer(target.id, ReportKind::Cancelled).is_empty());
    assert!(stage.clock().is_empty());
    assert_eq!((stage.position(), stage.engine.open_orders().count()), (0, 0));
    assert_eq!(standing(&stage.wait(Span::from_secs(1)).clock()), []);

    let bought = stage.hold(50, 600_001);
    assert!(bought.is_empty(), "the protection ended with its position");
}

#[test]
fn a_target_that_fills_in_part_leaves_a_smaller_stop_and_withdraws_the_rest_of_the_entry() {
    let mut stage = stage();
    stage.strings.protect(Some(590_000), Some(620_000));
    stage.strings.target(100, OrderStyle::PASSIVE);
    let entry = placed(&stage.clock());
    stage.answer(entry.id, ReportKind::Accepted);
    let [stop, target] = all_placed(&stage.fill(&entry, 600_000, 60))[..] else { panic!() };
    let commands = stage.fill(&target, 620_000, 20);
    assert_eq!(standing(&commands), [(OrderType::Stop, Side::Sell, 40, 590_000)]);
    assert_eq!(cancels(&commands), [entry.id.counter(), stop.id.counter()]);
    assert!(stage.engine.open_orders().any(|open| open.id() == target.id), "the rest still fits");
}

#[test]
fn an_exit_goes_first_may_only_reduce_and_what_protected_is_withdrawn_when_flat() {
    let mut stage = stage();
    let (stop, target) = protected_long(&mut stage, 100);
    stage.strings.target(0, OrderStyle::MARKET);
    let exit = placed(&stage.clock());
    let shape = (exit.side, exit.quantity.get(), exit.effect);
    assert_eq!(shape, (Side::Sell, 100, PositionEffect::ReduceOnly));
    let commands = stage.fill(&exit, 600_000, 100);
    assert_eq!(cancels(&commands), [stop.id.counter(), target.id.counter()]);
}

#[test]
fn without_a_protection_an_exit_is_an_order_like_any_other() {
    let mut stage = stage();
    stage.hold(100, 600_001);
    stage.strings.target(0, OrderStyle::MARKET);
    assert_eq!(placed(&stage.clock()).effect, PositionEffect::Any);
}

#[test]
fn a_turn_is_protected_for_the_side_that_is_wished_for() {
    let mut stage = stage();
    let (stop, target) = protected_long(&mut stage, 100);
    stage.strings.protect(Some(610_000), None);
    stage.strings.target(-100, OrderStyle::MARKET);
    let commands = stage.clock();
    let exit = all_placed(&commands)[0];
    assert_eq!(cancels(&commands), [stop.id.counter(), target.id.counter()]);
    let entry = placed(&stage.fill(&exit, 600_000, 100));
    assert_eq!((entry.side, entry.effect), (Side::Sell, PositionEffect::Any));
    let commands = stage.fill(&entry, 600_000, 100);
    assert_eq!(standing(&commands), [(OrderType::Stop, Side::Buy, 100, 610_000)]);
}

#[test]
fn a_protection_may_be_taken_back_and_one_for_nothing_is_forgotten() {
    let mut stage = stage();
    let (stop, target) = protected_long(&mut stage, 100);
    stage.strings.protect(None, None);
    assert_eq!(cancels(&stage.clock()), [stop.id.counter(), target.id.counter()]);

    let mut idle = with(RiskConfig::default());
    idle.strings.protect(Some(590_000), None);
    idle.clock();
    assert!(idle.hold(100, 600_001).is_empty(), "nothing was held or wished for then");
    assert_eq!(Protection::NONE, Protection::default());
}

#[test]
fn no_limit_keeps_a_position_from_being_protected() {
    let risk = RiskConfig {
        max_order_size: "0.05".parse().unwrap(),
        max_position_size: "0.1".parse().unwrap(),
        max_notional_exposure: money("6001"),
        max_open_orders: 1,
        ..RiskConfig::default()
    };
    let mut stage = with(risk);
    stage.strings.protect(Some(300_000), Some(900_000));
    stage.strings.target(100, OrderStyle::AGGRESSIVE);
    let first = placed(&stage.clock());
    assert_eq!(first.quantity.get(), 50);
    let commands = stage.fill(&first, 600_001, 50);
    let [second, stop, target] = all_placed(&commands)[..] else { panic!("{commands:?}") };
    assert_eq!((second.quantity.get(), stop.quantity.get()), (50, 50), "far outside the collar");
    let commands = stage.fill(&second, 600_001, 50);
    let larger =
        [(OrderType::Stop, Side::Sell, 100, 300_000), (OrderType::Limit, Side::Sell, 100, 900_000)];
    assert_eq!(standing(&commands), larger, "larger than an order may be");
    assert_eq!(cancels(&commands), [stop.id.counter(), target.id.counter()]);
    assert_eq!(stage.engine.counters().rejected_total(), 0);
    assert_eq!(stage.engine.open_orders().count(), 4, "beyond the open orders");
}

#[test]
fn what_protects_takes_nothing_from_the_limits_of_wishes() {
    let risk = RiskConfig { max_notional_exposure: money("12100"), ..RiskConfig::default() };
    let mut stage = with(risk);
    protected_long(&mut stage, 100);
    stage.strings.target(200, OrderStyle::AGGRESSIVE);
    assert_eq!(placed(&stage.clock()).quantity.get(), 100);
}

#[test]
fn the_order_rate_delays_a_stop_and_does_not_drop_it() {
    let risk = RiskConfig { max_orders_per_second: 2, ..RiskConfig::default() };
    let mut stage = with(risk);
    stage.strings.protect(Some(590_000), Some(620_000));
    let commands = stage.hold(100, 600_001);
    assert_eq!(standing(&commands), [(OrderType::Stop, Side::Sell, 100, 590_000)]);
    assert!(stage.wait(Span::from_millis(999)).clock().is_empty());
    let commands = stage.wait(Span::from_millis(1)).clock();
    assert_eq!(standing(&commands), [(OrderType::Limit, Side::Sell, 100, 620_000)]);
}

#[test]
fn a_protection_that_the_venue_refuses_is_tried_again_after_a_pause() {
    let mut stage = stage();
    stage.strings.protect(Some(590_000), None);
    let stop = placed(&stage.hold(100, 600_001));
    let refused = ReportKind::Rejected(Refusal::NothingToReduce);
    assert!(stage.answer(stop.id, refused).is_empty());
    assert!(stage.wait(Span::from_millis(500)).clock().is_empty());
    let again = placed(&stage.wait(Span::from_millis(500)).clock());
    let ended = ReportKind::Expired(Refusal::NothingToReduce);
    assert!(stage.answer(again.id, ended).is_empty(), "and twice as long after the next");
    assert!(stage.wait(Span::from_millis(999)).clock().is_empty());
}

#[test]
fn the_kill_switch_withdraws_and_forgets_protections_like_everything() {
    let mut stage = stage();
    let (stop, target) = protected_long(&mut stage, 100);
    let commands = stage.happens(control(Control::Kill));
    assert_eq!(cancels(&commands), [stop.id.counter(), target.id.counter()]);
    stage.strings.protect(Some(590_000), None);
    assert!(stage.clock().is_empty());
    for id in [stop.id, target.id] {
        stage.answer(id, ReportKind::Cancelled);
    }
    stage.happens(control(Control::Resume));
    assert!(stage.clock().is_empty(), "a strategy has to ask for it again");
}

#[test]
fn a_lost_market_withdraws_wishes_and_leaves_what_protects() {
    let mut stage = stage();
    protected_long(&mut stage, 100);
    stage.strings.target(200, OrderStyle::PASSIVE);
    let more = placed(&stage.clock());
    assert_eq!(cancels(&stage.happens(lost(BTC, BookLoss::Gap))), [more.id.counter()]);
    stage.strings.withdraw();
    assert!(cancels(&stage.clock()).is_empty(), "nor does forgetting a wish withdraw it");
    assert_eq!(stage.engine.open_orders().count(), 3);
}

#[test]
fn a_stop_moves_with_a_split_whoever_tells_of_it_first() {
    let split = || {
        let ratio = Rate::new("2".parse().unwrap());
        market(BTC, MarketData::Split(Split { ratio }))
    };
    for account_first in [true, false] {
        let mut stage = Stage::priced(instruments([btc_perpetual()]), PriceSource::Bars, None);
        stage.happens(bar_event(bar((0, 60), [600_000; 4])));
        let (stop, _) = protected_long(&mut stage, 100);
        let changed = AccountEventKind::Split { position: NetLots::new(200) };
        let mut commands = Vec::new();
        if account_first {
            let early = stage.account("0", changed);
            assert!(early.is_empty(), "nothing is placed at prices in old units: {early:?}");
            commands.extend(stage.happens(split()));
        } else {
            commands.extend(stage.happens(split()));
            commands.extend(stage.account("0", changed));
        }
        if !account_first {
            let [stop, target] = [0, 1].map(|place| cancels(&commands)[place]);
            for counter in [stop, target] {
                let run = domain::RunNumber::FIRST;
                let id = domain::OrderId::new(run, counter);
                commands.extend(stage.answer(id, ReportKind::Cancelled));
            }
        }
        let stands: Vec<_> = standing(&commands).into_iter().rev().take(2).collect();
        let expected = [
            (OrderType::Limit, Side::Sell, 200, 310_000),
            (OrderType::Stop, Side::Sell, 200, 295_000),
        ];
        assert_eq!(stands, expected, "account first: {account_first}");
        assert!(cancels(&commands).contains(&stop.id.counter()));
    }
}

#[test]
fn a_liquidation_ends_the_wish_and_the_protection() {
    let mut stage = stage();
    let (stop, target) = protected_long(&mut stage, 100);
    let forced = NewOrder { id: domain::OrderId::new(domain::RunNumber::FIRST, 999), ..stop };
    let fill = domain::Fill {
        trade: domain::TradeId::new(domain::RunNumber::FIRST, 77),
        ..stage.fill_of(&forced, 550_000, 100)
    };
    let commands = stage.account("0", AccountEventKind::Liquidation { fill });
    assert_eq!(cancels(&commands), [stop.id.counter(), target.id.counter()]);
    assert!(all_placed(&commands).is_empty());
    let position = stage.engine.portfolio().position(PUPPET, BTC);
    assert_eq!(position.realized_pnl, money("-500.01"));
    assert_eq!(stage.engine.counters().fills, 2);
    stage.account("0", AccountEventKind::Liquidation { fill });
    assert_eq!(stage.engine.counters().duplicate_fills, 1);
    assert_eq!(stage.position(), 0);
}

//! What a venue does to an account by its own rules, and the money that never gets lost.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use domain::{
    AccountEventKind, MarketData, NetLots, Rate, Record, Side, StrategyId,
    event::{AccountEvent, Dividend, Split},
};
use engine::{OpeningAccount, OpeningPosition, OrderStyle, PriceSource, RiskConfig};
use proptest::prelude::*;
use support::{BTC, PUPPET, Stage, bar, bar_event, money, orders, placed};
use testkit::{
    events::{book, market},
    instruments::{btc_perpetual, instruments},
};

fn stage() -> Stage {
    let mut stage = Stage::new(instruments([btc_perpetual()]), RiskConfig::default());
    stage.happens(book(BTC, &[(600_000, 50)], &[(600_000 + 2, 50)]));
    stage
}

/// Cash and cost are what came in, what was earned, what was carried and what was paid.
fn identity(stage: &Stage) {
    let portfolio = stage.engine.portfolio();
    let cost = portfolio.position(PUPPET, BTC).cost_basis;
    let sums = portfolio.realized_pnl() + portfolio.carry() - portfolio.fees();
    assert_eq!(portfolio.cash() + cost, money("100000") + sums);
}

#[test]
fn funding_interest_and_dividends_are_carry_and_cash() {
    let mut stage = stage();
    stage.hold(100, 600_001);
    let cash = stage.engine.portfolio().cash();
    for (amount, kind) in [
        ("-1.5", AccountEventKind::Funding),
        ("-0.25", AccountEventKind::Borrow),
        ("3", AccountEventKind::Dividend),
    ] {
        stage.account(amount, kind);
        let Some(Record::Account(account)) = stage.records().first().cloned() else { panic!() };
        let portfolio = stage.engine.portfolio();
        assert_eq!((account.carry, account.cash), (portfolio.carry(), portfolio.cash()));
        identity(&stage);
    }
    let portfolio = stage.engine.portfolio();
    assert_eq!((portfolio.carry(), portfolio.cash()), (money("1.25"), cash + money("1.25")));
    assert_eq!((portfolio.realized_pnl(), portfolio.fees()), (money("0"), money("0.01")));
    let counters = stage.engine.counters();
    assert_eq!((counters.account_events, counters.alarms), (3, 0));
    let time = stage.tape.now();
    assert_eq!(stage.engine.strategy_snapshot(PUPPET, time).carry, money("1.25"));
    assert_eq!(stage.engine.snapshot().positions[0].carry, money("1.25"));
}

#[test]
fn a_strategy_hears_of_its_account_after_it_was_booked() {
    let mut stage = stage();
    stage.hold(100, 600_001);
    stage.strings.glimpses();
    stage.account("5", AccountEventKind::Funding);
    let seen = stage.strings.glimpses();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].cash, stage.engine.portfolio().cash());
    assert_eq!(seen[0].equity, stage.engine.portfolio().equity());
}

#[test]
fn a_split_keeps_the_cost_and_drops_wishes_and_orders_in_old_units() {
    let mut stage = stage();
    stage.hold(101, 600_000);
    stage.strings.target(150, OrderStyle::PASSIVE);
    let resting = placed(&stage.clock());
    let kind = AccountEventKind::Split { position: NetLots::new(151) };
    let commands = stage.account("30", kind);
    assert_eq!(support::cancels(&commands), [resting.id.counter()]);
    assert!(orders(&commands).is_empty());
    let position = *stage.engine.portfolio().position(PUPPET, BTC);
    assert_eq!((position.quantity.get(), position.carry), (151, money("30")));
    assert_eq!(position.cost_basis, money("6060"));
    assert_eq!(stage.engine.portfolio().net(BTC).get(), 151);
    identity(&stage);
    stage.answer(resting.id, domain::ReportKind::Cancelled);
    assert!(stage.clock().is_empty(), "150 of the old ones are not wished for any more");
}

#[test]
fn a_merger_that_leaves_nothing_closes_the_position_at_its_cost() {
    let mut stage = stage();
    stage.hold(10, 600_000);
    stage.account("590", AccountEventKind::Split { position: NetLots::ZERO });
    let position = *stage.engine.portfolio().position(PUPPET, BTC);
    assert_eq!((position.quantity, position.cost_basis), (NetLots::ZERO, money("0")));
    assert_eq!((position.realized_pnl, position.carry), (money("-600"), money("590")));
    assert_eq!(stage.engine.portfolio().equity(), money("99989.99"));
    identity(&stage);
}

#[test]
fn equity_goes_on_without_a_jump_over_splits_and_dividends() {
    let mut stage = Stage::priced(instruments([btc_perpetual()]), PriceSource::Bars, None);
    stage.happens(bar_event(bar((0, 60), [600_000; 4])));
    stage.hold(100, 600_000);
    let equity = money("99999.99");
    let holds = |stage: &Stage, when: &str| {
        let portfolio = stage.engine.portfolio();
        assert_eq!(
            (portfolio.equity(), portfolio.max_drawdown()),
            (equity, money("0.01")),
            "{when}"
        );
        let account = portfolio.account(PUPPET, stage.engine.instruments());
        let profit = account.unrealized_pnl + account.realized_pnl + account.carry - account.fees;
        assert_eq!(profit, money("-0.01"), "{when}");
    };
    stage.account("0", AccountEventKind::Split { position: NetLots::new(400) });
    holds(&stage, "booked");
    let ratio = Rate::new("4".parse().unwrap());
    stage.happens(market(BTC, MarketData::Split(Split { ratio })));
    holds(&stage, "told");
    stage.happens(bar_event(bar((60, 120), [150_000; 4])));
    holds(&stage, "traded");

    // A tenth of the price is paid out, on 0.4 bitcoin.
    stage.account("600", AccountEventKind::Dividend);
    holds(&stage, "paid");
    let per_unit = money("1500");
    stage.happens(market(BTC, MarketData::Dividend(Dividend { per_unit })));
    holds(&stage, "without dividend");
    stage.happens(bar_event(bar((120, 180), [135_000; 4])));
    holds(&stage, "traded without");
}

#[test]
fn events_that_nobody_can_book_stop_the_trading() {
    let mut stage = stage();
    let (instrument, time, amount) = (BTC, stage.tape.now(), money("1"));
    let kind = AccountEventKind::Funding;
    let strategy = StrategyId::new(9);
    let event = AccountEvent { strategy, instrument, time, amount, kind };
    stage.happens(domain::Event::Account(event));
    assert!(stage.engine.kill_switch());
    assert_eq!(stage.engine.counters().alarms, 1);
    let cash = stage.engine.portfolio().cash();
    stage.account("170141183460469231731", AccountEventKind::Funding);
    assert_eq!((stage.engine.portfolio().cash(), stage.engine.counters().alarms), (cash, 2));
}

#[test]
fn account_events_are_part_of_the_fingerprint() {
    let digest = |amounts: &[&str], kind| {
        let mut stage = stage();
        for amount in amounts {
            stage.account(amount, kind);
        }
        stage.engine.commands_sha256()
    };
    let funding = digest(&["1"], AccountEventKind::Funding);
    assert_eq!(funding, digest(&["1"], AccountEventKind::Funding));
    assert_ne!(funding, digest(&["2"], AccountEventKind::Funding));
    assert_ne!(funding, digest(&["1"], AccountEventKind::Borrow));
    assert_ne!(funding, digest(&[], AccountEventKind::Borrow));
    let split = |position| AccountEventKind::Split { position: NetLots::new(position) };
    assert_ne!(digest(&["0"], split(1)), digest(&["0"], split(2)));
}

#[test]
fn carry_of_an_earlier_session_goes_on() {
    let carried = OpeningPosition {
        strategy: PUPPET,
        instrument: BTC,
        position: NetLots::new(100),
        cost_basis: money("6000"),
        realized_pnl: money("0"),
        fees: money("0"),
        carry: money("-7"),
    };
    let opening =
        OpeningAccount { positions: vec![carried], ..OpeningAccount::with_cash(money("94000")) };
    let mut stage = Stage::opening(instruments([btc_perpetual()]), RiskConfig::default(), opening);
    stage.account("-1", AccountEventKind::Borrow);
    assert_eq!(stage.engine.portfolio().carry(), money("-8"));
}

/// One step of a random life of one account.
#[derive(Clone, Copy, Debug)]
enum Step {
    Hold { lots: i64, price: i64 },
    Pay { kind: u8, amount: i64 },
    Split { numerator: i64, denominator: i64, amount: i64 },
    Liquidate { share: i64, price: i64 },
    Bar { close: i64 },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (-400_i64..400, 500_000_i64..700_000).prop_map(|(lots, price)| Step::Hold { lots, price }),
        3 => (0_u8..3, -1_000_000_i64..1_000_000).prop_map(|(kind, amount)| Step::Pay { kind, amount }),
        1 => (1_i64..5, 1_i64..5, -100_i64..100)
            .prop_map(|(numerator, denominator, amount)| Step::Split { numerator, denominator, amount }),
        1 => (1_i64..4, 500_000_i64..700_000).prop_map(|(share, price)| Step::Liquidate { share, price }),
        3 => (500_000_i64..700_000).prop_map(|close| Step::Bar { close }),
    ]
}

fn live(stage: &mut Stage, step: Step) {
    let held = stage.position();
    stage.wait(domain::Span::from_secs(60));
    match step {
        Step::Hold { lots, price } => {
            stage.strings.target(lots, OrderStyle::MARKET);
            let commands = stage.clock();
            for command in commands {
                let engine::Command::Place(order) = command else { continue };
                let order = order.get();
                stage.fill(&order, price, order.quantity.get());
            }
        }
        Step::Pay { kind, amount } => {
            let kinds =
                [AccountEventKind::Funding, AccountEventKind::Borrow, AccountEventKind::Dividend];
            stage.account(&amount.to_string(), kinds[usize::from(kind)]);
        }
        Step::Split { numerator, denominator, amount } => {
            let position = NetLots::new(held * numerator / denominator);
            stage.account(&amount.to_string(), AccountEventKind::Split { position });
            let ratio = rust_decimal::Decimal::new(numerator, 0)
                / rust_decimal::Decimal::new(denominator, 0);
            stage.happens(market(BTC, MarketData::Split(Split { ratio: Rate::new(ratio) })));
        }
        Step::Liquidate { share, price } => {
            let quantity = held.abs() / share;
            if quantity > 0 {
                let side = if held > 0 { Side::Sell } else { Side::Buy };
                stage.liquidate(side, price, quantity);
            }
        }
        Step::Bar { close } => {
            stage.happens(bar_event(bar((0, 60), [close; 4])));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_at_every_event_whatever_the_venue_does(
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        let mut stage = Stage::priced(instruments([btc_perpetual()]), PriceSource::Bars, None);
        stage.happens(bar_event(bar((0, 60), [600_000; 4])));
        for step in steps {
            live(&mut stage, step);
            let portfolio = stage.engine.portfolio();
            let position = portfolio.position(PUPPET, BTC);
            let sums = portfolio.realized_pnl() + portfolio.carry() - portfolio.fees();
            prop_assert_eq!(portfolio.cash() + position.cost_basis, money("100000") + sums);
            prop_assert_eq!(
                portfolio.equity(),
                money("100000") + sums + portfolio.unrealized_pnl()
            );
            let account = portfolio.account(PUPPET, stage.engine.instruments());
            prop_assert_eq!(account.unrealized_pnl, portfolio.unrealized_pnl());
            prop_assert_eq!(portfolio.net(BTC), position.quantity);
            prop_assert!(!position.quantity.is_zero() || position.cost_basis == money("0"));
            prop_assert_eq!(stage.engine.counters().alarms, 0);
        }
    }
}

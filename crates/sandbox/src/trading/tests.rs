//! Laws of the back office: nothing is lost or made, books do not cross, positions add up.

use std::collections::BTreeMap;

use domain::{InstrumentId, Instruments, Market, Side, Span, Timestamp};
use proptest::prelude::{Strategy as _, prop, prop_assert, prop_assert_eq, proptest};
use rust_decimal::Decimal;

use super::{
    Exchange, State,
    account::{Account, Balance, Position},
    margin,
    order::Ticket,
    words::{Force, SelfTrade, Type, Working},
};
use crate::{
    config::default_instruments,
    market::Nobody,
    simulated::{Simulation, SimulationConfig},
};

fn exchange(seed: u64) -> Exchange {
    exchange_at(seed, 1_700_000_000_000)
}

fn exchange_at(seed: u64, start: i64) -> Exchange {
    let instruments = Instruments::new(default_instruments()).unwrap();
    let start = Timestamp::from_millis(start);
    let market = Simulation::new(SimulationConfig { seed, rate: 100, start }, &instruments);
    let free = |amount: i64| Balance { free: Decimal::from(amount), locked: Decimal::ZERO };
    let account = || Account {
        spot: [("USDT".into(), free(1_000_000)), ("BTC".into(), free(20))].into(),
        wallets: [("USDT".into(), Decimal::from(50_000))].into(),
        ..Account::default()
    };
    let state = State { accounts: vec![account(), account()], ..State::default() };
    Exchange::new(instruments, Box::new(market), state)
}

/// What everybody has together, by asset.
fn total(exchange: &Exchange) -> BTreeMap<String, Decimal> {
    let mut sum = exchange.state.house.clone();
    for account in &exchange.state.accounts {
        for (asset, balance) in &account.spot {
            *sum.entry(asset.clone()).or_default() += balance.free + balance.locked;
        }
        for (asset, wallet) in &account.wallets {
            *sum.entry(asset.clone()).or_default() += wallet;
        }
    }
    sum.retain(|_, amount| !amount.is_zero());
    sum
}

#[derive(Clone, Debug)]
struct Step {
    account: usize,
    futures: bool,
    buys: bool,
    /// Ticks of a dollar from the middle, positive for worse than it.
    away: i64,
    hundredths: i64,
    kind: u8,
    millis: i64,
}

fn step() -> impl proptest::strategy::Strategy<Value = Step> {
    (0_usize..2, prop::bool::ANY, prop::bool::ANY, -30_i64..60, 1_i64..60, 0_u8..9, 0_i64..900)
        .prop_map(|(account, futures, buys, away, hundredths, kind, millis)| Step {
            account,
            futures,
            buys,
            away,
            hundredths,
            kind,
            millis,
        })
}

fn ticket(exchange: &Exchange, step: &Step, id: InstrumentId, market: Market) -> Ticket {
    let middle = exchange.reference(id).unwrap().round();
    let side = if step.buys { Side::Buy } else { Side::Sell };
    let away = Decimal::from(if step.buys { -step.away } else { step.away });
    let (kind, force) = match step.kind {
        0 => (Type::Market, Force::Ioc),
        1 => (Type::Limit, Force::Ioc),
        2 => (Type::Limit, Force::Fok),
        _ => (Type::Limit, Force::Gtc),
    };
    let modes = [
        SelfTrade::None,
        SelfTrade::ExpireMaker,
        SelfTrade::ExpireTaker,
        SelfTrade::ExpireBoth,
        SelfTrade::Decrement,
    ];
    Ticket {
        account: step.account,
        instrument: id,
        market,
        client_id: String::new(),
        side,
        kind,
        force,
        quantity: Decimal::new(step.hundredths, 2),
        quote_quantity: Decimal::ZERO,
        price: if kind == Type::Market { Decimal::ZERO } else { middle + away },
        stop_price: Decimal::ZERO,
        self_trade: modes[usize::from(step.kind) % modes.len()],
        reduce_only: market != Market::Spot && step.kind == 4,
        close_position: false,
        good_till: 0,
        working: Working::Contract,
        original: kind,
    }
}

fn is_sound(exchange: &Exchange) {
    for account in &exchange.state.accounts {
        for (asset, balance) in &account.spot {
            assert!(balance.free >= Decimal::ZERO, "{asset} {balance:?}");
            assert!(balance.locked >= Decimal::ZERO, "{asset} {balance:?}");
        }
    }
    for instrument in exchange.instruments.iter() {
        let price = |side| exchange.floor.front(instrument.id(), side).map(|offer| offer.price);
        if let (Some(bid), Some(ask)) = (price(Side::Buy), price(Side::Sell)) {
            assert!(bid < ask, "crossed {instrument}");
        }
    }
    let mut locked = BTreeMap::<(usize, String), Decimal>::new();
    for order in exchange.state.orders.values() {
        assert!(order.executed <= order.ticket.quantity, "{order:?}");
        assert!(order.status.is_open() == exchange.open.contains(&order.id), "{order:?}");
        if order.ticket.market == Market::Spot {
            let spec = exchange.instruments.get(order.ticket.instrument).spec();
            let asset = if order.ticket.side == Side::Buy { &spec.quote } else { &spec.base };
            *locked.entry((order.ticket.account, asset.clone())).or_default() += order.locked;
        }
    }
    for ((account, asset), sum) in locked {
        assert_eq!(exchange.state.accounts[account].spot[&asset].locked, sum, "{asset}");
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_traded_nothing_is_lost_or_made_and_no_book_crosses(
        seed in 0_u64..1_000,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut exchange = exchange(seed);
        let before = total(&exchange);
        let (mut elapsed, mut outlet) = (0, Nobody);
        for step in steps {
            elapsed += step.millis;
            exchange.run_until(Span::from_millis(elapsed), &mut outlet);
            let market = if step.futures { Market::LinearPerpetual } else { Market::Spot };
            let id = exchange.instruments.find("binance", market, "BTCUSDT").unwrap().id();
            if step.kind == 8 {
                for order in exchange.open_orders(step.account, market, Some(id)) {
                    exchange.cancel(order, None, &mut outlet).unwrap();
                }
            } else {
                let ticket = ticket(&exchange, &step, id, market);
                // A refused order must leave no trace either.
                let _ = exchange.place(ticket, &mut outlet);
            }
            is_sound(&exchange);
            prop_assert_eq!(&total(&exchange), &before);
        }
    }

    #[test]
    fn profit_and_cost_of_a_position_are_exact_however_it_is_traded(
        trades in prop::collection::vec((-50_i64..50, 1_i64..100_000), 1..40),
    ) {
        let mut position = Position::default();
        let (mut paid, mut realized) = (Decimal::ZERO, Decimal::ZERO);
        for (lots, cents) in trades {
            let (signed, price) = (Decimal::new(lots, 3), Decimal::new(cents, 2));
            if signed.is_zero() {
                continue;
            }
            paid += signed * price;
            realized += position.trade(signed, price);
        }
        // What was paid in sum is what the position cost less what was realised.
        prop_assert_eq!(paid, position.cost - realized);
        prop_assert!(!position.amount.is_zero() || position.cost.is_zero());
    }

    #[test]
    fn maintenance_margin_grows_without_steps(cents in 0_i64..20_000_000_000, more in 1_i64..100_000) {
        let (value, more) = (Decimal::new(cents, 2), Decimal::new(more, 2));
        let (here, there) = (margin::maintenance(value), margin::maintenance(value + more));
        prop_assert!(there > here && there - here <= more);
    }
}

/// Runs until an order of an account has been placed on USD-M.
fn open_position(
    exchange: &mut Exchange,
    buys: bool,
    quantity: Decimal,
    leverage: u32,
) -> InstrumentId {
    let id = exchange.instruments.find("binance", Market::LinearPerpetual, "BTCUSDT").unwrap().id();
    let position = exchange.state.accounts[0].positions.entry(id).or_default();
    position.leverage = leverage;
    let step = Step { account: 0, futures: true, buys, away: 0, hundredths: 1, kind: 0, millis: 0 };
    let ticket = Ticket { quantity, ..ticket(exchange, &step, id, Market::LinearPerpetual) };
    exchange.place(ticket, &mut Nobody).unwrap();
    id
}

#[test]
fn funding_moves_money_from_longs_when_the_rate_is_positive() {
    // Five seconds before the venue settles by itself.
    let mut exchange = exchange_at(3, 59_028 * 28_800_000 - 5_000);
    let id = open_position(&mut exchange, true, Decimal::ONE, 20);
    let (before, wallet) = (total(&exchange), exchange.state.accounts[0].wallet("USDT"));
    let mark = exchange.mark(id);
    exchange.pay_funding(id, Decimal::new(1, 4));
    let paid = wallet - exchange.state.accounts[0].wallet("USDT");
    assert_eq!(paid, super::account::cut(mark * Decimal::new(1, 4)));
    assert_eq!(total(&exchange), before);
    exchange.run_until(Span::from_secs(10), &mut Nobody);
    let settled = exchange.state.incomes.iter().filter(|one| one.kind.text() == "FUNDING_FEE");
    assert_eq!(settled.count(), 2);
}

#[test]
fn a_position_the_wallet_cannot_carry_is_liquidated_and_the_wallet_ends_at_zero_or_above() {
    let mut exchange = exchange(5);
    // 50,000 of margin carry about six million at a leverage of 125.
    exchange.state.accounts[0].wallets.insert("USDT".into(), Decimal::from(2_000));
    let before = total(&exchange);
    let id = open_position(&mut exchange, true, Decimal::new(37, 1), 125);
    let price = exchange.liquidation_price(0, id);
    let mark = exchange.mark(id);
    assert!(price < mark && price > mark * Decimal::new(98, 2), "{price} {mark}");
    for second in 1..3_600 {
        exchange.run_until(Span::from_secs(second), &mut Nobody);
        if exchange.state.accounts[0].positions[&id].amount.is_zero() {
            break;
        }
    }
    assert!(
        exchange.state.accounts[0].positions[&id].amount.is_zero(),
        "an hour without a move of 0.2 %"
    );
    let forced = exchange.state.orders.values().last().unwrap();
    assert!(forced.ticket.client_id.starts_with("autoclose-"));
    assert!(exchange.state.accounts[0].wallet("USDT") >= Decimal::ZERO);
    assert_eq!(total(&exchange), before);
}

#[test]
fn the_same_seed_gives_the_same_history_whatever_the_steps_of_time() {
    let history = |millis: usize| {
        let mut exchange = exchange(9);
        open_position(&mut exchange, false, Decimal::new(5, 1), 10);
        for now in (0..=20_000_i64).step_by(millis) {
            exchange.run_until(Span::from_millis(now), &mut Nobody);
        }
        serde_json::to_string(&exchange.state).unwrap()
    };
    assert_eq!(history(100), history(5_000));
}

#[test]
fn old_history_is_forgotten_and_open_orders_are_not() {
    let mut exchange = exchange(4);
    let id = exchange.instruments.find("binance", Market::Spot, "BTCUSDT").unwrap().id();
    let step = Step {
        account: 0,
        futures: false,
        buys: true,
        away: 3_000,
        hundredths: 1,
        kind: 5,
        millis: 0,
    };
    let place = |exchange: &mut Exchange| {
        let ticket = ticket(exchange, &step, id, Market::Spot);
        exchange.place(ticket, &mut Nobody).unwrap()
    };
    let kept = place(&mut exchange);
    let closed: Vec<u64> = (0..30).map(|_| place(&mut exchange)).collect();
    for order in &closed {
        exchange.cancel(*order, None, &mut Nobody).unwrap();
    }
    exchange.forget(10);
    assert_eq!(exchange.state.orders.len(), 10);
    assert!(exchange.state.orders.contains_key(&kept) && exchange.open.contains(&kept));
    assert!(exchange.state.orders.contains_key(&closed[29]));
}

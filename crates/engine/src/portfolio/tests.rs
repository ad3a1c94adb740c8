//! Behaviour of the accounts.

use domain::{
    Fill, InstrumentId, Instruments, Liquidity, Lots, Money, NetLots, OrderId, RunNumber, Side,
    StrategyId, Ticks, Timestamp, TradeId,
};
use proptest::prelude::*;
use testkit::instruments::{btc_perpetual, btc_rupiah, instruments, pepe_spot};

use super::{OpeningAccount, OpeningPosition, Portfolio, TradeIds};

const FIRST: StrategyId = StrategyId::new(0);

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn trade(counter: u64) -> TradeId {
    TradeId::new(RunNumber::FIRST, counter)
}

fn fill(counter: u64, instrument: u16, side: Side, price: i64, quantity: i64) -> Fill {
    Fill {
        trade: trade(counter),
        order: OrderId::new(RunNumber::FIRST, 1),
        instrument: InstrumentId::new(instrument),
        side,
        price: Ticks::new(price),
        quantity: Lots::new(quantity),
        fee: money("0.25"),
        liquidity: Liquidity::Taker,
        time: Timestamp::EPOCH,
    }
}

/// The BTC perpetual (tick 0.1, lot 0.001) and 1,000 in cash.
fn perpetual() -> (Instruments, Portfolio) {
    let table = instruments([btc_perpetual()]);
    let opening = OpeningAccount::with_cash(money("1000"));
    let portfolio = Portfolio::new(1, 1, opening).unwrap();
    (table, portfolio)
}

fn book(portfolio: &mut Portfolio, table: &Instruments, fill: &Fill) -> bool {
    portfolio.book(FIRST, fill, table.get(fill.instrument)).unwrap()
}

#[test]
fn a_long_is_opened_and_closed_at_average_cost() {
    let (table, mut portfolio) = perpetual();
    book(&mut portfolio, &table, &fill(1, 0, Side::Buy, 600_000, 2));
    book(&mut portfolio, &table, &fill(2, 0, Side::Buy, 603_000, 1));
    let held = *portfolio.position(FIRST, InstrumentId::new(0));
    assert_eq!((held.quantity, held.cost_basis), (NetLots::new(3), money("180.3")));

    book(&mut portfolio, &table, &fill(3, 0, Side::Sell, 606_000, 2));
    let held = *portfolio.position(FIRST, InstrumentId::new(0));
    // Two thirds of the cost, 120.2, were released for 121.2.
    assert_eq!((held.quantity, held.cost_basis), (NetLots::new(1), money("60.1")));
    assert_eq!((held.realized_pnl, held.fees), (money("1"), money("0.75")));
    assert_eq!((held.wins, held.losses), (1, 0));
    assert_eq!(portfolio.cash(), money("940.15"));
}

#[test]
fn a_short_earns_when_the_price_falls() {
    let (table, mut portfolio) = perpetual();
    book(&mut portfolio, &table, &fill(1, 0, Side::Sell, 600_000, 2));
    let held = *portfolio.position(FIRST, InstrumentId::new(0));
    assert_eq!((held.quantity, held.cost_basis), (NetLots::new(-2), money("-120")));
    book(&mut portfolio, &table, &fill(2, 0, Side::Buy, 590_000, 2));
    let held = *portfolio.position(FIRST, InstrumentId::new(0));
    assert_eq!((held.quantity, held.cost_basis), (NetLots::ZERO, Money::ZERO));
    assert_eq!(held.realized_pnl, money("2"));
    assert_eq!(portfolio.cash(), money("1001.5"));
}

#[test]
fn turning_a_long_into_a_short_closes_the_one_and_opens_the_other() {
    let (table, mut portfolio) = perpetual();
    book(&mut portfolio, &table, &fill(1, 0, Side::Buy, 600_000, 2));
    book(&mut portfolio, &table, &fill(2, 0, Side::Sell, 599_000, 5));
    let held = *portfolio.position(FIRST, InstrumentId::new(0));
    assert_eq!((held.quantity, held.cost_basis), (NetLots::new(-3), money("-179.7")));
    assert_eq!((held.realized_pnl, held.wins, held.losses), (money("-0.2"), 0, 1));
}

#[test]
fn a_fill_that_comes_again_is_not_booked_again() {
    let (table, mut portfolio) = perpetual();
    let once = fill(1, 0, Side::Buy, 600_000, 2);
    assert!(book(&mut portfolio, &table, &once));
    let cash = portfolio.cash();
    assert!(!book(&mut portfolio, &table, &once));
    assert_eq!((portfolio.cash(), portfolio.net(InstrumentId::new(0))), (cash, NetLots::new(2)));
}

#[test]
fn a_fill_beyond_the_arithmetic_is_refused_and_leaves_the_accounts_alone() {
    let (table, mut portfolio) = perpetual();
    let absurd = fill(1, 0, Side::Buy, i64::MAX, i64::MAX);
    assert!(portfolio.book(FIRST, &absurd, table.get(InstrumentId::new(0))).is_err());
    assert_eq!(portfolio.cash(), money("1000"));
    assert!(!portfolio.has_booked(trade(1)));
}

#[test]
fn the_middle_of_an_odd_spread_values_a_position_exactly() {
    let (table, mut portfolio) = perpetual();
    book(&mut portfolio, &table, &fill(1, 0, Side::Buy, 600_000, 1));
    portfolio.mark(table.get(InstrumentId::new(0)), Ticks::new(600_000), Ticks::new(600_001));
    assert_eq!(portfolio.value(InstrumentId::new(0)), money("60.00005"));
    assert_eq!(portfolio.unrealized_pnl(), money("0.00005"));
    assert_eq!(portfolio.equity(), money("999.75005"));
}

#[test]
fn drawdown_is_the_largest_fall_from_a_peak() {
    let (table, mut portfolio) = perpetual();
    let instrument = table.get(InstrumentId::new(0));
    book(&mut portfolio, &table, &fill(1, 0, Side::Buy, 600_000, 1_000));
    for price in [601_000, 598_000, 602_000, 600_000] {
        portfolio.mark(instrument, Ticks::new(price), Ticks::new(price));
    }
    assert_eq!(portfolio.max_drawdown(), money("300"));
}

#[test]
fn a_position_carried_over_goes_on_at_its_cost() {
    let table = instruments([btc_perpetual()]);
    let carried = OpeningPosition {
        strategy: FIRST,
        instrument: InstrumentId::new(0),
        position: NetLots::new(2),
        cost_basis: money("120"),
        realized_pnl: money("3"),
        fees: money("1"),
        carry: money("0"),
    };
    let opening =
        OpeningAccount { positions: vec![carried], ..OpeningAccount::with_cash(money("882")) };
    let mut portfolio = Portfolio::new(1, 1, opening).unwrap();
    assert_eq!(portfolio.equity(), money("1002"));
    book(&mut portfolio, &table, &fill(1, 0, Side::Sell, 610_000, 2));
    let account = portfolio.account(FIRST, &table);
    assert_eq!((account.realized_pnl, account.fees), (money("5"), money("1.25")));
    assert_eq!(portfolio.cash(), money("1003.75"));
}

#[test]
fn unbroken_trade_ids_take_one_range_in_whatever_order_they_come() {
    let mut ids = TradeIds::default();
    for counter in [5, 3, 4, 1, 2, 7] {
        assert!(ids.insert(trade(counter)));
    }
    assert_eq!(ids.ranges(), 2);
    assert!(!ids.insert(trade(3)) && ids.contains(trade(7)) && !ids.contains(trade(6)));
    assert!(ids.insert(trade(6)));
    assert_eq!(ids.ranges(), 1);
}

#[derive(Clone, Debug)]
enum Move {
    Trade { instrument: u16, buy: bool, price: i64, quantity: i64, fee: i128, strategy: u16 },
    Mark { instrument: u16, bid: i64, spread: i64 },
    Again,
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => (0..3_u16, any::<bool>(), 1..2_000_000_i64, 1..2_000_i64, -1_000_000..1_000_000_i128, 0..2_u16)
            .prop_map(|(instrument, buy, price, quantity, fee, strategy)| {
                Move::Trade { instrument, buy, price, quantity, fee, strategy }
            }),
        3 => (0..3_u16, 1..2_000_000_i64, 1..100_i64)
            .prop_map(|(instrument, bid, spread)| Move::Mark { instrument, bid, spread }),
        1 => Just(Move::Again),
    ]
}

proptest! {
    #[test]
    fn money_is_conserved_exactly_after_every_event(
        moves in prop::collection::vec(any_move(), 1..60),
    ) {
        let table = instruments([btc_perpetual(), pepe_spot(), btc_rupiah()]);
        let opening = OpeningAccount::with_cash(money("100000"));
        let mut portfolio = Portfolio::new(2, 3, opening).unwrap();
        let mut last = None;
        for (counter, step) in (1..).zip(moves) {
            match step {
                Move::Trade { instrument, buy, price, quantity, fee, strategy } => {
                    let side = if buy { Side::Buy } else { Side::Sell };
                    let mut fill = fill(counter, instrument, side, price, quantity);
                    fill.fee = Money::from_atto(fee * 1_000_000_007);
                    let strategy = StrategyId::new(strategy);
                    let at = table.get(fill.instrument);
                    prop_assert!(portfolio.book(strategy, &fill, at).unwrap());
                    last = Some((strategy, fill));
                }
                Move::Mark { instrument, bid, spread } => {
                    let at = table.get(InstrumentId::new(instrument));
                    portfolio.mark(at, Ticks::new(bid), Ticks::new(bid + spread));
                }
                Move::Again => if let Some((strategy, fill)) = &last {
                    let at = table.get(fill.instrument);
                    prop_assert!(!portfolio.book(*strategy, fill, at).unwrap());
                },
            }
            let held: Money = table.iter().map(|one| portfolio.value(one.id())).sum();
            prop_assert_eq!(
                portfolio.cash() + held,
                money("100000") + portfolio.realized_pnl() + portfolio.unrealized_pnl()
                    - portfolio.fees()
            );
            prop_assert_eq!(portfolio.equity(), portfolio.cash() + held);
        }
    }

    #[test]
    fn a_flat_position_costs_nothing(
        prices in prop::collection::vec((1..2_000_000_i64, 1..500_i64, any::<bool>()), 1..30),
    ) {
        let (table, mut portfolio) = perpetual();
        let mut counter = 0;
        for (price, quantity, buy) in prices {
            counter += 1;
            let side = if buy { Side::Buy } else { Side::Sell };
            book(&mut portfolio, &table, &fill(counter, 0, side, price, quantity));
            let held = portfolio.position(FIRST, InstrumentId::new(0));
            prop_assert_eq!(held.quantity.is_zero(), held.cost_basis == Money::ZERO);
            let signs = held.quantity.get().signum();
            prop_assert_eq!(i128::from(signs), held.cost_basis.atto().signum());
        }
    }
}

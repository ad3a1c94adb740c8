//! Round trips hold every cent of the fills they are made of.

use domain::{
    Fill, InstrumentId, Instruments, Liquidity, Lots, Money, NetLots, OrderId, RunNumber, Side,
    StrategyId, Ticks, Timestamp, TradeId,
};
use proptest::prelude::*;
use testkit::instruments::{btc_perpetual, instruments};

use super::{RoundTrip, RoundTrips};

const WHO: StrategyId = StrategyId::new(0);
const WHAT: InstrumentId = InstrumentId::new(0);

fn table() -> Instruments {
    instruments([btc_perpetual()])
}

fn fill(number: u64, side: Side, price: i64, quantity: i64, fee: i128) -> Fill {
    Fill {
        trade: TradeId::new(RunNumber::FIRST, number),
        order: OrderId::new(RunNumber::FIRST, number),
        instrument: WHAT,
        side,
        price: Ticks::new(price),
        quantity: Lots::new(quantity),
        fee: Money::from_atto(fee),
        liquidity: Liquidity::Taker,
        time: Timestamp::from_millis(i64::try_from(number).unwrap()),
    }
}

fn run(fills: &[Fill]) -> (Vec<RoundTrip>, RoundTrips) {
    let (all, mut trips) = (table(), RoundTrips::new(1, 1));
    let mut ended = Vec::new();
    for one in fills {
        ended.extend(trips.fill(WHO, one, &all, false).unwrap());
    }
    (ended, trips)
}

#[test]
fn a_long_that_is_sold_higher_made_the_difference_less_fees() {
    let (ended, trips) =
        run(&[fill(1, Side::Buy, 1_000, 10, 5), fill(2, Side::Sell, 1_100, 10, 7)]);
    let [trip] = ended[..] else { panic!("{ended:?}") };
    let all = table();
    let gross = all.get(WHAT).notional(Ticks::new(100), Lots::new(10)).unwrap();
    assert_eq!(trip.profit(), Some(gross - Money::from_atto(12)));
    assert_eq!(trip.entry_price(all.get(WHAT)), Some(100.0));
    assert_eq!(trips.open().count(), 0);
}

#[test]
fn a_fill_that_turns_the_position_ends_one_trip_and_begins_the_next() {
    let (ended, trips) = run(&[fill(1, Side::Buy, 1_000, 10, 0), fill(2, Side::Sell, 900, 25, 25)]);
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].side, ended[0].fees), (Side::Buy, Money::from_atto(10)));
    let open: Vec<_> = trips.open().collect();
    assert_eq!((open[0].side, open[0].open_quantity()), (Side::Sell, Lots::new(15)));
    assert_eq!(open[0].fees, Money::from_atto(15));
}

#[test]
fn a_split_restates_quantities_and_leaves_the_money_alone() {
    let (_, mut trips) = run(&[fill(1, Side::Buy, 7_000, 10, 0), fill(2, Side::Sell, 7_000, 4, 0)]);
    trips.split(WHO, WHAT, NetLots::new(42));
    let open = *trips.open().next().unwrap();
    assert_eq!((open.quantity, open.closed_quantity), (Lots::new(70), Lots::new(28)));
    let done = trips.fill(WHO, &fill(3, Side::Sell, 1_000, 42, 0), &table(), false).unwrap();
    assert_eq!(done.unwrap().profit(), Some(Money::ZERO), "1/7 of the price for 7 times as many");
}

#[test]
fn carry_belongs_to_the_position_that_is_held() {
    let (_, mut trips) = run(&[fill(1, Side::Buy, 1_000, 10, 0)]);
    assert!(trips.carry(WHO, WHAT, Money::from_atto(-3)));
    let done = trips.fill(WHO, &fill(2, Side::Sell, 1_000, 10, 0), &table(), false).unwrap();
    assert_eq!(done.unwrap().profit(), Some(Money::from_atto(-3)));
    assert!(!trips.carry(WHO, WHAT, Money::from_atto(1)), "nothing is held any more");
}

proptest! {
    #[test]
    fn profits_of_all_trips_add_up_to_the_cash_that_moved(
        steps in prop::collection::vec((any::<bool>(), 1_i64..2_000, 1_i64..50, 0_i128..1_000), 1..60),
    ) {
        let all = table();
        let mut fills: Vec<Fill> = steps
            .iter()
            .zip(1..)
            .map(|(&(buys, price, quantity, fee), number)| {
                fill(number, if buys { Side::Buy } else { Side::Sell }, price, quantity, fee)
            })
            .collect();
        let net: i64 = fills.iter().map(|one| one.quantity.signed(one.side).get()).sum();
        if let Some(side) = NetLots::new(net).side() {
            fills.push(fill(1_000, side.opposite(), 500, net.abs(), 3));
        }
        let cash: Money = fills
            .iter()
            .map(|one| {
                let spent = one.quantity.signed(one.side);
                Money::ZERO - all.get(WHAT).signed_notional(one.price, spent).unwrap() - one.fee
            })
            .sum();
        let (ended, trips) = run(&fills);
        prop_assert_eq!(trips.open().count(), 0);
        prop_assert_eq!(ended.iter().map(|trip| trip.profit().unwrap()).sum::<Money>(), cash);
    }
}

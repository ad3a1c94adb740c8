//! Sizes are exact and never more than asked for.

use domain::{InstrumentId, Lots, Money, Ticks, Timestamp};
use proptest::prelude::*;
use testkit::instruments::{btc_perpetual, instruments, pepe_spot};

use super::{BILLION, Volatility, billionths, lots_worth, share_for};
use crate::{
    ParamValues, find,
    room::{Dice, FIRST, Room, bars},
};

const ONLY: InstrumentId = InstrumentId::new(0);

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn a_worth_is_rounded_down_to_a_lot() {
    let table = instruments([btc_perpetual()]);
    let lots = |worth, price| lots_worth(money(worth), Ticks::new(price), table.get(ONLY)).unwrap();
    assert_eq!(lots("60000", 600_000), Lots::new(1_000));
    assert_eq!(lots("59999.999", 600_000), Lots::new(999));
    assert_eq!(lots("59.9", 600_000), Lots::ZERO);
    assert_eq!(lots("-5", 600_000), Lots::ZERO);
}

#[test]
fn a_worth_that_does_not_fit_is_an_error() {
    let table = instruments([pepe_spot()]);
    assert!(lots_worth(Money::MAX, Ticks::new(1), table.get(ONLY)).is_err());
    assert!(lots_worth(money("1"), Ticks::new(0), table.get(ONLY)).is_err());
}

fn held(settings: &[(&str, &str)], closes: &[i64]) -> i64 {
    let row = find("moving_average").unwrap();
    let mut params: ParamValues = row.defaults();
    for (name, text) in
        [("fast", "1"), ("slow", "2"), ("max_position_size", "10000")].iter().chain(settings)
    {
        params.set(name, text).unwrap();
    }
    Room::new(row, &params, &[FIRST]).live(&bars(closes)).held(FIRST).get()
}

#[test]
fn each_way_of_sizing_is_chosen_by_its_name() {
    let rise = [10_000, 10_100, 10_100];
    assert_eq!(held(&[("sizing", "fixed"), ("max_position_size", "0.0129")], &rise), 12);
    assert_eq!(held(&[("sizing", "equity_fraction"), ("equity_fraction", "0.5")], &rise), 495_049);
    assert_eq!(held(&[("sizing", "equity_fraction"), ("equity_fraction", "2")], &rise), 1_980_198);
    assert_eq!(held(&[("equity_fraction", "2"), ("max_position_size", "7")], &rise), 7_000);
}

#[test]
fn a_volatility_target_waits_for_its_estimate_and_is_cut_to_the_equity_fraction() {
    let target = [("sizing", "volatility_target"), ("volatility_window", "3")];
    let still = [10_000, 10_100, 10_100, 10_100];
    assert_eq!(held(&target, &still[..3]), 0, "two returns are not enough");
    // One percent a minute is far above a fifth a year: a small position.
    let wild = [10_000, 10_100, 10_000, 10_100, 10_000, 10_100, 10_200, 10_200];
    let size = held(&target, &wild);
    assert!((25_000..30_000).contains(&size), "{size} of some 900,000");
    let calm = [("target_volatility", "100")];
    let most = held(&[target[0], target[1], calm[0]], &wild);
    let full = held(&[("sizing", "equity_fraction")], &wild[4..]);
    assert!((most - full).abs() < full / 50, "{most} and {full}");
}

#[test]
fn the_volatility_of_steps_of_known_size_is_known() {
    let mut estimate = Volatility::new(4).unwrap();
    let mut price: f64 = 100.0;
    let mut time = Timestamp::from_millis(0);
    for step in 0..20 {
        time = time + domain::Span::from_secs(86_400);
        price *= if step % 2 == 0 { 1.01 } else { 1.0 / 1.01 };
        estimate.push(time, price);
        // What is no price, and a time that does not grow, are left out.
        estimate.push(time, f64::NAN);
        estimate.push(time, price * 2.0);
    }
    let expected = 1.01_f64.ln() * 365.25_f64.sqrt();
    assert!((estimate.yearly().unwrap() - expected).abs() < 1e-12);
}

#[test]
fn a_share_is_cut_to_what_is_allowed() {
    assert_eq!(share_for(0.2, 0.4, BILLION), BILLION / 2);
    assert_eq!(share_for(0.2, 0.0, BILLION), BILLION);
    assert_eq!(share_for(0.2, 1e-300, 7), 7);
    assert_eq!(billionths(domain::Rate::new("0.1234567899".parse().unwrap())), 123_456_789);
}

proptest! {
    #[test]
    fn a_size_is_the_largest_that_is_not_worth_more(
        worth in 0_i64..1_000_000_000_000, price in 1_i64..10_000_000,
    ) {
        let table = instruments([btc_perpetual()]);
        let one = table.get(ONLY);
        let worth = Money::from_atto(i128::from(worth) * 1_000_000_000_000);
        let price = Ticks::new(price);
        let lots = lots_worth(worth, price, one).unwrap();
        prop_assert!(one.notional(price, lots).unwrap() <= worth);
        let more = Lots::new(lots.get() + 1);
        prop_assert!(one.notional(price, more).unwrap() > worth);
    }

    #[test]
    fn a_larger_target_never_takes_less(seed in 1_u64.., less in 1_u32..50, more in 0_u32..50) {
        let mut dice = Dice(seed);
        let closes: Vec<i64> = (0..30).map(|_| 10_000 + dice.below(200)).collect();
        let size = |target: u32| {
            let target = format!("0.{target:02}");
            held(&[("sizing", "volatility_target"), ("target_volatility", &target)], &closes)
        };
        prop_assert!(size(less) <= size(less + more));
    }
}

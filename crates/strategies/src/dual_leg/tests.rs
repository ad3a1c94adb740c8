//! The fit and the pair, on numbers made by hand.

use domain::{Money, Side};
use proptest::prelude::*;

use super::RollingFit;
use crate::{
    ParamValues, find,
    room::{BAR, Decision, Dice, FIRST, Happening, Room, SECOND},
};

#[test]
fn points_on_a_line_give_the_line_and_no_score() {
    let mut fit = RollingFit::new(3);
    assert_eq!(fit.push(3.0, 1.0), None);
    assert_eq!(fit.push(5.0, 2.0), None);
    let line = fit.push(9.0, 4.0).unwrap();
    assert!((line.beta - 2.0).abs() < 1e-12 && (line.alpha - 1.0).abs() < 1e-12);
    assert!(line.residual.abs() < 1e-12 && line.deviation < 1e-12);
}

#[test]
fn a_fit_by_hand() {
    // y over x = 0, 1, 2 is 0, 0, 3: the slope is 1.5, the line starts at -0.5, and the
    // residuals are 0.5, -1 and 0.5.
    let mut fit = RollingFit::new(3);
    fit.push(0.0, 0.0);
    fit.push(0.0, 1.0);
    let line = fit.push(3.0, 2.0).unwrap();
    assert!((line.beta - 1.5).abs() < 1e-12 && (line.alpha + 0.5).abs() < 1e-12);
    assert!((line.residual - 0.5).abs() < 1e-12);
    assert!((line.deviation - 0.5_f64.sqrt()).abs() < 1e-12);
    assert!((line.z_score().unwrap() - 0.5 / 0.5_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn what_cannot_be_fitted_has_no_line_and_leaves_no_trace() {
    let mut fit = RollingFit::new(2);
    assert_eq!(fit.push(1.0, 5.0), None);
    assert_eq!(fit.push(2.0, 5.0), None, "equal x");
    assert_eq!(fit.push(f64::NAN, 6.0), None);
    assert!((fit.push(4.0, 6.0).unwrap().beta - 2.0).abs() < 1e-12);
}

proptest! {
    #[test]
    fn a_fit_depends_on_its_window_alone(seed in 1_u64.., window in 2_usize..20) {
        let mut dice = Dice(seed);
        let mut point = || {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let mut number = || dice.below(100_000) as f64 / 7.0;
            (number(), number())
        };
        let points: Vec<(f64, f64)> = (0..200).map(|_| point()).collect();
        let mut long = RollingFit::new(window);
        let last = points.iter().map(|(y, x)| long.push(*y, *x)).last().flatten();
        let mut short = RollingFit::new(window);
        let fresh = points[200 - window..].iter().map(|(y, x)| short.push(*y, *x)).last().flatten();
        prop_assert_eq!(last, fresh);
    }
}

/// A window of ten and thresholds that the prices below pass.
fn params(settings: &[(&str, &str)]) -> ParamValues {
    let mut params = find("dual-leg").unwrap().defaults();
    let small = [
        ("window", "10"),
        ("entry_z", "2"),
        ("exit_z", "0.5"),
        ("stop_z", "2.9"),
        ("max_position_size", "1000"),
    ];
    for (name, text) in small.iter().chain(settings) {
        params.set(name, text).unwrap();
    }
    params
}

fn room(settings: &[(&str, &str)]) -> Room {
    Room::new(find("dual_leg").unwrap(), &params(settings), &[FIRST, SECOND])
}

/// Bars of both legs at the same time.
fn both(first: i64, second: i64) -> [Happening; 3] {
    let wait = Happening::Wait(BAR);
    [wait, Happening::Bar(FIRST, [first; 4]), Happening::Bar(SECOND, [second; 4])]
}

/// The second leg goes up and down, the first is twice as much and a little off, by turns;
/// in the end the first leg is `surprise` above what it should be.
fn calm(count: i64, surprise: i64) -> Vec<Happening> {
    let pair = |step: i64| {
        let second = 10_000 + 100 * (step % 5);
        let off = if step % 2 == 0 { 20 } else { -20 };
        let surprise = if step == count - 1 { surprise } else { 0 };
        both(2 * second + off + surprise, second)
    };
    (0..count).flat_map(pair).collect()
}

fn decided(
    event: usize,
    instrument: domain::InstrumentId,
    side: Side,
) -> (usize, domain::InstrumentId, Side) {
    (event, instrument, side)
}

fn sides(decisions: &[Decision]) -> Vec<(usize, domain::InstrumentId, Side)> {
    decisions.iter().map(|one| (one.event, one.instrument, one.side)).collect()
}

#[test]
fn a_wide_spread_is_sold_and_a_narrow_one_is_bought() {
    let made = room(&[]).live(&calm(20, 150)).decisions;
    assert_eq!(sides(&made), [decided(40, FIRST, Side::Sell), decided(40, SECOND, Side::Buy)]);
    let made = room(&[]).live(&calm(20, -150)).decisions;
    assert_eq!(sides(&made), [decided(40, FIRST, Side::Buy), decided(40, SECOND, Side::Sell)]);
    assert_eq!(room(&[]).live(&calm(20, 0)).decisions, []);
}

#[test]
fn both_legs_are_worth_the_same_but_for_a_lot() {
    let room = room(&[]).live(&calm(20, 150)).live(&both(20_800, 10_400));
    let worth = |id, price: i64| Money::from_atto(i128::from(room.held(id).get() * price));
    // At the prices of the decision, in hundredths of a thousandth.
    let net = (worth(FIRST, 20_930) + worth(SECOND, 10_400)).abs();
    assert!(net < Money::from_atto(10_400), "{net:?}");
    assert!(room.held(FIRST).get() < 0 && room.held(SECOND).get() > 0);
    let leg = -room.held(FIRST).get() * 20_930;
    assert!((4_499_900_000..=4_500_000_000).contains(&leg), "{leg} of 45,000.00000");
}

#[test]
fn a_leg_that_may_not_be_larger_makes_the_other_one_as_small() {
    // The second leg is half as dear: ten units of it are worth some five of the first.
    let room = room(&[("max_position_size", "10")]).live(&calm(20, 150));
    let room = room.live(&both(20_800, 10_400));
    let (first, second) = (room.held(FIRST).get(), room.held(SECOND).get());
    assert!((9_990..=10_000).contains(&second), "{second}");
    assert_eq!(first, -(second * 10_400 / 20_930 + 1));
}

#[test]
fn it_ends_when_the_spread_has_come_back() {
    let room = room(&[]).live(&calm(20, 150)).live(&both(20_780, 10_400));
    let made = sides(&room.decisions[2..]);
    assert_eq!(made, [decided(42, FIRST, Side::Buy), decided(42, SECOND, Side::Sell)]);
    let room = room.live(&both(20_240, 10_100));
    assert!(room.held(FIRST).is_zero() && room.held(SECOND).is_zero());
}

#[test]
fn it_is_given_up_after_its_time_and_not_opened_again_before_the_spread_came_back() {
    let mut room = room(&[("max_holding_bars", "2"), ("entry_z", "1.2"), ("exit_z", "0.1")]);
    room = room.live(&calm(20, 150));
    assert_eq!(room.decisions.len(), 2);
    // The spread stays wide for a while.
    for step in 20..24 {
        let second = 10_000 + 100 * (step % 5);
        room = room.live(&both(2 * second + 170, second));
    }
    assert_eq!(
        sides(&room.decisions[2..]),
        [decided(44, FIRST, Side::Buy), decided(44, SECOND, Side::Sell)]
    );
}

#[test]
fn nothing_is_decided_while_a_leg_is_missing() {
    let mut happenings = calm(19, 0);
    happenings.extend([Happening::Wait(BAR), Happening::Bar(FIRST, [20_970; 4])]);
    let waiting = room(&[]).live(&happenings);
    assert_eq!(waiting.decisions, []);
    let later = [Happening::Wait(BAR), Happening::Bar(SECOND, [10_400; 4])];
    assert_eq!(waiting.live(&later).decisions, [], "bars of different times are no pair");
    happenings.push(Happening::Bar(SECOND, [10_400; 4]));
    assert_eq!(room(&[]).live(&happenings).decisions.len(), 2);
}

#[test]
fn legs_that_move_against_each_other_are_no_hedge() {
    let pair = |step: i64| {
        let second = 10_000 + 100 * (step % 5);
        let surprise = if step == 19 { 400 } else { 0 };
        both(40_000 - 2 * second + 20 * (step % 2) + surprise, second)
    };
    let happenings: Vec<Happening> = (0..20).flat_map(pair).collect();
    assert_eq!(room(&[("stop_z", "100")]).live(&happenings).decisions, []);
}

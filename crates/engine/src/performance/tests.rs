//! What the tracker makes of a session.

use domain::{Money, Timestamp};
use proptest::prelude::*;

use super::{PerformanceTracker, ratios, sampling::Samples};

fn money(units: i64) -> Money {
    Money::from_atto(i128::from(units) * Money::ATTO_PER_UNIT)
}

fn day(number: i64) -> Timestamp {
    Timestamp::from_millis(number * 86_400_000)
}

/// Equity at the end of each day of a list.
fn daily(days: impl IntoIterator<Item = i64>, worth: impl Fn(i64) -> i64) -> PerformanceTracker {
    let mut tracker = PerformanceTracker::new(money(1_000));
    for number in days {
        tracker.see(day(number), money(worth(number)), true);
    }
    tracker
}

#[test]
fn a_market_that_never_closes_has_a_year_of_all_its_days() {
    let found = daily(1..=400, |number| 1_000 + number % 7).performance();
    assert!((found.periods_per_year - 365.242_5).abs() < 1e-9, "{}", found.periods_per_year);
    assert_eq!((found.period_seconds, found.periods), (86_400.0, 400));
}

#[test]
fn a_market_with_weekends_has_a_year_of_its_sessions() {
    let sessions = (1..=730).filter(|number| number % 7 < 5);
    let found = daily(sessions, |number| 1_000 + number % 7).performance();
    assert!((found.periods_per_year - 261.0).abs() < 1.0, "{}", found.periods_per_year);
}

#[test]
fn a_session_of_an_hour_is_measured_in_minutes() {
    let mut tracker = PerformanceTracker::new(money(1_000));
    for second in 1..=3_600 {
        let worth = money(1_000 + second % 11);
        tracker.see(Timestamp::from_millis(second * 1_000), worth, true);
    }
    let found = tracker.performance();
    assert_eq!((found.period_seconds, found.periods), (60.0, 60));
    assert_eq!((found.sharpe, found.annual_return), (None, None), "an hour is no year");
    assert!(found.probabilistic_sharpe.is_some(), "which needs no year");
}

#[test]
fn the_drawdown_is_seen_at_every_event_and_its_length_to_the_recovery() {
    let worth = [1_000, 1_200, 900, 1_100, 1_200, 1_150];
    let tracker = daily(0..6, |number| worth[usize::try_from(number).unwrap()]);
    let found = tracker.performance();
    assert!((found.max_drawdown - 0.25).abs() < 1e-12, "{}", found.max_drawdown);
    assert_eq!(found.max_drawdown_amount, money(300));
    let days = found.longest_drawdown_seconds / 86_400.0;
    assert!((days - 3.0).abs() < 1e-12, "{days} days");
}

#[test]
fn an_account_that_never_moves_has_no_ratios_and_no_nonsense() {
    let found = daily(1..=100, |_| 1_000).performance();
    assert_eq!((found.sharpe, found.sortino, found.calmar), (None, None, None));
    assert_eq!((found.max_drawdown, found.total_return), (0.0, Some(0.0)));
    assert_eq!(found.trades.win_rate, None);
    let nothing = PerformanceTracker::new(money(1_000)).performance();
    assert_eq!((nothing.periods, nothing.sharpe, nothing.exposure), (0, None, None));
}

#[test]
fn exposure_is_the_share_of_time_in_which_something_is_held() {
    let mut tracker = PerformanceTracker::new(money(1_000));
    for (number, invested) in [(0, false), (1, true), (3, false), (4, false)] {
        tracker.see(day(number), money(1_000), invested);
    }
    assert_eq!(tracker.performance().exposure, Some(0.5));
}

#[test]
fn a_long_history_keeps_bounded_samples_and_the_same_total() {
    let mut samples = Samples::new(1_000.0);
    let mut tracker = PerformanceTracker::new(money(1_000));
    for minute in 1..=200_000 {
        let time = Timestamp::from_millis(minute * 60_000);
        let worth = 1_000 + (minute * 7_919) % 131;
        samples.push(time, money(worth));
        tracker.see(time, money(worth), true);
    }
    let (returns, period) = tracker.returns();
    assert!((period - 86_400.0).abs() < 1e-9, "returns of {period} s");
    let total = ratios::total_return(&returns).unwrap();
    assert!((total - tracker.performance().total_return.unwrap()).abs() < 1e-9);
    assert_eq!(samples.returns().values, returns);
}

proptest! {
    #[test]
    fn returns_of_any_period_multiply_to_the_whole(
        steps in prop::collection::vec((1_i64..5_000_000, 1_i64..100_000), 1..300),
    ) {
        let mut tracker = PerformanceTracker::new(money(50_000));
        let mut millis = 0;
        for (gap, worth) in &steps {
            millis += gap;
            tracker.see(Timestamp::from_millis(millis), money(*worth), false);
        }
        let total = ratios::total_return(&tracker.returns().0).unwrap();
        let expected = money(steps.last().unwrap().1).to_f64() / 50_000.0 - 1.0;
        prop_assert!((total - expected).abs() < 1e-9 * expected.abs().max(1.0), "{total} {expected}");
    }

    #[test]
    fn ratios_are_numbers_or_nothing(returns in prop::collection::vec(-1.0_f64..2.0, 0..50)) {
        let all = [
            ratios::total_return(&returns),
            ratios::annual_return(&returns, 252.0),
            ratios::sharpe(&returns, 252.0),
            ratios::sortino(&returns, 252.0),
            ratios::calmar(&returns, 252.0),
            ratios::ulcer_index(&returns),
            ratios::tail_ratio(&returns),
            ratios::value_at_risk(&returns),
        ];
        prop_assert!(all.iter().flatten().all(|value| value.is_finite()), "{all:?}");
    }
}

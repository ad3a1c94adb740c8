//! Behaviour of wishes.

use domain::{InstrumentId, Lots, NetLots, Side, Span, StrategyId, Timestamp};
use proptest::prelude::*;

use super::{Step, Wish, Wishes, next_step};
use crate::order::Pending;

fn step(target: i64, held: i64, buys: i64, sells: i64) -> Step {
    let pending = Pending { buys: Lots::new(buys), sells: Lots::new(sells) };
    next_step(NetLots::new(target), NetLots::new(held), pending)
}

#[test]
fn what_is_held_and_under_way_is_taken_off_the_wish() {
    assert_eq!(step(10, 0, 0, 0), Step::Order(Side::Buy, Lots::new(10)));
    assert_eq!(step(10, 4, 2, 0), Step::Order(Side::Buy, Lots::new(4)));
    assert_eq!(step(10, 4, 6, 0), Step::Nothing);
}

#[test]
fn a_turn_closes_first_and_opens_when_flat() {
    assert_eq!(step(-10, 5, 0, 0), Step::Order(Side::Sell, Lots::new(5)));
    assert_eq!(step(-10, 5, 0, 5), Step::Nothing);
    assert_eq!(step(-10, 2, 0, 2), Step::Nothing);
    assert_eq!(step(-10, 0, 0, 0), Step::Order(Side::Sell, Lots::new(10)));
}

#[test]
fn orders_in_the_wrong_direction_are_withdrawn_before_anything_is_sent() {
    assert_eq!(step(10, 0, 0, 3), Step::Withdraw(Side::Sell));
    assert_eq!(step(-10, 0, 3, 0), Step::Withdraw(Side::Buy));
    assert_eq!(step(5, 5, 3, 0), Step::Withdraw(Side::Buy));
    assert_eq!(step(5, 5, 0, 3), Step::Withdraw(Side::Sell));
}

#[test]
fn more_under_way_than_is_needed_is_withdrawn() {
    assert_eq!(step(10, 4, 7, 0), Step::Withdraw(Side::Buy));
}

#[test]
fn a_refused_direction_pauses_for_a_second_then_twice_as_long_up_to_a_minute() {
    let (mut wish, mut now) = (Wish::default(), Timestamp::EPOCH);
    for seconds in [1, 2, 4, 8, 16, 32, 64, 64] {
        wish.refused(Side::Buy, now);
        assert!(!wish.is_paused(Side::Sell, now), "the other direction is free");
        now = now + Span::from_secs(seconds);
        assert!(wish.is_paused(Side::Buy, now - Span::from_nanos(1)));
        assert!(!wish.is_paused(Side::Buy, now));
    }
    wish.unpause();
    wish.refused(Side::Buy, now);
    assert!(!wish.is_paused(Side::Buy, now + Span::from_secs(1)), "the pause starts over");
}

#[test]
fn each_strategy_has_its_own_wish_in_each_instrument() {
    let mut wishes = Wishes::new(2, 3);
    let (strategy, instrument) = (StrategyId::new(1), InstrumentId::new(2));
    wishes.of_mut(strategy, instrument).refused(Side::Buy, Timestamp::EPOCH);
    let paused = |wishes: &Wishes, strategy, instrument| {
        wishes
            .of(StrategyId::new(strategy), InstrumentId::new(instrument))
            .is_paused(Side::Buy, Timestamp::EPOCH)
    };
    assert!(paused(&wishes, 1, 2) && !paused(&wishes, 0, 2) && !paused(&wishes, 1, 1));
    assert_eq!(wishes.in_instrument(instrument).count(), 2);
    wishes.in_instrument(instrument).for_each(Wish::unpause);
    assert!(!paused(&wishes, 1, 2));
}

proptest! {
    /// Carrying out every step brings any start to the target, never with both sides open.
    #[test]
    fn the_steps_lead_to_the_target(
        target in -50..50_i64, held in -50..50_i64, buys in 0..50_i64, sells in 0..50_i64,
    ) {
        let (mut held, mut pending) = (held, [buys, sells]);
        for _ in 0..8 {
            match step(target, held, pending[0], pending[1]) {
                Step::Nothing => {
                    held += pending[0] - pending[1];
                    pending = [0, 0];
                }
                Step::Withdraw(Side::Buy) => pending[0] = 0,
                Step::Withdraw(Side::Sell) => pending[1] = 0,
                Step::Order(side, more) => {
                    prop_assert!(pending[usize::from(side == Side::Buy)] == 0);
                    pending[usize::from(side == Side::Sell)] += more.get();
                }
            }
        }
        prop_assert_eq!(held, target);
        prop_assert_eq!(step(target, held, 0, 0), Step::Nothing);
    }
}

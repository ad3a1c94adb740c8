//! Back-off and limits, in virtual time.

use domain::{Span, Timestamp};
use proptest::prelude::*;

use crate::wire::{Backoff, backoff::AttemptBudget, pace::Pace};

fn at_millis(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn the_longest_pause_doubles_until_the_cap_and_starts_again_after_a_reset() {
    let mut backoff = Backoff::new(Span::from_secs(1), Span::from_secs(60), 7);
    let mut ceilings = Vec::new();
    for _ in 0..8 {
        ceilings.push(backoff.ceiling().as_millis() / 1000);
        backoff.next_pause();
    }
    assert_eq!(ceilings, [1, 2, 4, 8, 16, 32, 60, 60]);
    backoff.reset();
    assert_eq!(backoff.ceiling(), Span::from_secs(1));
}

#[test]
fn clients_with_different_seeds_do_not_come_back_together() {
    let pause = |seed| {
        let mut backoff = Backoff::new(Span::from_secs(60), Span::from_secs(60), seed);
        backoff.next_pause().as_millis() / 1000
    };
    let seconds: std::collections::BTreeSet<i64> = (0..200).map(pause).collect();
    assert!(seconds.len() > 40, "200 clients share {} of 60 seconds", seconds.len());
}

proptest! {
    #[test]
    fn a_pause_is_never_longer_than_its_ceiling(
        base in 0_i64..10_000, cap in 0_i64..100_000, seed: u64, failures in 0_usize..100,
    ) {
        let mut backoff = Backoff::new(Span::from_millis(base), Span::from_millis(cap), seed);
        for _ in 0..failures {
            let ceiling = backoff.ceiling();
            prop_assert!(ceiling <= Span::from_millis(cap));
            let pause = backoff.next_pause();
            prop_assert!(Span::ZERO <= pause && pause <= ceiling);
        }
    }

    #[test]
    fn no_window_holds_more_attempts_than_allowed(
        most in 1_usize..20,
        steps in prop::collection::vec(0_i64..2_000, 1..200),
    ) {
        let window = Span::from_secs(10);
        let mut budget = AttemptBudget::new(most, window);
        let (mut now, mut taken) = (0, Vec::new());
        for step in steps {
            now += step;
            match budget.take(at_millis(now)) {
                Ok(()) => taken.push(now),
                Err(free_at) => prop_assert!(free_at > at_millis(now)),
            }
        }
        for pair in taken.windows(most + 1) {
            prop_assert!(pair[most] - pair[0] >= window.as_millis());
        }
    }

    #[test]
    fn a_pace_leaves_one_message_a_second_for_the_answers_to_pings(
        limit in 2_u32..12,
        steps in prop::collection::vec(0_i64..300, 1..200),
    ) {
        let mut pace = Pace::below(limit);
        let (mut now, mut sent) = (0, Vec::new());
        for step in steps {
            now += step;
            if pace.take(at_millis(now)) {
                sent.push(now);
            }
        }
        for group in sent.windows(limit as usize) {
            prop_assert!(group[group.len() - 1] - group[0] >= 1_000);
        }
    }
}

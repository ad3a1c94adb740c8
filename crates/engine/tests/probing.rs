//! What a probe hears of a step, and that it changes nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use domain::{Event, event::BookLoss};
use engine::{Outputs, Probe, RiskConfig};
use support::{BTC, Stage};
use testkit::{
    events::{book, control, diff, lost, quote},
    instruments::{btc_perpetual, instruments},
};

/// Counts, and insists on the order of the calls.
#[derive(Default)]
struct Counting {
    started: u32,
    done: u32,
}

impl Probe for Counting {
    fn features_started(&mut self) {
        assert_eq!(self.started, self.done, "one at a time");
        self.started += 1;
    }

    fn features_done(&mut self) {
        self.done += 1;
        assert_eq!(self.started, self.done, "none ends before it began");
    }
}

fn stage() -> Stage {
    Stage::new(instruments([btc_perpetual()]), RiskConfig::default())
}

/// How often features were computed in one step.
fn computed(stage: &mut Stage, event: Event<'_>) -> u32 {
    let mut probe = Counting::default();
    let stamped = stage.tape.stamp(event);
    stage.engine.step_probed(&stamped, &mut stage.out, &mut probe);
    assert_eq!(probe.started, probe.done);
    probe.done
}

#[test]
fn features_are_computed_once_for_each_book_that_can_be_used() {
    let mut stage = stage();
    assert_eq!(computed(&mut stage, book(BTC, &[(600_000, 10)], &[(600_001, 10)])), 1);
    assert_eq!(computed(&mut stage, diff(BTC, &[(599_999, 5)], &[])), 1);
    assert_eq!(computed(&mut stage, quote(BTC, (600_000, 10), (600_001, 10))), 0);
    assert_eq!(computed(&mut stage, Event::Clock), 0);
    assert_eq!(computed(&mut stage, control(domain::Control::Kill)), 0);
}

#[test]
fn nothing_is_computed_from_a_crossed_book_or_one_that_is_out_of_sync() {
    let mut stage = stage();
    computed(&mut stage, book(BTC, &[(600_000, 10)], &[(600_001, 10)]));
    assert_eq!(computed(&mut stage, diff(BTC, &[(600_005, 5)], &[])), 0, "crossed");
    assert_eq!(computed(&mut stage, lost(BTC, BookLoss::Gap)), 0);
    assert_eq!(computed(&mut stage, diff(BTC, &[(599_999, 5)], &[])), 0, "out of sync");
}

#[test]
fn a_probed_step_decides_what_an_unprobed_one_does() {
    let decide = |probed: bool| {
        let mut stage = stage();
        let mut out = Outputs::default();
        for lots in [5, -3, 7, 0] {
            stage.strings.target(lots, engine::OrderStyle::AGGRESSIVE);
            let event = book(BTC, &[(600_000, 10 + lots)], &[(600_001, 10)]);
            let stamped = stage.tape.stamp(event);
            if probed {
                stage.engine.step_probed(&stamped, &mut out, &mut Counting::default());
            } else {
                stage.engine.step(&stamped, &mut out);
            }
        }
        assert!(stage.engine.counters().orders > 0, "there must be something to compare");
        (format!("{out:?}"), stage.engine.commands_sha256())
    };
    assert_eq!(decide(true), decide(false));
}

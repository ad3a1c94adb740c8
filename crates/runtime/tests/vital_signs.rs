//! What the outside sees of a running loop.
#![allow(clippy::unwrap_used, reason = "tests")]

mod scripted;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{Event, InstrumentId, MarketData, Money, record::NoRecords};
use runtime::{
    Activity, Finished, InlineExecution, Intake, LoopParts, Source, TradingLoop, Vitals,
    vitals::Pulse,
};
use scripted::{TapeSource, parts, random_tape};

/// Runs a loop in one thread and gives its vital signs back.
fn fused<S: Source>(
    source: impl FnOnce(Arc<Vitals>) -> S,
    measure_every: u64,
) -> (Arc<Vitals>, Finished<S, InlineExecution, NoRecords>) {
    let LoopParts { engine, execution, journal, clock, vitals, mailbox, config, .. } =
        parts(TapeSource::new(&random_tape(1, 1), 1), NoRecords);
    let seen = Arc::clone(&vitals);
    let config = runtime::LoopConfig { measure_every, ..config };
    let (source, execution) = (source(Arc::clone(&seen)), InlineExecution::new(execution));
    let parts = LoopParts { source, engine, execution, journal, clock, vitals, mailbox, config };
    (seen, TradingLoop::new(parts).run())
}

#[test]
fn features_are_timed_for_every_book_change_when_every_event_is_measured() {
    let tape = random_tape(3, 2_000);
    let is_snapshot = |event: &Event<'_>| {
        matches!(event, Event::Market(market)
            if matches!(market.data, MarketData::BookSnapshot { .. }))
    };
    let snapshots = tape.iter().filter(|(_, event)| is_snapshot(event)).count() as u64;
    let (vitals, finished) = fused(|_| TapeSource::new(&tape, 7), 1);
    let counters = finished.engine.counters();
    let used = counters.book_updates - counters.crossed_books - snapshots;
    assert!(used > 100, "{counters:?}");
    assert_eq!(vitals.features.view().count, used);
    let ticks = counters.market_updates - snapshots;
    assert_eq!(vitals.decide.view().count, ticks, "a whole book is not a tick");
}

#[test]
fn features_are_timed_for_a_share_of_the_events_otherwise() {
    let tape = random_tape(3, 2_000);
    let (vitals, _) = fused(|_| TapeSource::new(&tape, 7), 16);
    let (features, steps) = (vitals.features.view().count, vitals.decide.view().count);
    assert!(features > 0 && features < steps, "{features} of {steps}");
    assert!(steps < 400, "one in sixteen, not {steps}");
    let (vitals, _) = fused(|_| TapeSource::new(&tape, 7), u64::MAX);
    assert_eq!(vitals.features.view().count, 0);
}

/// Finds nothing a few times, then two events, then nothing again, and looks at the vital
/// signs before each poll.
struct Idle {
    tape: TapeSource,
    vitals: Arc<Vitals>,
    seen: Arc<Mutex<Vec<(u64, Pulse)>>>,
}

const QUIET: usize = 20;

impl Source for Idle {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        let mut seen = self.seen.lock().unwrap();
        seen.push((self.vitals.heartbeat(), self.vitals.pulse()));
        match seen.len() {
            QUIET => self.tape.poll(intake),
            polls if polls > 2 * QUIET => Activity::Finished,
            _ => Activity::Idle,
        }
    }

    fn wait(&mut self, _limit: Duration) {}

    fn resync(&mut self, _instrument: InstrumentId, _intake: &mut dyn Intake) {}
}

#[test]
fn an_idle_loop_is_alive_and_shows_the_account_before_and_after_the_first_events() {
    let (tape, seen) = (random_tape(3, 50), Arc::new(Mutex::new(Vec::new())));
    let notes = Arc::clone(&seen);
    fused(|vitals| Idle { tape: TapeSource::new(&tape, 2), vitals, seen }, 1);
    let notes = notes.lock().unwrap();
    assert!(notes.windows(2).all(|pair| pair[1].0 > pair[0].0), "every turn is a heartbeat");
    let cash: Money = "100000".parse().unwrap();
    assert_eq!(notes[QUIET - 1].1.cash, cash, "before the first event");
    assert_eq!(notes[QUIET - 1].1.counters.market_updates, 0);
    assert_eq!(
        notes[2 * QUIET].1.counters.market_updates,
        2,
        "what came is shown when it is quiet"
    );
}

#[test]
fn publishing_shows_the_picture_and_beating_shows_only_life() {
    let vitals = Vitals::for_instruments(1);
    let engine = scripted::engine();
    assert!(vitals.publish(&engine, domain::Timestamp::from_millis(5), 3, &mut None));
    assert_eq!((vitals.pulse().records, vitals.heartbeat()), (3, 0));
    vitals.beat();
    assert_eq!(vitals.heartbeat(), 1);
}

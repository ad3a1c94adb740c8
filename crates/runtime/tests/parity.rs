//! Same events, same commands: for every chunking of the input and every thread layout.
#![allow(clippy::unwrap_used, reason = "tests")]

mod notebook;
mod scripted;

use domain::OrderStatus;
use notebook::{Notebook, Parts, fused};
use proptest::prelude::*;
use runtime::{
    Finished,
    pipeline::{self, PipelineConfig},
};
use scripted::{TapeSource, parts, random_tape};

fn pipelined(parts: Parts, slots: usize) -> Finished<TapeSource, (), Notebook> {
    let config = PipelineConfig {
        market_channel_size: slots,
        order_channel_size: slots,
        report_latency: domain::Span::from_millis(1),
    };
    pipeline::run(parts, config).unwrap()
}

#[test]
fn the_tape_makes_the_strategy_trade_so_that_parity_means_something() {
    let done = fused(parts(TapeSource::new(&random_tape(5, 20_000), 64), Notebook::default()));
    let counters = done.engine.counters();
    assert!(counters.fills > 50, "{counters:?}");
    assert!(counters.book_losses > 50 && counters.resyncs > 50, "{counters:?}");
    assert_eq!(counters.alarms, 0);
    assert_eq!(done.engine.open_orders().count(), 0, "wound down");
}

#[test]
fn the_journal_holds_every_input_in_order_and_every_order_ends() {
    let notebook = Notebook::default();
    let done = fused(parts(TapeSource::new(&random_tape(6, 5_000), 64), notebook.clone()));
    let notes = notebook.notes();
    let inputs = notes.iter().filter(|note| note.starts_with("Input")).count() as u64;
    assert_eq!(inputs, done.ended.inputs);
    let placed = notes.iter().filter(|note| note.starts_with("Placed")).count() as u64;
    assert_eq!(placed, done.ended.orders);
    let ended = [OrderStatus::Filled, OrderStatus::Cancelled, OrderStatus::Expired]
        .map(|status| format!("status: {status:?}"));
    let closed = notes.iter().filter(|note| ended.iter().any(|end| note.contains(end))).count();
    assert_eq!(closed as u64, placed, "each order reaches one final state");
    assert!(notes.last().unwrap().starts_with("SessionEnded"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn chunking_and_layout_change_nothing(
        seed in any::<u64>(),
        chunk in 1_usize..300,
        slots in 1_usize..200,
    ) {
        let tape = random_tape(seed, 3_000);
        let reference = Notebook::default();
        let expected = fused(parts(TapeSource::new(&tape, 256), reference.clone())).ended;
        let chunked = Notebook::default();
        let again = fused(parts(TapeSource::new(&tape, chunk), chunked.clone())).ended;
        prop_assert_eq!(&again, &expected);
        prop_assert_eq!(chunked.notes(), reference.notes());
        let threaded = Notebook::default();
        let spread = pipelined(parts(TapeSource::new(&tape, chunk), threaded.clone()), slots).ended;
        prop_assert_eq!(&spread, &expected);
        prop_assert_eq!(threaded.notes(), reference.notes());
    }
}

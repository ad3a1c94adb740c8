//! An indicator takes all its memory when it is made.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::hint::black_box;

use market::indicator::{CATALOGUE, Candle};

fn candle(index: u32) -> Candle {
    let middle = 100.0 + (f64::from(index) * 0.37).sin() * 8.0;
    let hole = index.is_multiple_of(997);
    let close = if hole { f64::NAN } else { middle + 0.25 };
    Candle { open: middle, high: middle + 1.0, low: middle - 1.0, close, volume: 3.0 }
}

#[test]
fn no_indicator_allocates_after_it_was_made() {
    for row in &CATALOGUE {
        let mut indicator = row.build(&[]).unwrap();
        let counts = allocation_counter::measure(|| {
            for index in 1..5_000 {
                black_box(indicator.update(&candle(index)));
            }
            indicator.reset();
        });
        assert_eq!(counts.count_total, 0, "{}", row.name);
    }
}

#[test]
fn the_counter_sees_that_making_one_allocates() {
    let row = CATALOGUE.iter().find(|row| row.name == "sma").unwrap();
    let counts = allocation_counter::measure(|| drop(black_box(row.build(&[]))));
    assert!(counts.count_total > 0);
}

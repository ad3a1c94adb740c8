//! An indicator takes all its memory when it is made, and bars need none but for the output.

use std::hint::black_box;

use domain::{Lots, Span, Ticks, Timestamp};
use market::{
    bars::{Arrival, BarBuilder, BarRule},
    indicator::{CATALOGUE, Candle},
};

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
fn a_bar_builder_allocates_nothing_while_the_output_has_room() {
    let rules =
        [BarRule::Time(Span::from_secs(60)), BarRule::Ticks(7), BarRule::Volume(Lots::new(50))];
    for rule in rules {
        let mut builder = BarBuilder::new(rule).unwrap();
        let (mut out, mut bars) = (Vec::with_capacity(8), 0);
        let counts = allocation_counter::measure(|| {
            for index in 0..5_000 {
                let (time, price) = (Timestamp::from_millis(index * 5_000), Ticks::new(index % 90));
                let quantity = Lots::new(1 + index % 40);
                let arrival = builder.push(time, price, quantity, &mut out);
                assert_eq!(arrival, Ok(Arrival::Counted));
                bars += out.len();
                out.clear();
            }
        });
        assert!(bars > 300, "{bars} bars by {rule:?}");
        assert_eq!(counts.count_total, 0, "{rule:?}");
    }
}

#[test]
fn the_counter_sees_that_making_one_allocates() {
    let row = CATALOGUE.iter().find(|row| row.name == "sma").unwrap();
    let counts = allocation_counter::measure(|| drop(black_box(row.build(&[]))));
    assert!(counts.count_total > 0);
}

//! Laws of the order book: whatever happens, it equals an ordered map.

use std::collections::BTreeMap;

use domain::{Level, Side, Ticks};
use market::OrderBook;
use proptest::prelude::*;

/// The obvious book.
#[derive(Default)]
struct Oracle {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

impl Oracle {
    fn apply(&mut self, bids: &[Level], asks: &[Level]) {
        for (side, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            for level in levels {
                if level.quantity.get() > 0 {
                    side.insert(level.price.get(), level.quantity.get());
                } else {
                    side.remove(&level.price.get());
                }
            }
        }
    }

    fn bids(&self) -> Vec<Level> {
        self.bids.iter().rev().map(|(&price, &quantity)| Level::new(price, quantity)).collect()
    }

    fn asks(&self) -> Vec<Level> {
        self.asks.iter().map(|(&price, &quantity)| Level::new(price, quantity)).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Apply(Vec<Level>, Vec<Level>),
    Load(Vec<Level>, Vec<Level>),
    Clear,
}

/// Prices around a market that wanders, prices far away, and the ends of the range.
fn price() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => -400_i64..400,
        6 => -20_000_i64..20_000,
        1 => any::<i64>(),
        1 => prop_oneof![
            Just(i64::MIN), Just(i64::MAX), i64::MIN..i64::MIN + 600, i64::MAX - 600..i64::MAX
        ],
    ]
}

fn quantity() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(0), 8 => 1_i64..1_000, 1 => any::<i64>()]
}

fn levels(shift: i64, longest: usize) -> impl Strategy<Value = Vec<Level>> {
    let level = (price(), quantity())
        .prop_map(move |(price, quantity)| Level::new(price.saturating_add(shift), quantity));
    prop::collection::vec(level, 0..longest)
}

fn step() -> impl Strategy<Value = Step> {
    let shift = prop_oneof![3 => Just(0), 1 => -3_000_i64..3_000, 1 => Just(1_i64 << 40)];
    shift.prop_flat_map(|shift| {
        prop_oneof![
            16 => (levels(shift, 30), levels(shift, 30)).prop_map(|(b, a)| Step::Apply(b, a)),
            1 => (levels(shift, 120), levels(shift, 120)).prop_map(|(b, a)| Step::Load(b, a)),
            1 => Just(Step::Clear),
        ]
    })
}

fn assert_equal(book: &OrderBook, oracle: &Oracle) -> Result<(), TestCaseError> {
    let (bids, asks) = (oracle.bids(), oracle.asks());
    prop_assert_eq!(book.best_bid(), bids.first().copied());
    prop_assert_eq!(book.best_ask(), asks.first().copied());
    prop_assert_eq!(book.depth(Side::Buy), bids.len());
    prop_assert_eq!(book.depth(Side::Sell), asks.len());
    prop_assert_eq!(book.is_empty(), bids.is_empty() && asks.is_empty());
    for (side, expected) in [(Side::Buy, &bids), (Side::Sell, &asks)] {
        prop_assert_eq!(&book.levels(side).collect::<Vec<_>>(), expected);
        for level in expected {
            prop_assert_eq!(book.quantity_at(side, level.price), level.quantity);
            let next = level.price.offset(1);
            let quantity = expected.iter().find(|other| other.price == next);
            prop_assert_eq!(
                book.quantity_at(side, next).get(),
                quantity.map_or(0, |found| found.quantity.get())
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_book_equals_an_ordered_map_after_every_step(
        steps in prop::collection::vec(step(), 1..40),
        window in prop_oneof![Just(1_usize), Just(512), Just(OrderBook::DEFAULT_WINDOW)],
    ) {
        let mut book = OrderBook::with_window(window);
        let mut oracle = Oracle::default();
        for step in &steps {
            match step {
                Step::Apply(bids, asks) => {
                    book.apply(bids, asks);
                    oracle.apply(bids, asks);
                }
                Step::Load(bids, asks) => {
                    book.load(bids, asks);
                    oracle = Oracle::default();
                    oracle.apply(bids, asks);
                }
                Step::Clear => {
                    book.clear();
                    oracle = Oracle::default();
                }
            }
            assert_equal(&book, &oracle)?;
        }
    }

    #[test]
    fn a_market_that_wanders_through_many_windows_loses_no_level(
        moves in prop::collection::vec((-90_i64..110, 1_i64..50), 50..400),
    ) {
        let mut book = OrderBook::with_window(1);
        let mut oracle = Oracle::default();
        let mut mid = 0;
        for (number, (step, quantity)) in moves.into_iter().enumerate() {
            mid += step;
            // What the market moved through is taken, and a new level appears at the touch.
            let taken_bids: Vec<_> =
                oracle.bids.range(mid..).map(|(&price, _)| Level::new(price, 0)).collect();
            let taken_asks: Vec<_> =
                oracle.asks.range(..=mid).map(|(&price, _)| Level::new(price, 0)).collect();
            let bids = [taken_bids, vec![Level::new(mid - 1, quantity)]].concat();
            let asks = [taken_asks, vec![Level::new(mid + 1, quantity)]].concat();
            book.apply(&bids, &asks);
            oracle.apply(&bids, &asks);
            prop_assert!(!book.is_crossed());
            if number % 10 == 0 {
                assert_equal(&book, &oracle)?;
            }
        }
        assert_equal(&book, &oracle)?;
    }

    #[test]
    fn asking_for_any_price_never_fails(ticks in any::<i64>(), other in any::<i64>()) {
        let mut book = OrderBook::with_window(1);
        book.apply(&[Level::new(other, 3)], &[Level::new(other, 4)]);
        let expected = if ticks == other { (3, 4) } else { (0, 0) };
        let price = Ticks::new(ticks);
        let found = (book.quantity_at(Side::Buy, price), book.quantity_at(Side::Sell, price));
        prop_assert_eq!((found.0.get(), found.1.get()), expected);
    }
}

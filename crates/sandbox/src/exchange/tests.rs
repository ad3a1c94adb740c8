//! Laws of the matching engine.

use std::collections::BTreeMap;

use domain::{Level, Lots, Side, Ticks};

use super::{MatchingBook, Report, reaches};

fn ticks(price: i64) -> Ticks {
    Ticks::new(price)
}

fn lots(quantity: i64) -> Lots {
    Lots::new(quantity)
}

fn trades(reports: &[Report]) -> Vec<(i64, i64)> {
    let trade = |report: &Report| match report {
        Report::Trade { price, quantity, .. } => Some((price.get(), quantity.get())),
        Report::Level { .. } => None,
    };
    reports.iter().filter_map(trade).collect()
}

#[test]
fn a_taker_pays_the_best_prices_first_and_never_beyond_its_limit() {
    let (mut book, mut reports) = (MatchingBook::default(), Vec::new());
    for (price, quantity) in [(103, 5), (101, 2), (102, 3)] {
        book.place(Side::Sell, ticks(price), lots(quantity), &mut reports);
    }
    reports.clear();
    let left = book.take(Side::Buy, ticks(102), lots(9), &mut reports);
    assert_eq!(left, lots(4));
    assert_eq!(trades(&reports), [(101, 2), (102, 3)]);
    assert_eq!(book.best(Side::Sell), Some(Level::new(103, 5)));
}

#[test]
fn within_a_price_the_older_order_is_filled_first() {
    let (mut book, mut reports) = (MatchingBook::default(), Vec::new());
    let first = book.place(Side::Buy, ticks(100), lots(4), &mut reports).unwrap();
    book.place(Side::Buy, ticks(100), lots(6), &mut reports);
    book.take(Side::Sell, ticks(100), lots(5), &mut reports);
    assert_eq!(trades(&reports), [(100, 4), (100, 1)]);
    assert_eq!((book.len(), book.best(Side::Buy)), (1, Some(Level::new(100, 5))));
    // The key of the filled order is free again; the next order may get it.
    assert_eq!(book.place(Side::Buy, ticks(99), lots(1), &mut reports), Some(first));
}

#[test]
fn a_limit_order_takes_what_crosses_and_rests_with_the_remainder() {
    let (mut book, mut reports) = (MatchingBook::default(), Vec::new());
    book.place(Side::Sell, ticks(100), lots(3), &mut reports);
    book.place(Side::Buy, ticks(101), lots(5), &mut reports);
    assert_eq!(trades(&reports), [(100, 3)]);
    assert_eq!(book.best(Side::Buy), Some(Level::new(101, 2)));
    assert_eq!(book.best(Side::Sell), None);
}

/// Order flow from a simple generator: the same one on every run.
fn flow(seed: u64, steps: usize, mut check: impl FnMut(&MatchingBook, &[Report])) {
    let (mut book, mut reports, mut state) = (MatchingBook::default(), Vec::new(), seed);
    let mut draw = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..steps {
        reports.clear();
        let side = if draw(2) == 0 { Side::Buy } else { Side::Sell };
        let price = ticks(90 + i64::try_from(draw(20)).unwrap());
        let quantity = lots(1 + i64::try_from(draw(9)).unwrap());
        match draw(4) {
            0 => {
                book.take(side, price, quantity, &mut reports);
            }
            1 if book.len() > 0 => {
                let place = usize::try_from(draw(book.len() as u64)).unwrap();
                let (key, ..) = book.order_at(place).unwrap();
                book.cancel(key, &mut reports);
            }
            _ => {
                book.place(side, price, quantity, &mut reports);
            }
        }
        check(&book, &reports);
    }
}

#[test]
fn the_reports_alone_rebuild_the_book_and_it_never_crosses() {
    for seed in 0..20 {
        let mut shadow: [BTreeMap<i64, i64>; 2] = Default::default();
        flow(seed, 2_000, |book, reports| {
            for report in reports {
                if let Report::Level { side, level } = report {
                    let half = &mut shadow[usize::from(*side == Side::Sell)];
                    half.insert(level.price.get(), level.quantity.get());
                    half.retain(|_, quantity| *quantity != 0);
                }
            }
            for side in [Side::Buy, Side::Sell] {
                let half = &shadow[usize::from(side == Side::Sell)];
                let mut levels: Vec<_> = book
                    .levels(side)
                    .map(|level| (level.price.get(), level.quantity.get()))
                    .collect();
                levels.sort_unstable();
                assert_eq!(levels, half.iter().map(|(p, q)| (*p, *q)).collect::<Vec<_>>());
                assert!(levels.iter().all(|(_, quantity)| *quantity > 0));
            }
            if let (Some(bid), Some(ask)) = (book.best(Side::Buy), book.best(Side::Sell)) {
                assert!(bid.price < ask.price);
            }
        });
    }
}

#[test]
fn a_pick_of_orders_from_a_price_holds_exactly_those_at_or_better() {
    flow(7, 500, |book, _| {
        for side in [Side::Buy, Side::Sell] {
            let mut keys = Vec::new();
            book.orders_from(side, ticks(100), &mut keys);
            let expected = (0..book.len())
                .filter_map(|place| book.order_at(place))
                .filter(|(_, own, price)| {
                    *own == side && reaches(side.opposite(), ticks(100), *price)
                })
                .count();
            assert_eq!(keys.len(), expected);
        }
    });
}

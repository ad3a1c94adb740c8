//! Laws of bars, and the bars of recorded trades against recorded bars.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::disallowed_methods, reason = "a test reads recordings")]
#![expect(clippy::print_stdout, reason = "the comparison is shown")]

use std::collections::BTreeMap;

use domain::{Lots, Span, Ticks, Timestamp, event::Bar};
use market::{
    bars::{Arrival, BarBuilder, BarRule, resample},
    indicator::{Candle, CandleScale, Vwap},
};
use proptest::prelude::*;
use testkit::instruments::{btc_perpetual, instruments};

type Print = (Timestamp, Ticks, Lots);

const MINUTE: Span = Span::from_secs(60);

/// All bars, the unfinished one too, and how many trades were late.
fn build(rule: BarRule, prints: &[Print]) -> (Vec<Bar>, u64) {
    let mut builder = BarBuilder::new(rule).unwrap();
    let (mut bars, mut late) = (Vec::new(), 0);
    for &(time, price, quantity) in prints {
        let arrival = builder.push(time, price, quantity, &mut bars).unwrap();
        late += u64::from(arrival == Arrival::Late);
    }
    bars.extend(builder.close());
    assert_eq!(builder.late().count, late);
    (bars, late)
}

fn volume(bars: &[Bar]) -> i64 {
    bars.iter().map(|bar| bar.volume.get()).sum()
}

/// Trades in the order of time, several in a minute and some at equal times.
fn prints() -> impl Strategy<Value = Vec<Print>> {
    let step = (0_i64..40_000_000_000, -20_i64..20, 1_i64..500);
    (any::<i32>(), prop::collection::vec(step, 1..200)).prop_map(|(start, steps)| {
        let (mut time, mut price) = (i64::from(start) * 1_000_000_000, 10_000);
        let walk = steps.into_iter().map(|(pause, change, quantity)| {
            (time, price) = (time + pause, price + change);
            (Timestamp::from_nanos(time), Ticks::new(price), Lots::new(quantity))
        });
        walk.collect()
    })
}

fn rules() -> impl Strategy<Value = BarRule> {
    prop_oneof![
        (1_i64..600).prop_map(|seconds| BarRule::Time(Span::from_secs(seconds))),
        (1_u32..20).prop_map(BarRule::Ticks),
        (1_i64..2_000).prop_map(|volume| BarRule::Volume(Lots::new(volume))),
    ]
}

proptest! {
    #[test]
    fn bars_keep_all_volume_and_all_prices_and_follow_each_other(
        prints in prints(),
        rule in rules(),
    ) {
        let (bars, late) = build(rule, &prints);
        prop_assert_eq!(late, 0);
        prop_assert_eq!(volume(&bars), prints.iter().map(|print| print.2.get()).sum::<i64>());
        prop_assert!(bars.windows(2).all(|pair| pair[0].end <= pair[1].start));
        prop_assert_eq!((bars[0].open, bars[bars.len() - 1].close),
            (prints[0].1, prints[prints.len() - 1].1));
        prop_assert_eq!(bars.iter().map(|bar| bar.high).max(), prints.iter().map(|it| it.1).max());
        prop_assert_eq!(bars.iter().map(|bar| bar.low).min(), prints.iter().map(|it| it.1).min());
        for bar in &bars {
            let inside = |price: Ticks| (bar.low..=bar.high).contains(&price);
            prop_assert!(inside(bar.open) && inside(bar.close) && bar.volume > Lots::ZERO);
        }
        match rule {
            BarRule::Time(span) => for bar in &bars {
                prop_assert_eq!(bar.end.since(bar.start), span);
                prop_assert_eq!(bar.start.as_nanos().rem_euclid(span.as_nanos()), 0);
            },
            BarRule::Ticks(count) => {
                prop_assert_eq!(bars.len(), prints.len().div_ceil(count as usize));
            }
            BarRule::Volume(full) => {
                let complete = &bars[..bars.len() - 1];
                prop_assert!(complete.iter().all(|bar| bar.volume == full));
            }
        }
    }

    #[test]
    fn the_order_within_a_bar_changes_nothing_and_late_volume_is_reported(
        prints in prints(),
        seed in 1_u64..u64::MAX,
    ) {
        let mut distinct = prints.clone();
        distinct.dedup_by_key(|print| print.0);
        let mut shuffled = distinct.clone();
        let mut random = testkit::bench::Random::new(seed);
        let minute = |print: &Print| print.0.as_nanos().div_euclid(MINUTE.as_nanos());
        shuffled.sort_by_cached_key(|print| (minute(print), random.below(1_000)));
        let rule = BarRule::Time(MINUTE);
        prop_assert_eq!(build(rule, &shuffled), build(rule, &distinct));

        let mut backwards = distinct.clone();
        backwards.reverse();
        let mut builder = BarBuilder::new(rule).unwrap();
        let mut bars = Vec::new();
        for &(time, price, quantity) in &backwards {
            let _ = builder.push(time, price, quantity, &mut bars).unwrap();
        }
        bars.extend(builder.close());
        let all: i64 = distinct.iter().map(|print| print.2.get()).sum();
        prop_assert_eq!(volume(&bars) + builder.late().volume.get(), all);
        prop_assert_eq!(bars.len(), 1);
    }

    #[test]
    fn merged_minutes_equal_the_longer_bars_of_the_trades(
        prints in prints(),
        minutes in prop::sample::select(vec![1_i64, 5, 15, 60, 1_440]),
    ) {
        let span = Span::from_secs(60 * minutes);
        let (small, _) = build(BarRule::Time(MINUTE), &prints);
        let (large, _) = build(BarRule::Time(span), &prints);
        prop_assert_eq!(resample(&small, span).unwrap(), large);
    }

    #[test]
    fn passing_time_at_every_trade_gives_the_same_bars(prints in prints()) {
        let mut builder = BarBuilder::new(BarRule::Time(MINUTE)).unwrap();
        let mut bars = Vec::new();
        for &(time, price, quantity) in &prints {
            bars.extend(builder.pass_time(time));
            prop_assert_eq!(builder.push(time, price, quantity, &mut bars), Ok(Arrival::Counted));
        }
        bars.extend(builder.close());
        prop_assert_eq!(bars, build(BarRule::Time(MINUTE), &prints).0);
    }
}

#[test]
fn a_candle_has_the_decimals_of_its_bar() {
    let instruments = instruments([btc_perpetual()]);
    let scale = CandleScale::new(instruments.iter().next().unwrap());
    let [open, high, low, close] = [617_934, 617_999, 617_001, 617_035].map(Ticks::new);
    let (start, end) = (Timestamp::EPOCH, Timestamp::from_millis(1));
    let bar = Bar { start, end, open, high, low, close, volume: Lots::new(1_234) };
    let candle = scale.candle(&bar);
    let expected =
        Candle { open: 61_793.4, high: 61_799.9, low: 61_700.1, close: 61_703.5, volume: 1.234 };
    assert_eq!(candle, expected);
    assert!(Vwap::new().push(&candle).is_some_and(|price| (price - 61_734.5).abs() < 1e-9));
}

/// The rows of a recorded file of whole numbers; the first is milliseconds of New York's day.
fn rows(path: &str) -> Option<Vec<Vec<i64>>> {
    let path = testkit::recorded(format!("equities-intraday/{path}.csv.zst"))?;
    let text = zstd::decode_all(&*std::fs::read(path).unwrap()).unwrap();
    let row = |line: &str| line.split(',').map_while(|field| field.parse().ok()).collect();
    Some(String::from_utf8(text).unwrap().lines().map(row).collect())
}

#[test]
fn minutes_of_recorded_trades_have_the_recorded_volume() {
    for day in ["20131007", "20131008", "20131009"] {
        let Some(trades) = rows(&format!("tick/ibm/{day}_trade")) else { return };
        let Some(minutes) = rows(&format!("minute/ibm/{day}_trade")) else { return };
        // New York's midnight is a whole number of minutes from the epoch, so any day will do.
        let time = |row: &Vec<i64>| Timestamp::from_millis(row[0]);
        let print = |row: &Vec<i64>| (time(row), Ticks::new(row[1]), Lots::new(row[2]));
        let prints: Vec<Print> = trades.iter().map(print).collect();
        let (bars, late) = build(BarRule::Time(MINUTE), &prints);
        assert_eq!((late, volume(&bars)), (0, prints.iter().map(|print| print.2.get()).sum()));

        let ours: BTreeMap<Timestamp, &Bar> = bars.iter().map(|bar| (bar.start, bar)).collect();
        let volume_of =
            |row: &&Vec<i64>| ours.get(&time(row)).is_some_and(|bar| bar.volume.get() == row[5]);
        // The recorded prices leave odd lots out, so they lie within ours.
        let within = |row: &&Vec<i64>| {
            ours.get(&time(row))
                .is_some_and(|bar| bar.high.get() >= row[2] && bar.low.get() <= row[3])
        };
        let equal = minutes.iter().filter(volume_of).count();
        let inside = minutes.iter().filter(within).count();
        let total = minutes.len();
        println!(
            "{day}: {equal} of {total} minutes have the recorded volume, {inside} hold all prices"
        );
        assert!(minutes.iter().all(|row| row.len() == 6) && total > 400);
        assert!(100 * equal >= 99 * total, "{day}: only {equal} of {total}");
        assert_eq!(inside, total, "{day}");
    }
}

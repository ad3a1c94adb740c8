//! Corporate actions: the published adjusted series, and what is refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::disallowed_methods, reason = "a test reads recordings")]
#![expect(clippy::print_stdout, reason = "the comparison is shown")]

use domain::{
    Money, Rate,
    event::{Dividend, MarketData, Split},
};
use market::{
    adjustment::{Adjustment, AdjustmentError, Holding, total_return},
    indicator::Candle,
};
use proptest::prelude::*;

fn bar(close: f64) -> Candle {
    Candle { open: close, high: close, low: close, close, volume: 100.0 }
}

#[test]
fn a_split_and_a_dividend_of_the_new_units_on_one_day_leave_the_price_where_it_was() {
    let mut adjustment = Adjustment::new();
    adjustment.adjust(&bar(120.0));
    let split = MarketData::Split(Split { ratio: Rate::new("4".parse().unwrap()) });
    let per_unit = Money::from_decimal("1.5".parse().unwrap()).unwrap();
    adjustment.on_event(&split).unwrap();
    adjustment.on_event(&MarketData::Dividend(Dividend { per_unit })).unwrap();
    adjustment.on_event(&MarketData::FeedSilent).unwrap();
    let after = adjustment.adjust(&bar(28.5));
    assert!((after.close - 120.0).abs() < 1e-12 && (after.volume - 25.0).abs() < 1e-12);
    assert!((adjustment.price_factor() - 120.0 / 28.5).abs() < 1e-12);
    assert!((adjustment.volume_factor() - 0.25).abs() < 1e-12);
}

#[test]
fn impossible_actions_are_refused_and_change_nothing() {
    let mut adjustment = Adjustment::new();
    let early = adjustment.dividend(1.0);
    assert_eq!(early, Err(AdjustmentError::NoPriceBefore { per_unit: 1.0 }));
    adjustment.adjust(&bar(10.0));
    for unusable in [0.0, -10.0, f64::NAN] {
        adjustment.adjust(&bar(unusable));
    }
    let before = adjustment;
    for ratio in [0.0, -2.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(adjustment.split(ratio), Err(AdjustmentError::RatioNotPositive { .. })));
        let refusal = adjustment.dividend(ratio);
        assert!(matches!(refusal, Err(AdjustmentError::DividendNotPositive { .. })));
    }
    let refusal = AdjustmentError::DividendNotBelowPrice { per_unit: 10.0, close: 10.0 };
    assert_eq!(adjustment.dividend(10.0), Err(refusal));
    assert_eq!(adjustment, before);
    assert!(adjustment.dividend(4.0).is_ok() && adjustment.dividend(6.0).is_err());
}

#[test]
fn no_return_is_made_up_where_there_was_no_price() {
    let day = Holding { previous_close: 0.0, close: 5.0, dividend: 0.0, split: 1.0 };
    assert_eq!(total_return(&day), None);
    assert_eq!(total_return(&Holding { previous_close: -1.0, ..day }), None);
    assert_eq!(total_return(&Holding { previous_close: 1.0, close: f64::NAN, ..day }), None);
    let worthless = Holding { previous_close: 5.0, close: 0.0, ..day };
    assert_eq!(total_return(&worthless), Some(-1.0));
}

proptest! {
    #[test]
    fn actions_alone_never_move_the_adjusted_price(
        price in 1.0_f64..1e5,
        actions in prop::collection::vec((0.1_f64..10.0, 0.0_f64..0.5), 1..12),
    ) {
        let mut adjustment = Adjustment::new();
        let mut traded = price;
        adjustment.adjust(&bar(traded));
        for (ratio, share) in actions {
            adjustment.split(ratio).unwrap();
            traded /= ratio;
            if share > 0.0 {
                adjustment.dividend(traded * share).unwrap();
                traded -= traded * share;
            }
            let close = adjustment.adjust(&bar(traded)).close;
            prop_assert!((close / price - 1.0).abs() < 1e-9, "{close} is not {price}");
        }
    }
}

/// Adjusted closes of these do not follow from their other columns (spin-offs and the like).
const DO_NOT_FOLLOW: [&str; 10] =
    ["CAG", "DISCA", "DISCK", "F", "MCO", "MET", "MO", "MRO", "OXY", "TMUS"];

/// Close, adjusted close, dividend and split of a day.
struct Day {
    date: String,
    close: f64,
    adjusted: f64,
    dividend: f64,
    split: f64,
}

fn days(path: &std::path::Path) -> Vec<Day> {
    let text = zstd::decode_all(&*std::fs::read(path).unwrap()).unwrap();
    let day = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [date, _, _, _, close, adjusted, _, dividend, split] = fields[..] else {
            panic!("{}: {line}", path.display())
        };
        let [close, adjusted, dividend, split] =
            [close, adjusted, dividend, split].map(|field| field.parse().unwrap());
        Day { date: date.to_owned(), close, adjusted, dividend, split }
    };
    String::from_utf8(text).unwrap().lines().skip(1).map(day).collect()
}

/// The largest difference of two growth factors, and where it was.
#[derive(Default)]
struct Worst {
    difference: f64,
    place: String,
    compared: u32,
}

impl Worst {
    fn see(&mut self, ours: f64, published: f64, place: &str) {
        self.compared += 1;
        let difference = (ours / published - 1.0).abs();
        if difference > self.difference || difference.is_nan() {
            (self.difference, self.place) = (difference, place.to_owned());
        }
    }
}

#[test]
fn returns_of_all_recorded_shares_are_those_of_the_published_adjusted_closes() {
    let Some(folder) = testkit::recorded("equities-daily") else { return };
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (mut returns, mut stream, mut symbols) = (Worst::default(), Worst::default(), 0);
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(symbol) = name.strip_suffix(".csv.zst") else { continue };
        if DO_NOT_FOLLOW.contains(&symbol) {
            continue;
        }
        symbols += 1;
        compare(symbol, &days(&path), &mut returns, &mut stream);
    }
    let Worst { difference, place, compared } = &returns;
    println!("{symbols} symbols, {compared} returns, worst {difference:.1e} at {place}");
    println!("streaming adjustment: worst {:.1e} at {}", stream.difference, stream.place);
    assert!(symbols == 180 && *compared > 860_000);
    assert!(returns.difference < 0.01, "{difference} at {place}");
    assert!(stream.difference < 0.01, "{} at {}", stream.difference, stream.place);
}

fn compare(symbol: &str, days: &[Day], returns: &mut Worst, stream: &mut Worst) {
    let mut adjustment = Adjustment::new();
    let mut before = adjustment.adjust(&bar(days[0].close)).close;
    for pair in days.windows(2) {
        let [previous, day] = pair else { unreachable!("windows of two") };
        let place = format!("{symbol} on {}", day.date);
        let published = day.adjusted / previous.adjusted;
        let Day { close, dividend, split, .. } = *day;
        let holding = Holding { previous_close: previous.close, close, dividend, split };
        returns.see(1.0 + total_return(&holding).unwrap(), published, &place);

        if split.total_cmp(&1.0).is_ne() {
            adjustment.split(split).unwrap();
        }
        if dividend > 0.0 {
            adjustment.dividend(dividend).unwrap();
        }
        let after = adjustment.adjust(&bar(close)).close;
        stream.see(after / before, published, &place);
        before = after;
    }
}

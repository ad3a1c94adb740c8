//! Conventions at the edges: first values, flat prices, no volume, periods of one, holes.

#![expect(clippy::float_cmp, reason = "these results are exact")]

use super::{
    Atr, BollingerBands, CATALOGUE, Candle, Ema, IndicatorError, MAX_PERIOD, Macd, MacdPeriods,
    ParameterKind, Rsi, Sma, StandardDeviation, Stochastic, StochasticPeriods, TrueRange, Vwap,
    ZScore, find,
    window::{Range, Summary as _, Window},
};

const UNUSABLE: [f64; 5] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -1e101];

fn close(close: f64) -> Candle {
    bar(close, close, close, 1.0)
}

const fn bar(high: f64, low: f64, close: f64, volume: f64) -> Candle {
    Candle { open: close, high, low, close, volume }
}

fn wave(index: u32) -> Candle {
    let middle = 100.0 + (f64::from(index) * 0.7).sin() * 5.0;
    bar(middle + 1.0, middle - 2.0, middle - 0.5, 1.0 + f64::from(index % 7))
}

#[test]
fn names_are_unique_and_sorted_and_every_row_says_what_it_gives() {
    assert!(CATALOGUE.windows(2).all(|pair| pair[0].name < pair[1].name));
    for row in &CATALOGUE {
        assert_eq!(find(row.name).unwrap().name, row.name);
        assert!(!row.purpose.is_empty() && !row.outputs.is_empty());
        let unique = |(index, name)| !row.outputs[..index].contains(name);
        assert!(row.outputs.iter().enumerate().all(unique));
    }
    assert!(find("no_such_indicator").is_none());
}

#[test]
fn every_indicator_builds_and_all_outputs_begin_exactly_when_the_warm_up_ends() {
    for row in &CATALOGUE {
        let mut indicator = row.build(&[]).unwrap();
        let warm_up = indicator.warm_up();
        assert_eq!(row.warm_up(&[]).unwrap(), warm_up);
        for index in 1..=warm_up + 5 {
            let outputs = indicator.update(&wave(index));
            assert_eq!(outputs.len(), row.outputs.len(), "{}", row.name);
            let complete = outputs.iter().all(Option::is_some);
            assert_eq!(complete, index >= warm_up, "{} at bar {index}", row.name);
        }
        let last = indicator.outputs().to_vec();
        let newest = indicator.update(&wave(1)).to_vec();
        assert_eq!(newest, indicator.outputs());
        indicator.reset();
        assert!(indicator.outputs().iter().all(Option::is_none));
        (1..=warm_up + 5).for_each(|index| _ = indicator.update(&wave(index)));
        assert_eq!(indicator.outputs(), last, "{} forgot something or not enough", row.name);
    }
}

#[test]
fn wrong_parameters_are_refused_by_name() {
    let row = find("macd").unwrap();
    let refusal = |given: &[(&str, f64)]| row.build(given).unwrap_err();
    assert_eq!(refusal(&[("slow", 0.0)]), IndicatorError::PeriodZero { parameter: "slow" });
    let reversed = IndicatorError::FastNotBelowSlow { fast: 26, slow: 26 };
    assert_eq!(refusal(&[("fast", 26.0)]), reversed);
    for value in [1.5, -1.0, 1e6 + 1.0, f64::INFINITY] {
        let not_whole = IndicatorError::PeriodNotWhole { parameter: "signal", value };
        assert_eq!(refusal(&[("signal", value)]), not_whole);
    }
    assert!(matches!(
        refusal(&[("signal", f64::NAN)]),
        IndicatorError::PeriodNotWhole { parameter: "signal", .. }
    ));
    let twice = refusal(&[("fast", 3.0), ("fast", 4.0)]).to_string();
    assert_eq!(twice, "the parameter fast of the indicator macd is given twice");
    let unknown = refusal(&[("period", 3.0)]).to_string();
    assert_eq!(unknown, "the indicator macd has no parameter period; it has fast, slow, signal");
    assert!(find("vwap").unwrap().build(&[("period", 3.0)]).is_err());
}

#[test]
fn periods_of_zero_and_absurd_ones_are_refused_by_every_constructor() {
    for period in [0, MAX_PERIOD + 1, u32::MAX] {
        let expected = match period {
            0 => IndicatorError::PeriodZero { parameter: "period" },
            _ => IndicatorError::PeriodTooLong { parameter: "period", period },
        };
        let refusals = [
            Sma::new(period).unwrap_err(),
            Ema::new(period).unwrap_err(),
            Rsi::new(period).unwrap_err(),
            Atr::new(period).unwrap_err(),
            ZScore::new(period).unwrap_err(),
            StandardDeviation::new(period).unwrap_err(),
            BollingerBands::new(period, 2.0).unwrap_err(),
        ];
        assert!(refusals.iter().all(|refusal| *refusal == expected), "{refusals:?}");
        let (mut macd, mut stochastic) = (MacdPeriods::default(), StochasticPeriods::default());
        (macd.signal, stochastic.smooth) = (period, period);
        assert!(Macd::new(macd).is_err() && Stochastic::new(stochastic).is_err());
    }
    for multiplier in [0.0, -2.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            BollingerBands::new(20, multiplier),
            Err(IndicatorError::MultiplierOutOfRange { parameter: "multiplier", .. })
        ));
    }
}

#[test]
fn prices_that_never_fall_have_a_strength_of_one_hundred_and_flat_ones_too() {
    let mut rsi = Rsi::new(3).unwrap();
    let rising = (0..10).filter_map(|price| rsi.push(f64::from(price)));
    assert_eq!(rising.collect::<Vec<_>>(), [100.0; 7]);
    rsi.reset();
    assert_eq!((0..5).filter_map(|_| rsi.push(7.0)).collect::<Vec<_>>(), [100.0; 2]);
    rsi.reset();
    let falling = (0..5).filter_map(|price| rsi.push(-f64::from(price)));
    assert_eq!(falling.collect::<Vec<_>>(), [0.0; 2]);
}

#[test]
fn the_strength_survives_any_number_of_flat_bars() {
    let mut rsi = Rsi::new(2).unwrap();
    let prices = [10.0, 13.0, 12.0];
    let before = prices.map(|price| rsi.push(price))[2].unwrap();
    assert!((before - 75.0).abs() < 1e-12);
    let after = (0..100_000).map(|_| rsi.push(12.0)).last().unwrap().unwrap();
    assert!((after - before).abs() < 1e-6, "{after} is not {before}");
    assert!(rsi.push(11.0).unwrap() < 1e-200, "the next change is all that counts");
}

#[test]
fn a_range_of_nothing_puts_the_oscillator_at_zero_and_defective_closes_at_its_ends() {
    let periods = StochasticPeriods { lookback: 2, smooth: 1, signal: 1 };
    let mut stochastic = Stochastic::new(periods).unwrap();
    let mut k = |candle| stochastic.push(&candle).map(|value| value.k);
    assert_eq!(k(close(5.0)), None);
    assert_eq!(k(close(5.0)), Some(0.0));
    assert_eq!(k(bar(9.0, 4.0, 100.0, 0.0)), Some(100.0));
    assert_eq!(k(bar(9.0, 4.0, -100.0, 0.0)), Some(0.0));
    assert_eq!(k(bar(9.0, 4.0, 8.0, 0.0)), Some(80.0));
}

#[test]
fn a_mean_price_needs_some_volume_and_leaves_defective_bars_out() {
    let mut vwap = Vwap::new();
    assert_eq!(vwap.push(&bar(3.0, 3.0, 3.0, 0.0)), None);
    assert_eq!(vwap.push(&bar(6.0, 3.0, 3.0, 2.0)), Some(4.0));
    for unusable in UNUSABLE {
        assert_eq!(vwap.push(&bar(unusable, 3.0, 3.0, 2.0)), None);
        assert_eq!(vwap.push(&bar(3.0, 3.0, 3.0, unusable)), None);
    }
    assert_eq!(vwap.push(&bar(3.0, 3.0, 3.0, -2.0)), None);
    assert_eq!(vwap.push(&bar(9.0, 9.0, 9.0, 0.0)), Some(4.0));
    assert_eq!(vwap.push(&bar(5.0, 5.0, 5.0, 2.0)), Some(4.5));
    vwap.reset();
    assert_eq!(vwap.push(&bar(5.0, 5.0, 5.0, 2.0)), Some(5.0));
}

#[test]
fn small_volumes_count_beside_huge_ones() {
    let mut vwap = Vwap::new();
    vwap.push(&bar(1.0, 1.0, 1.0, 1e17));
    (0..1_000).for_each(|_| _ = vwap.push(&bar(1.0, 1.0, 1.0, 1.0)));
    let value = vwap.push(&bar(1e17, 1e17, 1e17, 1.0)).unwrap();
    assert!((value - 2.0).abs() < 1e-13, "{value}");
}

#[test]
fn a_period_of_one_follows_the_value_itself() {
    let values = [1e16, 1.0, 0.1, -3.0];
    let (mut sma, mut ema) = (Sma::new(1).unwrap(), Ema::new(1).unwrap());
    let (mut bands, mut z_score) = (BollingerBands::new(1, 2.0).unwrap(), ZScore::new(1).unwrap());
    for value in values {
        assert_eq!((sma.push(value), ema.push(value)), (Some(value), Some(value)));
        let band = bands.push(value).unwrap();
        assert_eq!((band.lower, band.middle, band.upper), (value, value, value));
        assert_eq!((band.percent_b, band.z_score, band.width), (None, None, Some(0.0)));
        assert_eq!(z_score.push(value), None);
    }
    let mut rsi = Rsi::new(1).unwrap();
    let strengths = [5.0, 6.0, 5.0, 5.0].map(|price| rsi.push(price));
    assert_eq!(strengths, [None, Some(100.0), Some(0.0), Some(100.0)]);
    let (mut atr, mut range) = (Atr::new(1).unwrap(), TrueRange::new());
    for index in 0..20 {
        let average = atr.push(&wave(index)).map(|value| value.atr);
        assert_eq!(average, range.push(&wave(index)));
    }
}

#[test]
fn equal_values_have_exactly_no_deviation() {
    for value in [0.1, 1.0 / 3.0, 123_456.789, 1e-9, -7e14, 0.0] {
        let mut spread = StandardDeviation::new(7).unwrap();
        let seen: Vec<_> = (0..100).filter_map(|_| spread.push(value)).collect();
        assert_eq!(seen.len(), 94);
        assert!(seen.iter().all(|one| one.deviation == 0.0 && one.mean == value));
        assert!(seen.iter().all(|one| one.z_score.is_none()));
    }
}

#[test]
fn a_huge_value_leaves_no_trace_once_it_left_the_window() {
    let mut spread = StandardDeviation::new(4).unwrap();
    let mut fresh = StandardDeviation::new(4).unwrap();
    for value in [1e99, -1e99, 3e50] {
        spread.push(value);
    }
    let (mut after, mut expected) = (None, None);
    for value in [1.25, 1.5, 1.0, 1.75] {
        (after, expected) = (spread.push(value), fresh.push(value));
    }
    let (after, expected) = (after.unwrap(), expected.unwrap());
    assert!((after.deviation - expected.deviation).abs() < 1e-15);
    assert_eq!(after.mean, 1.375);
}

#[test]
fn a_small_spread_beside_a_large_price_keeps_its_digits() {
    let mut spread = StandardDeviation::new(5).unwrap();
    let steps = [0.0, 1.0, 3.0, 2.0, 4.0, 0.0, 4.0, 1.0];
    let values = steps.map(|step| spread.push(1e12 + step / 1024.0));
    let last = values[7].unwrap();
    // Of 3, 2, 4, 0, 4, 1 the latest five have mean 11 / 5 and variance 64 / 25.
    assert!((last.deviation * 1024.0 - 1.6).abs() < 1e-12, "{}", last.deviation * 1024.0);
}

#[test]
fn an_unusable_number_starts_the_warm_up_again_and_nothing_of_before_remains() {
    for row in CATALOGUE.iter().filter(|row| row.name != "vwap") {
        for hole in UNUSABLE {
            let (mut broken, mut fresh) = (row.build(&[]).unwrap(), row.build(&[]).unwrap());
            (100..150).for_each(|index| _ = broken.update(&wave(index)));
            assert!(broken.update(&close(hole)).iter().all(Option::is_none), "{}", row.name);
            for index in 0..60 {
                let (left, right) = (broken.update(&wave(index)), fresh.update(&wave(index)));
                assert_eq!(left, right, "{} after {hole}", row.name);
            }
        }
    }
}

#[test]
fn every_period_has_a_default_that_is_allowed() {
    for parameter in CATALOGUE.iter().flat_map(|row| row.parameters) {
        let whole = parameter.default.fract() == 0.0 && parameter.default >= 1.0;
        assert!(whole || parameter.kind == ParameterKind::Multiplier, "{}", parameter.name);
    }
}

#[test]
fn a_window_knows_the_extremes_of_its_latest_values() {
    for length in [1, 2, 3, 7, 16] {
        let values: Vec<f64> = (0..200_u32).map(|index| f64::from(index * 7919 % 101)).collect();
        let mut window = Window::new(length);
        for (index, &value) in values.iter().enumerate() {
            let one = Range { high: value, low: value };
            let seen = window.push(one).map(|range| (range.high, range.low));
            let expected = (index + 1).checked_sub(length as usize).map(|start| {
                let latest = values[start..=index].iter().map(|&high| Range { high, low: high });
                let range = latest.reduce(Range::then).unwrap();
                (range.high, range.low)
            });
            assert_eq!(seen, expected, "length {length}, value {index}");
        }
    }
}

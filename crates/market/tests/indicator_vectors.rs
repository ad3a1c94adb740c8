//! Indicators against results that were published with their inputs.
//!
//! The expected values were computed by another library and pinned by its tests. Beside
//! them, every recorded file of quotes, the defective ones included, goes through every
//! indicator with several parameters.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::disallowed_methods, reason = "a test reads recordings")]
#![expect(clippy::print_stdout, reason = "the comparison is shown")]

use market::indicator::{CATALOGUE, Candle, IndicatorRow, find};
use serde_json::Value;

const FOLDER: &str = "indicator-vectors";

/// A number, or NaN for an empty field.
fn number(field: &str) -> f64 {
    let field = field.trim();
    if field.is_empty() { f64::NAN } else { field.parse().unwrap() }
}

fn quotes(name: &str) -> Option<Vec<Candle>> {
    let path = testkit::recorded(format!("{FOLDER}/quotes/{name}.csv"))?;
    let text = std::fs::read_to_string(path).unwrap();
    let candle = |line: &str| {
        let fields: Vec<f64> = line.split(',').skip(1).map(number).collect();
        let [open, high, low, close, volume] = fields[..] else { panic!("{name}: {line}") };
        Candle { open, high, low, close, volume }
    };
    Some(text.lines().skip(1).map(candle).collect())
}

fn results(name: &str) -> Option<Vec<Value>> {
    let path = testkit::recorded(format!("{FOLDER}/results/{name}.standard.json.zst"))?;
    let text = zstd::decode_all(&*std::fs::read(path).unwrap()).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn outputs(row: &IndicatorRow, given: &[(&str, f64)], candles: &[Candle]) -> Vec<Vec<Option<f64>>> {
    let mut indicator = row.build(given).unwrap();
    candles.iter().map(|candle| indicator.update(candle).to_vec()).collect()
}

/// Compares every pair of an output and a key of the results; `early` of the latter are
/// defined before ours.
fn compare(name: &str, file: &str, keys: &[(&str, &str, usize)], given: &[(&str, f64)]) {
    let (Some(candles), Some(expected)) = (quotes("default"), results(file)) else { return };
    let row = find(name).unwrap();
    let ours = outputs(row, given, &candles);
    assert_eq!((ours.len(), expected.len()), (502, 502));
    for &(output, key, early) in keys {
        let column = row.outputs.iter().position(|name| *name == output).unwrap();
        let (mut both, mut missing, mut worst) = (0, 0, 0.0_f64);
        for (ours, expected) in ours.iter().zip(&expected) {
            let expected = expected.get(key).unwrap();
            match (ours[column], expected.as_f64()) {
                (Some(ours), Some(expected)) => {
                    worst = worst.max((ours - expected).abs());
                    both += 1;
                }
                (None, Some(_)) => missing += 1,
                (Some(ours), None) => panic!("{name}.{output}: {ours} where nothing is published"),
                (None, None) => assert!(expected.is_null()),
            }
        }
        println!("{name}.{output} = {file}.{key}: {both} bars, worst difference {worst:.1e}");
        assert!(worst < 1e-9, "{name}.{output} differs from {file}.{key} by {worst}");
        assert!(both > 450 && missing == early, "{name}.{output}: {both} bars, {missing} missing");
    }
}

#[test]
fn moving_averages_are_the_published_ones() {
    compare("sma", "sma", &[("sma", "sma", 0)], &[("period", 20.0)]);
    compare("ema", "ema", &[("ema", "ema", 0)], &[("period", 20.0)]);
    compare("vwap", "vwap", &[("vwap", "vwap", 0)], &[]);
}

#[test]
fn oscillators_are_the_published_ones() {
    compare("rsi", "rsi", &[("rsi", "rsi", 0)], &[("period", 14.0)]);
    let stochastic = [("k", "k", 0), ("d", "d", 0), ("j", "j", 0)];
    compare("stochastic", "stoch", &stochastic, &[]);
    let renamed = [("k", "oscillator", 0), ("d", "signal", 0), ("j", "percentJ", 0)];
    compare("stochastic", "stoch", &renamed, &[]);
    let macd = [
        ("macd", "macd", 0),
        ("signal", "signal", 0),
        ("histogram", "histogram", 0),
        ("fast", "fastEma", 14),
        ("slow", "slowEma", 0),
    ];
    compare("macd", "macd", &macd, &[("fast", 12.0), ("slow", 26.0), ("signal", 9.0)]);
}

#[test]
fn spreads_are_the_published_ones() {
    let bands = [
        ("middle", "sma", 0),
        ("upper", "upperBand", 0),
        ("lower", "lowerBand", 0),
        ("percent_b", "percentB", 0),
        ("z_score", "zScore", 0),
        ("width", "width", 0),
    ];
    compare("bollinger", "bb", &bands, &[("period", 20.0), ("multiplier", 2.0)]);
    let deviation = [("deviation", "stdDev", 0), ("mean", "mean", 0), ("z_score", "zScore", 0)];
    compare("standard_deviation", "stdev", &deviation, &[("period", 14.0)]);
    compare("z_score", "stdev", &[("z_score", "zScore", 0)], &[("period", 14.0)]);
    compare("z_score", "bb", &[("z_score", "zScore", 0)], &[("period", 20.0)]);
}

#[test]
fn ranges_are_the_published_ones() {
    let atr = [("atr", "atr", 0), ("true_range", "tr", 13), ("percent", "atrp", 0)];
    compare("atr", "atr", &atr, &[("period", 14.0)]);
    compare("true_range", "tr", &[("true_range", "tr", 0)], &[]);
}

/// Williams' %R is the fast oscillator with another origin, so other periods are published too.
#[test]
fn the_fast_oscillator_is_the_published_one_with_another_origin() {
    let (Some(candles), Some(expected)) = (quotes("default"), results("willr")) else { return };
    let ours = outputs(find("stochastic").unwrap(), &[("smooth", 1.0), ("signal", 1.0)], &candles);
    for (ours, expected) in ours.iter().zip(&expected) {
        let expected = expected["williamsR"].as_f64().map(|value| value + 100.0);
        let near = |(ours, expected): (f64, f64)| (ours - expected).abs() < 1e-9;
        assert_eq!(ours[0].is_some(), expected.is_some());
        assert!(ours[0].zip(expected).is_none_or(near), "{ours:?} is not {expected:?}");
    }
}

/// Other published indicators contain ours with other parameters.
#[test]
fn other_periods_are_published_as_parts_of_other_indicators() {
    compare("rsi", "crsi", &[("rsi", "rsi", 0)], &[("period", 3.0)]);
    compare("ema", "elder-ray", &[("ema", "ema", 0)], &[("period", 13.0)]);
    compare("sma", "starc", &[("sma", "centerline", 0)], &[("period", 5.0)]);
    let (Some(candles), Some(expected)) = (quotes("default"), results("keltner")) else { return };
    let ranges = outputs(find("atr").unwrap(), &[("period", 10.0)], &candles);
    for (ours, expected) in ranges.iter().zip(&expected) {
        let Some(upper) = expected["upperBand"].as_f64() else { continue };
        let half = upper - expected["centerline"].as_f64().unwrap();
        assert!((2.0 * ours[0].unwrap() - half).abs() < 1e-9);
    }
}

/// Every recorded file of quotes and whether it has holes.
const FILES: [(&str, bool); 12] = [
    ("bad", true),
    ("bitcoin", false),
    ("compare", false),
    ("default", false),
    ("intraday", false),
    ("longish", false),
    ("mismatch", false),
    ("msft", false),
    ("penny", false),
    ("spx", false),
    ("toobig", false),
    ("zeros", false),
];

#[test]
fn no_file_of_quotes_makes_an_indicator_panic_or_give_what_is_no_number() {
    for (file, has_holes) in FILES {
        let Some(candles) = quotes(file) else { return };
        let holes = candles.iter().filter(|candle| candle.close.is_nan()).count();
        assert_eq!(holes > 0, has_holes, "{file}");
        for row in &CATALOGUE {
            for period in [1.0, 2.0, 9.0, 50.0] {
                let is_period = |name: &&str| !matches!(*name, "multiplier" | "slow");
                let names = row.parameters.iter().map(|parameter| parameter.name);
                let given: Vec<_> = names.filter(is_period).map(|name| (name, period)).collect();
                let given = if row.name == "macd" {
                    vec![("fast", period), ("slow", period + 3.0), ("signal", period)]
                } else {
                    given
                };
                let values = outputs(row, &given, &candles);
                let all = values.iter().flatten().flatten();
                assert!(all.clone().all(|value| value.is_finite()), "{} of {file}", row.name);
                let first: Vec<_> = values.iter().map(|outputs| outputs[0]).collect();
                bounded(row.name, file, &first);
            }
        }
    }
}

fn bounded(name: &str, file: &str, values: &[Option<f64>]) {
    if matches!(name, "rsi" | "stochastic") {
        let outside = values.iter().flatten().find(|value| !(0.0..=100.0).contains(*value));
        assert_eq!(outside, None, "{name} of {file}");
    }
    if file == "zeros" {
        let expected = if name == "rsi" { 100.0 } else { 0.0 };
        assert!(values.iter().flatten().all(|value| value.total_cmp(&expected).is_eq()), "{name}");
    }
}

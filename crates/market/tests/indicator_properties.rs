//! Laws of the indicators: bounds, equality with the definition over the window, scale
//! invariance, and no drift over a million updates.

#![expect(clippy::cast_precision_loss, reason = "small counts")]

use market::indicator::{
    Atr, BollingerBands, CATALOGUE, Candle, Ema, Macd, MacdPeriods, Rsi, Sma, StandardDeviation,
    Stochastic, StochasticPeriods, Vwap, ZScore,
};
use proptest::prelude::*;

/// Prices of every size, flat stretches among them.
fn prices() -> impl Strategy<Value = Vec<f64>> {
    let flat = (1_usize..12, -1e3_f64..1e3).prop_map(|(count, price)| vec![price; count]);
    let moving = prop::collection::vec(-1e6_f64..1e6, 1..20);
    let tiny = prop::collection::vec(-1e-6_f64..1e-6, 1..20);
    let near = prop::collection::vec((-50_i32..50).prop_map(|step| 1e5 + f64::from(step)), 1..20);
    prop::collection::vec(prop_oneof![flat, moving, tiny, near], 1..8)
        .prop_map(|pieces| pieces.concat())
}

fn candles() -> impl Strategy<Value = Vec<Candle>> {
    let candle = (1_u32..1000, 0_u32..50, 0_u32..50, 0.0_f64..=1.0, 0_u32..4).prop_map(
        |(low, body, wick, place, volume)| {
            let (low, high) = (f64::from(low), f64::from(low + body + wick));
            let close = low + (high - low) * place;
            Candle { open: low, high, low, close, volume: f64::from(volume * 10) }
        },
    );
    prop::collection::vec(candle, 1..120)
}

fn mean(window: &[f64]) -> f64 {
    window.iter().sum::<f64>() / window.len() as f64
}

fn deviation(window: &[f64]) -> f64 {
    let mean = mean(window);
    let squares = window.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (squares / window.len() as f64).sqrt()
}

fn size(window: &[f64]) -> f64 {
    window.iter().fold(f64::MIN_POSITIVE, |size, value| size.max(value.abs()))
}

fn extremes(window: &[f64]) -> (f64, f64) {
    let low = window.iter().copied().fold(f64::INFINITY, f64::min);
    (low, window.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// The definition of the smoothing with this weight, from the first value on.
fn smoothed(values: &[f64], period: usize, weight: f64) -> f64 {
    let (seed, rest) = values.split_at(period);
    rest.iter().fold(mean(seed), |average, value| average * (1.0 - weight) + value * weight)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn windows_equal_their_definition_and_stay_within_their_values(
        prices in prices(),
        period in 1_u32..40,
    ) {
        let (mut sma, mut z) = (Sma::new(period).unwrap(), ZScore::new(period).unwrap());
        let mut spread = StandardDeviation::new(period).unwrap();
        let mut bands = BollingerBands::new(period, 2.5).unwrap();
        for end in 1..=prices.len() {
            let price = prices[end - 1];
            let seen = (sma.push(price), spread.push(price), bands.push(price), z.push(price));
            let Some(start) = end.checked_sub(period as usize) else {
                prop_assert_eq!(seen, (None, None, None, None));
                continue;
            };
            let window = &prices[start..end];
            let (average, spread) = (seen.0.unwrap(), seen.1.unwrap());
            let (band, tolerance) = (seen.2.unwrap(), 1e-12 * size(window));
            let (low, high) = extremes(window);
            prop_assert!((low..=high).contains(&average), "{average} not in {low}..={high}");
            prop_assert!((average - mean(window)).abs() <= tolerance);
            prop_assert!((spread.mean - mean(window)).abs() <= tolerance);
            prop_assert!((spread.deviation - deviation(window)).abs() <= tolerance);
            prop_assert_eq!(spread.deviation > 0.0, low < high);
            prop_assert_eq!(spread.z_score.is_some(), low < high);
            prop_assert_eq!((seen.3, band.z_score), (spread.z_score, spread.z_score));
            prop_assert!(seen.3.is_none_or(|z| z.abs() <= f64::from(period - 1).sqrt() + 1e-9));
            prop_assert!(band.lower <= band.middle && band.middle <= band.upper);
            let half = 2.5 * deviation(window);
            prop_assert!((band.upper - mean(window) - half).abs() <= 4.0 * tolerance);
            if let Some(place) = band.percent_b {
                let price_again = band.lower + place * (band.upper - band.lower);
                prop_assert!((price_again - price).abs() <= 4.0 * tolerance);
            }
        }
    }

    #[test]
    fn averages_with_memory_equal_their_definition(prices in prices(), period in 1_usize..20) {
        let length = u32::try_from(period).unwrap();
        let (mut ema, mut rsi) = (Ema::new(length).unwrap(), Rsi::new(length).unwrap());
        let (low, high) = extremes(&prices);
        let changes: Vec<f64> = prices.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let gains: Vec<f64> = changes.iter().map(|change| change.max(0.0)).collect();
        let losses: Vec<f64> = changes.iter().map(|change| (-change).max(0.0)).collect();
        for (index, &price) in prices.iter().enumerate() {
            let (average, strength) = (ema.push(price), rsi.push(price));
            prop_assert_eq!(average.is_some(), index + 1 >= period);
            prop_assert_eq!(strength.is_some(), index >= period);
            if let Some(average) = average {
                let expected = smoothed(&prices[..=index], period, 2.0 / (period as f64 + 1.0));
                prop_assert!((average - expected).abs() <= 1e-12 * size(&prices));
                let slack = 1e-15 * size(&prices);
                prop_assert!((low - slack..=high + slack).contains(&average));
            }
            if let Some(strength) = strength {
                let weight = 1.0 / period as f64;
                let gain = smoothed(&gains[..index], period, weight);
                let loss = smoothed(&losses[..index], period, weight);
                prop_assert!((0.0..=100.0).contains(&strength));
                let expected = if loss > 0.0 { 100.0 - 100.0 / (1.0 + gain / loss) } else { 100.0 };
                prop_assert!((strength - expected).abs() < 1e-9, "{strength} is not {expected}");
            }
        }
    }

    #[test]
    fn the_convergence_line_is_the_difference_of_two_averages(
        prices in prices(),
        fast in 1_u32..10,
        more in 1_u32..10,
        signal in 1_u32..10,
    ) {
        let slow = fast + more;
        let mut macd = Macd::new(MacdPeriods { fast, slow, signal }).unwrap();
        let [mut fast, mut slow, mut average] =
            [fast, slow, signal].map(|period| Ema::new(period).unwrap());
        for price in prices {
            let expected = fast.push(price).zip(slow.push(price)).map(|(fast, slow)| fast - slow);
            let signal = expected.and_then(|line| average.push(line));
            let value = macd.push(price);
            prop_assert_eq!(value.map(|value| value.macd), expected);
            prop_assert_eq!(value.and_then(|value| value.signal), signal);
            let histogram = expected.zip(signal).map(|(line, signal)| line - signal);
            prop_assert_eq!(value.and_then(|value| value.histogram), histogram);
        }
    }

    #[test]
    fn the_oscillator_equals_its_definition(
        candles in candles(),
        lookback in 1_usize..20,
        smooth in 1_usize..5,
        signal in 1_usize..5,
    ) {
        let [l, m, n] = [lookback, smooth, signal].map(|period| u32::try_from(period).unwrap());
        let mut oscillator =
            Stochastic::new(StochasticPeriods { lookback: l, smooth: m, signal: n }).unwrap();
        let raw = |end: usize| {
            let window = &candles[end - lookback..end];
            let high = extremes(&window.iter().map(|bar| bar.high).collect::<Vec<_>>()).1;
            let low = extremes(&window.iter().map(|bar| bar.low).collect::<Vec<_>>()).0;
            let close = window[lookback - 1].close;
            if high > low { 100.0 * (close - low) / (high - low) } else { 0.0 }
        };
        let k = |end: usize| mean(&(end - smooth + 1..=end).map(raw).collect::<Vec<_>>());
        for end in 1..=candles.len() {
            let seen = oscillator.push(&candles[end - 1]);
            prop_assert_eq!(seen.is_some(), end >= lookback + smooth - 1);
            let Some(value) = seen else { continue };
            prop_assert!((0.0..=100.0).contains(&value.k));
            prop_assert!((value.k - k(end)).abs() < 1e-9);
            prop_assert_eq!(value.d.is_some(), end >= lookback + smooth + signal - 2);
            if let Some(d) = value.d {
                let expected = mean(&(end - signal + 1..=end).map(k).collect::<Vec<_>>());
                prop_assert!((d - expected).abs() < 1e-9 && (0.0..=100.0).contains(&d));
                prop_assert!((value.j.unwrap() - (3.0 * value.k - 2.0 * d)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn ranges_and_volume_weights_equal_their_definition(
        candles in candles(),
        period in 1_usize..20,
    ) {
        let (mut atr, mut vwap) = (Atr::new(u32::try_from(period).unwrap()).unwrap(), Vwap::new());
        let mut ranges: Vec<f64> = Vec::new();
        let (mut turnover, mut volume) = (0.0, 0.0);
        for (index, bar) in candles.iter().enumerate() {
            if let Some(before) = index.checked_sub(1) {
                let (top, bottom) = (bar.high.max(candles[before].close),
                    bar.low.min(candles[before].close));
                ranges.push(top - bottom);
            }
            let value = atr.push(bar);
            prop_assert_eq!(value.is_some(), index >= period);
            if let Some(value) = value {
                let expected = smoothed(&ranges, period, 1.0 / period as f64);
                prop_assert!((value.atr - expected).abs() < 1e-9);
                prop_assert!((value.true_range - ranges[index - 1]).abs() < 1e-9);
                prop_assert!((value.percent.unwrap() - 100.0 * expected / bar.close).abs() < 1e-9);
            }
            turnover += (bar.high + bar.low + bar.close) / 3.0 * bar.volume;
            volume += bar.volume;
            let price = vwap.push(bar);
            prop_assert_eq!(price.is_some(), volume > 0.0);
            prop_assert!(price.is_none_or(|price| (price - turnover / volume).abs() < 1e-9));
        }
    }

    /// Powers of two change no digit, so equality is exact.
    #[test]
    fn another_unit_of_price_changes_prices_in_proportion_and_ratios_not_at_all(
        candles in candles(),
        power in -20_i32..20,
    ) {
        let factor = 2.0_f64.powi(power);
        let is_price = |name: &str| {
            !matches!(name, "rsi" | "k" | "d" | "j" | "percent" | "percent_b" | "z_score" | "width")
        };
        for row in &CATALOGUE {
            let (mut plain, mut scaled) = (row.build(&[]).unwrap(), row.build(&[]).unwrap());
            for bar in &candles {
                let Candle { open, high, low, close, volume } = *bar;
                let [open, high, low, close] = [open, high, low, close].map(|price| price * factor);
                let bar_again = Candle { open, high, low, close, volume };
                let (left, right) = (plain.update(bar), scaled.update(&bar_again));
                for ((left, right), name) in left.iter().zip(right).zip(row.outputs) {
                    let expected = left.map(|it| if is_price(name) { it * factor } else { it });
                    prop_assert_eq!(expected, *right, "{} of {}", name, row.name);
                }
            }
        }
    }

    #[test]
    fn whatever_comes_in_only_numbers_come_out(
        bits in prop::collection::vec(any::<[u64; 5]>(), 1..80),
        period in 1_u32..6,
    ) {
        for row in &CATALOGUE {
            let periods = row.parameters.iter().filter(|one| one.name != "multiplier");
            let later = |(place, name)| (name, f64::from(period) + f64::from(place));
            let given: Vec<_> = (0_u16..).zip(periods.map(|one| one.name)).map(later).collect();
            let mut indicator = row.build(&given).unwrap();
            for fields in &bits {
                let [open, high, low, close, volume] = fields.map(f64::from_bits);
                let outputs = indicator.update(&Candle { open, high, low, close, volume });
                prop_assert!(outputs.iter().flatten().all(|value| value.is_finite()));
            }
        }
    }
}

/// A long walk with jumps by many orders of magnitude, the same in every run.
fn long_walk(count: u32) -> impl Iterator<Item = Candle> {
    let mut random = testkit::bench::Random::new(42);
    let mut price = 50_000.0_f64;
    (0..count).map(move |index| {
        price = (price + random.below(2_001) as f64 - 1_000.0).abs() + 1.0;
        let jump = if index % 10_007 == 0 { 1e15 } else { 0.0 };
        let (high, low) = (price + random.below(500) as f64, price - random.below(500) as f64);
        Candle { open: price, high, low, close: price + jump, volume: random.below(90) as f64 }
    })
}

#[test]
fn a_million_updates_do_not_drift_from_a_fresh_computation() {
    const COUNT: u32 = 1_000_000;
    let tail: Vec<Candle> = long_walk(COUNT).skip(999_000).collect();
    let is_endless = |name: &str| name == "vwap";
    for row in CATALOGUE.iter().filter(|row| !is_endless(row.name)) {
        let (mut long, mut fresh) = (row.build(&[]).unwrap(), row.build(&[]).unwrap());
        long_walk(COUNT).for_each(|bar| _ = long.update(&bar));
        for bar in &tail {
            fresh.update(bar);
        }
        for (long, fresh) in long.outputs().iter().zip(fresh.outputs()) {
            let (long, fresh) = (long.unwrap(), fresh.unwrap());
            let drift = (long - fresh).abs() / fresh.abs();
            assert!(drift < 1e-9, "{}: {long} is not {fresh}", row.name);
        }
    }
}

/// Whole numbers are summed exactly by integers.
#[test]
fn a_volume_weighted_price_of_a_million_bars_is_that_of_exact_sums() {
    let mut vwap = Vwap::new();
    let (mut turnover, mut volume, mut seen) = (0_i128, 0_i128, None);
    let mut random = testkit::bench::Random::new(7);
    for _ in 0..1_000_000 {
        let (price, quantity) = (random.below(3_000_000), random.below(1_000_000_000));
        let value = price as f64;
        let bar =
            Candle { open: value, high: value, low: value, close: value, volume: quantity as f64 };
        seen = vwap.push(&bar);
        (turnover, volume) =
            (turnover + i128::from(price) * i128::from(quantity), volume + i128::from(quantity));
    }
    let expected = turnover as f64 / volume as f64;
    assert!((seen.unwrap() - expected).abs() / expected < 1e-14, "{seen:?} is not {expected}");
}

//! One update of an indicator against computing it again from its window.
//!
//! The references keep the window in a queue and walk over it, as a batch library called
//! once a bar would at best. Both sides see the same prices.
#![expect(clippy::unwrap_used, reason = "an endless iterator has a next item")]
#![expect(clippy::cast_precision_loss, reason = "small counts")]

use std::{collections::VecDeque, hint::black_box, process::ExitCode};

use market::indicator::{
    Atr, BollingerBands, Candle, Ema, Macd, MacdPeriods, Rsi, Sma, Stochastic, StochasticPeriods,
    Vwap,
};
use testkit::bench::{self, Duel, Random};

const WIDTH: u32 = 128;

fn candles() -> Vec<Candle> {
    let mut random = Random::new(3);
    let mut price = 50_000.0;
    let mut candle = || {
        price += random.below(201) as f64 - 100.0;
        let (high, low) = (price + random.below(50) as f64, price - random.below(50) as f64);
        Candle { open: price, high, low, close: price, volume: random.below(90) as f64 }
    };
    (0..512).map(|_| candle()).collect()
}

/// The latest values, so many.
struct Queue<T>(VecDeque<T>);

impl<T: Copy> Queue<T> {
    fn new(first: T, width: u32) -> Self {
        Self((0..width).map(|_| first).collect())
    }

    fn push(&mut self, value: T) -> &VecDeque<T> {
        self.0.pop_front();
        self.0.push_back(value);
        &self.0
    }
}

fn mean(window: &VecDeque<f64>) -> f64 {
    window.iter().sum::<f64>() / window.len() as f64
}

fn deviation(window: &VecDeque<f64>) -> f64 {
    let mean = mean(window);
    let squares: f64 = window.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / window.len() as f64).sqrt()
}

fn place(window: &VecDeque<Candle>, close: f64) -> f64 {
    let high = window.iter().fold(f64::MIN, |high, bar| high.max(bar.high));
    let low = window.iter().fold(f64::MAX, |low, bar| low.min(bar.low));
    100.0 * (close - low) / (high - low)
}

/// Both sides of each duel must agree before they are compared in speed.
fn check_equal(candles: &[Candle]) {
    let (mut sma, mut bands) = (Sma::new(WIDTH).unwrap(), BollingerBands::new(WIDTH, 2.0).unwrap());
    let periods = StochasticPeriods { lookback: WIDTH, smooth: 1, signal: 1 };
    let mut stochastic = Stochastic::new(periods).unwrap();
    let mut closes = Queue::new(0.0, WIDTH);
    let mut bars = Queue::new(Candle::default(), WIDTH);
    for candle in candles {
        let (average, band) = (sma.push(candle.close), bands.push(candle.close));
        let k = stochastic.push(candle);
        let (window, bars) = (closes.push(candle.close), bars.push(*candle));
        let Some(((average, band), k)) = average.zip(band).zip(k) else { continue };
        assert!((average - mean(window)).abs() < 1e-9);
        assert!((band.upper - mean(window) - 2.0 * deviation(window)).abs() < 1e-9);
        assert!((k.k - place(bars, candle.close)).abs() < 1e-9);
    }
}

fn windows(candles: &[Candle]) -> [ExitCode; 3] {
    let next = || candles.iter().cycle();
    let mut sma = Sma::new(WIDTH).unwrap();
    let mut closes = Queue::new(0.0, WIDTH);
    let (mut ours, mut theirs) = (next(), next());
    let average = Duel { name: "sma 128 vs summing the window", goal: Some(0.3) }.run(
        || _ = black_box(sma.push(ours.next().unwrap().close)),
        || _ = black_box(mean(closes.push(theirs.next().unwrap().close))),
    );
    let mut bands = BollingerBands::new(WIDTH, 2.0).unwrap();
    let (mut ours, mut theirs) = (next(), next());
    let band = Duel { name: "bollinger 128 vs two passes over the window", goal: Some(0.3) }.run(
        || _ = black_box(bands.push(ours.next().unwrap().close)),
        || _ = black_box(deviation(closes.push(theirs.next().unwrap().close))),
    );
    let periods = StochasticPeriods { lookback: WIDTH, smooth: 3, signal: 3 };
    let mut stochastic = Stochastic::new(periods).unwrap();
    let mut bars = Queue::new(Candle::default(), WIDTH);
    let (mut ours, mut theirs) = (next(), next());
    let oscillator = Duel { name: "stochastic 128/3/3 vs searching the window", goal: Some(0.3) }
        .run(
            || _ = black_box(stochastic.push(ours.next().unwrap())),
            || {
                let bar = theirs.next().unwrap();
                black_box(place(bars.push(*bar), bar.close));
            },
        );
    [average, band, oscillator]
}

/// A strategy's usual set, with their usual periods, against only three windows of it.
fn whole_set(candles: &[Candle]) -> ExitCode {
    let (mut ema, mut rsi) = (Ema::new(20).unwrap(), Rsi::new(14).unwrap());
    let (mut macd, mut atr) = (Macd::new(MacdPeriods::default()).unwrap(), Atr::new(14).unwrap());
    let mut bands = BollingerBands::new(20, 2.0).unwrap();
    let mut stochastic = Stochastic::new(StochasticPeriods::default()).unwrap();
    let mut vwap = Vwap::new();
    let mut closes = Queue::new(0.0, 20);
    let mut bars = Queue::new(Candle::default(), 14);
    let (mut ours, mut theirs) = (candles.iter().cycle(), candles.iter().cycle());
    Duel { name: "7 indicators, usual periods, vs 2 short windows", goal: None }.run(
        || {
            let bar = ours.next().unwrap();
            black_box((ema.push(bar.close), rsi.push(bar.close), macd.push(bar.close)));
            black_box((atr.push(bar), stochastic.push(bar), vwap.push(bar)));
            black_box(bands.push(bar.close));
        },
        || {
            let bar = theirs.next().unwrap();
            black_box(deviation(closes.push(bar.close)));
            black_box(place(bars.push(*bar), bar.close));
        },
    )
}

fn main() -> ExitCode {
    let candles = candles();
    check_equal(&candles);
    let [average, band, oscillator] = windows(&candles);
    bench::all([average, band, oscillator, whole_set(&candles)])
}

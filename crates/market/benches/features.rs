//! One update of the features against computing them again over a window of 128.
//!
//! The reference computes less: only what depends on the window of snapshots, nothing of
//! the depth of the book and no trades.
#![expect(clippy::unwrap_used, reason = "an endless iterator has a next item")]

use std::{collections::VecDeque, hint::black_box, process::ExitCode};

use domain::{
    Instrument, InstrumentId, Level, Market, Money, Qty, Span, Timestamp,
    instrument::InstrumentSpec,
};
use market::{
    FeatureBuffer, FeatureCalculator, FeatureConfig, OrderBook, SnapshotView,
    feature::{BookState, FeatureExtractor as _, FeatureVector, MicrostructureExtractor},
};
use testkit::bench::{self, Duel, Random};

const WIDTH: usize = 128;
const BOOKS: usize = 32;

fn config() -> FeatureConfig {
    FeatureConfig {
        window: Span::from_secs(1_000_000),
        buffer_capacity: WIDTH,
        ..FeatureConfig::default()
    }
}

fn instrument() -> Instrument {
    let spec = InstrumentSpec {
        venue: "binance".into(),
        market: Market::LinearPerpetual,
        symbol: "BTCUSDT".into(),
        base: "BTC".into(),
        quote: "USDT".into(),
        tick_size: "0.1".parse().unwrap(),
        lot_size: "0.001".parse().unwrap(),
        min_quantity: Qty::default(),
        max_quantity: Qty::default(),
        min_notional: Money::default(),
    };
    Instrument::new(InstrumentId::new(0), spec).unwrap()
}

/// Books of twenty levels a side whose mid price moves in a third of the cases.
fn books() -> Vec<OrderBook> {
    let mut random = Random::new(99);
    let mut mid = 600_000;
    let mut book = || {
        mid += [0, 0, 0, 0, 1, -1][usize::try_from(random.below(6)).unwrap()];
        let mut side = |direction: i64| -> Vec<Level> {
            let level = |step| Level::new(mid + direction * step, 1 + random.below(9_000));
            (1..=20).map(level).collect()
        };
        let mut book = OrderBook::with_window(256);
        book.load(&side(-1), &side(1));
        book
    };
    (0..BOOKS).map(|_| book()).collect()
}

/// Variance, momentum and mean imbalance from scratch, from the mid prices.
fn recompute(window: &FeatureBuffer, config: &FeatureConfig) -> [f64; 4] {
    let (mut squares, mut momentum, mut leaning, mut weights) = (0.0, 0.0, 0.0, 0.0);
    let mut before: Option<SnapshotView> = None;
    for view in window.iter() {
        if let Some(before) = before {
            let log_return = (view.mid_price / before.mid_price).ln();
            squares += log_return * log_return;
            momentum = log_return + config.momentum_alpha * momentum;
        }
        leaning = view.imbalance + config.imbalance_decay * leaning;
        weights = 1.0 + config.imbalance_decay * weights;
        before = Some(*view);
    }
    let variance: f64 = squares / 126.0;
    [variance, variance.sqrt(), momentum, leaning / weights]
}

/// The same from returns that were computed when they came.
fn recompute_from_returns(window: &VecDeque<(f64, f64)>, config: &FeatureConfig) -> [f64; 4] {
    let (mut squares, mut momentum, mut leaning, mut weights) = (0.0, 0.0, 0.0, 0.0);
    for &(log_return, imbalance) in window {
        squares += log_return * log_return;
        momentum = log_return + config.momentum_alpha * momentum;
        leaning = imbalance + config.imbalance_decay * leaning;
        weights = 1.0 + config.imbalance_decay * weights;
    }
    let variance: f64 = squares / 126.0;
    [variance, variance.sqrt(), momentum, leaning / weights]
}

/// Both must agree before they are compared in speed.
fn check_equal(config: FeatureConfig, books: &[OrderBook]) {
    let mut calculator = FeatureCalculator::new(config, &instrument()).unwrap();
    for (step, book) in (0_i64..).zip(books.iter().cycle().take(10 * WIDTH)) {
        calculator.on_book(Timestamp::from_millis(step), book).unwrap();
    }
    let vector = calculator.vector().unwrap();
    let naive = recompute(calculator.buffer(), &config);
    let ours = [
        vector.realized_variance(),
        vector.volatility(),
        vector.momentum(),
        vector.weighted_imbalance(),
    ];
    for (ours, naive) in ours.into_iter().zip(naive) {
        assert!((ours - naive).abs() < 1e-9, "{ours} is not {naive}");
    }
}

fn main() -> ExitCode {
    let (config, books) = (config(), books());
    check_equal(config, &books);
    let mut calculator = FeatureCalculator::new(config, &instrument()).unwrap();
    let mut views: Vec<_> =
        books.iter().map(|book| calculator.on_book(Timestamp::EPOCH, book).unwrap()).collect();
    views.rotate_left(1);

    let mut update = |next: &OrderBook| {
        calculator.on_book(Timestamp::EPOCH, next).unwrap();
        black_box(calculator.vector());
    };
    let mut window = FeatureBuffer::new(WIDTH);
    let mut from_prices = |view: &SnapshotView| {
        window.push(*view);
        black_box(recompute(&window, &config));
    };
    let (mut ours, mut theirs) = (books.iter().cycle(), views.iter().cycle());
    let all = Duel { name: "all 14 features vs recomputing 4 from 128 prices", goal: Some(0.15) }
        .run(|| update(ours.next().unwrap()), || from_prices(theirs.next().unwrap()));

    let mut microstructure = MicrostructureExtractor::new(&config);
    let mut returns: VecDeque<(f64, f64)> = VecDeque::from(vec![(0.0, 0.0); WIDTH]);
    let mut last = views[0].mid_price;
    let mut from_returns = |view: &SnapshotView| {
        returns.pop_front();
        returns.push_back(((view.mid_price / last).ln(), view.imbalance));
        last = view.mid_price;
        black_box(recompute_from_returns(&returns, &config));
    };
    let (mut ours, mut theirs) = (views.iter().cycle(), views.iter().cycle());
    let sums = Duel { name: "6 window features vs recomputing 4 from 127 returns", goal: None }
        .run(
            || {
                let view = *ours.next().unwrap();
                microstructure.on_book(&BookState {
                    time: Timestamp::EPOCH,
                    view,
                    book: &books[0],
                });
                let mut vector = FeatureVector::default();
                let _ = black_box(microstructure.write(&mut vector));
                black_box(vector);
            },
            || from_returns(theirs.next().unwrap()),
        );
    bench::all([all, sums])
}

//! Laws of the features: bounds, and equality with naive sums over the window.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::cast_precision_loss, reason = "small counts")]
#![expect(clippy::float_cmp, reason = "neutral values are exact")]

use domain::{
    Instrument, InstrumentId, Level, Lots, Market, Money, Qty, Side, Span, Ticks, Timestamp,
    event::Trade, instrument::InstrumentSpec,
};
use market::{FeatureCalculator, FeatureConfig, FeatureVector, OrderBook, SnapshotView};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Happening {
    /// The touch moves to `bid` and `bid + spread`.
    Book {
        bid: i64,
        spread: i64,
        bid_quantity: i64,
        ask_quantity: i64,
    },
    Trade {
        price: i64,
        quantity: i64,
        aggressor: Side,
    },
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

fn happening() -> impl Strategy<Value = Happening> {
    let quantity = prop_oneof![1_i64..50, 1_i64..1_000_000_000];
    prop_oneof![
        3 => (600_000_i64..600_400, 1_i64..6, quantity.clone(), quantity.clone()).prop_map(
            |(bid, spread, bid_quantity, ask_quantity)| {
                Happening::Book { bid, spread, bid_quantity, ask_quantity }
            },
        ),
        1 => (599_000_i64..601_000, quantity, any::<bool>()).prop_map(|(price, quantity, buys)| {
            let aggressor = if buys { Side::Buy } else { Side::Sell };
            Happening::Trade { price, quantity, aggressor }
        }),
    ]
}

fn settings() -> impl Strategy<Value = FeatureConfig> {
    (3_usize..40, 1_i64..400, 0.01_f64..=1.0, 0.01_f64..=1.0, 1_usize..4).prop_map(
        |(buffer_capacity, millis, momentum_alpha, imbalance_decay, depth_levels)| FeatureConfig {
            window: Span::from_millis(millis),
            surge_window: Span::from_millis((millis / 4).max(1)),
            buffer_capacity,
            momentum_alpha,
            imbalance_decay,
            depth_levels,
            ..FeatureConfig::default()
        },
    )
}

/// Time, price, quantity and the side that took.
type Print = (Timestamp, f64, f64, Side);

/// Everything that happened, to be summed up from scratch.
struct History {
    config: FeatureConfig,
    now: Timestamp,
    views: Vec<SnapshotView>,
    trades: Vec<Print>,
}

impl History {
    fn is_within(&self, time: Timestamp, window: Span) -> bool {
        self.now.since(time) <= window
    }

    /// What the window should hold at the latest book, oldest first.
    fn window(&self) -> &[SnapshotView] {
        let Some(newest) = self.views.last() else { return &[] };
        let reach = u64::try_from(self.config.window.as_nanos()).unwrap();
        let expired =
            self.views.partition_point(|view| newest.timestamp_ns - view.timestamp_ns > reach);
        let start = expired.max(self.views.len().saturating_sub(self.config.buffer_capacity));
        &self.views[start..]
    }

    fn recent_trades(&self) -> impl Iterator<Item = &Print> {
        let skipped = self.trades.len().saturating_sub(self.config.buffer_capacity);
        self.trades[skipped..].iter().filter(|(time, ..)| self.is_within(*time, self.config.window))
    }
}

fn naive_returns(window: &[SnapshotView]) -> Vec<f64> {
    window.windows(2).map(|pair| (pair[1].mid_price / pair[0].mid_price).ln()).collect()
}

fn naive_decayed(values: impl DoubleEndedIterator<Item = f64>, decay: f64) -> (f64, f64) {
    values.rev().enumerate().fold((0.0, 0.0), |(sum, weights), (age, value)| {
        let weight = decay.powi(i32::try_from(age).unwrap());
        (sum + weight * value, weights + weight)
    })
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

fn assert_equals_naive(vector: &FeatureVector, history: &History) -> Result<(), TestCaseError> {
    let window = history.window();
    let returns = naive_returns(window);
    let squares: f64 = returns.iter().map(|value| value * value).sum();
    let variance = squares / (returns.len() - 1) as f64;
    prop_assert!(close(vector.realized_variance(), variance));
    prop_assert!(close(vector.volatility(), variance.sqrt()));
    let (momentum, _) = naive_decayed(returns.iter().copied(), history.config.momentum_alpha);
    prop_assert!(close(vector.momentum(), momentum));
    let imbalances = window.iter().map(|view| view.imbalance);
    let (sum, weights) = naive_decayed(imbalances, history.config.imbalance_decay);
    prop_assert!(close(vector.weighted_imbalance(), sum / weights));
    let half = returns.len() / 2;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / half as f64;
    let (older, newer) = returns[returns.len() - 2 * half..].split_at(half);
    prop_assert!(close(vector.price_acceleration(), mean(newer) - mean(older)));
    assert_trades_equal_naive(vector, history)
}

fn assert_trades_equal_naive(
    vector: &FeatureVector,
    history: &History,
) -> Result<(), TestCaseError> {
    let sum = |of: &dyn Fn(&Print) -> f64| -> f64 { history.recent_trades().map(of).sum() };
    let volume = sum(&|trade| trade.2);
    if volume == 0.0 {
        prop_assert_eq!(vector.trade_flow(), 0.0);
        prop_assert_eq!(vector.vwap(), history.views.last().unwrap().mid_price);
        return Ok(());
    }
    let signed = sum(&|trade| if trade.3 == Side::Buy { trade.2 } else { -trade.2 });
    prop_assert!(close(vector.trade_flow(), signed / volume));
    prop_assert!(close(vector.vwap(), sum(&|trade| trade.1 * trade.2) / volume));
    let surge = history.config.surge_window;
    let latest = sum(&|trade| if history.is_within(trade.0, surge) { trade.2 } else { 0.0 });
    let seen = history.now.since(Timestamp::EPOCH).min(history.config.window).max(surge);
    let expected = latest / volume * seen.as_secs_f64() / surge.as_secs_f64();
    prop_assert!(close(vector.volume_surge(), expected));
    Ok(())
}

fn assert_bounds(vector: &FeatureVector) -> Result<(), TestCaseError> {
    for (feature, value) in vector.iter() {
        prop_assert!(value.is_finite(), "{} is {}", feature, value);
    }
    for balance in [vector.imbalance(), vector.weighted_imbalance(), vector.trade_flow()] {
        prop_assert!((-1.0..=1.0).contains(&balance));
    }
    prop_assert!((0.0..=1.0).contains(&vector.depth_ratio()));
    prop_assert!((0.0..=1.0).contains(&vector.toxicity()));
    prop_assert!(vector.volatility() >= 0.0 && vector.realized_variance() >= 0.0);
    prop_assert!(vector.spread_bps() > 0.0 && vector.vwap() > 0.0);
    prop_assert!(vector.bid_pressure() > 0.0 && vector.ask_pressure() > 0.0);
    prop_assert!(vector.volume_surge() >= 0.0);
    Ok(())
}

/// Feeds the product and the history, and compares after every step that gives features.
fn compare(
    config: FeatureConfig,
    happenings: &[(i64, Happening)],
    compare_every: usize,
) -> Result<(), TestCaseError> {
    let mut calculator = FeatureCalculator::new(config, &instrument()).unwrap();
    let mut history =
        History { config, now: Timestamp::EPOCH, views: Vec::new(), trades: Vec::new() };
    let mut book = OrderBook::with_window(256);
    // The first event sets the start of time for the volume surge.
    let opening =
        (0, Happening::Book { bid: 600_000, spread: 1, bid_quantity: 1, ask_quantity: 1 });
    for (number, &(wait_ms, happening)) in std::iter::once(&opening).chain(happenings).enumerate() {
        history.now = history.now + Span::from_millis(wait_ms);
        match happening {
            Happening::Book { bid, spread, bid_quantity, ask_quantity } => {
                let behind = [Level::new(bid - 7, 40), Level::new(bid, bid_quantity)];
                let above =
                    [Level::new(bid + spread, ask_quantity), Level::new(bid + spread + 9, 60)];
                book.load(&behind, &above);
                history.views.push(calculator.on_book(history.now, &book).unwrap());
            }
            Happening::Trade { price, quantity, aggressor } => {
                let (ticks, lots) = (Ticks::new(price), Lots::new(quantity));
                let trade = Trade { id: 0, price: ticks, quantity: lots, aggressor };
                calculator.on_trade(history.now, &trade);
                let units = (price as f64 / 10.0, quantity as f64 / 1_000.0);
                history.trades.push((history.now, units.0, units.1, aggressor));
            }
        }
        let vector = calculator.vector();
        prop_assert_eq!(vector.is_some(), history.window().len() >= 3);
        prop_assert!(calculator.buffer().iter().eq(history.window()));
        if let Some(vector) = vector.filter(|_| number % compare_every == 0) {
            assert_equals_naive(&vector, &history)?;
            assert_bounds(&vector)?;
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn running_sums_equal_naive_sums_over_the_window(
        config in settings(),
        happenings in prop::collection::vec((0_i64..40, happening()), 1..200),
    ) {
        compare(config, &happenings, 1)?;
    }

    #[test]
    fn the_buffer_holds_the_newest_snapshots_in_order(
        capacity in 1_usize..20,
        pushes in 0_u64..100,
        pops in 0_usize..10,
    ) {
        let mut buffer = market::FeatureBuffer::new(capacity);
        for sequence in 0..pushes {
            buffer.push(SnapshotView { sequence, ..SnapshotView::default() });
        }
        for _ in 0..pops {
            buffer.pop_oldest();
        }
        let kept = usize::try_from(pushes).unwrap().min(capacity).saturating_sub(pops);
        let (older, newer) = buffer.window();
        let sequences: Vec<_> = older.iter().chain(newer).map(|view| view.sequence).collect();
        prop_assert_eq!(buffer.len(), kept);
        prop_assert_eq!(sequences, (pushes - kept as u64..pushes).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn rounding_errors_do_not_grow_over_tens_of_thousands_of_updates(
        config in settings(),
        pattern in prop::collection::vec((0_i64..3, happening()), 500..700),
    ) {
        let happenings: Vec<_> = pattern.iter().copied().cycle().take(20_000).collect();
        compare(config, &happenings, 97)?;
    }
}

//! Each feature against numbers worked out by hand, and the window's edges.
//! `tests/feature_properties.rs` compares long runs with naive sums.
#![expect(clippy::float_cmp, reason = "neutral values are exact")]

use std::collections::BTreeSet;

use domain::{
    Instrument, InstrumentId, Level, Lots, Market, Money, Qty, Side, Span, Ticks, Timestamp,
    event::Trade, instrument::InstrumentSpec,
};

use super::{
    BookState, Feature, FeatureBuffer, FeatureCalculator, FeatureConfig, FeatureConfigError,
    FeatureExtractor, FeatureVector, OrderBookFeatureExtractor, by_name,
};
use crate::{book::OrderBook, snapshot::SnapshotView};

fn instrument(tick: &str, lot: &str) -> Instrument {
    let spec = InstrumentSpec {
        venue: "binance".into(),
        market: Market::Spot,
        symbol: "BTCUSDT".into(),
        base: "BTC".into(),
        quote: "USDT".into(),
        tick_size: tick.parse().unwrap(),
        lot_size: lot.parse().unwrap(),
        min_quantity: Qty::default(),
        max_quantity: Qty::default(),
        min_notional: Money::default(),
    };
    Instrument::new(InstrumentId::new(0), spec).unwrap()
}

fn settings() -> FeatureConfig {
    FeatureConfig {
        momentum_alpha: 0.5,
        imbalance_decay: 0.5,
        depth_levels: 2,
        toxicity_bucket_trades: 2,
        toxicity_buckets: 2,
        ..FeatureConfig::default()
    }
}

fn calculator() -> FeatureCalculator {
    FeatureCalculator::new(settings(), &instrument("1", "1")).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> OrderBook {
    let levels = |pairs: &[(i64, i64)]| -> Vec<Level> {
        pairs.iter().map(|&(price, quantity)| Level::new(price, quantity)).collect()
    };
    let mut book = OrderBook::with_window(256);
    book.load(&levels(bids), &levels(asks));
    book
}

/// A book two ticks wide around a mid price.
fn around(mid: i64, bid_quantity: i64, ask_quantity: i64) -> OrderBook {
    book(&[(mid - 1, bid_quantity)], &[(mid + 1, ask_quantity)])
}

fn trade(aggressor: Side, price: i64, quantity: i64) -> Trade {
    Trade { id: 0, price: Ticks::new(price), quantity: Lots::new(quantity), aggressor }
}

/// A setting's name and a way to spoil it.
type Damage = (&'static str, fn(&mut FeatureConfig));

/// A calculator that has seen enough, with a flat price, at time zero.
fn warm() -> FeatureCalculator {
    let mut calculator = calculator();
    for _ in 0..3 {
        calculator.on_book(at(0), &around(100, 1, 1)).unwrap();
    }
    calculator
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

#[test]
fn price_features_follow_their_formulas() {
    let mut calculator = calculator();
    for (step, (mid, bid, ask)) in
        [(100, 1, 3), (110, 3, 1), (99, 2, 2), (99, 9, 1)].into_iter().enumerate()
    {
        let time = at(i64::try_from(step).unwrap());
        calculator.on_book(time, &around(mid, bid, ask)).unwrap();
    }
    let vector = calculator.vector().unwrap();
    // Returns, oldest first: ln 1.1, ln 0.9 and 0.
    assert_close(vector.realized_variance(), 0.010_092_434_317_007_9);
    assert_close(vector.volatility(), 0.100_461_108_479_888_39);
    assert_close(vector.momentum(), -0.028_852_712_877_831_907);
    assert_close(vector.price_acceleration(), 0.105_360_515_657_826_28);
    assert_close(vector.imbalance(), 0.8);
    // (0.8 + 0 / 2 + 0.5 / 4 - 0.5 / 8) / (15 / 8)
    assert_close(vector.weighted_imbalance(), 0.46);
}

#[test]
fn a_small_return_keeps_all_its_digits_and_joins_the_large_ones_without_a_step() {
    for mid in [600_000, 1_000_000_000, 1_001, 1_000, 999, 500, 20] {
        let mut calculator = calculator();
        for (step, mid) in [(0, mid), (1, mid), (2, mid + 1)] {
            calculator.on_book(at(step), &around(mid, 1, 1)).unwrap();
        }
        let found = calculator.vector().unwrap().momentum();
        let expected = (1.0 / f64::from(i32::try_from(mid).unwrap())).ln_1p();
        // At a thousandth and above, the ratio of the prices is rounded first.
        let tolerance = if mid > 1_000 { 1e-15 } else { 1e-12 };
        assert!((found / expected - 1.0).abs() <= tolerance, "{mid}: {found} is not {expected}");
    }
}

#[test]
fn book_features_follow_their_formulas() {
    // Around 10,000 with tick 0.5 and lot 0.1: distances of 1, 3, 1 and 9 basis points.
    let mut calculator = FeatureCalculator::new(settings(), &instrument("0.5", "0.1")).unwrap();
    let book = book(
        &[(19_998, 40), (19_994, 80), (18_000, 99_999)],
        &[(20_002, 60), (20_018, 200), (90_000, 99_999)],
    );
    for millis in 0..3 {
        calculator.on_book(at(millis), &book).unwrap();
    }
    let vector = calculator.vector().unwrap();
    assert_close(vector.spread_bps(), 2.0);
    assert_close(vector.depth_ratio(), 6.0 / 19.0);
    assert_close(vector.bid_pressure(), 4.0 / 2.0 + 8.0 / 4.0);
    assert_close(vector.ask_pressure(), 6.0 / 2.0 + 20.0 / 10.0);
}

#[test]
fn trade_price_and_flow_follow_their_formulas() {
    let mut calculator = warm();
    calculator.on_trade(at(1), &trade(Side::Buy, 100, 2));
    calculator.on_trade(at(2), &trade(Side::Sell, 103, 1));
    calculator.on_trade(at(3), &trade(Side::Buy, 101, 1));
    let vector = calculator.vector().unwrap();
    assert_close(vector.vwap(), 101.0);
    assert_close(vector.trade_flow(), 0.5);
}

#[test]
fn toxicity_is_the_one_sided_share_of_the_latest_full_buckets() {
    let mut calculator = warm();
    let mut after = |lots: i64| {
        let side = if lots > 0 { Side::Buy } else { Side::Sell };
        calculator.on_trade(at(0), &trade(side, 100, lots.abs()));
        calculator.vector().unwrap().toxicity()
    };
    // The first bucket is full after two trades: net 2 of 4.
    assert_close(after(3), 0.0);
    assert_close(after(-1), 0.5);
    // The next at two mean trades of two lots: net 0 of 4.
    assert_close(after(-1), 0.5);
    assert_close(after(-1), 0.5);
    assert_close(after(2), 2.0 / 8.0);
    // Eight lots in five trades make a size of 3.2: one trade fills it, the oldest leaves.
    assert_close(after(-5), 5.0 / 9.0);
}

#[test]
fn volume_surge_compares_the_latest_rate_with_that_of_the_window() {
    let mut calculator = warm();
    let surge = |calculator: &FeatureCalculator| calculator.vector().unwrap().volume_surge();
    assert_close(surge(&calculator), 1.0);
    calculator.on_trade(at(50), &trade(Side::Buy, 100, 7));
    assert_close(surge(&calculator), 1.0);
    // Three hundred milliseconds seen, nothing in the latest hundred.
    calculator.on_book(at(300), &around(100, 1, 1)).unwrap();
    assert_close(surge(&calculator), 0.0);
    calculator.on_trade(at(950), &trade(Side::Sell, 100, 3));
    // Three of ten lots in the latest tenth of a second of 0.95 s.
    assert_close(surge(&calculator), 0.3 * 9.5);
}

#[test]
fn without_trades_the_trade_features_are_neutral() {
    let vector = warm().vector().unwrap();
    assert_close(vector.vwap(), 100.0);
    assert_eq!([vector.trade_flow(), vector.toxicity(), vector.volume_surge()], [0.0, 0.0, 1.0]);
}

#[test]
fn trades_leave_the_window_when_they_are_older_than_it() {
    let mut calculator = warm();
    calculator.on_trade(at(0), &trade(Side::Sell, 90, 5));
    let flow_at = |calculator: &mut FeatureCalculator, millis| {
        for _ in 0..3 {
            calculator.on_book(at(millis), &around(100, 1, 1)).unwrap();
        }
        calculator.vector().unwrap().trade_flow()
    };
    assert_close(flow_at(&mut calculator, 1_000), -1.0);
    assert_close(flow_at(&mut calculator, 1_001), 0.0);
    assert_close(calculator.vector().unwrap().vwap(), 100.0);
}

#[test]
fn trades_no_market_has_are_left_out() {
    let mut calculator = warm();
    for (price, quantity) in [(0, 1), (-5, 1), (100, 0), (100, -3), (i64::MAX, 1), (1, i64::MAX)] {
        calculator.on_trade(at(1), &trade(Side::Buy, price, quantity));
    }
    let vector = calculator.vector().unwrap();
    assert_eq!([vector.vwap(), vector.trade_flow(), vector.toxicity()], [100.0, 0.0, 0.0]);
}

#[test]
fn features_need_two_returns_within_the_window() {
    let mut calculator = calculator();
    for millis in [0, 10] {
        calculator.on_book(at(millis), &around(100, 1, 1)).unwrap();
        assert_eq!(calculator.vector(), None);
    }
    calculator.on_book(at(1_000), &around(100, 1, 1)).unwrap();
    assert!(calculator.vector().is_some());
    // The first has left: one return remains.
    calculator.on_book(at(1_011), &around(100, 1, 1)).unwrap();
    assert_eq!((calculator.buffer().len(), calculator.vector()), (2, None));
}

#[test]
fn nothing_is_left_of_a_wild_past_once_the_sums_were_computed_afresh() {
    let config = FeatureConfig { momentum_alpha: 1.0, imbalance_decay: 1.0, ..settings() };
    let mut calculator = FeatureCalculator::new(config, &instrument("1", "1")).unwrap();
    for step in 0..1_000 {
        let mid = [1_000_000_000, 13, 777_777, 4_001][usize::try_from(step).unwrap() % 4];
        calculator.on_book(at(step), &around(mid, 1 + step % 7, 3)).unwrap();
    }
    for step in 1_000..6_000 {
        calculator.on_book(at(step), &around(5, 2, 2)).unwrap();
    }
    let vector = calculator.vector().unwrap();
    let left = [vector.realized_variance(), vector.volatility(), vector.momentum()];
    assert_eq!(left, [0.0; 3]);
    assert_eq!([vector.weighted_imbalance(), vector.price_acceleration()], [0.0; 2]);
}

#[test]
fn the_touch_becomes_the_nearest_floating_point_numbers() {
    let mut calculator = FeatureCalculator::new(settings(), &instrument("0.10", "0.001")).unwrap();
    let time = Timestamp::from_nanos(1_723_000_000_123_456_789);
    let view = calculator.on_book(time, &book(&[(617_934, 30)], &[(617_935, 10)])).unwrap();
    let expected = SnapshotView {
        timestamp_ns: 1_723_000_000_123_456_789,
        best_bid: 61_793.4,
        best_ask: 61_793.5,
        mid_price: 61_793.45,
        imbalance: 0.5,
        spread_bps: 1.0 / 617_934.5 * 10_000.0,
        sequence: 1,
    };
    assert_eq!(view, expected);
}

#[test]
fn tiny_prices_and_huge_quantities_keep_their_meaning() {
    let mut calculator =
        FeatureCalculator::new(settings(), &instrument("0.00000001", "1")).unwrap();
    let book = book(&[(823, 10_000_000_000_000)], &[(824, 30_000_000_000_000)]);
    let view = calculator.on_book(at(0), &book).unwrap();
    assert_eq!((view.best_bid, view.best_ask, view.imbalance), (0.000_008_23, 0.000_008_24, -0.5));
}

#[test]
fn an_unusable_book_gives_no_view_and_changes_nothing() {
    let mut calculator = warm();
    let before = calculator.vector();
    for unusable in [
        OrderBook::new(),
        book(&[(99, 1)], &[]),
        book(&[], &[(101, 1)]),
        book(&[(101, 1)], &[(101, 1)]),
        book(&[(105, 1)], &[(101, 1)]),
        book(&[(-1, 1)], &[(101, 1)]),
        book(&[(i64::MIN, 1)], &[(i64::MAX, 1)]),
    ] {
        assert_eq!(calculator.on_book(at(5), &unusable), None, "{unusable:?}");
    }
    assert_eq!((calculator.vector(), calculator.buffer().len()), (before, 3));
}

#[test]
fn a_reset_forgets_the_past_but_sequences_go_on() {
    let mut calculator = warm();
    calculator.on_trade(at(1), &trade(Side::Sell, 90, 5));
    calculator.reset();
    assert_eq!((calculator.vector(), calculator.buffer().len()), (None, 0));
    let sequences = [1, 2, 3]
        .map(|millis| calculator.on_book(at(millis), &around(200, 1, 1)).unwrap().sequence);
    assert_eq!(sequences, [4, 5, 6]);
    let vector = calculator.vector().unwrap();
    assert_eq!((vector.vwap(), vector.trade_flow(), vector.volatility()), (200.0, 0.0, 0.0));
}

#[test]
fn the_oldest_snapshot_leaves_a_full_buffer() {
    let mut buffer = FeatureBuffer::new(3);
    let numbered = |sequence| SnapshotView { sequence, ..SnapshotView::default() };
    let evicted = [1, 2, 3, 4, 5].map(|number| buffer.push(numbered(number)));
    assert_eq!(
        evicted.map(|view| view.map(|view| view.sequence)),
        [None, None, None, Some(1), Some(2)]
    );
    let (older, newer) = buffer.get_window();
    assert_eq!((older.len(), newer.len()), (1, 2));
    assert!([older, newer].concat().iter().map(|view| view.sequence).eq(3..=5));
    assert_eq!(buffer.newest(), Some(numbered(5)));
    assert_eq!((buffer.pop_oldest(), buffer.len(), buffer.capacity()), (Some(numbered(3)), 2, 3));
}

#[test]
fn an_extractor_gives_its_values_by_name_once_it_is_ready() {
    let mut extractor = OrderBookFeatureExtractor::new(&settings(), &instrument("1", "1"));
    assert_eq!(by_name(&extractor), None);
    let book = around(100, 3, 1);
    let view = SnapshotView { spread_bps: 200.0, ..SnapshotView::default() };
    extractor.on_book(&BookState { time: at(0), view, book: &book });
    let values = by_name(&extractor).unwrap();
    assert!(values.keys().eq(&["ask_pressure", "bid_pressure", "depth_ratio", "spread_bps"]));
    assert_eq!((values["depth_ratio"], values["spread_bps"]), (0.75, 200.0));
    extractor.reset();
    assert_eq!(by_name(&extractor), None);
}

#[test]
fn every_feature_has_its_own_name_and_place() {
    let names: BTreeSet<_> = Feature::ALL.map(Feature::name).into();
    assert_eq!(names.len(), Feature::COUNT);
    for (place, feature) in Feature::ALL.into_iter().enumerate() {
        assert_eq!(feature.index(), place);
        assert_eq!(feature.name().parse(), Ok(feature));
        assert_eq!(serde_json::to_string(&feature).unwrap(), format!("\"{feature}\""));
    }
    assert!("volatilty".parse::<Feature>().is_err());
}

#[test]
fn a_vector_is_written_as_a_map_and_read_back() {
    let mut vector = FeatureVector::default();
    for (place, feature) in Feature::ALL.into_iter().enumerate() {
        vector.set(feature, f64::from(u8::try_from(place).unwrap()) + 0.5);
    }
    let text = serde_json::to_string(&vector).unwrap();
    assert!(text.starts_with(r#"{"volatility":0.5,"realized_variance":1.5,"#), "{text}");
    assert_eq!(serde_json::from_str::<FeatureVector>(&text).unwrap(), vector);
    let error = serde_json::from_str::<FeatureVector>(r#"{"smell":1}"#).unwrap_err();
    assert!(error.to_string().contains("no feature named \"smell\""), "{error}");
}

#[test]
fn settings_outside_their_ranges_are_refused_by_name() {
    let broken: [Damage; 12] = [
        ("window", |config| config.window = Span::ZERO),
        ("buffer_capacity", |config| config.buffer_capacity = 2),
        ("buffer_capacity", |config| config.buffer_capacity = usize::MAX),
        ("momentum_alpha", |config| config.momentum_alpha = 0.0),
        ("momentum_alpha", |config| config.momentum_alpha = f64::NAN),
        ("imbalance_decay", |config| config.imbalance_decay = 1.01),
        ("depth_levels", |config| config.depth_levels = 0),
        ("surge_window", |config| config.surge_window = Span::from_millis(1_001)),
        ("surge_window", |config| config.surge_window = Span::from_millis(-1)),
        ("toxicity_bucket_trades", |config| config.toxicity_bucket_trades = 0),
        ("toxicity_buckets", |config| config.toxicity_buckets = 0),
        ("toxicity_buckets", |config| config.toxicity_buckets = 10_001),
    ];
    for (name, damage) in broken {
        let mut config = FeatureConfig::default();
        damage(&mut config);
        let refused = FeatureCalculator::new(config, &instrument("1", "1")).unwrap_err();
        let FeatureConfigError::OutOfRange { setting, .. } = refused;
        assert_eq!(setting, name);
    }
    assert_eq!(FeatureConfig::default().check(), Ok(()));
}

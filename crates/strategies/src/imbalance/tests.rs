//! Behaviour of the imbalance strategy: the documented rule, the sizes, the life of a position.
#![expect(clippy::float_cmp, reason = "the ends of a range are exact")]

use domain::{
    Event, InstrumentId, Lots, Money, NetLots, RunNumber, Side, Span, StrategyId, Ticks, Timestamp,
    instrument::InstrumentSpec,
};
use engine::{Command, Engine, EngineConfig, OpeningAccount, OpeningPosition, Outputs, RiskConfig};
use market::{
    feature::{Feature, FeatureConfig, FeatureVector},
    signal::{SignalGenerator as _, SignalResult, SignalStrength, Suppression},
};
use proptest::prelude::*;
use testkit::{
    events::{Tape, book, diff},
    instruments::{btc_perpetual, btc_spot, instruments, pepe_spot},
};

use super::{EntryStyle, ImbalanceParams, ImbalanceSignalGenerator, Sizing, StrengthMode};
use crate::{ParamValues, Setup, SetupError, catalogue};

const BTC: InstrumentId = InstrumentId::new(0);
const NOW: Timestamp = Timestamp::from_millis(5_000);

fn features(imbalance: f64, momentum: f64, volatility: f64) -> FeatureVector {
    let mut features = FeatureVector::default();
    features.set(Feature::Imbalance, imbalance);
    features.set(Feature::Momentum, momentum);
    features.set(Feature::Volatility, volatility);
    features
}

fn generate(params: &ImbalanceParams, features: &FeatureVector) -> SignalResult {
    ImbalanceSignalGenerator::new("imbalance_v1", StrategyId::new(0), BTC, params)
        .generate(features, NOW)
}

/// Strength, confidence and holding period in ms of a signal.
fn signal(params: &ImbalanceParams, features: &FeatureVector) -> Option<(f64, f64, i64)> {
    match generate(params, features) {
        SignalResult::Signal(signal) => {
            let holding = signal.holding_period.as_millis();
            Some((signal.strength.value(), signal.confidence, holding))
        }
        _ => None,
    }
}

/// The values of the catalogue row that read as these parameters.
fn values(params: &ImbalanceParams) -> ParamValues {
    let mut values = catalogue::find("imbalance").unwrap().defaults();
    let mut set = |name: &str, text: &str| values.set(name, text).unwrap();
    set("imbalance_threshold", &params.imbalance_threshold.to_string());
    set("min_confidence", &params.min_confidence.to_string());
    set("feature_window_ms", &params.feature_window_ms.to_string());
    set("signal_decay_ms", &params.signal_decay_ms.to_string());
    set("max_position_size", &params.max_position_size.to_string());
    set("order_size_fraction", &params.order_size_fraction.decimal().to_string());
    set(
        "strength_mode",
        if params.strength_mode == StrengthMode::Seed { "seed" } else { "excess" },
    );
    let passive = params.order_style == EntryStyle::Passive;
    set("order_style", if passive { "passive" } else { "aggressive" });
    values
}

fn seed() -> ImbalanceParams {
    ImbalanceParams { strength_mode: StrengthMode::Seed, ..ImbalanceParams::default() }
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let params = ImbalanceParams::default();
    assert!(params.check().is_ok());
    let row = catalogue::find("imbalance").unwrap();
    assert_eq!(ImbalanceParams::read(&row.defaults()), params);
    assert_eq!((params.imbalance_threshold, params.min_confidence), (0.3, 0.7));
    assert_eq!((params.feature_window_ms, params.signal_decay_ms), (1_000, 500));
    assert_eq!(params.max_position_size.to_string(), "1");
    assert_eq!(params.order_size_fraction.decimal().to_string(), "0.5");
    assert_eq!(params.strength_mode, StrengthMode::Excess);
    assert_eq!(params.order_style, EntryStyle::Aggressive);
}

#[test]
fn below_the_threshold_there_is_no_signal_and_at_it_there_is_one() {
    let moving = |imbalance| features(imbalance, 0.02, 0.001);
    for imbalance in [0.0, 0.2999, -0.2999, f64::NAN] {
        assert_eq!(generate(&seed(), &moving(imbalance)), SignalResult::NoSignal);
    }
    assert_eq!(signal(&seed(), &moving(0.3)), Some((1.0, 1.0, 3_333)));
    assert_eq!(signal(&seed(), &moving(-0.3)), Some((-1.0, 1.0, 3_333)));
}

#[test]
fn the_documented_strength_is_always_one_beyond_the_threshold() {
    for imbalance in [0.3, 0.5, 1.0] {
        assert_eq!(signal(&seed(), &features(imbalance, 0.02, 0.0)).unwrap().0, 1.0);
        assert_eq!(signal(&seed(), &features(-imbalance, 0.02, 0.0)).unwrap().0, -1.0);
    }
}

#[test]
fn the_excess_strength_grows_from_nothing_at_the_threshold_to_one() {
    let strength = |imbalance: f64| {
        signal(&ImbalanceParams::default(), &features(imbalance, 0.02, 0.0)).unwrap().0
    };
    assert_eq!((strength(0.3), strength(1.0), strength(-1.0)), (0.0, 1.0, -1.0));
    assert!((strength(0.65) - 0.5).abs() < 1e-12);
    assert!((strength(-0.65) + 0.5).abs() < 1e-12);
}

#[test]
fn confidence_is_the_mean_of_a_momentum_and_a_volatility_score() {
    let params = ImbalanceParams { min_confidence: 0.0, ..seed() };
    // (momentum, volatility) and the two scores, worked out by hand.
    for (momentum, volatility, scores) in [
        (0.0, 0.0, (0.0, 1.0)),
        (0.005, 0.01, (0.5, 1.0)),
        (-0.005, 0.02, (0.5, 0.5)),
        (0.5, 0.04, (1.0, 0.25)),
        (0.002, 0.000_1, (0.2, 1.0)),
    ] {
        let confidence = signal(&params, &features(0.5, momentum, volatility)).unwrap().1;
        assert!((confidence - f64::midpoint(scores.0, scores.1)).abs() < 1e-12);
    }
}

#[test]
fn too_little_confidence_suppresses_and_just_enough_does_not() {
    let low = SignalResult::Suppressed(Suppression::LowConfidence);
    assert_eq!(generate(&seed(), &features(0.5, 0.003_999, 0.001)), low);
    assert!(signal(&seed(), &features(0.5, 0.004, 0.001)).is_some());
}

#[test]
fn the_documented_confidence_is_never_reached_on_a_liquid_pair() {
    // Momentum and volatility as recorded on BTC: next to nothing.
    for momentum in [1e-6, 1e-5, 1e-4] {
        let calm = features(0.9, momentum, 2e-5);
        let low = SignalResult::Suppressed(Suppression::LowConfidence);
        assert_eq!(generate(&ImbalanceParams::default(), &calm), low);
        let half = ImbalanceParams { min_confidence: 0.5, ..ImbalanceParams::default() };
        assert!(signal(&half, &calm).is_some());
    }
}

#[test]
fn the_holding_period_is_a_second_over_the_imbalance_within_its_cuts() {
    let params = ImbalanceParams { imbalance_threshold: 0.01, ..seed() };
    let holding = |imbalance: f64| signal(&params, &features(imbalance, 0.02, 0.0)).unwrap().2;
    assert_eq!((holding(1.0), holding(0.8), holding(-0.5)), (1_000, 1_250, 2_000));
    assert_eq!((holding(0.1), holding(0.05)), (10_000, 10_000));
}

#[test]
fn a_setting_outside_its_range_is_named() {
    let refused = |params: ImbalanceParams| match params.check() {
        Err(SetupError::OutOfRange { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    let base = ImbalanceParams::default;
    assert_eq!(
        refused(ImbalanceParams { imbalance_threshold: 0.0, ..base() }),
        "imbalance_threshold"
    );
    assert_eq!(
        refused(ImbalanceParams { imbalance_threshold: 1.0, ..base() }),
        "imbalance_threshold"
    );
    assert_eq!(refused(ImbalanceParams { min_confidence: f64::NAN, ..base() }), "min_confidence");
    assert_eq!(refused(ImbalanceParams { signal_decay_ms: 0, ..base() }), "signal_decay_ms");
    assert_eq!(refused(ImbalanceParams { feature_window_ms: 0, ..base() }), "feature_window_ms");
    let none = domain::Rate::default();
    assert_eq!(
        refused(ImbalanceParams { order_size_fraction: none, ..base() }),
        "order_size_fraction"
    );
}

fn size(spec: InstrumentSpec, max: &str, strength: f64, price: i64) -> i64 {
    let params =
        ImbalanceParams { max_position_size: max.parse().unwrap(), ..ImbalanceParams::default() };
    let table = instruments([spec]);
    let sizing = Sizing::new(&params, table.get(BTC)).unwrap();
    sizing.position(SignalStrength::new(strength), table.get(BTC), Ticks::new(price)).get()
}

#[test]
fn a_size_is_a_share_of_the_largest_rounded_toward_zero_to_a_lot() {
    assert_eq!(size(btc_perpetual(), "1", 1.0, 600_000), 500);
    assert_eq!(size(btc_perpetual(), "1", -1.0, 600_000), -500);
    assert_eq!(size(btc_perpetual(), "1", 0.3339, 600_000), 166);
    assert_eq!(size(btc_perpetual(), "1", -0.3339, 600_000), -166);
    assert_eq!(size(btc_spot(), "0.00005", 1.0, 600_000), 2);
    assert_eq!(size(pepe_spot(), "20000000000000", 0.5, 823), 5_000_000_000_000);
    assert_eq!(size(btc_perpetual(), "1", 0.0, 600_000), 0);
}

#[test]
fn a_weak_signal_takes_the_smallest_order_the_venue_allows() {
    assert_eq!(size(btc_perpetual(), "1", 1e-6, 600_000), 1);
    let with_value = InstrumentSpec { min_notional: "100".parse().unwrap(), ..btc_perpetual() };
    assert_eq!(size(with_value.clone(), "1", 1e-6, 600_000), 2, "one lot is worth 60");
    assert_eq!(size(with_value, "0.002", 1e-6, 600_000), 1, "but not more than the full size");
    let with_quantity =
        InstrumentSpec { min_quantity: "0.0045".parse().unwrap(), ..btc_perpetual() };
    assert_eq!(size(with_quantity, "1", -1e-6, 600_000), -5);
}

/// The strategy in an engine, on a book that is even and quiet but for what a test says.
struct Room {
    engine: Engine,
    tape: Tape,
    out: Outputs,
}

impl Room {
    fn with(params: ImbalanceParams, held: i64) -> Self {
        let table = instruments([btc_perpetual()]);
        let params = values(&ImbalanceParams { min_confidence: 0.5, ..params });
        let (id, name, trades) = (StrategyId::new(0), "imbalance_v1", [BTC]);
        let setup = Setup { id, name, instruments: &table, trades: &trades, params: &params };
        let strategy = catalogue::find("imbalance").unwrap().make(&setup).unwrap();
        let config = EngineConfig {
            run: RunNumber::FIRST,
            risk: RiskConfig::default(),
            prices: engine::PriceSource::Book,
            bars: None,
            features: Some(FeatureConfig::default()),
            snapshot_interval: Span::from_secs(60),
        };
        let carried = OpeningPosition {
            strategy: id,
            instrument: BTC,
            position: NetLots::new(held),
            cost_basis: Money::from_atto(i128::from(held) * 60 * Money::ATTO_PER_UNIT),
            realized_pnl: Money::ZERO,
            fees: Money::ZERO,
            carry: Money::ZERO,
        };
        let cash = OpeningAccount::with_cash("100000".parse().unwrap());
        let opening = OpeningAccount { positions: vec![carried], ..cash };
        let engine = Engine::new(config, table, vec![strategy], opening).unwrap();
        Self { engine, tape: Tape::from(NOW), out: Outputs::default() }
    }

    fn happens(&mut self, event: Event<'_>) -> Vec<Command> {
        self.out.clear();
        let stamped = self.tape.stamp(event);
        self.engine.step(&stamped, &mut self.out);
        self.out.commands.clone()
    }

    /// Enough of an even book to warm up on.
    fn warm(&mut self) -> &mut Self {
        self.happens(book(BTC, &[(600_000, 5_000)], &[(600_001, 5_000)]));
        for _ in 0..3 {
            self.tape.pass(Span::from_millis(1));
            self.best(5_000, 5_000);
        }
        self
    }

    fn best(&mut self, bid: i64, ask: i64) -> Vec<Command> {
        self.happens(diff(BTC, &[(600_000, bid)], &[(600_001, ask)]))
    }

    fn suppressed(&self, reason: Suppression) -> u64 {
        self.engine.counters().suppressed[reason.index()]
    }
}

fn sides(commands: &[Command]) -> Vec<(Side, i64)> {
    let placed = |command: &Command| match command {
        Command::Place(order) => Some((order.side, order.quantity.get())),
        Command::Cancel { .. } => None,
    };
    commands.iter().filter_map(placed).collect()
}

#[test]
fn nothing_is_done_while_the_features_warm_up() {
    let mut room = Room::with(ImbalanceParams::default(), 0);
    assert!(room.happens(book(BTC, &[(600_000, 9_000)], &[(600_001, 1_000)])).is_empty());
    assert_eq!(room.suppressed(Suppression::WarmingUp), 1);
}

#[test]
fn a_full_signal_in_seed_mode_wishes_for_half_the_largest_position() {
    let mut room = Room::with(seed(), 0);
    room.warm();
    assert_eq!(sides(&room.best(9_000, 1_000)), [(Side::Buy, 500)]);
    let mut room = Room::with(seed(), 0);
    room.warm();
    assert_eq!(sides(&room.best(1_000, 9_000)), [(Side::Sell, 500)]);
}

#[test]
fn a_passive_entry_rests_at_its_own_side() {
    let params = ImbalanceParams { order_style: EntryStyle::Passive, ..seed() };
    let mut room = Room::with(params, 0);
    room.warm();
    match room.best(9_000, 1_000).as_slice() {
        [Command::Place(order)] => {
            assert_eq!(order.order_type, domain::OrderType::PostOnly);
            assert_eq!((order.limit, order.quantity), (Some(Ticks::new(600_000)), Lots::new(500)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn signals_of_the_other_side_are_held_back_while_one_is_acted_on() {
    let mut room = Room::with(seed(), 0);
    room.warm();
    room.best(9_000, 1_000);
    assert!(room.best(1_000, 9_000).is_empty());
    assert_eq!(room.suppressed(Suppression::Holding), 1);
    assert_eq!(room.engine.counters().signals, 1);
}

#[test]
fn a_position_from_an_earlier_run_is_closed_before_anything_else() {
    let mut room = Room::with(seed(), 200);
    let commands = room.happens(book(BTC, &[(600_000, 5_000)], &[(600_001, 5_000)]));
    assert_eq!(sides(&commands), [(Side::Sell, 200)]);
}

#[test]
fn an_entry_that_came_to_nothing_frees_the_strategy_at_once() {
    let mut room = Room::with(seed(), 0);
    room.warm();
    let order = match room.best(9_000, 1_000).as_slice() {
        [Command::Place(order)] => order.get(),
        other => panic!("{other:?}"),
    };
    room.tape.pass(Span::from_millis(500));
    assert_eq!(room.happens(Event::Clock), [Command::Cancel { order: order.id, instrument: BTC }]);
    let time = room.tape.now();
    let kind = domain::ReportKind::Cancelled;
    let report = domain::OrderReport { order: order.id, instrument: BTC, time, kind };
    room.happens(Event::Report(report));
    assert_eq!(sides(&room.best(1_000, 9_000)), [(Side::Sell, 500)]);
    assert_eq!(room.suppressed(Suppression::Holding), 0);
}

#[test]
fn a_strategy_without_instruments_is_refused() {
    let table = instruments([btc_perpetual()]);
    let params = values(&ImbalanceParams::default());
    let id = StrategyId::new(0);
    let setup = Setup { id, name: "idle", instruments: &table, trades: &[], params: &params };
    let built = catalogue::find("imbalance").unwrap().make(&setup);
    assert!(matches!(built, Err(SetupError::NoInstrument { name }) if name == "idle"));
}

proptest! {
    #[test]
    fn every_signal_is_within_its_bounds(
        imbalance in -1.0..1.0_f64, momentum in -1.0..1.0_f64, volatility in 0.0..1.0_f64,
        threshold in 0.001..0.999_f64, seed_mode in any::<bool>(),
    ) {
        let strength_mode = if seed_mode { StrengthMode::Seed } else { StrengthMode::Excess };
        let params = ImbalanceParams {
            imbalance_threshold: threshold,
            min_confidence: 0.0,
            strength_mode,
            ..ImbalanceParams::default()
        };
        match signal(&params, &features(imbalance, momentum, volatility)) {
            None => prop_assert!(imbalance.abs() < threshold),
            Some((strength, confidence, holding)) => {
                prop_assert!(imbalance.abs() >= threshold);
                prop_assert!(strength.abs() <= 1.0 && strength * imbalance >= 0.0);
                prop_assert!((0.0..=1.0).contains(&confidence));
                prop_assert!((1_000..=10_000).contains(&holding));
            }
        }
    }

    #[test]
    fn a_stronger_signal_never_takes_a_smaller_position(
        weak in 0.0..1.0_f64, more in 0.0..1.0_f64, price in 1..2_000_000_i64,
    ) {
        let strong = weak + (1.0 - weak) * more;
        let (small, large) =
            (size(btc_perpetual(), "1", weak, price), size(btc_perpetual(), "1", strong, price));
        prop_assert!(0 <= small && small <= large && large <= 500);
        prop_assert_eq!(size(btc_perpetual(), "1", -weak, price), -small);
    }
}

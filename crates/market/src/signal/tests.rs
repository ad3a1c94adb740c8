//! Bounds, decay and the written form of signals.
#![expect(clippy::float_cmp, reason = "cut and neutral values are exact")]

use domain::{InstrumentId, Span, StrategyId, Timestamp};

use super::{Signal, SignalResult, SignalStrength, Suppression};
use crate::feature::{Feature, FeatureVector};

const DECAY: Span = Span::from_millis(500);

fn signal(strength: f64) -> Signal {
    let mut features = FeatureVector::default();
    features.set(Feature::Imbalance, 0.75);
    Signal {
        timestamp: Timestamp::from_millis(1_000),
        instrument: InstrumentId::new(2),
        strategy: StrategyId::new(1),
        strength: SignalStrength::new(strength),
        confidence: 0.9,
        holding_period: Span::from_millis(1_333),
        features,
    }
}

#[test]
fn a_strength_is_cut_to_its_range() {
    let cut = |raw| SignalStrength::new(raw).value();
    assert_eq!([cut(3.0), cut(-7.5), cut(0.25)], [1.0, -1.0, 0.25]);
    assert_eq!([cut(f64::INFINITY), cut(f64::NEG_INFINITY)], [1.0, -1.0]);
}

#[test]
fn what_is_not_a_number_is_no_opinion() {
    assert_eq!(SignalStrength::new(f64::NAN), SignalStrength::NEUTRAL);
}

#[test]
fn strength_falls_in_a_straight_line_to_zero() {
    let signal = signal(-0.8);
    let after =
        |millis: i64| signal.decayed_strength(Timestamp::from_millis(1_000 + millis), DECAY);
    assert_eq!(after(0).value(), -0.8);
    assert!((after(125).value() - -0.6).abs() < 1e-12);
    assert!((after(250).value() - -0.4).abs() < 1e-12);
    assert_eq!([after(500), after(90_000)], [SignalStrength::NEUTRAL; 2]);
}

#[test]
fn a_signal_expires_when_the_decay_time_is_over_and_not_before() {
    let signal = signal(1.0);
    let end = signal.timestamp + DECAY;
    assert!(!signal.is_expired(end - Span::from_nanos(1), DECAY));
    assert!(signal.is_expired(end, DECAY));
    assert!(signal.is_expired(signal.timestamp, Span::ZERO));
}

#[test]
fn a_signal_from_the_future_is_as_good_as_new() {
    let signal = signal(0.5);
    assert_eq!(signal.decayed_strength(Timestamp::EPOCH, DECAY).value(), 0.5);
}

#[test]
fn a_signal_survives_being_written_and_read() {
    for result in [
        SignalResult::NoSignal,
        SignalResult::Suppressed(Suppression::LowConfidence),
        SignalResult::Signal(signal(0.5)),
    ] {
        let text = serde_json::to_string(&result).unwrap();
        assert_eq!(serde_json::from_str::<SignalResult>(&text).unwrap(), result, "{text}");
    }
}

#[test]
fn a_strength_out_of_range_is_cut_when_read() {
    assert_eq!(serde_json::from_str::<SignalStrength>("4.5").unwrap().value(), 1.0);
}

#[test]
fn the_written_form_of_a_suppression_is_its_name() {
    for (place, reason) in Suppression::ALL.into_iter().enumerate() {
        assert_eq!(serde_json::to_string(&reason).unwrap(), format!("{:?}", reason.name()));
        assert_eq!(reason.index(), place);
    }
}

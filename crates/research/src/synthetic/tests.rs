//! The made-up market does what its description says.

use domain::{Bar, InstrumentId, MarketData, Span, Timestamp};
use testkit::instruments::{btc_spot, instruments};

use super::{Synthetic, SyntheticConfig, SyntheticError};
use crate::History as _;

fn config(seed: u64, bars: u64) -> SyntheticConfig {
    SyntheticConfig {
        seed,
        start: Timestamp::from_millis(1_700_000_040_000),
        interval: Span::from_secs(60),
        bars,
        annual_volatility: 0.6,
    }
}

fn bars(seed: u64, count: u64, prices: &[f64]) -> Vec<(InstrumentId, Bar)> {
    let table = instruments(prices.iter().enumerate().map(|(place, _)| {
        let mut spec = btc_spot();
        spec.symbol = format!("SYM{place}");
        spec
    }));
    let mut history = Synthetic::new(config(seed, count), &table, prices).unwrap();
    let mut found = Vec::new();
    while history.advance().unwrap() {
        let (time, event) = history.current();
        let MarketData::Bar(bar) = event.data else { panic!("only bars are made") };
        assert_eq!(time, bar.end);
        found.push((event.instrument, bar));
    }
    found
}

#[expect(clippy::cast_precision_loss, reason = "ticks of a test are small")]
fn log_closes(bars: &[(InstrumentId, Bar)], place: u16) -> Vec<f64> {
    let own = bars.iter().filter(|(id, _)| *id == InstrumentId::new(place));
    own.map(|(_, bar)| (bar.close.get() as f64).ln()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "lists of a test are short")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<_>>()).sqrt()
}

#[test]
fn one_seed_makes_one_market_and_another_seed_another() {
    assert_eq!(bars(3, 500, &[60_000.0]), bars(3, 500, &[60_000.0]));
    assert_ne!(bars(3, 500, &[60_000.0]), bars(4, 500, &[60_000.0]));
}

#[test]
fn a_longer_market_begins_like_a_shorter_one() {
    let (long, short) = (bars(3, 400, &[60_000.0, 3_000.0]), bars(3, 150, &[60_000.0, 3_000.0]));
    assert_eq!(long[..short.len()], short[..]);
}

#[test]
fn bars_follow_each_other_without_gaps_and_hold_together() {
    let made = bars(5, 2_000, &[60_000.0]);
    assert_eq!(made.len(), 2_000);
    for (_, bar) in &made {
        assert!(bar.low <= bar.open && bar.open <= bar.high);
        assert!(bar.low <= bar.close && bar.close <= bar.high);
        assert!(bar.volume.get() > 0);
    }
    assert!(
        made.windows(2)
            .all(|pair| { pair[0].1.end == pair[1].1.start && pair[0].1.close == pair[1].1.open })
    );
}

#[test]
fn volatility_is_about_as_asked_and_comes_in_clusters() {
    let closes = log_closes(&bars(7, 60_000, &[60_000.0]), 0);
    let returns: Vec<f64> = closes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let annual = deviation(&returns) * (365.242_5_f64 * 1_440.0).sqrt();
    assert!((0.4..1.2).contains(&annual), "annual volatility of {annual}");
    let sizes: Vec<f64> = returns.iter().map(|value| value.abs()).collect();
    let middle = mean(&sizes);
    let lagged = |lag: usize| {
        let pairs = sizes.iter().zip(&sizes[lag..]);
        pairs.map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>()
    };
    let autocorrelation = lagged(5) / lagged(0);
    assert!(autocorrelation > 0.1, "sizes of moves five bars apart correlate by {autocorrelation}");
}

#[test]
fn two_symbols_share_a_trend_and_their_spread_comes_back() {
    let made = bars(11, 20_000, &[60_000.0, 3_000.0]);
    let (leader, follower) = (log_closes(&made, 0), log_closes(&made, 1));
    let spread: Vec<f64> = leader.iter().zip(&follower).map(|(a, b)| b - 0.9 * a).collect();
    let crossings = spread.windows(2).filter(|pair| {
        let middle = mean(&spread);
        (pair[0] > middle) != (pair[1] > middle)
    });
    assert!(crossings.count() > 200, "the spread returns to its mean again and again");
    assert!(deviation(&spread) < 0.2 * deviation(&leader), "and stays near it");
}

#[test]
fn what_cannot_be_made_is_refused_with_a_reason() {
    let table = instruments([btc_spot()]);
    let coarse = Synthetic::new(config(1, 1), &table, &[0.5]).unwrap_err();
    assert!(matches!(coarse, SyntheticError::Coarse { .. }), "{coarse}");
    let wild = SyntheticConfig { annual_volatility: f64::NAN, ..config(1, 1) };
    assert!(Synthetic::new(wild, &table, &[1e4]).is_err());
    let still = SyntheticConfig { interval: Span::ZERO, ..config(1, 1) };
    assert_eq!(Synthetic::new(still, &table, &[1e4]).unwrap_err(), SyntheticError::NoInterval);
    assert!(Synthetic::new(config(1, 1), &table, &[]).is_err());
}

//! The simulated market in virtual time: repeatable, informative, realistic, consistent.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "prices in cents and counts of samples are far from the limits"
)]

use std::collections::BTreeMap;

use domain::{Instruments, Span, Timestamp};
use sandbox::{
    default_instruments,
    market::{Channel, Market, Outlet, Stream},
    simulated::{Simulation, SimulationConfig},
};
use serde_json::Value;

/// Keeps the frames of the streams it wants.
struct Collector<F: Fn(Stream) -> bool> {
    wants: F,
    frames: Vec<(Stream, String)>,
}

impl<F: Fn(Stream) -> bool> Outlet for Collector<F> {
    fn wants(&self, stream: Stream) -> bool {
        (self.wants)(stream)
    }

    fn publish(&mut self, stream: Stream, frame: &str) {
        self.frames.push((stream, frame.to_owned()));
    }
}

fn instruments() -> Instruments {
    Instruments::new(default_instruments()).unwrap()
}

fn simulation(seed: u64, rate: u32) -> Simulation {
    let start = Timestamp::from_millis(1_700_000_000_000);
    Simulation::new(SimulationConfig { seed, rate, start }, &instruments())
}

/// Runs so many seconds in steps and returns the frames.
fn frames(
    mut simulation: Simulation,
    seconds: i64,
    step_millis: i64,
    wants: impl Fn(Stream) -> bool,
) -> Vec<(Stream, String)> {
    let mut collector = Collector { wants, frames: Vec::new() };
    for step in 1..=seconds * 1000 / step_millis {
        simulation.run_until(Span::from_millis(step * step_millis), &mut collector);
    }
    collector.frames
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_frames_however_time_is_cut() {
    let once = frames(simulation(7, 200), 10, 10_000, |_| true);
    let often = frames(simulation(7, 200), 10, 10, |_| true);
    assert!(once.len() > 2_000, "{}", once.len());
    assert_eq!(once, often);
    let other = frames(simulation(8, 200), 10, 10_000, |_| true);
    assert_ne!(once, other);
}

#[test]
fn who_listens_does_not_change_the_market() {
    let everything = frames(simulation(3, 200), 5, 100, |_| true);
    let is_ticker = |stream: Stream| stream.channel == Channel::BookTicker;
    let tickers = frames(simulation(3, 200), 5, 100, is_ticker);
    let expected: Vec<_> =
        everything.into_iter().filter(|(stream, _)| is_ticker(*stream)).collect();
    assert_eq!(tickers, expected);
}

/// Mid price, touch imbalance and spread of each instrument at each quarter of a second.
fn quarters(seed: u64, seconds: i64) -> [Vec<(f64, f64, f64)>; 4] {
    let mut simulation = simulation(seed, 200);
    let only = |stream: Stream| stream.channel == Channel::BookTicker;
    let mut collector = Collector { wants: only, frames: Vec::new() };
    let mut last: [Option<String>; 4] = Default::default();
    let mut samples: [Vec<_>; 4] = Default::default();
    for step in 1..=seconds * 4 {
        simulation.run_until(Span::from_millis(step * 250), &mut collector);
        for (stream, frame) in collector.frames.drain(..) {
            last[stream.instrument.index()] = Some(frame);
        }
        for (samples, frame) in samples.iter_mut().zip(&last) {
            let ticker: Value = serde_json::from_str(frame.as_ref().unwrap()).unwrap();
            let (bid, ask) = (number(&ticker["b"]), number(&ticker["a"]));
            let (bids, asks) = (number(&ticker["B"]), number(&ticker["A"]));
            samples.push((0.5 * (bid + ask), (bids - asks) / (bids + asks), ask - bid));
        }
    }
    samples
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| pairs.iter().map(pick).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |term: &dyn Fn(f64, f64) -> f64| {
        pairs.iter().map(|(x, y)| term(x - mean_x, y - mean_y)).sum::<f64>()
    };
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

#[test]
fn over_ten_minutes_the_touch_leads_prices_that_move_as_real_ones_a_tick_apart() {
    for (samples, tick) in quarters(11, 600).iter().zip([0.01, 0.01, 0.10, 0.01]) {
        let leads: Vec<_> = samples.windows(5).map(|w| (w[0].1, (w[4].0 / w[0].0).ln())).collect();
        let found = correlation(&leads);
        assert!((0.05..0.45).contains(&found), "correlation {found}");

        let returns: Vec<f64> =
            samples.windows(5).step_by(4).map(|w| (w[4].0 / w[0].0).ln()).collect();
        let variance = returns.iter().map(|one| one * one).sum::<f64>() / returns.len() as f64;
        let annual = (variance * 31_536_000.0).sqrt();
        assert!((0.4..1.0).contains(&annual), "volatility {annual}");

        let narrow = samples.iter().filter(|sample| sample.2 < 1.5 * tick).count();
        let share = narrow as f64 / samples.len() as f64;
        assert!(share > 0.85, "one tick in {share} of the time");
    }
}

/// A book of text keys, built as the venue's documentation says.
#[derive(Default)]
struct ClientBook {
    sides: [BTreeMap<i64, String>; 2],
}

impl ClientBook {
    fn apply(&mut self, side: usize, levels: &Value) {
        for level in levels.as_array().unwrap() {
            let price = (number(&level[0]) * 100.0).round() as i64;
            let quantity = level[1].as_str().unwrap().to_owned();
            if number(&level[1]) == 0.0 {
                self.sides[side].remove(&price);
            } else {
                self.sides[side].insert(price, quantity);
            }
        }
    }

    fn top(&self) -> [(i64, String); 2] {
        let (bid, ask) =
            (self.sides[0].last_key_value().unwrap(), self.sides[1].first_key_value().unwrap());
        [(*bid.0, bid.1.clone()), (*ask.0, ask.1.clone())]
    }
}

/// Follows every batch from the first one; after each the top must be the latest ticker's.
fn the_chain_holds(instrument: usize, millis: u16, is_spot: bool) {
    let of = move |stream: Stream| {
        stream.instrument.index() == instrument
            && (stream.channel == Channel::BookTicker
                || stream.channel == Channel::Depth { millis })
    };
    let simulation = simulation(21, 400);
    let id = instruments().iter().nth(instrument).unwrap().id();
    let first = simulation.depth(id, 10_000).unwrap();
    let mut book = ClientBook::default();
    for (side, levels) in [&first.bids, &first.asks].into_iter().enumerate() {
        for level in levels {
            let decimals = if is_spot { 8 } else { 3 };
            let quantity = format!("{:.decimals$}", level.quantity);
            let pair = serde_json::json!([[level.price.to_string(), quantity]]);
            book.apply(side, &pair);
        }
    }
    let (mut last, mut ticker, mut skipped, mut batches) = (first.last_update_id, None, 0, 0);
    for (stream, frame) in frames(simulation, 30, 100, of) {
        let frame: Value = serde_json::from_str(&frame).unwrap();
        if stream.channel == Channel::BookTicker {
            ticker = Some(frame);
            continue;
        }
        let (begin, end) = (frame["U"].as_u64().unwrap(), frame["u"].as_u64().unwrap());
        assert!(begin <= end);
        if is_spot {
            assert!(frame.get("pu").is_none());
            assert_eq!(begin, last + 1);
        } else {
            assert_eq!(frame["pu"].as_u64().unwrap(), last);
            skipped += usize::from(begin > last + 1);
        }
        last = end;
        book.apply(0, &frame["b"]);
        book.apply(1, &frame["a"]);
        batches += 1;
        let ticker = ticker.as_ref().unwrap();
        let best = |price: &str, quantity: &str| {
            let cents = (number(&ticker[price]) * 100.0).round() as i64;
            (cents, ticker[quantity].as_str().unwrap().to_owned())
        };
        assert_eq!(book.top(), [best("b", "B"), best("a", "A")], "after batch {batches}");
    }
    assert!(batches >= 30 * 1000 / usize::from(millis) - 2, "{batches}");
    assert!(is_spot || skipped > batches / 2, "only `pu` may tell continuity");
}

#[test]
fn spot_batches_follow_each_other_and_agree_with_the_ticker() {
    the_chain_holds(0, 100, true);
    the_chain_holds(1, 1000, true);
}

#[test]
fn futures_batches_are_chained_by_pu_only_and_agree_with_the_ticker() {
    the_chain_holds(2, 100, false);
    the_chain_holds(3, 250, false);
    the_chain_holds(2, 500, false);
}

#[test]
fn trade_ids_have_no_holes_and_aggregates_cover_them() {
    let of = |stream: Stream| {
        stream.instrument.index() == 2
            && matches!(stream.channel, Channel::Trade | Channel::AggregateTrade)
    };
    let (mut next, mut covered, mut sums) = (None, None, [0.0, 0.0]);
    for (stream, frame) in frames(simulation(2, 400), 20, 100, of) {
        let frame: Value = serde_json::from_str(&frame).unwrap();
        if stream.channel == Channel::Trade {
            let id = frame["t"].as_u64().unwrap();
            assert_eq!(*next.get_or_insert(id), id);
            next = Some(id + 1);
            sums[0] += number(&frame["q"]);
        } else {
            let (first, last) = (frame["f"].as_u64().unwrap(), frame["l"].as_u64().unwrap());
            assert_eq!(*covered.get_or_insert(first), first);
            covered = Some(last + 1);
            sums[1] += number(&frame["q"]);
        }
    }
    assert_eq!(next, covered);
    assert!(sums[0] > 0.0 && (sums[0] - sums[1]).abs() < 1e-6 * sums[0]);
}

#[test]
fn the_mark_price_comes_each_second_with_a_funding_rate_within_the_cap() {
    let of = |stream: Stream| stream.channel == Channel::MarkPrice { seconds: 1 };
    let marks = frames(simulation(2, 200), 30, 100, of);
    // Two futures, thirty seconds; spot has none.
    assert_eq!(marks.len(), 60);
    for (_, frame) in marks {
        let frame: Value = serde_json::from_str(&frame).unwrap();
        assert!(number(&frame["r"]).abs() < 0.0075);
        assert!((number(&frame["p"]) / number(&frame["i"]) - 1.0).abs() < 0.01);
        let (now, next) = (frame["E"].as_i64().unwrap(), frame["T"].as_i64().unwrap());
        assert!(next > now && next - now <= 8 * 3_600_000 && next % (8 * 3_600_000) == 0);
    }
}

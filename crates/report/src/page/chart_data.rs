//! The data of the charts inside the page, in few bytes and of bounded length.

use research::{Bucket, Outcome};
use serde::Serialize;

use crate::{
    Sources,
    content::Content,
    distribution::Distribution,
    escape,
    marks::{self, Part},
};
use domain::{Side, Timestamp};

/// Fills marked in the charts.
pub(super) const FILLS: usize = 10_000;
/// Round trips drawn as lines.
const TRIPS: usize = 2_000;
/// Stretches of all price curves together, and the fewest of one.
const BUCKETS: usize = 24_000;
const FEWEST: usize = 256;

/// Times are milliseconds after `from`.
#[derive(Serialize)]
struct Data<'a> {
    from: i64,
    to: i64,
    currency: Option<&'a str>,
    opening: f64,
    equity: Curve,
    drawdown: Curve,
    exposure: Curve,
    prices: Vec<Price>,
    fills: Fills,
    /// From, to, entry price, exit price or last price, instrument, whether it won.
    trips: Vec<(i64, Option<i64>, f64, f64, usize, u8)>,
    distribution: &'a Distribution,
}

#[derive(Serialize)]
struct Price {
    decimals: u32,
    series: Curve,
}

/// Columns of buckets: time, length of time, first, low, high and last value. Those that say
/// nothing new are left out.
#[derive(Serialize)]
struct Curve {
    t: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    u: Option<Vec<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    f: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    l: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    h: Option<Vec<f64>>,
    c: Vec<f64>,
}

/// Time, price, instrument, whether it buys, whether it opens.
#[derive(Default, Serialize)]
struct Fills {
    t: Vec<i64>,
    p: Vec<f64>,
    i: Vec<usize>,
    b: Vec<u8>,
    e: Vec<u8>,
}

pub(super) fn json(sources: &Sources<'_>, content: &Content<'_>) -> String {
    let outcome = sources.outcome;
    let (from, to) = outcome.span.unwrap_or_default();
    let each = (BUCKETS / outcome.prices.len().max(1)).max(FEWEST);
    let prices = outcome.instruments.iter().zip(&outcome.prices);
    let data = Data {
        from: from.as_millis(),
        to: to.as_millis(),
        currency: content.run.currency.as_deref(),
        opening: outcome.opening_equity.to_f64(),
        equity: curve(outcome.equity.buckets(), from),
        drawdown: curve(outcome.drawdown.buckets(), from),
        exposure: curve(outcome.exposure.buckets(), from),
        prices: prices
            .map(|(instrument, series)| Price {
                decimals: instrument.price_scale().step().normalize().scale(),
                series: curve(&thinned(series.buckets(), each), from),
            })
            .collect(),
        fills: fills(outcome, from),
        trips: trips(outcome, from),
        distribution: &content.trade_distribution,
    };
    // Numbers that are none become null, so nothing here can fail.
    escape::script(&serde_json::to_string(&data).expect("plain data become JSON"))
}

fn since(time: Timestamp, from: Timestamp) -> i64 {
    time.as_millis() - from.as_millis()
}

fn curve(buckets: &[Bucket], from: Timestamp) -> Curve {
    let column = |value: fn(&Bucket) -> f64| buckets.iter().map(|one| short(value(one))).collect();
    let lasting = buckets.iter().any(|one| one.from != one.to);
    let varied = buckets.iter().any(|one| one.low < one.high);
    Curve {
        t: buckets.iter().map(|one| since(one.from, from)).collect(),
        u: lasting.then(|| buckets.iter().map(|one| since(one.to, one.from)).collect()),
        f: varied.then(|| column(|one| one.first)),
        l: varied.then(|| column(|one| one.low)),
        h: varied.then(|| column(|one| one.high)),
        c: column(|one| one.last),
    }
}

/// Neighbours together until there are at most `most`.
fn thinned(buckets: &[Bucket], most: usize) -> Vec<Bucket> {
    let together = buckets.len().div_ceil(most.max(1)).max(1);
    let merge = |some: &[Bucket]| {
        let mut all = some[0];
        for one in &some[1..] {
            (all.to, all.last) = (one.to, one.last);
            (all.low, all.high) = (all.low.min(one.low), all.high.max(one.high));
        }
        all
    };
    buckets.chunks(together).map(merge).collect()
}

/// Nine significant digits: more than a screen has points.
fn short(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}

fn fills(outcome: &Outcome, from: Timestamp) -> Fills {
    let mut fills = Fills::default();
    for mark in marks::all(outcome).iter().take(FILLS) {
        let instrument = outcome.instruments.get(mark.fill.instrument);
        fills.t.push(since(mark.fill.time, from));
        fills.p.push(short(instrument.price_scale().to_f64(mark.fill.price.get())));
        fills.i.push(mark.fill.instrument.index());
        fills.b.push(u8::from(mark.fill.side == Side::Buy));
        fills.e.push(u8::from(mark.part == Part::Entry));
    }
    fills
}

fn trips(outcome: &Outcome, from: Timestamp) -> Vec<(i64, Option<i64>, f64, f64, usize, u8)> {
    let open = outcome.open_trips.iter();
    let known = open.chain(&outcome.round_trips).take(TRIPS);
    let line = |trip: &engine::performance::RoundTrip| {
        let instrument = outcome.instruments.get(trip.instrument);
        let entry = trip.entry_price(instrument)?;
        let last =
            outcome.prices.get(trip.instrument.index()).and_then(research::ChartSeries::last);
        let (exit, won) = match trip.profit() {
            Some(profit) => (trip.exit_price(instrument)?, profit > domain::Money::ZERO),
            None => {
                let exit = last.unwrap_or(entry);
                (exit, (exit > entry) == (trip.side == Side::Buy))
            }
        };
        let closed = trip.closed.map(|time| since(time, from));
        let place = trip.instrument.index();
        Some((since(trip.opened, from), closed, short(entry), short(exit), place, u8::from(won)))
    };
    known.filter_map(line).collect()
}

//! What a market change costs in the engine beyond book and features.
//!
//! Two runs over the same changes, batch by batch in turn: book and features alone, and the
//! whole step with the imbalance strategy, risk, orders and accounts. The median of the
//! batches' differences is what the engine adds.
#![expect(clippy::disallowed_types, reason = "a bench reads a clock")]
#![expect(clippy::print_stdout, reason = "a bench prints its result")]

use std::{hint::black_box, time::Instant};

use domain::{
    Event, InstrumentId, Instruments, Level, MarketData, Money, OrderReport, ReportKind, RunNumber,
    Span, Stamped, StrategyId, Timestamp,
};
use engine::{Command, Engine, EngineConfig, OpeningAccount, Outputs, RiskConfig};
use market::{
    book::OrderBook,
    feature::{FeatureCalculator, FeatureConfig},
};
use strategies::{Setup, find};
use testkit::{
    events::{book, diff, market},
    instruments::{btc_perpetual, instruments},
};

const BTC: InstrumentId = InstrumentId::new(0);
const BATCH: usize = 500;
const BATCHES: usize = 400;
const LEVELS: i64 = 10;

/// The same changes on every run: ten levels a side, a wandering middle, a busy touch.
fn changes() -> Vec<Event<'static>> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: i64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i64::try_from(state >> 33).unwrap_or(0) % below
    };
    let mut mid = 600_000;
    let change = |_| {
        mid += random(3) - 1;
        let bids: Vec<_> = (0..LEVELS).map(|depth| (mid - depth, 1 + random(5_000))).collect();
        let asks: Vec<_> = (0..LEVELS).map(|depth| (mid + 1 + depth, 1 + random(5_000))).collect();
        let clear: Vec<_> = bids.iter().copied().chain([(mid + 1, 0), (mid + 2, 0)]).collect();
        let other: Vec<_> = asks.iter().copied().chain([(mid, 0), (mid - 1, 0)]).collect();
        diff(BTC, &clear, &other)
    };
    // It starts over with a whole book, so that the middle may jump back.
    let start = book(BTC, &[(600_000, 10)], &[(600_001, 10)]);
    std::iter::once(start).chain((0..20_000).map(change)).collect()
}

fn engine(table: &Instruments, min_confidence: f64) -> Engine {
    let row = find("imbalance").expect("the catalogue has it");
    let mut params = row.defaults();
    params.set("min_confidence", &min_confidence.to_string()).expect("a confidence");
    params.set("max_position_size", "0.5").expect("a quantity");
    let (id, trades) = (StrategyId::new(0), [BTC]);
    let setup =
        Setup { id, name: "imbalance_v1", instruments: table, trades: &trades, params: &params };
    let strategy = row.make(&setup).expect("the defaults build");
    let config = EngineConfig {
        run: RunNumber::FIRST,
        risk: RiskConfig { max_orders_per_second: 1_000, ..RiskConfig::default() },
        prices: engine::PriceSource::Book,
        bars: None,
        features: Some(FeatureConfig::default()),
        snapshot_interval: Span::from_secs(60),
    };
    let cash = OpeningAccount::with_cash(Money::from_atto(Money::MAX.atto() / 1_000));
    Engine::new(config, table.clone(), vec![strategy], cash).expect("the settings are sound")
}

/// Book and features alone.
struct Floor {
    book: OrderBook,
    features: FeatureCalculator,
}

impl Floor {
    fn take(&mut self, event: &Event<'_>, time: Timestamp) {
        let Event::Market(market) = event else { return };
        match &market.data {
            MarketData::BookSnapshot { bids, asks, .. } => self.book.load(bids, asks),
            MarketData::BookDiff { bids, asks, .. } => self.book.apply(bids, asks),
            _ => return,
        }
        black_box(self.features.on_book(time, &self.book));
        black_box(self.features.vector());
    }
}

/// The whole engine; every order is cancelled by the venue one event later.
struct Whole {
    engine: Engine,
    out: Outputs,
    sequence: u64,
}

impl Whole {
    fn take(&mut self, event: &Event<'_>, time: Timestamp) {
        self.sequence += 1;
        let stamped = Stamped { sequence: self.sequence, time, event: borrowed(event) };
        self.engine.step(&stamped, &mut self.out);
        self.out.records.clear();
        while let Some(command) = self.out.commands.pop() {
            if let Command::Place(order) = command {
                let (order, kind) = (order.id, ReportKind::Cancelled);
                let report = OrderReport { order, instrument: BTC, time, kind };
                self.sequence += 1;
                let event = Event::Report(report);
                self.engine.step(&Stamped { sequence: self.sequence, time, event }, &mut self.out);
                self.out.records.clear();
            }
        }
    }
}

/// The event with its levels borrowed, as a decoder hands it over.
fn borrowed<'a>(event: &'a Event<'_>) -> Event<'a> {
    let levels = |levels: &'a [Level]| levels.into();
    match event {
        Event::Market(from) => market(
            from.instrument,
            match &from.data {
                MarketData::BookSnapshot { update_id, bids, asks } => MarketData::BookSnapshot {
                    update_id: *update_id,
                    bids: levels(bids),
                    asks: levels(asks),
                },
                MarketData::BookDiff { first_update_id, last_update_id, bids, asks } => {
                    MarketData::BookDiff {
                        first_update_id: *first_update_id,
                        last_update_id: *last_update_id,
                        bids: levels(bids),
                        asks: levels(asks),
                    }
                }
                _ => MarketData::FeedLive,
            },
        ),
        _ => Event::Clock,
    }
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of a batch")]
fn nanos_each(started: Instant) -> f64 {
    started.elapsed().as_nanos() as f64 / BATCH as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let table = instruments([btc_perpetual()]);
    let events = changes();
    for (name, min_confidence) in [("watching", 0.7), ("trading", 0.5)] {
        let features = FeatureCalculator::new(FeatureConfig::default(), table.get(BTC));
        let features = features.expect("the defaults are sound");
        let mut floor = Floor { book: OrderBook::new(), features };
        let engine = engine(&table, min_confidence);
        let mut whole = Whole { engine, out: Outputs::default(), sequence: 0 };
        let mut time = Timestamp::from_millis(1_000);
        let mut next = events.iter().cycle();
        let (mut floors, mut wholes, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..BATCHES {
            let batch: Vec<_> = next.by_ref().take(BATCH).collect();
            let begin = time;
            let started = Instant::now();
            for event in &batch {
                time = time + Span::from_micros(100);
                floor.take(event, time);
            }
            let below = nanos_each(started);
            time = begin;
            let started = Instant::now();
            for event in &batch {
                time = time + Span::from_micros(100);
                whole.take(event, time);
            }
            let above = nanos_each(started);
            floors.push(below);
            wholes.push(above);
            added.push(above - below);
        }
        let counters = whole.engine.counters();
        assert_eq!(counters.book_losses, 0, "the changes never cross the book");
        println!(
            "{name:9} book+features {:5.0} ns  step {:5.0} ns  added {:5.0} ns (goal < 500)  \
             signals {} orders {}",
            median(floors),
            median(wholes),
            median(added),
            counters.signals,
            counters.orders,
        );
    }
}

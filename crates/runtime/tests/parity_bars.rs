//! The loop on bars: what was decided at a close happens in the next bar, what happens in a
//! bar is booked before its close is decided on, and every layout of threads does the same.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(dead_code, reason = "the scripted market has parts for other tests")]

mod notebook;
mod scripted;

use std::sync::Arc;

use domain::{
    Event, InstrumentId, Lots, MarketData, Money, NetLots, OrderStatus, Rate, RunNumber, Side,
    Span, StrategyId, Ticks, Timestamp,
    event::{Bar, Dividend, FundingSettlement, Split},
};
use engine::{
    Engine, EngineConfig, Intents, OpeningAccount, OrderStyle, PriceSource, Protection, RiskConfig,
    Strategy, View,
    paper::{PaperBroker, PaperConfig},
};
use notebook::{Notebook, Parts, fused};
use proptest::prelude::*;
use runtime::{
    LoopParts,
    pipeline::{self, PipelineConfig},
};
use scripted::{BTC, TapeSource};
use testkit::{events::market, instruments};

/// Goes with every second bar and guards what it holds by half a percent on either side.
struct Follower {
    instruments: [InstrumentId; 1],
    bars: i64,
}

impl Strategy for Follower {
    fn id(&self) -> StrategyId {
        StrategyId::new(0)
    }

    fn name(&self) -> &'static str {
        "follower"
    }

    fn instruments(&self) -> &[InstrumentId] {
        &self.instruments
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        let Event::Market(market) = event else { return };
        let MarketData::Bar(bar) = market.data else { return };
        self.bars += 1;
        if self.bars % 2 == 1 || !view.position(BTC).is_zero() && self.bars % 7 != 0 {
            return;
        }
        let up = if bar.close >= bar.open { 1 } else { -1 };
        let away = bar.close.get() / 200;
        out.target(BTC, NetLots::new(100 * up), OrderStyle::MARKET);
        let price = |way: i64| Some(bar.close.offset(up * way * away));
        out.protect(BTC, Protection { stop: price(-1), target: price(1) });
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % limit.unsigned_abs()).unwrap()
    }
}

/// Minutes of a wandering price, with settlements, splits and dividends between them.
fn tape(seed: u64, minutes: usize) -> Arc<Vec<(Timestamp, Event<'static>)>> {
    let mut dice = Dice(seed | 1);
    let mut start = Timestamp::from_millis(1_700_006_400_000);
    let mut price = 600_000_i64;
    let mut tape = Vec::new();
    for _ in 0..minutes {
        let end = start + Span::from_secs(60);
        let open = price + dice.below(200) - 100;
        let close = open + dice.below(4_000) - 2_000;
        let (high, low) =
            (open.max(close) + dice.below(1_500), open.min(close) - dice.below(1_500));
        let [open, high, low, close] = [open, high, low, close].map(Ticks::new);
        let bar = Bar { start, end, open, high, low, close, volume: Lots::new(5_000) };
        tape.push((end, market(BTC, MarketData::Bar(bar))));
        price = close.get();
        match dice.below(40) {
            0 => {
                let rate = Rate::new("0.0001".parse().unwrap());
                let funding = FundingSettlement { rate, price: None };
                tape.push((end, market(BTC, MarketData::Funding(funding))));
            }
            1 => {
                let ratio = if price > 500_000 { "2" } else { "0.5" };
                price = if price > 500_000 { price / 2 } else { price * 2 };
                let ratio = Rate::new(ratio.parse().unwrap());
                tape.push((end, market(BTC, MarketData::Split(Split { ratio }))));
            }
            2 => {
                let per_unit: Money = "100".parse().unwrap();
                price -= 1_000;
                tape.push((end, market(BTC, MarketData::Dividend(Dividend { per_unit }))));
            }
            _ => {}
        }
        start = end;
    }
    Arc::new(tape)
}

fn parts(tape: &Arc<Vec<(Timestamp, Event<'static>)>>, notebook: &Notebook) -> Parts {
    let table = instruments::instruments([instruments::btc_perpetual()]);
    let config = EngineConfig {
        run: RunNumber::FIRST,
        risk: RiskConfig::default(),
        prices: PriceSource::Bars,
        bars: None,
        features: None,
        snapshot_interval: Span::from_secs(3_600),
    };
    let cash: Money = "100000".parse().unwrap();
    let follower = Box::new(Follower { instruments: [BTC], bars: 0 });
    let opening = OpeningAccount::with_cash(cash);
    let engine = Engine::new(config, table, vec![follower], opening).unwrap();
    let paper = PaperConfig {
        prices: PriceSource::Bars,
        opening_cash: cash,
        taker_fee: domain::Bps::new("4".parse().unwrap()),
        ..PaperConfig::new(RunNumber::FIRST, 3)
    };
    let broker = PaperBroker::new(&paper, engine.instruments()).unwrap();
    let parts = scripted::parts(TapeSource::new(tape, 64), notebook.clone());
    LoopParts { engine, execution: broker, ..parts }
}

#[test]
fn a_session_on_bars_trades_is_paid_and_keeps_its_books() {
    let notebook = Notebook::default();
    let done = fused(parts(&tape(5, 3_000), &notebook));
    let counters = done.engine.counters();
    assert!(counters.fills > 200 && counters.account_events > 30, "{counters:?}");
    assert_eq!((counters.alarms, counters.bars), (0, 3_000), "{counters:?}");
    let portfolio = done.engine.portfolio();
    let cost = portfolio.position(StrategyId::new(0), BTC).cost_basis;
    let opening: Money = "100000".parse().unwrap();
    let sums = portfolio.realized_pnl() + portfolio.carry() - portfolio.fees();
    assert_eq!(portfolio.cash() + cost, opening + sums);
    assert_ne!(portfolio.carry(), Money::ZERO);
    let notes = notebook.notes();
    for kind in ["Stop", "Limit", "Market"] {
        let shape = format!("order_type: {kind},");
        assert!(notes.iter().any(|note| note.starts_with("Placed") && note.contains(&shape)));
    }
    let filled = format!("status: {:?}", OrderStatus::Filled);
    assert!(notes.iter().filter(|note| note.contains(&filled)).count() > 100);
}

#[test]
fn a_decision_at_a_close_is_carried_out_at_the_open_of_the_next_bar() {
    let tape = tape(7, 400);
    let bars: Vec<Bar> = tape
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Market(market) => match market.data {
                MarketData::Bar(bar) => Some(bar),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let notebook = Notebook::default();
    fused(parts(&tape, &notebook));
    let fills = notebook.fills();
    let first = fills[0];
    assert_eq!(first.price, bars[2].open, "decided at the end of the second bar");
    for fill in &fills {
        let within = |bar: &&Bar| bar.start <= fill.time && fill.time <= bar.end;
        let around = |bar: &Bar| bar.low <= fill.price && fill.price <= bar.high;
        assert!(bars.iter().filter(within).any(around), "{fill:?}");
    }
    assert!(fills.iter().any(|fill| fill.side == Side::Sell));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn the_layout_of_threads_changes_nothing_on_bars(seed in any::<u64>(), slots in 1_usize..200) {
        let tape = tape(seed, 60);
        let (one, three) = (Notebook::default(), Notebook::default());
        let expected = fused(parts(&tape, &one)).ended;
        let config = PipelineConfig {
            market_channel_size: slots,
            order_channel_size: slots,
            report_latency: Span::from_millis(1),
        };
        let spread = pipeline::run(parts(&tape, &three), config).unwrap().ended;
        prop_assert_eq!(&spread, &expected);
        prop_assert_eq!(three.notes(), one.notes());
    }
}

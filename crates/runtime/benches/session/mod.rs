//! A recorded session in memory, and everything that is needed to trade it.

#![allow(dead_code, reason = "each bench uses its own part")]

use std::{path::Path, sync::Arc};

use domain::{
    Event, InstrumentId, Instruments, Market, MarketData, MarketEvent, Money, NetLots, OrderType,
    RunNumber, Span, StrategyId, Ticks, Timestamp, record::NoRecords,
};
use engine::{
    Engine, EngineConfig, Intents, LimitPolicy, OpeningAccount, OrderStyle, RiskConfig, Strategy,
    View,
    paper::{PaperBroker, PaperConfig},
};
use market::{FeatureConfig, signal::SignalGenerator as _};
use runtime::{
    LoopConfig, LoopParts, Pace, Source, StopPolicy, Vitals, WaitStrategy, WallClock,
    control::control_channel,
};
use strategies::{
    Setup, find,
    imbalance::{ImbalanceParams, ImbalanceSignalGenerator},
};
use venues::{
    ConnectionId, MarketFeed as _, MarketSink, Request,
    binance::{BinanceConfig, BinanceFeed, StreamKind, known_instrument},
    capture::CaptureReader,
};

pub(crate) const FILE: &str = "binance-raw/usdm_btcusdt_20240808.txt.zst";
pub(crate) const BTC: InstrumentId = InstrumentId::new(0);
pub(crate) const CONNECTION: ConnectionId = ConnectionId::new(0);

/// One received text.
pub(crate) struct Frame {
    pub(crate) time: Timestamp,
    pub(crate) text: Vec<u8>,
    /// Changed levels on both sides together; zero for what is no change of the book.
    pub(crate) changes: usize,
}

/// All frames of a recording.
pub(crate) struct Recording {
    pub(crate) instruments: Instruments,
    pub(crate) frames: Vec<Frame>,
    /// Before which frame the depth snapshot arrived, and its body.
    snapshot: (usize, Vec<u8>),
}

impl Recording {
    pub(crate) fn read(path: &Path) -> Self {
        let spec = known_instrument(Market::LinearPerpetual, "BTCUSDT").unwrap();
        let mut reader = CaptureReader::open(path).unwrap();
        let (mut snapshot, mut frames) = ((0, Vec::new()), Vec::new());
        while let Some(line) = reader.next_line().unwrap() {
            if line.text.starts_with(b"{\"lastUpdateId\"") {
                snapshot = (frames.len(), line.text.to_vec());
            } else {
                let changes = line.text.windows(2).filter(|pair| pair == b"[\"").count();
                frames.push(Frame { time: line.time, text: line.text.to_vec(), changes });
            }
        }
        Self { instruments: Instruments::new([spec]).unwrap(), frames, snapshot }
    }

    /// The same without quotes and trades.
    pub(crate) fn of_changes(self) -> Self {
        let (place, body) = self.snapshot;
        let is_change = |frame: &Frame| frame.changes > 0;
        let before = self.frames[..place].iter().filter(|frame| is_change(frame)).count();
        let frames = self.frames.into_iter().filter(is_change).collect();
        Self { instruments: self.instruments, frames, snapshot: (before, body) }
    }

    /// A translator that has just connected.
    pub(crate) fn feed(&self, sink: &mut dyn MarketSink) -> BinanceFeed {
        let streams = vec![StreamKind::Depth, StreamKind::BookTicker, StreamKind::Trade];
        let config = BinanceConfig { streams, ..BinanceConfig::default() };
        let mut feed = BinanceFeed::new(config, &self.instruments);
        feed.on_open(CONNECTION, self.frames[0].time, sink);
        feed
    }

    /// Hands over the snapshot if it came just before this frame.
    pub(crate) fn answer(&self, next: usize, feed: &mut BinanceFeed, sink: &mut dyn MarketSink) {
        if next == self.snapshot.0 {
            let request = Request::DepthSnapshot { instrument: BTC, url: String::new() };
            let now = self.frames[next].time;
            feed.on_response(&request, Ok(&self.snapshot.1), now, sink).unwrap();
        }
    }
}

/// How a session trades.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// The imbalance strategy under the documented limits.
    Usual,
    /// An order at every book change, under limits that let it through.
    Eager,
}

pub(crate) fn engine(instruments: &Instruments, manner: Manner) -> Engine {
    let (strategy, risk): (Box<dyn Strategy>, _) = match manner {
        Manner::Usual => (usual(instruments), RiskConfig::default()),
        Manner::Eager => (
            Box::new(Eager::new()),
            RiskConfig { max_orders_per_second: 1_000_000, ..RiskConfig::default() },
        ),
    };
    let config = EngineConfig {
        run: RunNumber::FIRST,
        risk,
        prices: engine::PriceSource::Book,
        bars: None,
        features: Some(FeatureConfig::default()),
        snapshot_interval: Span::from_secs(1),
    };
    let cash = OpeningAccount::with_cash(Money::from_atto(100_000_000 * Money::ATTO_PER_UNIT));
    Engine::new(config, instruments.clone(), vec![strategy], cash).unwrap()
}

fn usual(instruments: &Instruments) -> Box<dyn Strategy> {
    // The documented confidence lets nothing through on a liquid pair.
    let row = find("imbalance").unwrap();
    let params = row.defaults().with("min_confidence", "0.5").unwrap();
    let (id, trades) = (StrategyId::new(0), [BTC]);
    let setup = Setup { id, name: "imbalance_v1", instruments, trades: &trades, params: &params };
    row.make(&setup).unwrap()
}

/// A broker that answers before the next event.
pub(crate) fn broker(instruments: &Instruments) -> PaperBroker {
    let config = PaperConfig {
        order_latency: Span::ZERO,
        report_latency: REPORT_LATENCY,
        ..PaperConfig::new(RunNumber::FIRST, 1)
    };
    PaperBroker::new(&config, instruments).unwrap()
}

pub(crate) const REPORT_LATENCY: Span = Span::from_nanos(1);

pub(crate) fn parts<S: Source>(
    source: S,
    instruments: &Instruments,
    manner: Manner,
    measure_every: u64,
) -> LoopParts<S, PaperBroker, NoRecords, WallClock> {
    LoopParts {
        source,
        engine: engine(instruments, manner),
        execution: broker(instruments),
        journal: NoRecords,
        clock: WallClock::start(),
        vitals: Arc::new(Vitals::for_instruments(instruments.len())),
        mailbox: control_channel().1,
        config: LoopConfig {
            pace: Pace::Data,
            wait: WaitStrategy::SpinThenPark,
            stop_policy: StopPolicy::Cancel,
            measure_every,
        },
    }
}

/// Computes features and a signal like the imbalance strategy, then opens its position if it
/// has none and closes it if it has one.
struct Eager {
    generator: ImbalanceSignalGenerator,
    target: NetLots,
}

impl Eager {
    fn new() -> Self {
        let (id, params) = (StrategyId::new(0), ImbalanceParams::default());
        let generator = ImbalanceSignalGenerator::new("eager", id, BTC, &params);
        Self { generator, target: NetLots::ZERO }
    }
}

impl Strategy for Eager {
    fn id(&self) -> StrategyId {
        StrategyId::new(0)
    }

    fn name(&self) -> &'static str {
        "eager"
    }

    fn instruments(&self) -> &[InstrumentId] {
        &[BTC]
    }

    fn on_event(&mut self, event: &Event<'_>, view: &View<'_>, out: &mut Intents) {
        let Event::Market(MarketEvent { data: MarketData::BookDiff { .. }, .. }) = event else {
            return;
        };
        let Some(features) = view.features(BTC) else { return };
        std::hint::black_box(self.generator.generate(&features, view.time()));
        if view.position(BTC) == self.target {
            self.target = NetLots::new(if self.target.is_zero() { 10 } else { 0 });
        }
        let Some((bid, ask)) = view.best_bid(BTC).zip(view.best_ask(BTC)) else { return };
        // Far enough through the touch to be filled whole.
        let limit =
            if self.target.is_zero() { bid.price.get() - 100 } else { ask.price.get() + 100 };
        let style = OrderStyle {
            order_type: OrderType::ImmediateOrCancel,
            limit: LimitPolicy::Price(Ticks::new(limit)),
        };
        out.target(BTC, self.target, style);
    }
}

//! A seeded market on a tape, and everything needed to trade it.

#![allow(clippy::unwrap_used, reason = "test support")]

use std::{sync::Arc, time::Duration};

use domain::{Event, InstrumentId, RunNumber, Side, Span, StrategyId, Timestamp, event::BookLoss};
use engine::{
    Engine, EngineConfig, OpeningAccount, RiskConfig,
    paper::{PaperBroker, PaperConfig},
};
use market::feature::FeatureConfig;
use runtime::{
    Activity, ControlMailbox, Intake, LoopConfig, LoopParts, MEASURE_EVERY, Pace, Source, Stamp,
    StopPolicy, Vitals, WaitStrategy, WallClock, control::control_channel,
};
use strategies::{Setup, find};
use testkit::{events, instruments};

/// The only instrument.
pub(crate) const BTC: InstrumentId = InstrumentId::new(0);

/// Plays a tape in pieces of a given size.
#[derive(Clone)]
pub(crate) struct TapeSource {
    tape: Arc<Vec<(Timestamp, Event<'static>)>>,
    next: usize,
    chunk: usize,
    pub(crate) resyncs: u64,
}

impl TapeSource {
    pub(crate) fn new(tape: &Arc<Vec<(Timestamp, Event<'static>)>>, chunk: usize) -> Self {
        Self { tape: Arc::clone(tape), next: 0, chunk, resyncs: 0 }
    }
}

impl Source for TapeSource {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        for _ in 0..self.chunk {
            let Some((time, Event::Market(event))) = self.tape.get(self.next) else {
                return Activity::Finished;
            };
            self.next += 1;
            intake.market(event, *time, Stamp::default());
        }
        Activity::Busy
    }

    fn wait(&mut self, _limit: Duration) {}

    fn resync(&mut self, instrument: InstrumentId, intake: &mut dyn Intake) {
        self.resyncs += 1;
        let Event::Market(lost) = events::lost(instrument, BookLoss::Crossed) else { return };
        let time = self.tape[self.next.saturating_sub(1)].0;
        intake.market(&lost, time, Stamp::default());
    }
}

/// A book that leans and moves, with trades, gaps and pauses.
pub(crate) fn random_tape(seed: u64, length: usize) -> Arc<Vec<(Timestamp, Event<'static>)>> {
    let mut dice = Dice(seed | 1);
    let mut time = Timestamp::from_millis(1_700_000_000_000);
    let mut mid = 600_000_i64;
    let mut tape = Vec::with_capacity(length);
    tape.push((time, snapshot(mid)));
    let mut lean = 0;
    while tape.len() < length {
        time = time + Span::from_micros(dice.up_to(3_000));
        // The book leans to one side for a while, so that signals come and end.
        if dice.up_to(800) == 0 {
            lean = dice.up_to(10);
        }
        let event = match dice.up_to(100) {
            0 => events::lost(BTC, BookLoss::Gap),
            1 => {
                time = time + Span::from_millis(dice.up_to(400));
                snapshot(mid)
            }
            2..30 => events::trade(
                BTC,
                (mid + dice.up_to(2), 1 + dice.up_to(500)),
                if lean > 4 { Side::Buy } else { Side::Sell },
            ),
            30..40 => {
                let step = if lean > 4 { 1 } else { -1 };
                mid += step;
                let (bid, ask) = (mid, mid + 1);
                let gone =
                    if step > 0 { ((bid - 1, 0), (bid, 0)) } else { ((bid + 1, 0), (ask, 0)) };
                let bids = [(bid + 1, 0), (bid, 1 + lean * 300), gone.0];
                let asks = [(ask - 1, 0), (ask, 1 + (9 - lean) * 300), gone.1];
                events::diff(BTC, &bids[..2], &asks[..2])
            }
            _ => events::diff(BTC, &[(mid, 1 + lean * 300)], &[(mid + 1, 1 + (9 - lean) * 300)]),
        };
        tape.push((time, event));
    }
    Arc::new(tape)
}

fn snapshot(mid: i64) -> Event<'static> {
    let bids: Vec<_> = (0..50).map(|step| (mid - step, 1_000)).collect();
    let asks: Vec<_> = (0..50).map(|step| (mid + 1 + step, 1_000)).collect();
    events::book(BTC, &bids, &asks)
}

struct Dice(u64);

impl Dice {
    fn up_to(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % limit.unsigned_abs()).unwrap()
    }
}

/// An engine with the imbalance strategy, eager enough to trade on the tape.
pub(crate) fn engine() -> Engine {
    let instruments = instruments::instruments([instruments::btc_perpetual()]);
    let row = find("imbalance").unwrap();
    let params = row.defaults().with("min_confidence", "0.4").unwrap();
    let setup = Setup {
        id: StrategyId::new(0),
        name: "imbalance_v1",
        instruments: &instruments,
        trades: &[BTC],
        params: &params,
    };
    let strategy = row.make(&setup).unwrap();
    let config = EngineConfig {
        run: RunNumber::FIRST,
        risk: RiskConfig::default(),
        prices: engine::PriceSource::Book,
        bars: None,
        features: Some(FeatureConfig::default()),
        snapshot_interval: Span::from_secs(1),
    };
    let cash = "100000".parse().unwrap();
    Engine::new(config, instruments, vec![strategy], OpeningAccount::with_cash(cash)).unwrap()
}

/// The parts of a replay of `source` with the paper broker still to be wrapped.
pub(crate) fn parts<S: Source, J>(
    source: S,
    journal: J,
) -> LoopParts<S, PaperBroker, J, WallClock> {
    let engine = engine();
    let config = PaperConfig::new(RunNumber::FIRST, 11);
    let execution = PaperBroker::new(&config, engine.instruments()).unwrap();
    LoopParts {
        source,
        execution,
        journal,
        clock: WallClock::start(),
        vitals: Arc::new(Vitals::for_instruments(engine.instruments().len())),
        engine,
        mailbox: mailbox(),
        config: LoopConfig {
            pace: Pace::Data,
            wait: WaitStrategy::SpinThenPark,
            stop_policy: StopPolicy::Cancel,
            measure_every: MEASURE_EVERY,
        },
    }
}

fn mailbox() -> ControlMailbox {
    control_channel().1
}

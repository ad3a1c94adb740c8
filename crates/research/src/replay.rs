//! The back-test loop: history in, the same engine and the same pretend exchange, records out.
//!
//! Everything happens in event time and in one order: answers that are due, requests that have
//! arrived, the event itself, and then what was decided on it. A live session on paper makes
//! the same calls in the same order; a test compares the two.

use std::borrow::Cow;

use domain::{
    Control, Event, MarketData, MarketEvent, Record, RecordSink, Span, Stamped, StrategyId,
    Timestamp, record::SessionEnded,
};
use engine::{
    Engine, Outputs, Sequencer,
    paper::{Books, PaperBroker},
};
use market::OrderBook;

use crate::History;

/// Whether strategies hear of the time that passes between two events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Every ten milliseconds, at most a hundred times in a row, as in a live session: for
    /// books, quotes and trades.
    Announced,
    /// At every whole multiple of this span, for strategies that act by the clock.
    Every(Span),
    /// Not at all: for bars, within which nothing is known.
    Skipped,
}

/// Looks on while a back-test runs. What it is told must not influence anything.
pub trait Witness: RecordSink {
    /// The engine took an input. Whoever does not keep all of them can spare the record.
    #[inline]
    fn input(&mut self, input: Stamped<'_>) {
        self.record(&Record::Input(input));
    }

    /// A market event was dealt with.
    fn after(&mut self, time: Timestamp, event: &MarketEvent<'_>, engine: &Engine);
}

/// How far a back-test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Market events so far.
    pub events: u64,
    /// The time of the last one.
    pub time: Timestamp,
}

/// What to do after a look at the progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// End here, in order.
    Stop,
}

/// Market events between two looks at the progress.
const PROGRESS_EVERY: u64 = 1 << 14;
/// Strikes of the clock in one pause of the market.
const MOST_STRIKES: u32 = 100_000;
/// Silent 10 ms steps granted to open orders at the end, as in a live replay.
const WIND_DOWN_STEPS: u32 = 500;

/// Why a back-test could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError<E> {
    /// Correct the data: they cannot be read.
    #[error("the history cannot be read")]
    History(#[source] E),
    /// Correct the data: time goes back.
    #[error("event {number} is earlier than the one before it: {earlier} after {later} ns")]
    OutOfOrder {
        /// Which market event, from 1.
        number: u64,
        /// Its time in ns.
        earlier: i64,
        /// The time before it in ns.
        later: i64,
    },
}

/// What is left at the end.
pub struct Finished {
    /// The engine with its final accounts.
    pub engine: Engine,
    /// The pretend exchange.
    pub broker: PaperBroker,
    /// The last record.
    pub ended: SessionEnded,
    /// Market events dealt with.
    pub events: u64,
    /// The first and the last event's time; `None` when there was no event.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Whether somebody stopped it before the history ended.
    pub stopped: bool,
}

/// One back-test.
pub struct Replay {
    engine: Engine,
    broker: PaperBroker,
    silence: Silence,
    sequencer: Sequencer,
    outputs: Outputs,
    first: Option<Timestamp>,
    /// Before this time, in ns, the clock does not strike.
    next_strike: i64,
    events: u64,
}

impl Replay {
    /// Puts the parts together. Both must be new, and made of the same instruments.
    #[must_use]
    pub fn new(engine: Engine, broker: PaperBroker, silence: Silence) -> Self {
        let (sequencer, outputs) = (Sequencer::default(), Outputs::default());
        Self {
            engine,
            broker,
            silence,
            sequencer,
            outputs,
            first: None,
            next_strike: i64::MIN,
            events: 0,
        }
    }

    /// Runs `history` to its end, or until `progress` says stop. Open orders are withdrawn at
    /// the end; open positions stay as they are.
    ///
    /// # Errors
    /// [`ReplayError`]; nothing of the run counts then.
    pub fn run<H: History, W: Witness>(
        mut self,
        history: &mut H,
        witness: &mut W,
        progress: &mut dyn FnMut(Progress) -> Flow,
    ) -> Result<Finished, ReplayError<H::Error>> {
        let mut stopped = false;
        while history.advance().map_err(ReplayError::History)? {
            let (time, event) = history.current();
            self.check_order(time)?;
            self.market(time, event, witness);
            if self.events.is_multiple_of(PROGRESS_EVERY) {
                let so_far = Progress { events: self.events, time };
                stopped = progress(so_far) == Flow::Stop;
                if stopped {
                    break;
                }
            }
        }
        self.wind_down(witness);
        Ok(self.finish(stopped, witness))
    }

    fn check_order<E>(&mut self, time: Timestamp) -> Result<(), ReplayError<E>> {
        self.events += 1;
        let last = self.sequencer.last_time();
        if self.first.is_none() {
            self.first = Some(time);
        } else if time < last && self.silence == Silence::Skipped {
            let (earlier, later) = (time.as_nanos(), last.as_nanos());
            return Err(ReplayError::OutOfOrder { number: self.events, earlier, later });
        }
        Ok(())
    }

    /// One market event. Receive times of recordings may step back by a little; like a live
    /// session the loop then goes on at the last time.
    fn market<W: Witness>(&mut self, time: Timestamp, event: &MarketEvent<'_>, witness: &mut W) {
        let time = time.max(self.sequencer.last_time());
        match self.silence {
            Silence::Announced => {
                for step in self.sequencer.silent_steps(time) {
                    self.tick(step, witness);
                }
            }
            Silence::Every(span) => self.strike(span, time, witness),
            Silence::Skipped => {}
        }
        self.deliver(time, witness);
        self.broker.before_market(event, time, &EngineBooks(&self.engine));
        self.deliver(time, witness);
        let (sequence, time) = self.sequencer.next(time);
        let event_in = Stamped { sequence, time, event: Event::Market(lend(event)) };
        self.step(event_in, witness);
        self.broker.on_market(event, time, self.engine.book(event.instrument));
        self.submit(time);
        witness.after(time, event, &self.engine);
    }

    /// Lets the clock strike at each multiple of `span` before `time`, from the first event on.
    /// A pause of more than [`MOST_STRIKES`] is jumped.
    fn strike<W: Witness>(&mut self, span: Span, time: Timestamp, witness: &mut W) {
        if self.sequencer.last_sequence() == 0 {
            return;
        }
        if self.next_strike >= time.as_nanos() {
            return;
        }
        let (length, last) = (span.as_nanos().max(1), self.sequencer.last_time().as_nanos());
        let mut next = (last.div_euclid(length) + 1) * length;
        for _ in 0..MOST_STRIKES {
            if next >= time.as_nanos() {
                break;
            }
            self.tick(Timestamp::from_nanos(next), witness);
            next = next.saturating_add(length);
        }
        self.next_strike = next;
    }

    /// One step of silence.
    fn tick<W: Witness>(&mut self, time: Timestamp, witness: &mut W) {
        self.deliver(time, witness);
        self.broker.before_event(time, &EngineBooks(&self.engine));
        let time = self.input(time, Event::Clock, witness);
        self.submit(time);
    }

    /// Everything the exchange has to tell by then.
    #[inline]
    fn deliver<W: Witness>(&mut self, due_by: Timestamp, witness: &mut W) {
        if self.broker.earliest_due().is_some_and(|due| due <= due_by) {
            self.deliver_due(due_by, witness);
        }
    }

    fn deliver_due<W: Witness>(&mut self, due_by: Timestamp, witness: &mut W) {
        while let Some((due, answer)) = self.broker.next_answer(due_by) {
            let time = self.input(due, answer, witness);
            self.submit(time);
        }
    }

    fn input<W: Witness>(
        &mut self,
        time: Timestamp,
        event: Event<'_>,
        witness: &mut W,
    ) -> Timestamp {
        let stamped: Stamped<'_> = self.sequencer.stamp(time, event);
        let time = stamped.time;
        self.step(stamped, witness);
        time
    }

    #[inline]
    fn step<W: Witness>(&mut self, stamped: Stamped<'_>, witness: &mut W) {
        self.engine.step(&stamped, &mut self.outputs);
        witness.input(stamped);
        if !self.outputs.records.is_empty() {
            for record in self.outputs.records.drain(..) {
                witness.record(&record);
            }
        }
    }

    #[inline]
    fn submit(&mut self, time: Timestamp) {
        if self.outputs.commands.is_empty() {
            return;
        }
        for command in self.outputs.commands.drain(..) {
            self.broker.submit(&command, time);
        }
        self.broker.after_submit(time, &EngineBooks(&self.engine));
    }

    fn wind_down<W: Witness>(&mut self, witness: &mut W) {
        let time =
            self.input(self.sequencer.last_time(), Event::Control(Control::WindDown), witness);
        self.submit(time);
        // Within bars nothing happens while time passes: what is asked for now would meet the next.
        let steps = if self.silence == Silence::Skipped { 0 } else { WIND_DOWN_STEPS };
        for _ in 0..steps {
            if self.engine.open_orders().next().is_none() {
                break;
            }
            let next = self.sequencer.last_time() + WIND_DOWN_STEP;
            self.tick(next, witness);
        }
    }

    fn finish<W: Witness>(self, stopped: bool, witness: &mut W) -> Finished {
        let time = self.sequencer.last_time();
        for index in (0_u16..).take(self.engine.strategy_names().count()) {
            let picture = self.engine.strategy_snapshot(StrategyId::new(index), time);
            witness.record(&Record::StrategySnapshot(picture));
        }
        let counters = self.engine.counters();
        let ended = SessionEnded {
            time,
            commands_sha256: self.engine.commands_sha256(),
            inputs: self.sequencer.last_sequence(),
            orders: counters.orders,
            fills: counters.fills,
        };
        witness.record(&Record::SessionEnded(ended.clone()));
        let span = self.first.map(|first| (first, time));
        let Self { engine, broker, events, .. } = self;
        Finished { engine, broker, ended, events, span, stopped }
    }
}

/// The same event, whose levels stay where they are.
#[inline]
fn lend<'a>(event: &'a MarketEvent<'_>) -> MarketEvent<'a> {
    let data = match &event.data {
        MarketData::Bar(bar) => MarketData::Bar(*bar),
        MarketData::Quote(quote) => MarketData::Quote(*quote),
        MarketData::Trade(trade) => MarketData::Trade(*trade),
        MarketData::BookDiff { first_update_id, last_update_id, bids, asks } => {
            MarketData::BookDiff {
                first_update_id: *first_update_id,
                last_update_id: *last_update_id,
                bids: Cow::Borrowed(bids),
                asks: Cow::Borrowed(asks),
            }
        }
        MarketData::BookSnapshot { update_id, bids, asks } => MarketData::BookSnapshot {
            update_id: *update_id,
            bids: Cow::Borrowed(bids),
            asks: Cow::Borrowed(asks),
        },
        rare => rare.clone(),
    };
    MarketEvent { instrument: event.instrument, exchange_time: event.exchange_time, data }
}

/// The length of one step of silence at the end.
const WIND_DOWN_STEP: Span = engine::sequencer::CLOCK_STEP;

/// The engine's books as the exchange may see them.
struct EngineBooks<'a>(&'a Engine);

impl Books for EngineBooks<'_> {
    fn book(&self, id: domain::InstrumentId) -> Option<&OrderBook> {
        self.0.in_sync(id).then(|| self.0.book(id))
    }
}

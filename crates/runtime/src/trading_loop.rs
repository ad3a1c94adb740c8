//! The loop that moves everything: source, engine, execution, records.

use std::{sync::Arc, time::Duration};

use domain::{
    Control, Event, InstrumentId, MarketData, MarketEvent, Record, RecordSink, Span, Stamped,
    StrategyId, Timestamp, record::SessionEnded,
};
use engine::{
    Command, Engine, Outputs, PriceSource, Sequencer, performance::Performance,
    sequencer::CLOCK_STEP,
};

use crate::{
    Activity, Clock, ControlMailbox, Execution, Intake, Source, Stamp, StopPolicy, Vitals,
    WaitStrategy, execution::is_answered_at_once, stopwatch::Stopwatch, wait::Idler,
};

/// Where time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The wall clock moves on while the market is silent.
    Live,
    /// Only events move time, so that a replay is the same on every machine.
    Data,
}

/// How a loop runs.
#[derive(Clone, Copy, Debug)]
pub struct LoopConfig {
    /// Where time comes from.
    pub pace: Pace,
    /// How an idle loop waits.
    pub wait: WaitStrategy,
    /// What happens to open orders at the end.
    pub stop_policy: StopPolicy,
    /// One market event in this many has its stages measured; at least 1.
    pub measure_every: u64,
}

/// How often stages are measured when nobody wants to know more: it costs up to four readings
/// of the clock each time.
pub const MEASURE_EVERY: u64 = 16;

/// A sink whose state of health decides about new orders.
pub trait Journal: RecordSink {
    /// How full its queue is, from 0 to 1.
    fn utilization(&self) -> f64;
    /// Records handed over so far.
    fn handed_over(&self) -> u64;
    /// Whether it can never write again.
    fn failed(&self) -> bool;
    /// Called when orders are about to leave: does what the durability promises for them, and
    /// says whether they may.
    fn secure_orders(&mut self) -> bool;
}

impl Journal for domain::record::NoRecords {
    fn utilization(&self) -> f64 {
        0.0
    }

    fn handed_over(&self) -> u64 {
        0
    }

    fn failed(&self) -> bool {
        false
    }

    fn secure_orders(&mut self) -> bool {
        true
    }
}

/// Why a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The source has nothing more.
    SourceFinished,
    /// Somebody asked.
    Stopped,
    /// The journal cannot be written; nothing was decided after the failure was seen.
    JournalFailed,
}

/// What is left when a loop has ended.
pub struct Finished<S, X, J> {
    /// Why.
    pub reason: EndReason,
    /// The engine with its final accounts.
    pub engine: Engine,
    /// The source with its counters.
    pub source: S,
    /// The execution.
    pub execution: X,
    /// The journal's hot end.
    pub journal: J,
    /// What was written as the last record.
    pub ended: SessionEnded,
}

/// Above this share of its queue the journal counts as stalled, and no order is placed.
const STALLED_ABOVE: f64 = 0.8;
/// Below this share it has recovered.
const RECOVERED_BELOW: f64 = 0.3;
/// Silent 10 ms steps granted to open orders at the end of a recording.
const WIND_DOWN_STEPS: u32 = 500;
/// Wall time granted to open orders at the end of a live session.
const WIND_DOWN_LIMIT: Span = Span::from_millis(1_500);
/// Inputs between two publications of the vital signs.
const PUBLISH_EVERY: u64 = 256;

/// What a loop is made of.
pub struct LoopParts<S, X, J, C> {
    /// Where market events come from.
    pub source: S,
    /// The decider.
    pub engine: Engine,
    /// Where its commands go.
    pub execution: X,
    /// Where everything is written down.
    pub journal: J,
    /// What time it is.
    pub clock: C,
    /// What the outside sees.
    pub vitals: Arc<Vitals>,
    /// What the outside wants.
    pub mailbox: ControlMailbox,
    /// How to run.
    pub config: LoopConfig,
}

impl<S, X, J, C> LoopParts<S, X, J, C> {
    /// The same parts with the execution wrapped, such as a broker to be called directly.
    pub fn map_execution<Y>(self, wrap: impl FnOnce(X) -> Y) -> LoopParts<S, Y, J, C> {
        LoopParts {
            source: self.source,
            engine: self.engine,
            execution: wrap(self.execution),
            journal: self.journal,
            clock: self.clock,
            vitals: self.vitals,
            mailbox: self.mailbox,
            config: self.config,
        }
    }
}

impl<S, X, J> Finished<S, X, J> {
    /// The same without the execution, for callers that do not care which it was.
    pub fn without_execution(self) -> Finished<S, (), J> {
        Finished {
            reason: self.reason,
            engine: self.engine,
            source: self.source,
            execution: (),
            journal: self.journal,
            ended: self.ended,
        }
    }
}

/// The loop. See the crate's documentation.
pub struct TradingLoop<S, X, J, C> {
    source: S,
    core: Core<X, J, C>,
    mailbox: ControlMailbox,
    config: LoopConfig,
}

/// Everything but the source, so that the source can push into it.
struct Core<X, J, C> {
    sequencer: Sequencer,
    engine: Engine,
    execution: X,
    journal: J,
    clock: C,
    outputs: Outputs,
    vitals: Arc<Vitals>,
    crossed: Vec<InstrumentId>,
    stalled: bool,
    measure_every: u64,
    /// The latest figures, until they were shown.
    fresh: Option<Performance>,
}

impl<S: Source, X: Execution, J: Journal, C: Clock> TradingLoop<S, X, J, C> {
    /// Puts the parts together.
    pub fn new(parts: LoopParts<S, X, J, C>) -> Self {
        let core = Core {
            sequencer: Sequencer::default(),
            engine: parts.engine,
            execution: parts.execution,
            journal: parts.journal,
            clock: parts.clock,
            outputs: Outputs::default(),
            vitals: parts.vitals,
            crossed: Vec::with_capacity(16),
            stalled: false,
            measure_every: parts.config.measure_every.max(1),
            fresh: None,
        };
        Self { source: parts.source, core, mailbox: parts.mailbox, config: parts.config }
    }

    /// Runs until the source is finished, somebody asks to stop, or the journal fails.
    pub fn run(mut self) -> Finished<S, X, J> {
        let reason = self.trade();
        if reason != EndReason::JournalFailed {
            self.wind_down();
        }
        let mut core = self.core;
        let time = core.sequencer.last_time();
        let counters = core.engine.counters();
        let ended = SessionEnded {
            time,
            commands_sha256: core.engine.commands_sha256(),
            inputs: core.sequencer.last_sequence(),
            orders: counters.orders,
            fills: counters.fills,
        };
        core.fresh = Some(core.engine.performance());
        if reason != EndReason::JournalFailed {
            core.write_performance(time);
            let journal = &mut core.journal;
            for index in (0_u16..).take(core.engine.strategy_names().count()) {
                let picture = core.engine.strategy_snapshot(StrategyId::new(index), time);
                journal.record(&Record::StrategySnapshot(picture));
            }
            journal.record(&Record::SessionEnded(ended.clone()));
        }
        core.publish();
        Finished {
            reason,
            engine: core.engine,
            source: self.source,
            execution: core.execution,
            journal: core.journal,
            ended,
        }
    }

    fn trade(&mut self) -> EndReason {
        let mut idler = Idler::new(self.config.wait);
        let mut published = None;
        loop {
            self.core.vitals.beat();
            if let Some(control) = self.mailbox.take() {
                self.core.control(control);
            }
            if self.mailbox.stop_requested() {
                return EndReason::Stopped;
            }
            if self.core.journal.failed() {
                return EndReason::JournalFailed;
            }
            let activity = self.source.poll(&mut self.core);
            self.repair_crossed_books();
            let inputs = self.core.sequencer.last_sequence();
            if activity == Activity::Busy {
                idler.busy();
                if published.is_some_and(|last| inputs < last + PUBLISH_EVERY) {
                    continue;
                }
            }
            self.core.watch_journal(self.config.pace);
            // An idle loop looks for the next frame instead of repeating itself.
            if published != Some(inputs) && self.core.publish() {
                published = Some(inputs);
            }
            match activity {
                Activity::Busy => {}
                Activity::Finished => return EndReason::SourceFinished,
                Activity::Idle => {
                    if self.config.pace == Pace::Live {
                        self.core.let_time_pass();
                    }
                    let source = &mut self.source;
                    idler.idle(Duration::from_millis(5), |limit| source.wait(limit));
                }
            }
        }
    }

    fn repair_crossed_books(&mut self) {
        while let Some(instrument) = self.core.crossed.pop() {
            self.source.resync(instrument, &mut self.core);
        }
    }

    /// Ends in order: no new risk, open orders as the policy says, last reports booked.
    fn wind_down(&mut self) {
        let core = &mut self.core;
        core.control(match self.config.stop_policy {
            StopPolicy::Cancel => Control::WindDown,
            StopPolicy::Leave => Control::WindDownKeepOrders,
        });
        if self.config.stop_policy == StopPolicy::Leave {
            return;
        }
        if self.config.pace == Pace::Data {
            for _ in 0..WIND_DOWN_STEPS {
                if !core.has_open_orders() {
                    break;
                }
                core.tick(core.sequencer.last_time() + CLOCK_STEP);
            }
            return;
        }
        let deadline = core.clock.now() + WIND_DOWN_LIMIT;
        while self.core.has_open_orders() && self.core.clock.now() < deadline {
            if self.source.poll(&mut self.core) != Activity::Busy {
                self.core.let_time_pass();
                self.source.wait(Duration::from_millis(5));
            }
        }
    }
}

impl<X: Execution, J: Journal, C: Clock> Core<X, J, C> {
    /// Numbers an input, lets the engine decide, and writes both down. The commands stay in
    /// `outputs` for the caller to submit.
    fn input(&mut self, time: Timestamp, event: Event<'_>, arrival: Option<Stamp>) -> Timestamp {
        let stamped = self.sequencer.stamp(time, event);
        let time = stamped.time;
        self.step(&stamped, arrival);
        self.journal.record(&Record::Input(stamped));
        let mut is_due = false;
        for record in self.outputs.records.drain(..) {
            is_due |= matches!(record, Record::StrategySnapshot(_));
            self.journal.record(&record);
        }
        if is_due {
            self.fresh = Some(self.engine.performance());
            self.write_performance(time);
        }
        time
    }

    /// Writes the latest figures down, beside the pictures of the strategies.
    fn write_performance(&mut self, time: Timestamp) {
        if let Some(performance) = &self.fresh {
            let record = self.engine.performance_record(performance, time);
            self.journal.record(&Record::Performance(Box::new(record)));
        }
    }

    /// Tick to trade is measured for every order of a market event, the stages for some of
    /// the events.
    fn step(&mut self, stamped: &Stamped<'_>, arrival: Option<Stamp>) {
        let sampled = arrival.filter(|_| stamped.sequence.is_multiple_of(self.measure_every));
        let decoded = sampled.map(|_| self.clock.stamp());
        let mut watch = Stopwatch::new(&self.clock, sampled.is_some());
        self.engine.step_probed(stamped, &mut self.outputs, &mut watch);
        let Some(arrival) = arrival else { return };
        let places = self.outputs.commands.iter().any(|one| matches!(one, Command::Place(_)));
        if !places && decoded.is_none() {
            return;
        }
        let end = self.clock.stamp();
        if places {
            self.vitals.tick_to_trade.record(self.clock.nanos_between(arrival, end));
        }
        if let Some(decoded) = decoded {
            self.vitals.decode.record(self.clock.nanos_between(arrival, decoded));
            self.vitals.decide.record(self.clock.nanos_between(decoded, end));
            self.vitals.tick_to_decision.record(self.clock.nanos_between(arrival, end));
            if let Some(features) = watch.features() {
                self.vitals.features.record(features);
            }
        }
    }

    fn publish(&mut self) -> bool {
        let (time, records) = (self.sequencer.last_time(), self.journal.handed_over());
        self.vitals.publish(&self.engine, time, records, &mut self.fresh)
    }

    fn submit_commands(&mut self, time: Timestamp) {
        let places = self.outputs.commands.iter().any(|one| matches!(one, Command::Place(_)));
        if places && !self.journal.secure_orders() {
            // Nobody could prove later that these were ours. The loop ends at its next turn.
            return self.outputs.commands.clear();
        }
        for command in self.outputs.commands.drain(..) {
            self.execution.submit(&command, time, &self.engine);
        }
    }

    fn deliver_answers(&mut self, due_by: Timestamp) {
        while let Some((due, answer)) = self.execution.next_answer(due_by) {
            let time = self.input(due, answer, None);
            self.submit_commands(time);
        }
    }

    /// One step of silence.
    fn tick(&mut self, time: Timestamp) {
        self.deliver_answers(time);
        self.execution.before_time(time, &self.engine);
        let time = self.input(time, Event::Clock, None);
        self.submit_commands(time);
    }

    /// Brings everything that happens before `time` to pass.
    fn reach(&mut self, time: Timestamp) {
        for step in self.sequencer.silent_steps(time) {
            self.tick(step);
        }
        self.deliver_answers(time);
    }

    fn let_time_pass(&mut self) {
        let now = self.clock.now();
        self.reach(now);
    }

    fn control(&mut self, control: Control) {
        let time = self.input(self.sequencer.last_time(), Event::Control(control), None);
        self.submit_commands(time);
    }

    fn has_open_orders(&self) -> bool {
        self.engine.open_orders().next().is_some()
    }

    /// A replay waits for the journal instead: its decisions must not depend on the disk.
    fn watch_journal(&mut self, pace: Pace) {
        if pace == Pace::Data {
            return;
        }
        let utilization = self.journal.utilization();
        if !self.stalled && utilization > STALLED_ABOVE {
            self.stalled = true;
            self.control(Control::JournalStalled);
        } else if self.stalled && utilization < RECOVERED_BELOW {
            self.stalled = false;
            self.control(Control::JournalRecovered);
        }
    }
}

impl<X: Execution, J: Journal, C: Clock> Intake for Core<X, J, C> {
    fn market(&mut self, event: &MarketEvent<'_>, time: Timestamp, arrival: Stamp) {
        let time = time.max(self.sequencer.last_time());
        self.reach(time);
        self.execution.before_market(event, time, &self.engine);
        if is_answered_at_once(&event.data) {
            self.deliver_answers(time);
        }
        // A whole book is the end of a repair, not a tick: it says nothing about latency.
        let is_tick = !matches!(event.data, MarketData::BookSnapshot { .. });
        self.input(time, Event::Market(event.clone()), is_tick.then_some(arrival));
        self.execution.after_market(event, time, &self.engine);
        self.submit_commands(time);
        let book_changed =
            matches!(event.data, MarketData::BookDiff { .. } | MarketData::BookSnapshot { .. });
        let price_may_change = match self.engine.prices() {
            PriceSource::Book => book_changed,
            PriceSource::Quotes => matches!(event.data, MarketData::Quote(_)),
            PriceSource::Bars => matches!(event.data, MarketData::Bar(_)),
        };
        let instrument = event.instrument;
        if book_changed && self.engine.book(instrument).is_crossed() {
            self.crossed.push(instrument);
        } else if price_may_change && let Some(view) = self.engine.latest_view(instrument) {
            self.vitals.markets[instrument.index()].write(&view);
        }
    }
}

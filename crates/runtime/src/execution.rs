//! Where commands go and where answers come from.

use domain::{Event, InstrumentId, MarketData, MarketEvent, Timestamp};
use engine::{
    Command, Engine,
    paper::{Books, PaperBroker},
};
use market::book::OrderBook;

/// Takes commands and answers: a paper broker here, or one on another thread.
///
/// The calls for one market event come in this order: `next_answer` until `None`,
/// `before_market`, `next_answer` again where the event [may be answered at
/// once](is_answered_at_once), (the engine decides), `after_market`, `submit` for each command.
/// Where only time passes, `before_time` takes the place of the two calls with the event.
pub trait Execution: Send {
    /// Hands over a command decided at `time`, with the books as they are: without latency it is
    /// carried out against them at once.
    fn submit(&mut self, command: &Command, time: Timestamp, engine: &Engine);

    /// Lets time reach `time`, with the books as they are.
    fn before_time(&mut self, time: Timestamp, engine: &Engine);

    /// Lets time reach the event at `time`, with the books as they are before it.
    fn before_market(&mut self, event: &MarketEvent<'_>, time: Timestamp, engine: &Engine);

    /// Shows a market event that the engine's book already contains.
    fn after_market(&mut self, event: &MarketEvent<'_>, time: Timestamp, engine: &Engine);

    /// The next report or account event that is due by `time`, with the time it is due.
    ///
    /// Whatever the layout of threads, the same calls give the same answers.
    fn next_answer(&mut self, time: Timestamp) -> Option<(Timestamp, Event<'static>)>;
}

/// Whether an event may be answered before the engine has seen it: what happened within a bar
/// is booked before anybody decides at its close, and a settlement before the market goes on.
#[must_use]
pub const fn is_answered_at_once(data: &MarketData<'_>) -> bool {
    matches!(
        data,
        MarketData::Bar(_)
            | MarketData::Funding(_)
            | MarketData::Split(_)
            | MarketData::Dividend(_)
    )
}

/// The paper broker, called directly on the hot thread.
#[derive(Debug)]
pub struct InlineExecution {
    broker: PaperBroker,
}

impl InlineExecution {
    /// Wraps a broker.
    #[must_use]
    pub const fn new(broker: PaperBroker) -> Self {
        Self { broker }
    }
}

impl Execution for InlineExecution {
    fn submit(&mut self, command: &Command, time: Timestamp, engine: &Engine) {
        self.broker.submit(command, time);
        self.broker.after_submit(time, &EngineBooks(engine));
    }

    fn before_time(&mut self, time: Timestamp, engine: &Engine) {
        self.broker.before_event(time, &EngineBooks(engine));
    }

    fn before_market(&mut self, event: &MarketEvent<'_>, time: Timestamp, engine: &Engine) {
        self.broker.before_market(event, time, &EngineBooks(engine));
    }

    fn after_market(&mut self, event: &MarketEvent<'_>, time: Timestamp, engine: &Engine) {
        self.broker.on_market(event, time, engine.book(event.instrument));
    }

    fn next_answer(&mut self, time: Timestamp) -> Option<(Timestamp, Event<'static>)> {
        self.broker.next_answer(time)
    }
}

/// The engine's books as the broker may see them.
struct EngineBooks<'a>(&'a Engine);

impl Books for EngineBooks<'_> {
    fn book(&self, id: InstrumentId) -> Option<&OrderBook> {
        self.0.in_sync(id).then(|| self.0.book(id))
    }
}

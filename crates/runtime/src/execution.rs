//! Where commands go and where reports come from.

use domain::{InstrumentId, MarketEvent, OrderReport, Timestamp};
use engine::{
    Command, Engine,
    paper::{Books, PaperBroker},
};
use market::book::OrderBook;

/// Takes commands and answers with reports: a paper broker here, or one on another thread.
///
/// The calls for one market event come in this order: `next_report` until `None`,
/// `before_event`, (the engine decides), `after_event`, `submit` for each command.
pub trait Execution: Send {
    /// Hands over a command decided at `time`.
    fn submit(&mut self, command: &Command, time: Timestamp);

    /// Lets time reach `time`, with the books as they are before the event at that time.
    fn before_event(&mut self, time: Timestamp, engine: &Engine);

    /// Shows a market event that the engine's book already contains.
    fn after_event(&mut self, event: &MarketEvent<'_>, time: Timestamp, engine: &Engine);

    /// The next report that is due by `time`, with the time it is due.
    ///
    /// Whatever the layout of threads, the same calls give the same reports.
    fn next_report(&mut self, time: Timestamp) -> Option<(Timestamp, OrderReport)>;
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
    fn submit(&mut self, command: &Command, time: Timestamp) {
        self.broker.submit(command, time);
    }

    fn before_event(&mut self, time: Timestamp, engine: &Engine) {
        self.broker.before_event(time, &EngineBooks(engine));
    }

    fn after_event(&mut self, event: &MarketEvent<'_>, time: Timestamp, engine: &Engine) {
        self.broker.on_market(event, time, engine.book(event.instrument));
    }

    fn next_report(&mut self, time: Timestamp) -> Option<(Timestamp, OrderReport)> {
        let due = self.broker.earliest_due().filter(|due| *due <= time)?;
        self.broker.next_report(time).map(|report| (due, report))
    }
}

/// The engine's books as the broker may see them.
struct EngineBooks<'a>(&'a Engine);

impl Books for EngineBooks<'_> {
    fn book(&self, id: InstrumentId) -> Option<&OrderBook> {
        self.0.in_sync(id).then(|| self.0.book(id))
    }
}

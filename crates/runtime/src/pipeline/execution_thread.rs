//! The third thread: the paper broker behind a bounded channel, with its own books.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use domain::{Event, InstrumentId, Level, MarketData, MarketEvent, Span, Timestamp};
use engine::{
    Command, Engine, PriceSource,
    paper::{Books, PaperBroker},
};
use market::book::OrderBook;

use super::PipelineConfig;
use crate::{
    Execution, Stamp, Vitals, WaitStrategy, execution::is_answered_at_once, parcel::Parcel,
    wait::Idler,
};

enum Message {
    Advance(Timestamp),
    /// An event that may be answered before the engine sees it, and will come again.
    Ahead(Parcel),
    Market(Parcel),
    Submit(Command, Timestamp),
}

struct DueAnswer {
    due: Timestamp,
    sequence: u64,
    answer: Event<'static>,
}

impl PartialEq for DueAnswer {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for DueAnswer {}

impl PartialOrd for DueAnswer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DueAnswer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl DueAnswer {
    const fn key(&self) -> (i64, u64) {
        (self.due.as_nanos(), self.sequence)
    }
}

/// Makes the two ends.
pub(super) fn connect(
    config: PipelineConfig,
    (prices, instruments): (PriceSource, usize),
    broker: PaperBroker,
    wait: WaitStrategy,
    vitals: Arc<Vitals>,
) -> (Executor, RemoteExecution) {
    let capacity = config.order_channel_size.max(1);
    let (messages, inbox) = bounded(capacity);
    let (answers, answer_inbox) = bounded(capacity);
    let (recycled, spare) = bounded(capacity);
    let seen = Arc::new(AtomicU64::new(0));
    vitals.order_queue.set_capacity(capacity);
    let executor = Executor {
        broker,
        books: ReplicaBooks::new(instruments),
        inbox,
        answers,
        recycled,
        seen: Arc::clone(&seen),
        sequence: 0,
        wait,
    };
    let execution = RemoteExecution {
        messages,
        answers: answer_inbox,
        spare,
        seen,
        sent: 0,
        horizon: VecDeque::with_capacity(1_024),
        must_have_seen: 0,
        waiting: BinaryHeap::with_capacity(64),
        prices,
        report_latency: config.report_latency,
        vitals,
    };
    (executor, execution)
}

/// The execution thread's end.
pub(super) struct Executor {
    broker: PaperBroker,
    books: ReplicaBooks,
    inbox: Receiver<Message>,
    answers: Sender<DueAnswer>,
    recycled: Sender<Vec<Level>>,
    seen: Arc<AtomicU64>,
    sequence: u64,
    wait: WaitStrategy,
}

impl Executor {
    /// Works until the strategy hangs up.
    pub(super) fn run(mut self) {
        let mut idler = Idler::new(self.wait);
        let mut seen = 0;
        let mut stashed = None;
        loop {
            match stashed.take().map_or_else(|| self.inbox.try_recv(), Ok) {
                Ok(message) => {
                    idler.busy();
                    self.work(message);
                    if !self.hand_out_answers() {
                        return;
                    }
                    seen += 1;
                    self.seen.store(seen, Ordering::Release);
                }
                Err(TryRecvError::Empty) => idler.idle(Duration::from_millis(5), |limit| {
                    stashed = self.inbox.recv_timeout(limit).ok();
                }),
                Err(TryRecvError::Disconnected) => return,
            }
        }
    }

    fn work(&mut self, message: Message) {
        match message {
            Message::Advance(time) => self.broker.before_event(time, &self.books),
            Message::Ahead(parcel) => {
                self.broker.before_market(&parcel.event(), parcel.time, &self.books);
                // A full pool just lets the vector go.
                let _ = self.recycled.try_send(parcel.recycle());
            }
            Message::Submit(command, time) => {
                self.broker.submit(&command, time);
                self.broker.after_submit(time, &self.books);
            }
            Message::Market(parcel) => {
                let event = parcel.event();
                self.books.apply(&event);
                let book = &self.books.0[event.instrument.index()].book;
                self.broker.on_market(&event, parcel.time, book);
                // A full pool just lets the vector go.
                let _ = self.recycled.try_send(parcel.recycle());
            }
        }
    }

    /// Says whether anybody takes them.
    fn hand_out_answers(&mut self) -> bool {
        while let Some(due) = self.broker.earliest_due() {
            let Some((due, answer)) = self.broker.next_answer(due) else { break };
            self.sequence += 1;
            if self.answers.send(DueAnswer { due, sequence: self.sequence, answer }).is_err() {
                return false;
            }
        }
        true
    }
}

/// The strategy thread's end: an execution like any other.
pub(super) struct RemoteExecution {
    messages: Sender<Message>,
    answers: Receiver<DueAnswer>,
    spare: Receiver<Vec<Level>>,
    seen: Arc<AtomicU64>,
    sent: u64,
    /// Sent messages that the execution thread may still be allowed to lag behind.
    horizon: VecDeque<(Timestamp, u64)>,
    must_have_seen: u64,
    waiting: BinaryHeap<Reverse<DueAnswer>>,
    prices: PriceSource,
    report_latency: Span,
    vitals: Arc<Vitals>,
}

impl RemoteExecution {
    /// Orders are never dropped: when the channel is full, this waits.
    fn send(&mut self, time: Timestamp, mut message: Message) {
        loop {
            match self.messages.try_send(message) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) => {
                    message = back;
                    self.take_in_answers();
                    std::thread::yield_now();
                }
                // The execution thread panicked; joining it tells.
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
        self.sent += 1;
        self.horizon.push_back((time, self.sent));
        self.vitals.order_queue.set_length(self.messages.len());
    }

    fn pack(&mut self, event: &MarketEvent<'_>, time: Timestamp) -> Parcel {
        let levels = self.spare.try_recv().unwrap_or_default();
        Parcel::pack(event, time, Stamp::default(), levels)
    }

    fn take_in_answers(&mut self) {
        self.waiting.extend(self.answers.try_iter().map(Reverse));
    }

    /// Waits until everything that can cause an answer by `time` has been worked on.
    fn catch_up(&mut self, time: Timestamp) {
        let allowed = time - self.report_latency;
        while let Some((_, index)) = self.horizon.front().filter(|(sent, _)| *sent <= allowed) {
            self.must_have_seen = *index;
            self.horizon.pop_front();
        }
        let mut spins = 0_u32;
        while self.seen.load(Ordering::Acquire) < self.must_have_seen {
            self.take_in_answers();
            spins += 1;
            if spins < 256 {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
            if spins.is_multiple_of(4_096) && self.execution_is_gone() {
                return;
            }
        }
        self.take_in_answers();
    }

    /// Only the executor holds the other end of the answers.
    fn execution_is_gone(&mut self) -> bool {
        match self.answers.try_recv() {
            Ok(answer) => self.waiting.push(Reverse(answer)),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return true,
        }
        false
    }
}

impl Execution for RemoteExecution {
    fn submit(&mut self, command: &Command, time: Timestamp, _engine: &Engine) {
        self.send(time, Message::Submit(*command, time));
    }

    fn before_time(&mut self, time: Timestamp, _engine: &Engine) {
        self.send(time, Message::Advance(time));
    }

    fn before_market(&mut self, event: &MarketEvent<'_>, time: Timestamp, _engine: &Engine) {
        if self.prices == PriceSource::Bars || is_answered_at_once(&event.data) {
            let parcel = self.pack(event, time);
            self.send(time, Message::Ahead(parcel));
        } else {
            self.send(time, Message::Advance(time));
        }
    }

    fn after_market(&mut self, event: &MarketEvent<'_>, time: Timestamp, _engine: &Engine) {
        let parcel = self.pack(event, time);
        self.send(time, Message::Market(parcel));
    }

    fn next_answer(&mut self, time: Timestamp) -> Option<(Timestamp, Event<'static>)> {
        self.catch_up(time);
        let Reverse(first) = self.waiting.peek()?;
        if first.due > time {
            return None;
        }
        self.waiting.pop().map(|Reverse(due)| (due.due, due.answer))
    }
}

/// The execution thread's own books, fed by the same events as the engine's.
struct ReplicaBooks(Vec<Replica>);

struct Replica {
    book: OrderBook,
    in_sync: bool,
}

impl ReplicaBooks {
    fn new(instruments: usize) -> Self {
        Self((0..instruments).map(|_| Replica { book: OrderBook::new(), in_sync: false }).collect())
    }

    /// Follows the engine's own rules: a crossed book is lost, and a lost one takes no change.
    fn apply(&mut self, event: &MarketEvent<'_>) {
        let Replica { book, in_sync } = &mut self.0[event.instrument.index()];
        match &event.data {
            MarketData::BookSnapshot { bids, asks, .. } => {
                book.load(bids, asks);
                *in_sync = !book.is_crossed();
            }
            MarketData::BookDiff { bids, asks, .. } if *in_sync => {
                book.apply(bids, asks);
                *in_sync = !book.is_crossed();
            }
            MarketData::BookLost(_) => *in_sync = false,
            _ => {}
        }
    }
}

impl Books for ReplicaBooks {
    fn book(&self, id: InstrumentId) -> Option<&OrderBook> {
        let replica = self.0.get(id.index())?;
        replica.in_sync.then_some(&replica.book)
    }
}

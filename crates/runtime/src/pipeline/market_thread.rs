//! The first thread: reads, decodes, and feeds the strategy through a bounded channel.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use domain::{InstrumentId, Level, MarketEvent, Timestamp};

use crate::{
    Activity, Intake, Source, Stamp, Vitals, WaitStrategy, conflate::Conflator, parcel::Parcel,
    wait::Idler,
};

enum Message {
    Market(Parcel),
    Finished,
}

/// Parcels handed to the strategy in one poll.
const BURST: usize = 256;

/// Makes the two ends. When the channel is full a `live` feed conflates and a replay waits.
pub(super) fn connect(capacity: usize, live: bool, vitals: Arc<Vitals>) -> (Feeder, ChannelSource) {
    let capacity = capacity.max(1);
    let (messages, inbox) = bounded(capacity);
    let (recycled, spare) = bounded(capacity.min(1_024));
    let (resyncs, resync_requests) = bounded(64);
    vitals.market_queue.set_capacity(capacity);
    let outbox = Outbox { messages, spare, conflator: Conflator::default(), live, vitals };
    let feeder = Feeder { outbox, resync_requests };
    (feeder, ChannelSource { inbox, recycled, resyncs, stashed: None })
}

/// The market data thread's end.
pub(super) struct Feeder {
    outbox: Outbox,
    resync_requests: Receiver<InstrumentId>,
}

struct Outbox {
    messages: Sender<Message>,
    spare: Receiver<Vec<Level>>,
    conflator: Conflator,
    live: bool,
    vitals: Arc<Vitals>,
}

impl Feeder {
    /// Polls the source until it is finished or `stop` is set; gives it back.
    pub(super) fn run<S: Source>(self, mut source: S, wait: WaitStrategy, stop: &AtomicBool) -> S {
        let Self { mut outbox, resync_requests } = self;
        let mut idler = Idler::new(wait);
        while !stop.load(Ordering::Acquire) {
            while let Ok(instrument) = resync_requests.try_recv() {
                source.resync(instrument, &mut outbox);
            }
            match source.poll(&mut outbox) {
                Activity::Busy => idler.busy(),
                Activity::Idle => {
                    outbox.flush();
                    idler.idle(Duration::from_millis(5), |limit| source.wait(limit));
                }
                Activity::Finished => {
                    outbox.finish(stop);
                    break;
                }
            }
        }
        source
    }
}

impl Outbox {
    fn flush(&mut self) {
        let Self { conflator, messages, spare, .. } = self;
        conflator.flush(|event, time, arrival| {
            let levels = spare.try_recv().unwrap_or_default();
            messages.try_send(Message::Market(Parcel::pack(event, time, arrival, levels))).is_ok()
        });
        self.vitals.market_queue.set_length(self.messages.len());
        self.vitals.conflated.store(self.conflator.merged(), Ordering::Relaxed);
    }

    fn finish(&mut self, stop: &AtomicBool) {
        while !self.conflator.is_empty() && !stop.load(Ordering::Acquire) {
            self.flush();
            std::thread::yield_now();
        }
        // A closed channel means that the strategy has already ended.
        let _ = self.messages.send(Message::Finished);
    }
}

impl Intake for Outbox {
    fn market(&mut self, event: &MarketEvent<'_>, time: Timestamp, arrival: Stamp) {
        if !self.conflator.is_empty() {
            self.flush();
            if !self.conflator.is_empty() {
                self.conflator.push(event, time, arrival);
                return;
            }
        }
        let levels = self.spare.try_recv().unwrap_or_default();
        let message = Message::Market(Parcel::pack(event, time, arrival, levels));
        self.vitals.market_queue.set_length(self.messages.len());
        if !self.live {
            // A closed channel means that the strategy has ended; `stop` is seen next.
            let _ = self.messages.send(message);
        } else if let Err(TrySendError::Full(_)) = self.messages.try_send(message) {
            self.conflator.push(event, time, arrival);
        }
    }
}

/// The strategy thread's end: a source like any other.
pub(super) struct ChannelSource {
    inbox: Receiver<Message>,
    recycled: Sender<Vec<Level>>,
    resyncs: Sender<InstrumentId>,
    stashed: Option<Message>,
}

impl ChannelSource {
    fn next(&mut self) -> Result<Message, TryRecvError> {
        self.stashed.take().map_or_else(|| self.inbox.try_recv(), Ok)
    }
}

impl Source for ChannelSource {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        for delivered in 0..BURST {
            match self.next() {
                Ok(Message::Market(parcel)) => {
                    intake.market(&parcel.event(), parcel.time, parcel.arrival);
                    // A full pool just lets the vector go.
                    let _ = self.recycled.try_send(parcel.recycle());
                }
                Err(TryRecvError::Empty) if delivered == 0 => return Activity::Idle,
                Err(TryRecvError::Empty) => return Activity::Busy,
                Ok(Message::Finished) | Err(TryRecvError::Disconnected) => {
                    return Activity::Finished;
                }
            }
        }
        Activity::Busy
    }

    fn wait(&mut self, limit: Duration) {
        if self.stashed.is_none() {
            self.stashed = self.inbox.recv_timeout(limit).ok();
        }
    }

    fn resync(&mut self, instrument: InstrumentId, _intake: &mut dyn Intake) {
        // A full queue already holds a request; the next crossed update asks again.
        let _ = self.resyncs.try_send(instrument);
    }
}

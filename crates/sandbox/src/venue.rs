//! What all connections of a running sandbox share.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use domain::Instruments;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

use crate::{
    archive::{Desk, Past},
    binance::{
        core::Core,
        hub::{Collector, Hub},
        sockets::{Outgoing, Sent},
        streams::DepthPace,
    },
    config::Mischief,
    store::Store,
};

/// Messages a connection of an account may lag behind.
const QUEUE: usize = 4_096;

/// The pretend venue.
pub(crate) struct Venue {
    pub(crate) instruments: Instruments,
    core: Mutex<Core>,
    store: Option<Mutex<Store>>,
    /// Held while frames are handed out, so that they keep their order.
    delivery: Mutex<()>,
    mail: Mutex<BTreeMap<u64, Sender<Outgoing>>>,
    pub(crate) hub: Hub,
    pub(crate) depth_pace: DepthPace,
    pub(crate) mischief: Mischief,
    /// What it publishes about the past; a recorded market has none.
    pub(crate) past: Option<Past>,
    pub(crate) archive: Arc<Desk>,
}

/// What a venue is built of.
pub(crate) struct Parts {
    pub(crate) instruments: Instruments,
    pub(crate) core: Core,
    pub(crate) store: Option<Store>,
    pub(crate) hub: Hub,
    pub(crate) depth_pace: DepthPace,
    pub(crate) mischief: Mischief,
    pub(crate) past: Option<Past>,
}

impl Venue {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { instruments, core, store, hub, depth_pace, mischief, past } = parts;
        Self {
            instruments,
            core: Mutex::new(core),
            store: store.map(Mutex::new),
            delivery: Mutex::default(),
            mail: Mutex::default(),
            hub,
            depth_pace,
            mischief,
            past,
            archive: Arc::default(),
        }
    }

    /// Does something with the venue; what changed is written down, and what is to be told is
    /// handed out, before anybody hears the result.
    pub(crate) fn with_core<T>(&self, work: impl FnOnce(&mut Core, &mut Collector<'_>) -> T) -> T {
        let mut core = lock(&self.core);
        let mut collector = Collector::new(&self.hub);
        let result = work(&mut core, &mut collector);
        if let Some(store) = &self.store {
            lock(store).keep(&mut core.exchange);
        } else {
            core.exchange.settle_changes();
        }
        if !core.faults.is_empty() {
            collector.bend(&mut core);
        }
        for outgoing in core.sockets.outgoing.drain(..) {
            self.post(outgoing);
        }
        // A market that waits for slow readers must not make this wait as well: then nothing
        // but the market's own thread has frames.
        if !collector.is_empty() {
            let order = lock(&self.delivery);
            drop(core);
            collector.deliver();
            drop(order);
        }
        result
    }

    /// Gives a connection of an account its queue.
    pub(crate) fn mailbox(&self, connection: u64) -> Receiver<Outgoing> {
        let (sender, receiver) = channel(QUEUE);
        lock(&self.mail).insert(connection, sender);
        receiver
    }

    pub(crate) fn leave(&self, connection: u64) {
        lock(&self.mail).remove(&connection);
        lock(&self.core).sockets.close(connection);
    }

    fn post(&self, outgoing: Outgoing) {
        let mut mail = lock(&self.mail);
        let connection = outgoing.connection;
        let Some(queue) = mail.get(&connection) else { return };
        let ends = outgoing.sent == Sent::HangUp && outgoing.after_millis == 0;
        let full = matches!(queue.try_send(outgoing), Err(TrySendError::Full(_)));
        if full {
            tracing::warn!(connection, "an account's slow connection is cut off");
        }
        if full || ends {
            mail.remove(&connection);
        }
    }

    /// Ends the connections of accounts.
    pub(crate) fn close_mail(&self) {
        lock(&self.mail).clear();
    }
}

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since the epoch by the wall clock.
pub(crate) fn wall_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

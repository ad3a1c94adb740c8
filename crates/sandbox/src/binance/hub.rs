//! Who listens to what, and the queues in between.
//!
//! One bounded queue a connection. When it is full, a connection is cut off (the venue does
//! the same to slow readers) or, where a recording is played as fast as it goes, the market
//! waits. A connection is never skipped: it gets every frame up to its end.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{
    Notify,
    mpsc::{Receiver, Sender, channel, error::TrySendError},
};

use super::core::Core;
use crate::market::{Outlet, Stream};

/// Frames a connection may lag behind.
const QUEUE: usize = 4_096;

/// What happens when a connection's queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// Cut the connection off and count it.
    CutOff,
    /// Let the market wait.
    Wait,
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connections: AtomicU64,
    pub(crate) frames: AtomicU64,
    pub(crate) slow_consumers: AtomicU64,
    /// Sessions that have not ended yet.
    pub(crate) sessions: AtomicU64,
}

/// Names a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConnectionKey(u64);

/// A connection's end of its queue.
pub(crate) struct Feed {
    pub(crate) key: ConnectionKey,
    pub(crate) frames: Receiver<Utf8Bytes>,
    /// Notified when the connection must end at once.
    pub(crate) cut_off: Arc<Notify>,
}

#[derive(Debug)]
struct Connection {
    queue: Sender<Utf8Bytes>,
    cut_off: Arc<Notify>,
    combined: bool,
    /// Whether a shutdown is announced on it.
    hears_shutdown: bool,
    /// Every name asked for; silent ones have no stream.
    names: BTreeMap<Arc<str>, Option<Stream>>,
}

#[derive(Debug, Default)]
struct Members {
    next_key: u64,
    subscriptions: u64,
    connections: BTreeMap<ConnectionKey, Connection>,
    listeners: BTreeMap<Stream, Vec<(ConnectionKey, Arc<str>)>>,
}

/// The meeting point of markets and connections.
#[derive(Debug)]
pub(crate) struct Hub {
    members: Mutex<Members>,
    when_full: WhenFull,
    pub(crate) counts: Counts,
}

impl Hub {
    pub(crate) fn new(when_full: WhenFull) -> Self {
        Self { members: Mutex::default(), when_full, counts: Counts::default() }
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn join(&self, combined: bool, hears_shutdown: bool) -> Feed {
        let (queue, frames) = channel(QUEUE);
        let cut_off = Arc::new(Notify::new());
        let mut members = self.members();
        members.next_key += 1;
        let key = ConnectionKey(members.next_key);
        let connection = Connection {
            queue,
            cut_off: Arc::clone(&cut_off),
            combined,
            hears_shutdown,
            names: BTreeMap::new(),
        };
        members.connections.insert(key, connection);
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        Feed { key, frames, cut_off }
    }

    pub(crate) fn sessions(&self) -> u64 {
        self.counts.sessions.load(Ordering::Acquire)
    }

    pub(crate) fn leave(&self, key: ConnectionKey) {
        self.members().remove(key);
    }

    /// Adds a name; `stream` is `None` for one that stays silent. Returns how many there are.
    pub(crate) fn subscribe(
        &self,
        key: ConnectionKey,
        name: &str,
        stream: Option<Stream>,
    ) -> usize {
        let mut members = self.members();
        let Some(connection) = members.connections.get_mut(&key) else { return 0 };
        let name: Arc<str> = name.into();
        let count_before = connection.names.len();
        connection.names.entry(Arc::clone(&name)).or_insert(stream);
        let count = connection.names.len();
        if let (true, Some(stream)) = (count > count_before, stream) {
            members.listeners.entry(stream).or_default().push((key, name));
            members.subscriptions += 1;
        }
        count
    }

    pub(crate) fn unsubscribe(&self, key: ConnectionKey, name: &str) {
        let mut members = self.members();
        let Some(connection) = members.connections.get_mut(&key) else { return };
        if let Some(Some(stream)) = connection.names.remove(name)
            && let Some(listeners) = members.listeners.get_mut(&stream)
        {
            listeners.retain(|(other, own_name)| *other != key || &**own_name != name);
        }
    }

    pub(crate) fn names(&self, key: ConnectionKey) -> Vec<String> {
        let members = self.members();
        let names = members.connections.get(&key).map(|one| one.names.keys());
        names.into_iter().flatten().map(ToString::to_string).collect()
    }

    pub(crate) fn set_combined(&self, key: ConnectionKey, combined: bool) {
        if let Some(connection) = self.members().connections.get_mut(&key) {
            connection.combined = combined;
        }
    }

    pub(crate) fn is_combined(&self, key: ConnectionKey) -> bool {
        self.members().connections.get(&key).is_some_and(|connection| connection.combined)
    }

    /// How often somebody began to listen to a stream.
    pub(crate) fn subscriptions(&self) -> u64 {
        self.members().subscriptions
    }

    /// Whether anybody listens to anything right now.
    pub(crate) fn has_listeners(&self) -> bool {
        self.members().listeners.values().any(|listeners| !listeners.is_empty())
    }

    /// Tells the connections that are told such things that the venue will close.
    pub(crate) fn announce_shutdown(&self, now_millis: i64) {
        let raw = format!("{{\"e\":\"serverShutdown\",\"E\":{now_millis}}}");
        for connection in self.members().connections.values() {
            if connection.hears_shutdown {
                let frame = if connection.combined {
                    format!("{{\"stream\":\"!serverShutdown\",\"data\":{raw}}}")
                } else {
                    raw.clone()
                };
                // A full queue means that the reader is about to be cut off anyway.
                let _ = connection.queue.try_send(frame.into());
            }
        }
    }

    /// Ends every connection politely, after the frames that are queued for it.
    pub(crate) fn close_all(&self) {
        let mut members = self.members();
        members.connections.clear();
        members.listeners.clear();
    }

    /// Ends the connections that listen to a stream, without a goodbye.
    pub(crate) fn hang_up(&self, stream: Stream) {
        let mut members = self.members();
        let listeners = members.listeners.get(&stream).cloned().unwrap_or_default();
        for (key, _) in listeners {
            if let Some(connection) = members.remove(key) {
                connection.cut_off.notify_one();
            }
        }
    }

    /// Hands a frame to everybody who listens.
    pub(crate) fn deliver(&self, stream: Stream, frame: &str) {
        let mut waiting = Vec::new();
        let mut members = self.members();
        let Some(listeners) = members.listeners.get(&stream) else { return };
        let mut too_slow = Vec::new();
        let mut raw: Option<Utf8Bytes> = None;
        for (key, name) in listeners {
            let Some(connection) = members.connections.get(key) else { continue };
            let message = if connection.combined {
                Utf8Bytes::from(format!("{{\"stream\":\"{name}\",\"data\":{frame}}}"))
            } else {
                raw.get_or_insert_with(|| Utf8Bytes::from(frame)).clone()
            };
            self.counts.frames.fetch_add(1, Ordering::Relaxed);
            match (connection.queue.try_send(message), self.when_full) {
                (Err(TrySendError::Full(message)), WhenFull::Wait) => {
                    waiting.push((connection.queue.clone(), message));
                }
                (Err(TrySendError::Full(_)), WhenFull::CutOff) => too_slow.push(*key),
                (Ok(()) | Err(TrySendError::Closed(_)), _) => {}
            }
        }
        for key in too_slow {
            self.counts.slow_consumers.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(connection = key.0, "a slow consumer is cut off");
            if let Some(connection) = members.remove(key) {
                connection.cut_off.notify_one();
            }
        }
        drop(members);
        for (queue, message) in waiting {
            // An error means that the connection ended while the market waited for it.
            let _ = queue.blocking_send(message);
        }
    }
}

impl Members {
    fn remove(&mut self, key: ConnectionKey) -> Option<Connection> {
        let connection = self.connections.remove(&key)?;
        for stream in connection.names.values().flatten() {
            if let Some(listeners) = self.listeners.get_mut(stream) {
                listeners.retain(|(other, _)| *other != key);
            }
        }
        Some(connection)
    }
}

/// Collects the frames of one step, so that the market is not locked while they are handed
/// out: a reader that waits for the REST interface must not wait for itself.
pub(crate) struct Collector<'a> {
    hub: &'a Hub,
    frames: Vec<(Stream, String)>,
}

impl<'a> Collector<'a> {
    pub(crate) const fn new(hub: &'a Hub) -> Self {
        Self { hub, frames: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Lets faults change what was collected.
    pub(crate) fn bend(&mut self, core: &mut Core) {
        let now = core.exchange.now();
        for (stream, frame) in std::mem::take(&mut self.frames) {
            let bent = core.faults.bend(stream.channel.name(), &frame, now);
            self.frames.extend(bent.frames.into_iter().map(|(_, frame)| (stream, frame)));
            if bent.hang_up {
                self.hub.hang_up(stream);
            }
        }
    }

    /// Hands out what was collected.
    pub(crate) fn deliver(&mut self) {
        for (stream, frame) in self.frames.drain(..) {
            self.hub.deliver(stream, &frame);
        }
    }
}

impl Outlet for Collector<'_> {
    fn wants(&self, stream: Stream) -> bool {
        let members = self.hub.members();
        members.listeners.get(&stream).is_some_and(|listeners| !listeners.is_empty())
    }

    fn publish(&mut self, stream: Stream, frame: &str) {
        self.frames.push((stream, frame.to_owned()));
    }
}

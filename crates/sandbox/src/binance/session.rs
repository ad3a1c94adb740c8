//! One WebSocket connection, seen from the venue.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt as _;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval_at, sleep};

use super::{
    control::{self, Command},
    hub::Feed,
    streams::{self, Root},
};
use crate::venue::Venue;

/// Most streams on one connection.
const MOST_STREAMS: usize = 1_024;
/// A connection ends after a day at the latest.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
const POLICY: u16 = 1008;
const NORMAL: u16 = 1000;

/// Frames that no reader can make sense of, for testing readers.
const GARBAGE: [&str; 5] = [
    "{\"e\":\"depthUpdate\",\"E\":17,\"s\":\"",
    "[[[[",
    "\u{0}\u{1}not json at all",
    "{\"stream\":\"nothing@depth\",\"data\":null}",
    "{\"e\":\"trade\",\"E\":1,\"s\":\"BTCUSDT\",\"t\":-1,\"p\":\"1e9\",\"q\":{},\"m\":7}",
];

/// How a client connected.
pub(crate) struct Entry {
    pub(crate) root: Root,
    pub(crate) combined: bool,
    pub(crate) names: Vec<String>,
}

/// Why a session ends.
enum End {
    /// Just drop the connection.
    HangUp,
    /// The client said goodbye; the answer is on its way.
    Answering,
    /// Say goodbye first.
    Goodbye(u16, &'static str),
}

/// Serves a connection until it ends.
pub(crate) async fn serve(socket: WebSocket, venue: Arc<Venue>, entry: Entry) {
    venue.hub.counts.sessions.fetch_add(1, Ordering::AcqRel);
    converse(socket, &venue, entry).await;
    venue.hub.counts.sessions.fetch_sub(1, Ordering::AcqRel);
}

async fn converse(socket: WebSocket, venue: &Arc<Venue>, entry: Entry) {
    let feed = venue.hub.join(entry.combined, entry.root == Root::Spot);
    let key = feed.key;
    let mut session = Session {
        socket,
        root: entry.root,
        heard: VecDeque::new(),
        last_pong: Instant::now(),
        until_garbage: venue.mischief.garbage_every,
        garbage: 0,
        venue: Arc::clone(venue),
        feed,
    };
    let end = session.run(&entry.names).await;
    venue.hub.leave(key);
    let goodbye = match end {
        End::HangUp => return,
        End::Answering => None,
        End::Goodbye(code, reason) => {
            Some(Message::Close(Some(CloseFrame { code, reason: reason.into() })))
        }
    };
    // The client may be gone already, or read nothing any more.
    let _ = tokio::time::timeout(Duration::from_millis(500), session.finish(goodbye)).await;
}

struct Session {
    socket: WebSocket,
    venue: Arc<Venue>,
    feed: Feed,
    root: Root,
    /// When the last messages of the client came.
    heard: VecDeque<Instant>,
    last_pong: Instant,
    until_garbage: Option<u32>,
    garbage: usize,
}

impl Session {
    async fn run(&mut self, names: &[String]) -> End {
        for name in names {
            if !self.subscribe(name) {
                return End::Goodbye(POLICY, "too many streams");
            }
        }
        // Spot is pinged every 20 s and cut off after 60 s; futures after 3 and 10 minutes.
        let (every, patience) = match self.root {
            Root::Spot => (Duration::from_secs(20), Duration::from_mins(1)),
            _ => (Duration::from_mins(3), Duration::from_mins(10)),
        };
        let mut ping = interval_at(tokio::time::Instant::now() + every, every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let life = sleep(self.venue.mischief.hang_up_every.unwrap_or(LONGEST_LIFE));
        tokio::pin!(life);
        let cut_off = Arc::clone(&self.feed.cut_off);
        let mut frames = Vec::new();
        loop {
            let result = tokio::select! {
                biased;
                () = cut_off.notified() => Err(End::HangUp),
                () = &mut life => Err(End::HangUp),
                _ = ping.tick() => {
                    if self.last_pong.elapsed() > patience {
                        Err(End::Goodbye(POLICY, "no pong"))
                    } else {
                        send(&mut self.socket, Message::Ping("sandbox".into())).await
                    }
                }
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.on_message(message).await,
                    Some(Err(_)) | None => Err(End::HangUp),
                },
                count = self.feed.frames.recv_many(&mut frames, 64) => {
                    if count == 0 {
                        Err(End::Goodbye(NORMAL, "the market is closed"))
                    } else {
                        tokio::select! {
                            biased;
                            () = cut_off.notified() => Err(End::HangUp),
                            sent = self.pass_on(&mut frames) => sent,
                        }
                    }
                }
            };
            if let Err(end) = result {
                return end;
            }
        }
    }

    /// Sends frames in one go, with garbage in between where that was asked for.
    async fn pass_on(&mut self, frames: &mut Vec<Utf8Bytes>) -> Result<(), End> {
        for frame in frames.drain(..) {
            self.socket.feed(Message::Text(frame)).await.map_err(|_| End::HangUp)?;
            let Some(left) = &mut self.until_garbage else { continue };
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.until_garbage = self.venue.mischief.garbage_every;
                let junk = GARBAGE[self.garbage % GARBAGE.len()];
                self.garbage += 1;
                self.socket.feed(Message::text(junk)).await.map_err(|_| End::HangUp)?;
            }
        }
        self.socket.flush().await.map_err(|_| End::HangUp)
    }

    async fn on_message(&mut self, message: Message) -> Result<(), End> {
        if self.is_talkative() {
            return Err(End::Goodbye(POLICY, "Too many requests"));
        }
        match message {
            Message::Text(text) => {
                let answer = self.answer(&text)?;
                send(&mut self.socket, Message::text(answer)).await
            }
            Message::Binary(bytes) => {
                let answer = self.answer(&String::from_utf8_lossy(&bytes))?;
                send(&mut self.socket, Message::text(answer)).await
            }
            Message::Pong(_) => {
                self.last_pong = Instant::now();
                Ok(())
            }
            Message::Ping(_) => Ok(()),
            Message::Close(_) => Err(End::Answering),
        }
    }

    /// Whether the client sends more messages a second than allowed.
    fn is_talkative(&mut self) -> bool {
        let most = if self.root == Root::Spot { 5 } else { 10 };
        let now = Instant::now();
        while self.heard.front().is_some_and(|at| now - *at >= Duration::from_secs(1)) {
            self.heard.pop_front();
        }
        self.heard.push_back(now);
        self.heard.len() > most
    }

    fn answer(&self, text: &str) -> Result<String, End> {
        let (command, id) = match control::read(text) {
            Ok(asked) => asked,
            Err(complaint) => return Ok(complaint),
        };
        let hub = &self.venue.hub;
        let result = match command {
            Command::Subscribe(names) => {
                if !names.iter().all(|name| self.subscribe(name)) {
                    return Err(End::Goodbye(POLICY, "too many streams"));
                }
                Value::Null
            }
            Command::Unsubscribe(names) => {
                for name in &names {
                    hub.unsubscribe(self.feed.key, name);
                }
                Value::Null
            }
            Command::List => hub.names(self.feed.key).into(),
            Command::SetCombined(combined) => {
                hub.set_combined(self.feed.key, combined);
                Value::Null
            }
            Command::GetCombined => hub.is_combined(self.feed.key).into(),
        };
        Ok(control::answer(&result, &id))
    }

    /// Whether the connection may have one more stream.
    fn subscribe(&self, name: &str) -> bool {
        let venue = &self.venue;
        let stream = streams::find(name, self.root, &venue.instruments, venue.depth_pace);
        venue.hub.subscribe(self.feed.key, name, stream) <= MOST_STREAMS
    }

    /// Says goodbye, or lets the answer to the client's goodbye out, and waits for the end.
    async fn finish(&mut self, goodbye: Option<Message>) {
        if let Some(close) = goodbye
            && self.socket.send(close).await.is_err()
        {
            return;
        }
        while let Some(Ok(_)) = self.socket.recv().await {}
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    socket.send(message).await.map_err(|_| End::HangUp)
}

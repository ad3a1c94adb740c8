//! Drives a translator: sockets and answers in, events out.
//!
//! [`WireDriver::poll`] never waits; [`WireDriver::wait`] parks until something is readable.
//! Everything runs on the caller's thread except dialling and fetching. Bounds: so many
//! frames a turn, so many requests waiting, so much of everything else in [`WireSettings`].

use std::{
    collections::VecDeque,
    os::fd::AsRawFd as _,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{MarketEvent, Span, Timestamp};
use mio::{Events, Interest, Poll, Token, Waker, unix::SourceFd};

use super::{
    ConnectionHealth, ReadOutcome, Socket, WireError, WireSettings,
    address::Address,
    backoff::AttemptBudget,
    dialer::{Dial, DialSetup, Dialed, Dialer},
    fetcher::{Fetched, Fetcher},
    link::{Adoption, Link, Live, Loss, Place},
};
use crate::venue::{ConnectionId, FetchError, FrameError, MarketFeed, MarketSink, Request};

const WAKER: Token = Token(usize::MAX);
const SOCKET: Token = Token(0);

/// Bytes as they came from the venue, for recording.
#[derive(Clone, Copy, Debug)]
pub enum Raw<'a> {
    /// A message of a stream.
    Frame {
        /// On which connection.
        connection: ConnectionId,
        /// The message.
        bytes: &'a [u8],
    },
    /// The body of an answered request.
    Answer {
        /// What was asked.
        request: &'a Request,
        /// The body.
        bytes: &'a [u8],
    },
}

/// Takes what the wire brings.
pub trait WireSink {
    /// An event and when its bytes were received.
    fn event(&mut self, received: Timestamp, event: MarketEvent<'_>);
    /// The bytes themselves, before their events.
    fn raw(&mut self, received: Timestamp, raw: Raw<'_>);
}

/// What a turn did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Messages read.
    pub frames: u64,
    /// Answers handed to the translator.
    pub answers: u64,
    /// There is more to read: take another turn before waiting.
    pub more: bool,
}

/// Tells the time of receiving: nanoseconds since the epoch, never going back.
pub type ReceiveClock = Box<dyn FnMut() -> Timestamp + Send>;

/// Sockets, dialler and fetcher of one translator.
pub struct WireDriver {
    feed: Box<dyn MarketFeed>,
    clock: ReceiveClock,
    settings: WireSettings,
    links: Vec<Link>,
    dialer: Dialer,
    fetcher: Fetcher,
    attempts: AttemptBudget,
    requests: VecDeque<Request>,
    readiness: Poll,
    ready: Events,
    next_ticket: u64,
    next_clock: Timestamp,
    next_warning: Timestamp,
}

impl WireDriver {
    /// Checks the addresses and starts the helper threads; connections open in [`Self::poll`].
    ///
    /// # Errors
    /// [`WireError::BadAddress`] or [`WireError::System`].
    pub fn new(
        feed: Box<dyn MarketFeed>,
        clock: ReceiveClock,
        settings: WireSettings,
    ) -> Result<Self, WireError> {
        let plans = feed.connections();
        for plan in &plans {
            Address::parse(&plan.url)?;
        }
        let system = |source| WireError::System { action: "watch sockets", source };
        let readiness = Poll::new().map_err(system)?;
        let waker = Arc::new(Waker::new(readiness.registry(), WAKER).map_err(system)?);
        let setup = DialSetup::new(settings.dial, settings.socket, &settings.roots)?;
        let dialer = Dialer::start(&setup, 2, plans.len(), &waker)?;
        let fetcher = Fetcher::start(&settings.fetch, &settings.roots, 2, &waker)?;
        let five_minutes = Span::from_secs(300);
        let links = (0..).zip(plans).map(|(index, plan)| Link::new(plan, &settings, index));
        Ok(Self {
            links: links.collect(),
            feed,
            clock,
            dialer,
            fetcher,
            attempts: AttemptBudget::new(settings.attempts_per_5_minutes, five_minutes),
            requests: VecDeque::with_capacity(settings.fetch.waiting),
            readiness,
            ready: Events::with_capacity(64),
            next_ticket: 0,
            next_clock: Timestamp::EPOCH,
            next_warning: Timestamp::EPOCH,
            settings,
        })
    }

    /// One turn: reads what is there, up to a bound, and does what is due. Never waits.
    ///
    /// # Errors
    /// [`WireError::HelperGone`] when a helper thread ended; nothing will connect any more.
    pub fn poll(&mut self, sink: &mut dyn WireSink) -> Result<Activity, WireError> {
        let mut activity = Activity::default();
        for index in 0..self.links.len() {
            for place in [Place::Current, Place::Replacement] {
                self.read_burst(index, place, sink, &mut activity);
            }
        }
        self.take_answers(sink, &mut activity)?;
        self.take_sockets(sink)?;
        let now = (self.clock)();
        if now >= self.next_clock {
            self.next_clock = now + self.settings.clock_every;
            self.on_clock(now, sink);
        }
        self.carry_out_requests(sink);
        Ok(activity)
    }

    /// Parks until a socket is readable, a helper has finished something, or `timeout` passed.
    /// Returns at once when bytes that were received already have not been read yet.
    ///
    /// # Errors
    /// [`WireError::System`].
    pub fn wait(&mut self, timeout: Duration) -> Result<(), WireError> {
        if self.links.iter_mut().any(|link| link.lives().any(|live| !live.drained)) {
            return Ok(());
        }
        match self.readiness.poll(&mut self.ready, Some(timeout)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                Err(WireError::System { action: "watch sockets", source: error })
            }
            _ => Ok(()),
        }
    }

    /// The translator.
    #[must_use]
    pub fn feed(&self) -> &dyn MarketFeed {
        self.feed.as_ref()
    }

    /// Asks the translator for a new book, for the caller found it wrong.
    pub fn resync(
        &mut self,
        instrument: domain::InstrumentId,
        loss: domain::event::BookLoss,
        sink: &mut dyn WireSink,
    ) {
        let received = (self.clock)();
        let mut out = Forward { sink, received, requests: &mut self.requests };
        self.feed.resync(instrument, loss, received, &mut out);
        self.carry_out_requests(sink);
    }

    /// State of each connection, in the order of the translator's plans.
    pub fn connections(&self) -> impl Iterator<Item = &ConnectionHealth> {
        self.links.iter().map(|link| &link.health)
    }

    /// Says goodbye on each connection and waits for the answers, not longer than `limit`.
    pub fn shutdown(mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        for live in self.links.iter_mut().flat_map(Link::lives) {
            live.socket.close();
        }
        while Instant::now() < deadline && self.links.iter_mut().any(still_closing) {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.readiness.poll(&mut self.ready, Some(left)).is_err() {
                return;
            }
        }
    }

    fn read_burst(
        &mut self,
        index: usize,
        place: Place,
        sink: &mut dyn WireSink,
        activity: &mut Activity,
    ) {
        let Some(live) = self.links[index].live(place) else { return };
        let connection = connection_id(index);
        let (frames, bytes) = (live.socket.frames_read(), live.socket.bytes_read());
        let mut end = None;
        live.drained = false;
        for _ in 0..self.settings.burst {
            match live.socket.read() {
                Ok(ReadOutcome::Frame(frame)) => {
                    let received = (self.clock)();
                    sink.raw(received, Raw::Frame { connection, bytes: frame });
                    let mut out = Forward { sink, received, requests: &mut self.requests };
                    let result = self.feed.on_frame(connection, frame, received, &mut out);
                    live.heard(received);
                    if let Err(error) = result {
                        warn_unreadable(&mut self.next_warning, received, &error);
                    }
                }
                Ok(ReadOutcome::Alive) => live.heard((self.clock)()),
                Ok(ReadOutcome::Idle) => {
                    live.drained = true;
                    break;
                }
                Ok(ReadOutcome::Closed(reason)) => {
                    end = Some(reason);
                    break;
                }
                Err(error) => {
                    end = Some(error.to_line());
                    break;
                }
            }
        }
        if end.is_none() && live.socket.has_outgoing() {
            end = live.socket.pump((self.clock)()).err().map(|error| error.to_line());
        }
        activity.more |= !live.drained && end.is_none();
        let frames = live.socket.frames_read() - frames;
        let bytes = live.socket.bytes_read() - bytes;
        self.links[index].health.count(frames, bytes);
        activity.frames += frames;
        if let Some(reason) = end {
            self.lose(index, place, reason, sink);
        }
    }

    fn lose(&mut self, index: usize, place: Place, reason: String, sink: &mut dyn WireSink) {
        let received = (self.clock)();
        let link = &mut self.links[index];
        tracing::warn!(connection = link.plan.name, reason, "connection lost");
        let (ended, loss) = link.lose(place, reason, received);
        if let Some(live) = ended {
            self.retire(live);
        }
        if loss == Loss::Disconnected {
            let mut out = Forward { sink, received, requests: &mut self.requests };
            self.feed.on_close(connection_id(index), received, &mut out);
        }
    }

    /// Says goodbye to a socket that is not needed any more and forgets it.
    fn retire(&self, mut live: Live) {
        live.socket.close();
        let descriptor = live.socket.tcp().as_raw_fd();
        // Closing the socket would remove it as well; this only does it a moment earlier.
        let _ = self.readiness.registry().deregister(&mut SourceFd(&descriptor));
    }

    fn take_answers(
        &mut self,
        sink: &mut dyn WireSink,
        activity: &mut Activity,
    ) -> Result<(), WireError> {
        while let Some(Fetched { request, body }) = self.fetcher.finished()? {
            activity.answers += 1;
            let received = (self.clock)();
            if let Ok(bytes) = &body {
                sink.raw(received, Raw::Answer { request: &request, bytes });
            }
            self.answer(&request, body.as_deref().map_err(Clone::clone), received, sink);
        }
        Ok(())
    }

    fn answer(
        &mut self,
        request: &Request,
        body: Result<&[u8], FetchError>,
        received: Timestamp,
        sink: &mut dyn WireSink,
    ) {
        let mut out = Forward { sink, received, requests: &mut self.requests };
        if let Err(error) = self.feed.on_response(request, body, received, &mut out) {
            warn_unreadable(&mut self.next_warning, received, &error);
        }
    }

    fn take_sockets(&mut self, sink: &mut dyn WireSink) -> Result<(), WireError> {
        while let Some(Dialed { ticket, result }) = self.dialer.finished()? {
            let received = (self.clock)();
            let Some(index) = self.links.iter().position(|link| link.awaits(ticket)) else {
                continue;
            };
            let adopted = result.and_then(|socket| self.adopt(index, socket, received));
            let link = &mut self.links[index];
            match adopted {
                Ok(adoption) => {
                    tracing::info!(connection = link.plan.name, ?adoption, "connected");
                    if adoption == Adoption::Opened {
                        let mut out = Forward { sink, received, requests: &mut self.requests };
                        self.feed.on_open(connection_id(index), received, &mut out);
                    }
                }
                Err(error) => {
                    let pause = link.dial_failed(&error, received);
                    let reason = error.to_line();
                    tracing::warn!(connection = link.plan.name, reason, %pause, "will dial again");
                }
            }
        }
        Ok(())
    }

    fn adopt(
        &mut self,
        index: usize,
        socket: Socket,
        now: Timestamp,
    ) -> Result<Adoption, WireError> {
        let descriptor = socket.tcp().as_raw_fd();
        self.readiness
            .registry()
            .register(&mut SourceFd(&descriptor), SOCKET, Interest::READABLE)
            .map_err(|source| WireError::System { action: "watch a socket", source })?;
        self.links[index].adopt(socket, now)
    }

    /// What only the passing of time causes.
    fn on_clock(&mut self, now: Timestamp, sink: &mut dyn WireSink) {
        for index in 0..self.links.len() {
            while let Some(place) = self.links[index].silent(now) {
                let limit = self.links[index].plan.idle_limit;
                self.lose(index, place, format!("silent for more than {limit}"), sink);
            }
            let link = &mut self.links[index];
            link.tend(now);
            if let Some(old) = link.retire(now) {
                tracing::info!(connection = link.plan.name, "replaced by a fresh connection");
                self.retire(old);
            }
            self.dial_if_due(index, now);
        }
        let mut out = Forward { sink, received: now, requests: &mut self.requests };
        self.feed.on_clock(now, &mut out);
    }

    fn dial_if_due(&mut self, index: usize, now: Timestamp) {
        let link = &mut self.links[index];
        if !link.dial_due(now) {
            return;
        }
        if let Err(free_at) = self.attempts.take(now) {
            tracing::warn!(connection = link.plan.name, "too many connection attempts, pausing");
            link.postpone(free_at);
            return;
        }
        self.next_ticket += 1;
        let dial = Dial {
            ticket: self.next_ticket,
            url: link.plan.url.clone(),
            messages_per_second: link.plan.messages_per_second,
        };
        match self.dialer.dial(dial) {
            Ok(()) => link.dialing(self.next_ticket),
            Err(_full) => link.postpone(now + Span::from_secs(1)),
        }
    }

    fn carry_out_requests(&mut self, sink: &mut dyn WireSink) {
        // An answer given here may ask again; that is for the next turn.
        for _ in 0..self.requests.len() {
            let Some(request) = self.requests.pop_front() else { return };
            match &request {
                Request::Replace { connection } => {
                    let now = (self.clock)();
                    if let Some(link) = self.links.get_mut(connection.index()) {
                        link.replace(now);
                    }
                }
                Request::DepthSnapshot { url, .. } => {
                    let url = url.clone();
                    if let Err(request) = self.fetcher.fetch(request, url) {
                        let reason = "too many requests wait already".into();
                        let received = (self.clock)();
                        let busy = Err(FetchError::Unanswered { reason });
                        self.answer(&request, busy, received, sink);
                    }
                }
            }
        }
    }
}

/// Passes a translator's events on and keeps its requests.
struct Forward<'a> {
    sink: &'a mut dyn WireSink,
    received: Timestamp,
    requests: &'a mut VecDeque<Request>,
}

impl MarketSink for Forward<'_> {
    fn event(&mut self, event: MarketEvent<'_>) {
        self.sink.event(self.received, event);
    }

    fn request(&mut self, request: Request) {
        self.requests.push_back(request);
    }
}

/// Reads away what still comes; true until the peer has said goodbye as well.
fn still_closing(link: &mut Link) -> bool {
    link.lives().any(|live| {
        loop {
            match live.socket.read() {
                Ok(ReadOutcome::Frame(_) | ReadOutcome::Alive) => {}
                Ok(ReadOutcome::Idle) => return true,
                Ok(ReadOutcome::Closed(_)) | Err(_) => return false,
            }
        }
    })
}

/// The counters have every unreadable frame; the log gets one in ten seconds.
fn warn_unreadable(next: &mut Timestamp, now: Timestamp, error: &FrameError) {
    if now >= *next {
        *next = now + Span::from_secs(10);
        tracing::warn!(%error, "unreadable frame");
    }
}

fn connection_id(index: usize) -> ConnectionId {
    ConnectionId::new(u16::try_from(index).unwrap_or(u16::MAX))
}

//! The driver against servers that behave and misbehave, in virtual time.

use std::{
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{InstrumentId, MarketData, MarketEvent, Span, Timestamp, event::BookLoss};
use tungstenite::{Message, WebSocket};

use super::server::{Server, response};
use crate::{
    venue::{
        ConnectionId, ConnectionPlan, FeedHealth, FetchError, FrameError, MarketFeed, MarketSink,
        Request,
    },
    wire::{ConnectionState, FetchLimits, Raw, WireDriver, WireSettings, WireSink},
};

const INSTRUMENT: InstrumentId = InstrumentId::new(0);

/// A translator that writes down what it is told and obeys simple words.
struct Parrot {
    plans: Vec<ConnectionPlan>,
    diary: Arc<Mutex<Vec<String>>>,
}

impl Parrot {
    fn note(&self, line: String) {
        self.diary.lock().unwrap().push(line);
    }
}

impl MarketFeed for Parrot {
    fn connections(&self) -> Vec<ConnectionPlan> {
        self.plans.clone()
    }

    fn on_open(&mut self, connection: ConnectionId, _: Timestamp, _: &mut dyn MarketSink) {
        self.note(format!("open {}", connection.index()));
    }

    fn on_close(&mut self, connection: ConnectionId, _: Timestamp, _: &mut dyn MarketSink) {
        self.note(format!("close {}", connection.index()));
    }

    fn on_frame(
        &mut self,
        connection: ConnectionId,
        frame: &[u8],
        _: Timestamp,
        out: &mut dyn MarketSink,
    ) -> Result<(), FrameError> {
        let text = String::from_utf8_lossy(frame).into_owned();
        self.note(format!("frame {text}"));
        if text == "replace" {
            out.request(Request::Replace { connection });
        } else if let Some(url) = text.strip_prefix("fetch ") {
            out.request(Request::DepthSnapshot { instrument: INSTRUMENT, url: url.into() });
        } else if text == "garbage" {
            return Err(FrameError { channel: "depth", reason: text });
        } else {
            let data = MarketData::FeedLive;
            out.event(MarketEvent { instrument: INSTRUMENT, exchange_time: None, data });
        }
        Ok(())
    }

    fn on_response(
        &mut self,
        _: &Request,
        body: Result<&[u8], FetchError>,
        _: Timestamp,
        _: &mut dyn MarketSink,
    ) -> Result<(), FrameError> {
        self.note(match body {
            Ok(body) => format!("body {}", String::from_utf8_lossy(body)),
            Err(FetchError::Throttled { retry_after }) => format!("throttled {retry_after}"),
            Err(error) => format!("no body: {error}"),
        });
        Ok(())
    }

    fn on_clock(&mut self, _: Timestamp, _: &mut dyn MarketSink) {}

    fn resync(&mut self, _: InstrumentId, _: BookLoss, _: Timestamp, _: &mut dyn MarketSink) {}

    fn health(&self) -> FeedHealth {
        FeedHealth::default()
    }
}

/// Remembers what reached the outside.
#[derive(Default)]
struct Outside(Vec<String>);

impl WireSink for Outside {
    fn event(&mut self, received: Timestamp, event: MarketEvent<'_>) {
        self.0.push(format!("{} {:?}", received.as_millis(), event.data));
    }

    fn raw(&mut self, received: Timestamp, raw: Raw<'_>) {
        let text = match raw {
            Raw::Frame { bytes, .. } | Raw::Answer { bytes, .. } => String::from_utf8_lossy(bytes),
        };
        self.0.push(format!("{} raw {text}", received.as_millis()));
    }
}

/// A driver with one connection, its diary and its clock.
struct Rig {
    driver: WireDriver,
    outside: Outside,
    diary: Arc<Mutex<Vec<String>>>,
    clock: Arc<AtomicI64>,
}

impl Rig {
    fn new(url: String, settings: WireSettings) -> Self {
        Self::with_max_age(url, settings, Span::from_secs(1_000))
    }

    fn with_max_age(url: String, settings: WireSettings, max_age: Span) -> Self {
        let diary = Arc::new(Mutex::new(Vec::new()));
        let plan = ConnectionPlan {
            name: "test".into(),
            url,
            hello: vec!["hello".into()],
            idle_limit: Span::from_secs(10),
            max_age,
            messages_per_second: 5,
        };
        let feed = Parrot { plans: vec![plan], diary: Arc::clone(&diary) };
        let clock = Arc::new(AtomicI64::new(1_000));
        let hands = Arc::clone(&clock);
        let now = Box::new(move || Timestamp::from_millis(hands.load(Ordering::SeqCst)));
        let driver = WireDriver::new(Box::new(feed), now, settings).unwrap();
        Self { driver, outside: Outside::default(), diary, clock }
    }

    fn advance(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    /// Turns until the condition holds; fails after twenty seconds.
    fn until(&mut self, what: &str, holds: impl Fn(&mut Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds(self) {
            assert!(Instant::now() < deadline, "{what}: {:?}", self.diary.lock().unwrap());
            // Lets due timers run although the clock of the test stands still.
            self.advance(50);
            self.driver.poll(&mut self.outside).unwrap();
            self.driver.wait(Duration::from_millis(1)).unwrap();
            self.advance(-40);
        }
    }

    /// Turns until the condition holds, with a clock that stands still.
    fn standing_until(&mut self, what: &str, holds: impl Fn(&mut Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds(self) {
            assert!(Instant::now() < deadline, "{what}: {:?}", self.diary.lock().unwrap());
            self.driver.poll(&mut self.outside).unwrap();
            self.driver.wait(Duration::from_millis(1)).unwrap();
        }
    }

    fn until_noted(&mut self, line: &str) {
        self.until(line, |rig| rig.diary.lock().unwrap().iter().any(|noted| noted == line));
    }

    fn noted(&self, line: &str) -> usize {
        self.diary.lock().unwrap().iter().filter(|noted| *noted == line).count()
    }

    fn health(&self) -> crate::wire::ConnectionHealth {
        self.driver.connections().next().unwrap().clone()
    }
}

fn serve_until_gone(web: &mut WebSocket<TcpStream>) {
    while web.read().is_ok() {}
}

fn quick() -> WireSettings {
    let fetch = FetchLimits { min_interval: Duration::ZERO, ..FetchLimits::default() };
    WireSettings { fetch, backoff_base: Span::from_millis(1), ..WireSettings::default() }
}

#[test]
fn an_open_connection_says_hello_and_its_frames_come_out_stamped_raw_first() {
    let server = Server::web_socket(|_, mut web| {
        let hello = web.read().unwrap();
        web.send(Message::text(format!("you said {hello}"))).unwrap();
        serve_until_gone(&mut web);
    });
    let mut rig = Rig::new(server.ws_url(), quick());
    assert_eq!(rig.health().state, ConnectionState::Waiting);
    rig.until_noted("frame you said hello");
    assert_eq!(rig.diary.lock().unwrap()[..], ["open 0", "frame you said hello"]);
    let lines: Vec<_> = rig.outside.0.iter().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!((lines[0].1, lines[1].1), ("raw you said hello", "FeedLive"));
    assert_eq!(lines[0].0, lines[1].0);
    let health = rig.health();
    assert_eq!((health.state, health.frames, health.bytes), (ConnectionState::Open, 1, 14));
}

#[test]
fn a_lost_connection_is_reported_and_opened_again() {
    let server = Server::web_socket(|index, mut web| {
        web.send(Message::text(format!("connection {index}"))).unwrap();
        if index == 2 {
            serve_until_gone(&mut web);
        }
    });
    let mut rig = Rig::new(server.ws_url(), quick());
    rig.until_noted("frame connection 2");
    assert_eq!((rig.noted("open 0"), rig.noted("close 0")), (3, 2));
    let health = rig.health();
    assert_eq!((health.reconnects, health.state), (2, ConnectionState::Open));
    assert!(health.last_error.is_some());
}

#[test]
fn a_venue_that_talks_but_hangs_up_is_dialled_again_without_ever_longer_pauses() {
    let server = Server::web_socket(|index, mut web| {
        // The last word may be lost when the connection is reset behind it; that is the point.
        let _ = web.send(Message::text(format!("connection {index}")));
        let _ = web.read();
        let _ = web.close(None);
        serve_until_gone(&mut web);
    });
    let settings = WireSettings { backoff_base: Span::from_secs(1), seed: 5, ..quick() };
    let mut rig = Rig::new(server.ws_url(), settings);
    rig.until_noted("frame connection 0");
    let begin = rig.clock.load(Ordering::SeqCst);
    rig.until("twenty connections", |rig| {
        rig.advance(100);
        rig.noted("open 0") == 20
    });
    // Nineteen pauses of at most eight seconds, and the steps of this clock.
    let passed = rig.clock.load(Ordering::SeqCst) - begin;
    assert!(passed < 19 * 8_000 + 60_000, "{passed} ms");
}

#[test]
fn failed_attempts_wait_longer_and_longer() {
    let server = Server::http(|_, _| response("503 Service Unavailable", "", ""));
    let settings = WireSettings { backoff_base: Span::from_secs(1), seed: 3, ..quick() };
    let mut rig = Rig::new(server.ws_url(), settings);
    let mut moments = Vec::new();
    for attempt in 1..=6 {
        rig.until("an attempt", |rig| {
            rig.advance(100);
            rig.health().failed_attempts == attempt
        });
        moments.push(rig.clock.load(Ordering::SeqCst));
    }
    // The sum of the first five pauses is at most 1 + 2 + 4 + 8 + 16 s, plus the steps here.
    assert!(moments[5] - moments[0] < 40_000, "{moments:?}");
    assert!(moments[5] - moments[0] > 3_000, "{moments:?}");
    assert!(rig.health().last_error.unwrap().contains("503"));
    assert_eq!(rig.noted("open 0"), 0);
}

#[test]
fn a_venue_that_asks_for_a_pause_before_the_next_attempt_gets_it() {
    let server = Server::http(|_, _| response("429 Too Many", "Retry-After: 100\r\n", ""));
    let mut rig = Rig::new(server.ws_url(), quick());
    rig.until("the first attempt", |rig| rig.health().failed_attempts == 1);
    let begin = rig.clock.load(Ordering::SeqCst);
    rig.until("the second attempt", |rig| {
        rig.advance(500);
        rig.health().failed_attempts == 2
    });
    assert!(rig.clock.load(Ordering::SeqCst) - begin >= 100_000);
}

#[test]
fn a_silent_connection_is_dropped_after_its_limit_and_not_before() {
    let server = Server::web_socket(|index, mut web| {
        web.send(Message::text(format!("connection {index}"))).unwrap();
        serve_until_gone(&mut web);
    });
    let mut rig = Rig::new(server.ws_url(), quick());
    rig.until_noted("frame connection 0");
    let heard = rig.clock.load(Ordering::SeqCst);
    rig.clock.store(heard + 9_000, Ordering::SeqCst);
    rig.driver.poll(&mut rig.outside).unwrap();
    assert_eq!(rig.noted("close 0"), 0);
    rig.clock.store(heard + 11_000, Ordering::SeqCst);
    rig.driver.poll(&mut rig.outside).unwrap();
    assert_eq!(rig.noted("close 0"), 1);
    assert!(rig.health().last_error.unwrap().contains("silent"));
    rig.until_noted("frame connection 1");
}

#[test]
fn a_ping_counts_as_a_sign_of_life() {
    let pinged = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&pinged);
    let (now, when_told) = std::sync::mpsc::channel();
    let when_told = std::sync::Mutex::new(when_told);
    let server = Server::web_socket(move |_, mut web| {
        web.send(Message::text("first")).unwrap();
        web.read().unwrap();
        when_told.lock().unwrap().recv().unwrap();
        web.send(Message::Ping("".into())).unwrap();
        while !matches!(web.read(), Ok(Message::Pong(_))) {}
        seen.store(true, Ordering::SeqCst);
        serve_until_gone(&mut web);
    });
    let mut rig = Rig::new(server.ws_url(), quick());
    rig.until_noted("frame first");
    rig.advance(8_000);
    now.send(()).unwrap();
    // However slow the server is, meanwhile no time passes that would count as silence.
    rig.standing_until("the pong", |_| pinged.load(Ordering::SeqCst));
    rig.advance(8_000);
    rig.driver.poll(&mut rig.outside).unwrap();
    assert_eq!(rig.noted("close 0"), 0);
}

/// The second connection takes over while the first one is alive and well.
fn takes_over(first_says: &'static str, max_age: Span) {
    let polite = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&polite);
    let server = Server::web_socket(move |index, mut web| {
        let words = if index == 0 { first_says.to_owned() } else { format!("connection {index}") };
        web.send(Message::text(words)).unwrap();
        loop {
            match web.read() {
                Ok(Message::Close(_)) if index == 0 => seen.store(true, Ordering::SeqCst),
                Ok(_) => {}
                Err(_) => break,
            }
        }
    });
    let mut rig = Rig::with_max_age(server.ws_url(), quick(), max_age);
    rig.until_noted(&format!("frame {first_says}"));
    let begin = rig.health().open_since.unwrap();
    rig.until_noted("frame connection 1");
    rig.until("the take-over", |rig| rig.health().open_since.unwrap() > begin);
    rig.until("the goodbye", |_| polite.load(Ordering::SeqCst));
    assert_eq!((rig.noted("open 0"), rig.noted("close 0")), (1, 0));
    assert_eq!((rig.health().reconnects, server.accepted()), (1, 2));
}

#[test]
fn an_announced_shutdown_is_bridged_without_losing_the_connection() {
    takes_over("replace", Span::from_secs(1_000));
}

#[test]
fn a_connection_is_replaced_before_the_venue_ends_it_for_its_age() {
    takes_over("anything", Span::from_secs(5));
}

#[test]
fn a_dial_that_fails_while_replacing_leaves_the_old_connection_alone() {
    let server = Server::start(|index, connection| {
        if index != 1 {
            let mut web = tungstenite::accept(connection).unwrap();
            let words = if index == 0 { "replace".into() } else { format!("connection {index}") };
            web.send(Message::text(words)).unwrap();
            serve_until_gone(&mut web);
        }
    });
    let mut rig = Rig::new(server.ws_url(), quick());
    rig.until_noted("frame connection 2");
    assert_eq!((rig.noted("open 0"), rig.noted("close 0")), (1, 0));
    assert_eq!(rig.health().failed_attempts, 1);
}

#[test]
fn a_request_is_fetched_and_its_body_comes_back_recorded() {
    let rest = Server::http(|_, _| response("200 OK", "", "the book"));
    let words = format!("fetch {}", rest.http_url("/depth"));
    let server = Server::web_socket(move |_, mut web| {
        web.send(Message::text(words.clone())).unwrap();
        serve_until_gone(&mut web);
    });
    let mut rig = Rig::new(server.ws_url(), quick());
    rig.until_noted("body the book");
    assert!(rig.outside.0.iter().any(|line| line.ends_with("raw the book")));
}

#[test]
fn requests_beyond_the_bound_are_answered_at_once_and_none_is_lost() {
    let gate = Arc::new(AtomicBool::new(false));
    let open = Arc::clone(&gate);
    let rest = Server::http(move |_, _| {
        while !open.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        response("200 OK", "", "late")
    });
    let words = format!("fetch {}", rest.http_url("/depth"));
    let server = Server::web_socket(move |_, mut web| {
        for _ in 0..50 {
            web.send(Message::text(words.clone())).unwrap();
        }
        serve_until_gone(&mut web);
    });
    let fetch = FetchLimits { waiting: 4, ..quick().fetch };
    let mut rig = Rig::new(server.ws_url(), WireSettings { fetch, ..quick() });
    let busy = "no body: no answer: too many requests wait already";
    rig.until("the refusals", |rig| rig.noted(busy) >= 40);
    gate.store(true, Ordering::SeqCst);
    rig.until("all answers", |rig| rig.noted(busy) + rig.noted("body late") == 50);
}

#[test]
fn a_turn_reads_no_more_than_its_burst_and_says_that_there_is_more() {
    let server = Server::web_socket(|_, mut web| {
        for index in 0..100 {
            web.write(Message::text(index.to_string())).unwrap();
        }
        web.flush().unwrap();
        serve_until_gone(&mut web);
    });
    let mut rig = Rig::new(server.ws_url(), WireSettings { burst: 8, ..quick() });
    rig.until_noted("open 0");
    let mut read = 0;
    let deadline = Instant::now() + Duration::from_secs(20);
    while read < 100 {
        let activity = rig.driver.poll(&mut rig.outside).unwrap();
        assert!(activity.frames <= 8);
        assert!(activity.more || activity.frames < 8);
        read += activity.frames;
        rig.driver.wait(Duration::from_secs(1)).unwrap();
        assert!(Instant::now() < deadline);
    }
}

#[test]
fn unreadable_frames_do_not_stop_the_stream() {
    let server = Server::web_socket(|_, mut web| {
        for words in ["garbage", "garbage", "good"] {
            web.send(Message::text(words)).unwrap();
        }
        serve_until_gone(&mut web);
    });
    let mut rig = Rig::new(server.ws_url(), quick());
    rig.until_noted("frame good");
    assert_eq!((rig.noted("frame garbage"), rig.noted("close 0")), (2, 0));
}

#[test]
fn a_shutdown_says_goodbye() {
    let polite = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&polite);
    let server = Server::web_socket(move |_, mut web| {
        web.send(Message::text("hi")).unwrap();
        loop {
            match web.read() {
                Ok(Message::Close(_)) => break seen.store(true, Ordering::SeqCst),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let _ = web.flush();
    });
    let mut rig = Rig::new(server.ws_url(), quick());
    rig.until_noted("frame hi");
    rig.driver.shutdown(Duration::from_secs(10));
    assert!(polite.load(Ordering::SeqCst));
}

#[test]
fn an_address_that_can_never_work_is_refused_at_the_start() {
    let plan = ConnectionPlan {
        name: "bad".into(),
        url: "https://example.invalid/ws".into(),
        hello: Vec::new(),
        idle_limit: Span::from_secs(1),
        max_age: Span::from_secs(1),
        messages_per_second: 1,
    };
    let feed = Parrot { plans: vec![plan], diary: Arc::default() };
    let clock = Box::new(|| Timestamp::EPOCH);
    let refused = WireDriver::new(Box::new(feed), clock, WireSettings::default());
    assert!(matches!(refused.err(), Some(crate::wire::WireError::BadAddress { .. })));
}

//! End to end: the real wire code and the Binance translator against the sandbox.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use domain::{
    InstrumentId, Instruments, Level, MarketData, MarketEvent, Span, Timestamp,
    event::{BookLoss, Quote},
};
use sandbox::{MarketSource, Mischief, Repeat, Sandbox, SandboxConfig, SandboxHandle, Speed};
use venues::{
    BookSync,
    binance::{BinanceConfig, BinanceFeed, Endpoints, StreamKind},
    wire::{Raw, WireDriver, WireSettings, WireSink},
};

const PATIENCE: Duration = Duration::from_secs(40);

/// The book of one instrument as its events tell it.
#[derive(Default)]
struct Book {
    sides: [BTreeMap<i64, i64>; 2],
    last_id: u64,
    synced: bool,
}

impl Book {
    fn change(&mut self, levels: [&[Level]; 2]) {
        for (side, levels) in self.sides.iter_mut().zip(levels) {
            for level in levels {
                side.insert(level.price.get(), level.quantity.get());
            }
            side.retain(|_, quantity| *quantity != 0);
        }
        let (bid, ask) = (self.sides[0].last_key_value(), self.sides[1].first_key_value());
        assert!(bid.unwrap().0 < ask.unwrap().0, "crossed at {}", self.last_id);
    }

    fn top(&self) -> [(i64, i64); 2] {
        let (bid, ask) = (self.sides[0].last_key_value(), self.sides[1].first_key_value());
        [bid, ask].map(|level| level.map(|(p, q)| (*p, *q)).unwrap())
    }
}

/// Follows every event and checks what can be checked at once.
#[derive(Default)]
struct Follower {
    books: BTreeMap<InstrumentId, Book>,
    quotes: BTreeMap<InstrumentId, Quote>,
    lost: Vec<BookLoss>,
    snapshots: usize,
    diffs: usize,
    trades: usize,
    marks: usize,
    tops_compared: usize,
    frames: usize,
    answers: usize,
}

impl Follower {
    fn compare_top(&mut self, id: InstrumentId) {
        let (Some(book), Some(quote)) = (self.books.get(&id), self.quotes.get(&id)) else { return };
        // The ticker is of a moment within the last batch only when it is not newer than it;
        // the newest one before the end of a batch shows the batch's top.
        if quote.update_id == book.last_id {
            let quoted = [quote.bid, quote.ask].map(|l| (l.price.get(), l.quantity.get()));
            assert_eq!(book.top(), quoted);
            self.tops_compared += 1;
        }
    }
}

impl WireSink for Follower {
    fn event(&mut self, _: Timestamp, event: MarketEvent<'_>) {
        let id = event.instrument;
        match event.data {
            MarketData::BookSnapshot { update_id, bids, asks } => {
                let mut book = Book { last_id: update_id, synced: true, ..Book::default() };
                book.change([&bids, &asks]);
                self.books.insert(id, book);
                self.snapshots += 1;
            }
            MarketData::BookDiff { last_update_id, bids, asks, .. } => {
                let book = self.books.get_mut(&id).expect("a change before a book");
                assert!(book.synced, "a change to a lost book");
                book.last_id = last_update_id;
                book.change([&bids, &asks]);
                self.diffs += 1;
                self.compare_top(id);
            }
            MarketData::BookLost(loss) => {
                self.lost.push(loss);
                if let Some(book) = self.books.get_mut(&id) {
                    book.synced = false;
                }
            }
            MarketData::Quote(quote) => {
                self.quotes.insert(id, quote);
            }
            MarketData::Trade(_) | MarketData::AggregateTrade(_) => self.trades += 1,
            MarketData::Mark(_) => self.marks += 1,
            MarketData::Bar(_)
            | MarketData::Funding(_)
            | MarketData::Split(_)
            | MarketData::Dividend(_) => panic!("a live feed tells no history"),
            MarketData::FeedSilent | MarketData::FeedLive => {}
        }
    }

    fn raw(&mut self, _: Timestamp, raw: Raw<'_>) {
        match raw {
            Raw::Frame { .. } => self.frames += 1,
            Raw::Answer { .. } => self.answers += 1,
        }
    }
}

/// A driver of the Binance translator, pointed at a sandbox.
struct Session {
    driver: WireDriver,
    follower: Follower,
}

impl Session {
    fn start(sandbox: &SandboxHandle, streams: &[StreamKind], instruments: &Instruments) -> Self {
        let urls = sandbox.urls().clone();
        let endpoints = Endpoints {
            spot_rest: urls.spot_rest,
            spot_ws: urls.spot_ws,
            futures_rest: urls.futures_rest,
            futures_ws_public: urls.futures_ws_public,
            futures_ws_market: urls.futures_ws_market,
            coin_rest: urls.coin_rest,
            coin_ws: urls.coin_ws,
        };
        let config =
            BinanceConfig { endpoints, streams: streams.to_vec(), ..BinanceConfig::default() };
        let feed = Box::new(BinanceFeed::new(config, instruments));
        let settings = WireSettings {
            backoff_base: Span::from_millis(50),
            overlap: Span::from_millis(500),
            ..WireSettings::default()
        };
        let driver = WireDriver::new(feed, wall_clock(), settings).unwrap();
        Self { driver, follower: Follower::default() }
    }

    /// Turns until the condition holds.
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            let health = self.driver.feed().health();
            assert!(Instant::now() < deadline, "{what}: {health:#?}");
            self.driver.poll(&mut self.follower).unwrap();
            self.driver.wait(Duration::from_millis(10)).unwrap();
        }
    }

    fn is_synced(&self) -> bool {
        let health = self.driver.feed().health();
        health.instruments.iter().all(|one| one.book == BookSync::Synced)
    }

    fn reconnects(&self) -> u64 {
        self.driver.connections().map(|connection| connection.reconnects).sum()
    }
}

fn wall_clock() -> Box<dyn FnMut() -> Timestamp + Send> {
    let mut last = 0;
    Box::new(move || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        last = last.max(i64::try_from(since.as_nanos()).unwrap());
        Timestamp::from_nanos(last)
    })
}

const ALL: [StreamKind; 4] =
    [StreamKind::Depth, StreamKind::BookTicker, StreamKind::AggregateTrade, StreamKind::MarkPrice];

fn simulated(mischief: Mischief) -> SandboxHandle {
    Sandbox::start(SandboxConfig { mischief, ..SandboxConfig::default() }).unwrap()
}

#[test]
fn four_books_come_into_sync_and_agree_with_the_tickers() {
    let sandbox = simulated(Mischief::default());
    let instruments = sandbox.instruments().clone();
    let mut session = Session::start(&sandbox, &ALL, &instruments);
    session.until("four books", Session::is_synced);
    session.until("every kind of event", |session| {
        let seen = &session.follower;
        seen.diffs > 100 && seen.trades > 20 && seen.marks > 2 && seen.tops_compared > 5
    });
    let counters = session.driver.feed().health().counters;
    assert_eq!((counters.parse_errors, counters.sequence_gaps), (0, 0));
    assert_eq!((counters.venue_errors, session.follower.lost.len()), (0, 0));
    assert_eq!(session.follower.frames as u64, counters.frames);
    assert!(session.follower.answers >= 4);
    session.driver.shutdown(Duration::from_secs(5));
}

#[test]
fn a_venue_that_hangs_up_all_the_time_costs_resyncs_and_nothing_else() {
    let every = Duration::from_millis(1_200);
    let mischief = Mischief { hang_up_every: Some(every), ..Mischief::default() };
    let sandbox = simulated(mischief);
    let instruments = sandbox.instruments().clone();
    let mut session = Session::start(&sandbox, &ALL, &instruments);
    session.until("resyncs", |session| {
        session.driver.feed().health().counters.resyncs >= 8 && session.reconnects() >= 6
    });
    let counters = session.driver.feed().health().counters;
    assert_eq!((counters.parse_errors, counters.sequence_gaps), (0, 0));
    assert!(session.follower.lost.iter().all(|loss| *loss == BookLoss::Disconnected));
    session.until("books again", Session::is_synced);
}

#[test]
fn garbage_is_counted_and_the_books_stay() {
    let mischief = Mischief { garbage_every: Some(10), ..Mischief::default() };
    let sandbox = simulated(mischief);
    let instruments = sandbox.instruments().clone();
    let mut session = Session::start(&sandbox, &ALL, &instruments);
    session.until("garbage and books", |session| {
        session.driver.feed().health().counters.parse_errors >= 50
            && session.follower.diffs > 100
            && session.is_synced()
    });
    assert_eq!(session.driver.feed().health().counters.sequence_gaps, 0);
    assert_eq!(session.reconnects(), 0);
}

#[test]
fn an_announced_shutdown_is_bridged_without_losing_a_book() {
    let sandbox = simulated(Mischief::default());
    let instruments = sandbox.instruments().clone();
    let mut session = Session::start(&sandbox, &ALL, &instruments);
    session.until("four books", Session::is_synced);
    sandbox.announce_shutdown();
    session.until("a replacement", |session| session.reconnects() == 1);
    let diffs = session.follower.diffs;
    session.until("more changes", |session| session.follower.diffs > diffs + 100);
    assert_eq!(session.follower.lost, []);
    assert_eq!(session.driver.feed().health().counters.sequence_gaps, 0);
}

#[test]
fn a_venue_that_comes_back_is_found_again() {
    let sandbox = simulated(Mischief::default());
    let (listen, instruments) = (sandbox.address(), sandbox.instruments().clone());
    let mut session = Session::start(&sandbox, &ALL, &instruments);
    session.until("four books", Session::is_synced);
    sandbox.stop();
    session.until("the loss", |session| session.follower.lost.len() == 4);
    let again = Sandbox::start(SandboxConfig { listen, ..SandboxConfig::default() }).unwrap();
    session.until("four books again", Session::is_synced);
    assert_eq!(session.driver.feed().health().counters.resyncs, 4);
    drop(again);
}

#[test]
fn a_recording_at_full_speed_arrives_whole_through_the_wire() {
    let name = "binance-raw/usdm_btcusdt_20230404_markprice.txt.zst";
    let Some(file) = testkit::recorded(name) else { return };
    let files = vec![file];
    let source = MarketSource::Capture { files, speed: Speed::Max, repeat: Repeat::Once };
    let sandbox = Sandbox::start(SandboxConfig { source, ..SandboxConfig::default() }).unwrap();
    let streams =
        [StreamKind::Depth, StreamKind::BookTicker, StreamKind::Trade, StreamKind::MarkPrice];
    let instruments = sandbox.instruments().clone();
    let mut session = Session::start(&sandbox, &streams, &instruments);
    session.until("the end of both connections", |session| {
        sandbox.finished()
            && session.driver.connections().all(|connection| connection.last_error.is_some())
    });
    // 4,322 depth, 6,765 ticker, 2,197 trade and 99 mark price frames, plus acknowledgements.
    let frames = session.driver.feed().health().counters.frames;
    assert!((13_383..13_400).contains(&frames), "{frames}");
    assert_eq!((session.follower.trades, session.follower.marks), (2_197, 99));
    let counters = session.driver.feed().health().counters;
    assert_eq!((counters.parse_errors, counters.sequence_gaps), (0, 0));
    assert!(session.follower.diffs > 1_000, "{}", session.follower.diffs);
}

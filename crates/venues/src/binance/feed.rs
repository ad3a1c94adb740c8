//! Binance's market data as events: connects the decoders, the books and the counters.

use domain::{
    Instrument, InstrumentId, Instruments, Market, MarketData, MarketEvent, Span, Timestamp,
    event::BookLoss,
};

use super::{
    VENUE,
    book::{Book, Shared},
    decode::{Decoder, Reader},
    message::Message,
    streams::{Endpoints, Root, StreamKind, streams_of},
    throttle::{FeedThrottle, ResyncPolicy},
    unreadable::book_of_unreadable,
};
use crate::{
    ConnectionId, ConnectionPlan, FeedCounters, FeedHealth, FetchError, FrameError,
    InstrumentHealth, MarketFeed, MarketSink, Request,
};

/// Most streams on one connection; the venue allows 1,024.
const STREAMS_PER_CONNECTION: usize = 200;

/// What to read from Binance, from where, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinanceConfig {
    /// Where the venue is.
    pub endpoints: Endpoints,
    /// Which streams to read for each instrument, where its market has them.
    pub streams: Vec<StreamKind>,
    /// How often the venue sends changes of a book, such as `100ms`.
    pub depth_speed: String,
    /// Levels a side of a depth snapshot.
    pub snapshot_levels: u32,
    /// Changes kept for one book while its snapshot is on the way; the oldest are dropped.
    pub kept_diffs: usize,
    /// Longest silence of a connection.
    pub idle_limit: Span,
    /// When snapshots are asked for.
    pub resync: ResyncPolicy,
}

impl Default for BinanceConfig {
    fn default() -> Self {
        Self {
            endpoints: Endpoints::default(),
            streams: vec![
                StreamKind::Depth,
                StreamKind::BookTicker,
                StreamKind::AggregateTrade,
                StreamKind::MarkPrice,
            ],
            depth_speed: "100ms".into(),
            snapshot_levels: 1_000,
            kept_diffs: 1_024,
            idle_limit: Span::from_secs(10),
            resync: ResyncPolicy::default(),
        }
    }
}

/// One socket and how it does.
#[derive(Debug)]
struct Connection {
    plan: ConnectionPlan,
    market: Market,
    /// The instruments with streams on it, and which kinds.
    carries: Vec<(InstrumentId, Vec<StreamKind>)>,
    opened: Option<Timestamp>,
    last_frame: Option<Timestamp>,
    silent: bool,
}

impl Connection {
    fn carries_books(&self) -> bool {
        self.carries.iter().any(|(_, kinds)| kinds.contains(&StreamKind::Depth))
    }
}

/// What is remembered of one instrument.
#[derive(Debug)]
struct Track {
    instrument: Instrument,
    book: Book,
    silent_connections: u16,
    /// By [`StreamKind`]: whether a message has come since the connection was opened.
    heard: [bool; StreamKind::ALL.len()],
    /// The newest trade and aggregate trade, to drop those a replaced connection repeats.
    last_trade: [u64; 2],
}

/// Translates Binance's spot, USD-M and COIN-M market data.
#[derive(Debug)]
pub struct BinanceFeed {
    config: BinanceConfig,
    connections: Vec<Connection>,
    /// One decoder for each market, in the order of [`Market`].
    decoders: [Decoder; 3],
    /// By instrument id; `None` for instruments of other venues.
    tracks: Vec<Option<Track>>,
    shared: Shared,
    now: Timestamp,
}

impl BinanceFeed {
    /// A feed for those of the session's instruments that belong to this venue.
    #[must_use]
    pub fn new(config: BinanceConfig, instruments: &Instruments) -> Self {
        let connections = plan_connections(&config, instruments);
        let track = |one: &Instrument| {
            let spec = one.spec();
            let levels = config.snapshot_levels;
            (spec.venue == VENUE).then(|| Track {
                instrument: one.clone(),
                book: Book::new(
                    one.id(),
                    config.endpoints.depth_url(spec.market, &spec.symbol, levels),
                    config.kept_diffs,
                ),
                silent_connections: 0,
                heard: [false; StreamKind::ALL.len()],
                last_trade: [0; 2],
            })
        };
        let markets = [Market::Spot, Market::LinearPerpetual, Market::InversePerpetual];
        Self {
            connections,
            decoders: markets.map(|market| Decoder::new(market, instruments)),
            tracks: instruments.iter().map(track).collect(),
            shared: Shared {
                counters: FeedCounters::default(),
                throttle: FeedThrottle::default(),
                policy: config.resync,
            },
            now: Timestamp::EPOCH,
            config,
        }
    }

    /// The market a connection carries; `None` for one that does not exist.
    #[must_use]
    pub fn market_of(&self, connection: ConnectionId) -> Option<Market> {
        self.connections.get(connection.index()).map(|one| one.market)
    }

    /// A connection of a market, for frames that come from a recording.
    #[must_use]
    pub fn connection_of(&self, market: Market) -> Option<ConnectionId> {
        self.connections.iter().position(|one| one.market == market).map(connection_id)
    }

    fn track(&mut self, instrument: InstrumentId) -> Option<&mut Track> {
        self.tracks.get_mut(instrument.index())?.as_mut()
    }

    /// Passes on what is neither a book nor about the connection.
    #[inline]
    fn on_market(&mut self, event: MarketEvent<'static>, out: &mut dyn MarketSink) {
        let Some(Some(track)) = self.tracks.get_mut(event.instrument.index()) else { return };
        let (kind, newest) = match &event.data {
            MarketData::Quote(_) => (StreamKind::BookTicker, None),
            MarketData::Trade(trade) => (StreamKind::Trade, Some((trade.id, 0))),
            MarketData::AggregateTrade(trade) => (StreamKind::AggregateTrade, Some((trade.id, 1))),
            _ => (StreamKind::MarkPrice, None),
        };
        track.heard[kind as usize] = true;
        if let Some((id, place)) = newest {
            if id <= track.last_trade[place] {
                self.shared.counters.duplicates += 1;
                return;
            }
            track.last_trade[place] = id;
        }
        out.event(event);
    }

    /// A change of a book may be among what could not be read: then the book is lost.
    #[cold]
    fn on_unreadable(
        &mut self,
        market: Market,
        frame: &[u8],
        now: Timestamp,
        out: &mut dyn MarketSink,
    ) {
        self.shared.counters.parse_errors += 1;
        let symbols = self.decoders[market as usize].symbols();
        let Some(instrument) = book_of_unreadable(frame, symbols) else { return };
        if let Some(Some(track)) = self.tracks.get_mut(instrument.index()) {
            track.book.interrupt(BookLoss::Unreadable, now, &mut self.shared, out);
        }
    }

    /// Notes that a connection fell silent or speaks again, and says so for instruments that
    /// are affected for the first or last time.
    #[cold]
    fn set_silent(&mut self, place: usize, silent: bool, out: &mut dyn MarketSink) {
        let connection = &mut self.connections[place];
        connection.silent = silent;
        for &(instrument, _) in &connection.carries {
            let Some(Some(track)) = self.tracks.get_mut(instrument.index()) else { continue };
            let before = track.silent_connections;
            track.silent_connections = if silent { before + 1 } else { before.saturating_sub(1) };
            let data = match (before, track.silent_connections) {
                (0, 1) => MarketData::FeedSilent,
                (1, 0) => MarketData::FeedLive,
                _ => continue,
            };
            out.event(MarketEvent { instrument, exchange_time: None, data });
        }
    }

    fn missing_streams(&self, track: &Track) -> Vec<String> {
        let mut missing = Vec::new();
        for connection in &self.connections {
            let waited = connection.opened.map(|opened| self.now.since(opened));
            if waited.is_none_or(|waited| waited <= self.config.idle_limit) {
                continue;
            }
            for (instrument, kinds) in &connection.carries {
                if *instrument == track.instrument.id() {
                    let quiet = kinds.iter().filter(|kind| !track.heard[**kind as usize]);
                    let name = |kind: &StreamKind| {
                        kind.stream(track.instrument.symbol(), &self.config.depth_speed)
                    };
                    missing.extend(quiet.map(name));
                }
            }
        }
        missing
    }
}

impl MarketFeed for BinanceFeed {
    fn connections(&self) -> Vec<ConnectionPlan> {
        self.connections.iter().map(|one| one.plan.clone()).collect()
    }

    fn on_open(&mut self, connection: ConnectionId, now: Timestamp, out: &mut dyn MarketSink) {
        let place = connection.index();
        let Some(one) = self.connections.get_mut(place) else { return };
        (one.opened, one.last_frame) = (Some(now), Some(now));
        let carried = one.carries.clone();
        if one.silent {
            self.set_silent(place, false, out);
        }
        for (instrument, kinds) in carried {
            if let Some(track) = self.track(instrument) {
                for kind in kinds {
                    track.heard[kind as usize] = false;
                }
                track.last_trade = [0; 2];
            }
        }
    }

    fn on_close(&mut self, connection: ConnectionId, now: Timestamp, out: &mut dyn MarketSink) {
        let Some(one) = self.connections.get_mut(connection.index()) else { return };
        one.opened = None;
        if !one.carries_books() {
            return;
        }
        for (instrument, _) in &one.carries {
            if let Some(Some(track)) = self.tracks.get_mut(instrument.index()) {
                track.book.interrupt(BookLoss::Disconnected, now, &mut self.shared, out);
            }
        }
    }

    fn on_frame(
        &mut self,
        connection: ConnectionId,
        frame: &[u8],
        now: Timestamp,
        out: &mut dyn MarketSink,
    ) -> Result<(), FrameError> {
        self.now = now;
        self.shared.counters.frames += 1;
        let Some(one) = self.connections.get_mut(connection.index()) else {
            let reason = format!("there is no connection {}", connection.index());
            return Err(FrameError { channel: "unknown", reason });
        };
        one.last_frame = Some(now);
        let market = one.market;
        if one.silent {
            self.set_silent(connection.index(), false, out);
        }
        let decoder = &mut self.decoders[market as usize];
        let message = match decoder.decode(frame) {
            Ok((message, Reader::Fast)) => message,
            Ok((message, Reader::Slow)) => {
                self.shared.counters.slow_frames += 1;
                message
            }
            Err(error) => {
                self.on_unreadable(market, frame, now, out);
                return Err(error);
            }
        };
        match message {
            Message::Depth(diff) => {
                if let Some(Some(track)) = self.tracks.get_mut(diff.instrument.index()) {
                    track.heard[StreamKind::Depth as usize] = true;
                    track.book.on_diff(&diff, decoder.levels(), now, &mut self.shared, out);
                }
            }
            Message::Market(event) => self.on_market(event, out),
            Message::Shutdown => out.request(Request::Replace { connection }),
            Message::Refused { code, reason } => {
                self.shared.counters.venue_errors += 1;
                tracing::warn!(code, reason, "the venue refuses a message of ours");
            }
            Message::Reply => {}
            Message::Ignored => self.shared.counters.ignored_frames += 1,
        }
        Ok(())
    }

    fn on_response(
        &mut self,
        request: &Request,
        body: Result<&[u8], FetchError>,
        now: Timestamp,
        out: &mut dyn MarketSink,
    ) -> Result<(), FrameError> {
        self.now = now;
        let Request::DepthSnapshot { instrument, .. } = request else { return Ok(()) };
        match self.tracks.get_mut(instrument.index()) {
            Some(Some(Track { instrument, book, .. })) => {
                book.on_snapshot(body, instrument, now, &mut self.shared, out)
            }
            _ => Ok(()),
        }
    }

    fn on_clock(&mut self, now: Timestamp, out: &mut dyn MarketSink) {
        self.now = now;
        for place in 0..self.connections.len() {
            let one = &self.connections[place];
            let idle = one.last_frame.is_some_and(|last| now.since(last) > self.config.idle_limit);
            if idle && !one.silent {
                self.set_silent(place, true, out);
            }
        }
        for track in self.tracks.iter_mut().flatten() {
            track.book.on_clock(now, &mut self.shared, out);
        }
    }

    fn resync(
        &mut self,
        instrument: InstrumentId,
        loss: BookLoss,
        now: Timestamp,
        out: &mut dyn MarketSink,
    ) {
        if let Some(Some(track)) = self.tracks.get_mut(instrument.index()) {
            track.book.distrust(loss, now, &mut self.shared, out);
        }
    }

    fn health(&self) -> FeedHealth {
        let instrument = |track: &Track| InstrumentHealth {
            instrument: track.instrument.id(),
            book: track.book.sync(),
            silent: track.silent_connections > 0,
            missing_streams: self.missing_streams(track),
        };
        FeedHealth {
            counters: self.shared.counters,
            instruments: self.tracks.iter().flatten().map(instrument).collect(),
        }
    }
}

fn plan_connections(config: &BinanceConfig, instruments: &Instruments) -> Vec<Connection> {
    let mut connections = Vec::new();
    for root in Root::ALL {
        let kinds = root.kinds(&config.streams);
        let here = |one: &&Instrument| {
            one.spec().venue == VENUE && one.spec().market == root.market() && !kinds.is_empty()
        };
        let ours: Vec<&Instrument> = instruments.iter().filter(here).collect();
        let group = (STREAMS_PER_CONNECTION / kinds.len().max(1)).max(1);
        for (number, group) in ours.chunks(group).enumerate() {
            let names = |one: &&Instrument| streams_of(one.spec(), &kinds, &config.depth_speed);
            let streams: Vec<String> = group.iter().flat_map(names).collect();
            connections.push(Connection {
                plan: root.plan(number, &config.endpoints, &streams, config.idle_limit),
                market: root.market(),
                carries: group.iter().map(|one| (one.id(), kinds.clone())).collect(),
                opened: None,
                last_frame: None,
                silent: false,
            });
        }
    }
    connections
}

fn connection_id(place: usize) -> ConnectionId {
    ConnectionId::new(u16::try_from(place).expect("there are at most 65,536 instruments"))
}

//! A replay through the library: the same parts as the command's, open to a look inside.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use algopioneer::{
    config::{self, Environment, Loaded, Override, Sources},
    session::{self, Account, Completed, SessionPlan},
};
use domain::{
    InstrumentId, Instruments, RunNumber, Span, Timestamp, event::BookLoss, record::MarketSource,
};
use engine::{Engine, OpeningAccount};
use runtime::{Activity, Clock as _, Intake, Pace, Source, Stamp, WallClock};
use venues::{
    binance::{BinanceConfig, BinanceFeed, StreamKind, known_instrument},
    capture::{CaptureFacts, EventSink, Played, Player, Track},
};

use super::CONFIG;

/// A configuration, its instruments, and recordings of them.
pub struct Session {
    pub loaded: Loaded,
    pub instruments: Instruments,
    captures: Vec<(PathBuf, InstrumentId)>,
}

impl Session {
    /// Of these recordings, with settings over those of the file.
    pub fn of(captures: &[PathBuf], settings: &[&str]) -> Self {
        let overrides = settings.iter().map(|text| Override::parse_set(text).unwrap()).collect();
        let sources =
            Sources::with_file(CONFIG.as_ref(), Environment::default(), overrides).unwrap();
        let loaded = config::load(&sources).unwrap();
        let facts: Vec<_> = captures.iter().map(|path| CaptureFacts::read(path).unwrap()).collect();
        let specs = facts.iter().map(|one| known_instrument(one.market, &one.symbol).unwrap());
        let instruments = Instruments::new(specs).unwrap();
        let captures = captures.iter().cloned().zip(instruments.iter().map(domain::Instrument::id));
        Self { captures: captures.collect(), loaded, instruments }
    }

    /// The translator of the recordings.
    pub fn feed(&self) -> BinanceFeed {
        let config =
            BinanceConfig { streams: StreamKind::ALL.to_vec(), ..BinanceConfig::default() };
        BinanceFeed::new(config, &self.instruments)
    }

    /// The recordings at their beginning.
    pub fn player(&self) -> Player {
        let feed = self.feed();
        let track = |(path, instrument): &(PathBuf, InstrumentId)| Track {
            path: path.clone(),
            instrument: *instrument,
            connection: feed
                .connection_of(self.instruments.get(*instrument).spec().market)
                .unwrap(),
        };
        let tracks = self.captures.iter().map(track).collect();
        Player::new(Box::new(feed), tracks).unwrap()
    }

    /// An engine that only watches.
    pub fn watcher(&self) -> Engine {
        let cash = OpeningAccount::with_cash(self.loaded.config.paper.starting_cash);
        let (run, instruments) = (RunNumber::FIRST, self.instruments.clone());
        session::engine_of(&self.loaded.config, run, instruments, cash, Vec::new()).unwrap()
    }

    /// Runs a source through a whole session, as `replay` does.
    pub fn run<S: Source>(&self, source: S, data_dir: Option<&Path>) -> Completed<S> {
        let plan = SessionPlan {
            command: "replay",
            market: MarketSource::Recorded,
            market_seed: None,
            loaded: &self.loaded,
            data_dir: data_dir.map(Path::to_owned),
            database: None,
            instruments: self.instruments.clone(),
            pace: Pace::Data,
            account: Account::Fresh,
            listener: None,
            deadline: None,
            show_status: false,
            feed: Arc::default(),
            clock: WallClock::start(),
        };
        session::run(plan, source).unwrap()
    }
}

/// Plays recordings, so many lines in one poll.
pub struct Chunks {
    player: Player,
    lines: usize,
    clock: WallClock,
    last: Timestamp,
}

impl Chunks {
    pub fn of(player: Player, lines: usize) -> Self {
        Self { player, lines, clock: WallClock::start(), last: Timestamp::EPOCH }
    }
}

impl Source for Chunks {
    fn poll(&mut self, intake: &mut dyn Intake) -> Activity {
        for _ in 0..self.lines {
            let mut sink = Arriving { intake, arrival: self.clock.stamp() };
            match self.player.play(&mut sink).unwrap() {
                Played::Line(time) => self.last = time,
                Played::Finished => return Activity::Finished,
            }
        }
        Activity::Busy
    }

    fn wait(&mut self, _limit: std::time::Duration) {}

    fn resync(&mut self, instrument: InstrumentId, intake: &mut dyn Intake) {
        let mut sink = Arriving { intake, arrival: self.clock.stamp() };
        self.player.resync(instrument, BookLoss::Crossed, self.last, &mut sink);
    }
}

struct Arriving<'a> {
    intake: &'a mut dyn Intake,
    arrival: Stamp,
}

impl EventSink for Arriving<'_> {
    fn event(&mut self, received: Timestamp, event: domain::MarketEvent<'_>) {
        self.intake.market(&event, received, self.arrival);
    }
}

/// One second of event time.
pub const SECOND: Span = Span::from_secs(1);

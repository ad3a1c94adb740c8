//! A market that was recorded: its frames, verbatim, in the order they were received.
//!
//! Several recordings are merged by receive time. A book is kept for each, so that the REST
//! interface fits the streams at every moment. Recordings are read as they are played; only
//! their beginnings are read before, to learn what they hold.

mod book;
mod floor;
mod line;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use domain::{
    InstrumentId, Instruments, Price, Rate, Span, Timestamp, event::MarkPrice,
    instrument::InstrumentSpec,
};
use venues::{
    binance::known_instruments::known_instrument,
    capture::{CaptureError, CaptureFacts, CaptureReader},
};

use self::{
    book::RecordedBook,
    floor::Guests,
    line::{DiffLine, Line, MarkLine, TradeLine},
};
use crate::{
    config::Repeat,
    error::SandboxError,
    market::{Channel, Depth, Market, Outlet, Progress, Stream},
};

/// How far into a file its snapshot may be.
const LOOK_AHEAD: usize = 200_000;

/// One file being played, with the line that comes next.
struct Track {
    path: PathBuf,
    reader: CaptureReader,
    instrument: InstrumentId,
    /// The book of the beginning, for starting again.
    first_book: Option<RecordedBook>,
    book: Option<RecordedBook>,
    mark: Option<MarkPrice>,
    /// Orders of accounts.
    guests: Guests,
    /// The channel whose trades fill them: the first one seen.
    fills_from: Option<Channel>,
    /// When the next line is due; `None` at the end of the file.
    next: Option<Timestamp>,
    json: String,
    number: u64,
}

/// Recordings, merged.
pub(crate) struct Recording {
    instruments: Instruments,
    tracks: Vec<Track>,
    begin: Timestamp,
    now: Timestamp,
    repeat: Repeat,
}

impl Recording {
    /// Looks into the files and prepares to play them. `specs` may name the instruments;
    /// those of the built-in table need no mention.
    pub(crate) fn open(
        files: &[PathBuf],
        specs: &[InstrumentSpec],
        repeat: Repeat,
    ) -> Result<Self, SandboxError> {
        let mut found: Vec<InstrumentSpec> = Vec::new();
        let mut places = Vec::new();
        for path in files {
            let spec = describe(path, specs)?;
            places.push(found.iter().position(|one| *one == spec).unwrap_or_else(|| {
                found.push(spec);
                found.len() - 1
            }));
        }
        let instruments = Instruments::new(found)?;
        let ids: Vec<InstrumentId> = instruments.iter().map(domain::Instrument::id).collect();
        let tracks: Vec<Track> = files
            .iter()
            .zip(places)
            .map(|(path, place)| Track::open(path, ids[place]))
            .collect::<Result<_, _>>()?;
        let begin = tracks.iter().filter_map(|track| track.next).min().unwrap_or_default();
        Ok(Self { instruments, tracks, begin, now: begin, repeat })
    }

    pub(crate) const fn instruments(&self) -> &Instruments {
        &self.instruments
    }

    fn start_again(&mut self) -> Result<(), String> {
        for track in &mut self.tracks {
            track.rewind().map_err(|error| error.to_string())?;
        }
        self.now = self.begin;
        Ok(())
    }
}

impl Track {
    fn open(path: &Path, instrument: InstrumentId) -> Result<Self, SandboxError> {
        let book = find_snapshot(path)?;
        let mut track = Self {
            path: path.to_owned(),
            reader: CaptureReader::open(path)?,
            instrument,
            first_book: book.clone(),
            book,
            mark: None,
            guests: Guests::default(),
            fills_from: None,
            next: None,
            json: String::new(),
            number: 0,
        };
        track.advance()?;
        Ok(track)
    }

    fn rewind(&mut self) -> Result<(), CaptureError> {
        self.reader = CaptureReader::open(&self.path)?;
        self.book.clone_from(&self.first_book);
        self.mark = None;
        self.advance()
    }

    /// Reads the next line.
    fn advance(&mut self) -> Result<(), CaptureError> {
        self.json.clear();
        self.next = None;
        if let Some(line) = self.reader.next_line()? {
            // What is not UTF-8 cannot be JSON and is refused when it is played.
            self.json.push_str(&String::from_utf8_lossy(line.text));
            (self.next, self.number) = (Some(line.time), line.number);
        }
        Ok(())
    }

    /// Plays the next line.
    fn play(&mut self, specs: &Instruments, outlet: &mut dyn Outlet) -> Result<(), String> {
        self.tell(specs, outlet)
            .map_err(|reason| format!("{}, line {}: {reason}", self.path.display(), self.number))?;
        self.advance().map_err(|error| error.to_string())
    }

    fn tell(&mut self, specs: &Instruments, outlet: &mut dyn Outlet) -> Result<(), String> {
        let unreadable = |error: serde_json::Error| error.to_string();
        let Line::Frame { name, data } = line::read(&self.json).map_err(unreadable)? else {
            return Ok(());
        };
        let Some(channel) = channel_of(name) else { return Ok(()) };
        match channel {
            Channel::Depth { .. } => {
                let diff: DiffLine<'_> = serde_json::from_str(data).map_err(unreadable)?;
                if let Some(book) = &mut self.book {
                    book.apply(&diff)?;
                    self.guests.follow(specs.get(self.instrument), book, &diff);
                }
            }
            Channel::MarkPrice { .. } => {
                let line: MarkLine<'_> = serde_json::from_str(data).map_err(unreadable)?;
                self.mark = read_mark(&line).or(self.mark);
            }
            Channel::Trade | Channel::AggregateTrade => {
                if *self.fills_from.get_or_insert(channel) == channel {
                    let trade: TradeLine<'_> = serde_json::from_str(data).map_err(unreadable)?;
                    self.guests.trade_passed(specs.get(self.instrument), &trade);
                }
            }
            Channel::BookTicker => {}
        }
        let stream = Stream { instrument: self.instrument, channel };
        if outlet.wants(stream) {
            outlet.publish(stream, data);
        }
        Ok(())
    }
}

impl Market for Recording {
    fn run_until(&mut self, elapsed: Span, outlet: &mut dyn Outlet) -> Progress {
        loop {
            let due = |(index, track): (usize, &Track)| track.next.map(|time| (time, index));
            let Some((time, index)) = self.tracks.iter().enumerate().filter_map(due).min() else {
                break;
            };
            if time.since(self.begin) > elapsed {
                return Progress::NextAt(time.since(self.begin));
            }
            self.now = time.max(self.now);
            if let Err(reason) = self.tracks[index].play(&self.instruments, outlet) {
                return Progress::Failed(reason);
            }
        }
        match self.repeat {
            Repeat::Once => Progress::Finished,
            Repeat::Forever => match self.start_again() {
                Ok(()) => Progress::Again,
                Err(reason) => Progress::Failed(reason),
            },
        }
    }

    fn depth(&self, instrument: InstrumentId, levels: usize) -> Option<Depth> {
        let track = self.tracks.iter().find(|track| track.instrument == instrument)?;
        track.book.as_ref().map(|book| book.depth(levels, self.now))
    }

    fn mark(&self, instrument: InstrumentId) -> Option<MarkPrice> {
        self.tracks.iter().find(|track| track.instrument == instrument)?.mark
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// The instrument of a file: as configured, as its recorder left it, or as publicly known.
fn describe(path: &Path, specs: &[InstrumentSpec]) -> Result<InstrumentSpec, SandboxError> {
    let CaptureFacts { market, symbol, spec, .. } = CaptureFacts::read(path)?;
    let is_it = |one: &&InstrumentSpec| one.market == market && one.symbol == symbol;
    let known = specs.iter().find(is_it).cloned().or(spec);
    known
        .or_else(|| known_instrument(market, &symbol))
        .ok_or_else(|| SandboxError::UnknownInstrument { path: path.to_owned(), market, symbol })
}

/// The snapshot is somewhere in the midst of the first frames.
fn find_snapshot(path: &Path) -> Result<Option<RecordedBook>, SandboxError> {
    let mut reader = CaptureReader::open(path)?;
    for _ in 0..LOOK_AHEAD {
        let Some(line) = reader.next_line()? else { break };
        // Telling the kinds apart this way spares reading thousands of frames.
        if line.text.starts_with(b"{\"stream\"") {
            continue;
        }
        let text = String::from_utf8_lossy(line.text);
        if let Ok(Line::Snapshot(snapshot)) = line::read(&text) {
            let refused = |reason| SandboxError::BadSnapshot { path: path.to_owned(), reason };
            return RecordedBook::from_snapshot(&snapshot).map(Some).map_err(refused);
        }
    }
    Ok(None)
}

/// The channel of a recorded stream name. There is one depth stream, whatever its pace was.
fn channel_of(name: &str) -> Option<Channel> {
    let (_, rest) = name.split_once('@')?;
    match rest.split('@').next().unwrap_or("") {
        "depth" => Some(Channel::Depth { millis: 0 }),
        "trade" => Some(Channel::Trade),
        "aggTrade" => Some(Channel::AggregateTrade),
        "bookTicker" => Some(Channel::BookTicker),
        "markPrice" => Some(Channel::MarkPrice { seconds: 1 }),
        _ => None,
    }
}

fn read_mark(line: &MarkLine<'_>) -> Option<MarkPrice> {
    let decimal = |text: &str| text.parse::<rust_decimal::Decimal>().ok();
    Some(MarkPrice {
        mark: line.mark.parse::<Price>().ok()?,
        index: line.index.and_then(|text| text.parse().ok()),
        funding_rate: line.rate.and_then(decimal).map(Rate::new),
        next_funding: line.next_funding_millis.map(Timestamp::from_millis),
    })
}

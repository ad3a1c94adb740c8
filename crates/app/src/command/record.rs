//! `record`: a venue's raw frames into files that `replay` reads.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use domain::{Instrument, Instruments, Market, MarketEvent, Timestamp, record::market_name};
use runtime::WallClock;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use venues::{
    ConnectionId, MarketFeed as _, Request,
    capture::CaptureWriter,
    wire::{Raw, WireDriver, WireSettings, WireSink},
};

use super::{Failure, loading, venue};
use crate::{cli::RecordArgs, output, report::summary::grouped, source::network_clock};

/// Files are brought up to date at least this often.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

pub(super) fn execute(arguments: &RecordArgs) -> Result<(), Failure> {
    let loaded = loading::load(Some(&arguments.config), &arguments.overrides, &[])?;
    let instruments = venue::ask(&loaded.config)?.instruments;
    let translator = venue::feed(&loaded.config, &instruments);
    let markets: Vec<Market> = (0..)
        .map_while(|index| translator.market_of(ConnectionId::new(index)))
        .take(translator.connections().len())
        .collect();
    let files = files(&arguments.out, &instruments)?;
    let mut sink = Recorder { files, markets, failure: None };
    let clock = WallClock::start();
    let driver =
        WireDriver::new(Box::new(translator), network_clock(&clock), WireSettings::default())
            .context("cannot connect to the venue")?;
    let stop = stop_flag()?;
    if !arguments.json {
        output::text(&format!("Recording into {} file(s); stop with Ctrl-C.\n", sink.files.len()))?;
    }
    let health = record(driver, &mut sink, arguments.seconds.map(Duration::from_secs), stop)?;
    let mut recorded = Vec::new();
    for file in sink.files {
        let lines = file.writer.finish().map_err(anyhow::Error::from)?;
        recorded.push(Recorded { file: file.path, instrument: file.name, lines });
    }
    let result = Summary { files: recorded, frames: health.frames, gaps: health.sequence_gaps };
    if arguments.json {
        return Ok(output::json(&result)?);
    }
    Ok(output::text(&result.describe(&arguments.config))?)
}

#[derive(Serialize)]
struct Summary {
    files: Vec<Recorded>,
    frames: u64,
    gaps: u64,
}

#[derive(Serialize)]
struct Recorded {
    file: PathBuf,
    instrument: String,
    lines: u64,
}

impl Summary {
    fn describe(&self, config: &Path) -> String {
        let mut text = format!("\n{} frames, {} gaps\n\n", grouped(self.frames), self.gaps);
        let mut next = format!("\n  algopioneer replay --config {}", config.display());
        for file in &self.files {
            let path = file.file.display();
            let _ = writeln!(text, "  {:<20} {:>9} lines  {path}", file.instrument, file.lines);
            let _ = write!(next, " \\\n    --capture {path}");
        }
        text + &next + "\n"
    }
}

struct File {
    name: String,
    market: Market,
    stream_prefix: Vec<u8>,
    path: PathBuf,
    writer: CaptureWriter,
}

/// One file for each instrument, as the format has it: a snapshot does not name its symbol.
fn files(out: &Path, instruments: &Instruments) -> Result<Vec<File>> {
    let open = |one: &Instrument| {
        let path = if instruments.len() == 1 { out.to_owned() } else { beside(out, one) };
        let writer = CaptureWriter::create(&path, one.spec())?;
        Ok(File {
            name: format!("{}:{}", market_name(one.spec().market), one.symbol()),
            market: one.spec().market,
            stream_prefix: format!("\"{}@", one.symbol().to_lowercase()).into_bytes(),
            path,
            writer,
        })
    };
    instruments.iter().map(open).collect()
}

/// `out.txt.zst` becomes `out.usdm-btcusdt.txt.zst`.
fn beside(out: &Path, instrument: &Instrument) -> PathBuf {
    let name = out.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let (stem, rest) = name
        .split_once('.')
        .map_or((name.as_str(), String::new()), |(stem, rest)| (stem, format!(".{rest}")));
    let market = market_name(instrument.spec().market);
    out.with_file_name(format!("{stem}.{market}-{}{rest}", instrument.symbol().to_lowercase()))
}

struct Recorder {
    files: Vec<File>,
    /// By connection.
    markets: Vec<Market>,
    failure: Option<anyhow::Error>,
}

impl WireSink for Recorder {
    fn event(&mut self, _received: Timestamp, _event: MarketEvent<'_>) {}

    fn raw(&mut self, received: Timestamp, raw: Raw<'_>) {
        let (place, bytes) = match raw {
            Raw::Frame { connection, bytes } => (self.file_of_frame(connection, bytes), bytes),
            Raw::Answer { request: Request::DepthSnapshot { instrument, .. }, bytes } => {
                (Some(instrument.index()), bytes)
            }
            Raw::Answer { .. } => return,
        };
        let Some(file) = place.and_then(|place| self.files.get_mut(place)) else { return };
        if let Err(error) = file.writer.write(received, bytes) {
            self.failure.get_or_insert(error.into());
        }
    }
}

impl Recorder {
    /// The stream's name is at the beginning of a message: `{"stream":"btcusdt@depth",..`.
    /// Replies to our subscriptions have none and are not recorded.
    fn file_of_frame(&self, connection: ConnectionId, frame: &[u8]) -> Option<usize> {
        let market = *self.markets.get(connection.index())?;
        let start = &frame[..frame.len().min(128)];
        let names = |file: &File| {
            let prefix = &file.stream_prefix;
            start.windows(prefix.len()).any(|window| window == prefix.as_slice())
        };
        self.files.iter().position(|file| file.market == market && names(file))
    }
}

fn record(
    mut driver: WireDriver,
    sink: &mut Recorder,
    limit: Option<Duration>,
    stop: &AtomicBool,
) -> Result<venues::FeedCounters> {
    let began = Instant::now();
    let mut checkpoint = began + CHECKPOINT_EVERY;
    while !stop.load(Ordering::Acquire) && limit.is_none_or(|limit| began.elapsed() < limit) {
        let activity = driver.poll(sink)?;
        if let Some(error) = sink.failure.take() {
            return Err(error);
        }
        if Instant::now() >= checkpoint {
            checkpoint = Instant::now() + CHECKPOINT_EVERY;
            for file in &mut sink.files {
                file.writer.checkpoint()?;
            }
        }
        if activity.frames == 0 && !activity.more {
            driver.wait(Duration::from_millis(50))?;
        }
    }
    let counters = driver.feed().health().counters;
    driver.shutdown(Duration::from_millis(500));
    Ok(counters)
}

/// A flag that the first signal sets.
fn stop_flag() -> Result<&'static AtomicBool> {
    static STOP: AtomicBool = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _context = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        STOP.store(true, Ordering::Release);
    })?;
    Ok(&STOP)
}

//! From a frame's bytes to the best bid and ask: the feed and the book against a general
//! JSON parser and ordered maps.
//!
//! Both sides read every recorded USD-M book change in order, check that it follows on the
//! one before, apply it and look at the touch; after each batch both must show the same
//! touch. The reference is made as fast as it can be without leaving its parts: the parser
//! borrows its texts, numbers are read by our own reader, and prices are whole ticks.
//! `cargo bench -p venues --bench fused`.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::unwrap_used, reason = "recorded frames are well-formed")]

use std::{collections::BTreeMap, hint::black_box, path::Path, process::ExitCode, time::Instant};

use domain::{
    Instrument, InstrumentId, Instruments, Level, Market, MarketData, MarketEvent, Timestamp,
};
use market::OrderBook;
use serde::Deserialize;
use testkit::bench::Duel;
use venues::{
    ConnectionId, MarketFeed, MarketSink, Request,
    binance::{BinanceConfig, BinanceFeed, known_instrument, read_snapshot},
    capture::CaptureReader,
};

const FILE: &str = "binance-raw/usdm_btcusdt_20240808.txt.zst";
const BTC: InstrumentId = InstrumentId::new(0);
const CONNECTION: ConnectionId = ConnectionId::new(0);
const BATCH: usize = 100;
/// How often the recording is gone through.
const PASSES: usize = 6;

type Touch = (Option<Level>, Option<Level>);

/// The book changes of a recording and the snapshot they build on.
struct Tape {
    instruments: Instruments,
    snapshot: Vec<u8>,
    /// Changes that the snapshot does not contain, the first one overlapping it.
    frames: Vec<Vec<u8>>,
}

#[derive(Deserialize)]
struct Combined<'f> {
    #[serde(borrow)]
    data: Depth<'f>,
}

#[derive(Deserialize)]
struct Depth<'f> {
    #[serde(rename = "U")]
    first: u64,
    #[serde(rename = "u")]
    last: u64,
    pu: u64,
    #[serde(rename = "E")]
    event_time: i64,
    #[serde(rename = "s")]
    symbol: &'f str,
    #[serde(borrow)]
    b: Vec<[&'f str; 2]>,
    #[serde(borrow)]
    a: Vec<[&'f str; 2]>,
}

impl Tape {
    fn read(path: &Path) -> Self {
        let spec = known_instrument(Market::LinearPerpetual, "BTCUSDT").unwrap();
        let instruments = Instruments::new([spec]).unwrap();
        let mut reader = CaptureReader::open(path).unwrap();
        let (mut snapshot, mut frames) = (Vec::new(), Vec::new());
        while let Some(line) = reader.next_line().unwrap() {
            if line.text.starts_with(b"{\"lastUpdateId\"") {
                snapshot = line.text.to_vec();
            } else if line.text.windows(13).any(|part| part == b"\"depthUpdate\"") {
                frames.push(line.text.to_vec());
            }
        }
        let (update_id, _) = read_snapshot(&snapshot, instruments.get(BTC)).unwrap();
        let last = |frame: &[u8]| serde_json::from_slice::<Combined>(frame).unwrap().data.last;
        frames.retain(|frame| last(frame) >= update_id);
        Self { instruments, snapshot, frames }
    }
}

/// The feed and the flat book.
struct Ours {
    feed: BinanceFeed,
    sink: BookSink,
}

struct BookSink {
    book: OrderBook,
    touch: Touch,
}

impl MarketSink for BookSink {
    fn event(&mut self, event: MarketEvent<'_>) {
        match &event.data {
            MarketData::BookSnapshot { bids, asks, .. } => self.book.load(bids, asks),
            MarketData::BookDiff { bids, asks, .. } => self.book.apply(bids, asks),
            _ => return,
        }
        self.touch = (self.book.best_bid(), self.book.best_ask());
    }

    fn request(&mut self, _request: Request) {}
}

impl Ours {
    fn new(tape: &Tape) -> Self {
        let mut feed = BinanceFeed::new(BinanceConfig::default(), &tape.instruments);
        let mut sink = BookSink { book: OrderBook::new(), touch: (None, None) };
        feed.on_open(CONNECTION, Timestamp::EPOCH, &mut sink);
        // The translator wants to see a change before a snapshot; the first one is kept.
        feed.on_frame(CONNECTION, &tape.frames[0], Timestamp::EPOCH, &mut sink).unwrap();
        let request = Request::DepthSnapshot { instrument: BTC, url: String::new() };
        feed.on_response(&request, Ok(&tape.snapshot), Timestamp::EPOCH, &mut sink).unwrap();
        Self { feed, sink }
    }

    fn take(&mut self, frame: &[u8]) -> Touch {
        self.feed.on_frame(CONNECTION, frame, Timestamp::EPOCH, &mut self.sink).unwrap();
        self.sink.touch
    }
}

/// The general parser and the maps.
struct Theirs {
    instrument: Instrument,
    last: u64,
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

impl Theirs {
    fn new(tape: &Tape) -> Self {
        let instrument = tape.instruments.get(BTC).clone();
        let (_, levels) = read_snapshot(&tape.snapshot, &instrument).unwrap();
        let side = |levels: &[Level]| {
            levels.iter().map(|level| (level.price.get(), level.quantity.get())).collect()
        };
        let (bids, asks) = (side(&levels.bids), side(&levels.asks));
        let first: Combined = serde_json::from_slice(&tape.frames[0]).unwrap();
        let mut theirs = Self { instrument, last: first.data.pu, bids, asks };
        theirs.take(&tape.frames[0]);
        theirs
    }

    fn take(&mut self, frame: &[u8]) -> Touch {
        let Combined { data } = serde_json::from_slice(frame).unwrap();
        assert!(data.pu == self.last && data.symbol == self.instrument.symbol());
        self.last = data.last;
        black_box((data.first, data.event_time));
        apply(&mut self.bids, &data.b, &self.instrument);
        apply(&mut self.asks, &data.a, &self.instrument);
        let level = |(&price, &quantity)| Level::new(price, quantity);
        (self.bids.last_key_value().map(level), self.asks.first_key_value().map(level))
    }
}

fn apply(side: &mut BTreeMap<i64, i64>, texts: &[[&str; 2]], instrument: &Instrument) {
    for [price, quantity] in texts {
        let price: i64 = instrument.price_scale().parse(price.as_bytes()).unwrap();
        let quantity: i64 = instrument.quantity_scale().parse(quantity.as_bytes()).unwrap();
        if quantity == 0 {
            side.remove(&price);
        } else {
            side.insert(price, quantity);
        }
    }
}

/// Nanoseconds a frame, and the touch at the end.
#[expect(clippy::cast_precision_loss, reason = "a batch is small")]
fn time(frames: &[Vec<u8>], take: &mut dyn FnMut(&[u8]) -> Touch) -> (f64, Touch) {
    let mut touch = (None, None);
    let start = Instant::now();
    for frame in frames {
        touch = black_box(take(frame));
    }
    (start.elapsed().as_secs_f64() * 1e9 / frames.len() as f64, touch)
}

fn main() -> ExitCode {
    let Some(path) = testkit::recorded(FILE) else { return ExitCode::SUCCESS };
    let tape = Tape::read(&path);
    let bytes = tape.frames.iter().map(Vec::len).sum::<usize>() / tape.frames.len();
    println!("{} recorded changes of {bytes} bytes on average", tape.frames.len());
    let mut pairs = Vec::new();
    for pass in 0..PASSES {
        let (mut ours, mut theirs) = (Ours::new(&tape), Theirs::new(&tape));
        for (number, batch) in tape.frames[1..].chunks_exact(BATCH).enumerate() {
            let ((mine, touch), (other, expected)) = if (pass + number) % 2 == 0 {
                let mine = time(batch, &mut |frame| ours.take(frame));
                (mine, time(batch, &mut |frame| theirs.take(frame)))
            } else {
                let other = time(batch, &mut |frame| theirs.take(frame));
                (time(batch, &mut |frame| ours.take(frame)), other)
            };
            assert_eq!(touch, expected, "both must show the same market");
            pairs.push((mine, other));
        }
    }
    let name = "frame to touch vs serde_json typed + BTreeMap<i64>";
    Duel { name, goal: Some(0.25) }.judge(pairs)
}

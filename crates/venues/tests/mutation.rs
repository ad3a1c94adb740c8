//! Damaged input of every kind: nothing panics, and the fast reader never accepts what the
//! careful one refuses or reads otherwise.
//!
//! The seed is fixed, so a failure repeats; each test runs for a few seconds, about 25 in
//! all.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod support;

use std::{
    io::Cursor,
    path::Path,
    time::{Duration, Instant},
};

use domain::{InstrumentId, Market, MarketEvent, Timestamp};
use support::{data, known};
use venues::{
    MarketFeed, MarketSink, Request,
    binance::{
        BinanceConfig, BinanceFeed, ResyncPolicy, decode::Decoder, message::Message,
        read_exchange_info, read_snapshot,
    },
    capture::{CaptureError, CaptureReader},
};

const DEPTH: &[&str] = &[
    r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":5123107832006,"u":5123107837557,"pu":5123107831937,"b":[["58710.20","0.014"],["61496.50","0.010"],["61800.20","2.507"]],"a":[["61800.30","3.330"],["61804.60","0.057"],["61814.90","0.000"]]}}"#,
    r#"{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BTCUSDT","ps":"BTCUSDT","st":1,"U":157,"u":160,"pu":149,"b":[["0.1","10"]],"a":[["100000.0","100"]]}"#,
    r#"{"a":[],"b":[["61837.60000000","1.54600000"]],"x":{"y":[1,-2.5,null,true]},"pu":1,"U":2,"u":3,"s":"BTCUSDT","E":5,"e":"depthUpdate"}"#,
];
const TRADE: &[&str] = &[
    r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652700455,"T":1680652700452,"s":"BTCUSDT","t":3535186032,"p":"28145.10","q":"0.002","X":"MARKET","m":true}}"#,
    r#"{"e":"trade","E":1,"s":"ETHUSDT","t":12345,"p":"0.01","q":"100","X":"NA","m":false,"M":true}"#,
];
const AGGREGATE_TRADE: &[&str] = &[
    r#"{"e":"aggTrade","E":123456789,"a":5933014,"s":"BTCUSDT","p":"0.1","q":"100","f":100,"l":105,"T":123456785,"m":true,"st":1}"#,
    r#"{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1568693103463,"s":"BTCUSDT","p":"10223.70","q":"0.236","f":181349,"l":181349,"T":1568693103463,"m":false}}"#,
];
const BOOK_TICKER: &[&str] = &[
    r#"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":2710246762461,"s":"BTCUSDT","b":"28145.10","B":"3.868","a":"28145.20","A":"6.887","T":1680652700430,"E":1680652700435}}"#,
    r#"{"u":400900217,"s":"BTCUSDT","b":"25.30000000","B":"31.21000000","a":"25.40000000","A":"40.66000000"}"#,
];
const MARK_PRICE: &[&str] = &[
    r#"{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1597536008000,"s":"BTCUSDT","p":"11857.56000000","i":"11851.86949091","r":"0.00015640","T":1597564800000}}"#,
    r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15","i":"0.0","P":"11784.25641265","r":"","T":0,"st":1}"#,
];
const CONTROL: &[&str] = &[
    r#"{"result":null,"id":1}"#,
    r#"{"code":2,"msg":"Invalid request: expected value","id":5}"#,
    r#"{"error":{"code":3,"msg":"Invalid JSON"},"id":"x"}"#,
    r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#,
    r#"{"e":"forceOrder","E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL","q":"0.014"}}"#,
];
const SNAPSHOT: &[&str] = &[
    r#"{"lastUpdateId": 1027024, "bids": [["61837.60", "431.000"], ["61837.50", "1"]], "asks": [["61837.70", "12.001"]]}"#,
    r#"{"lastUpdateId":160,"E":1,"T":2,"symbol":"BTCUSD_PERP","pair":"BTCUSD","bids":[],"asks":[]}"#,
];
const EXCHANGE_INFO: &[&str] = &[
    r#"{"symbols":[{"symbol":"BTCUSDT","contractType":"PERPETUAL","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.10"},{"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"1000","stepSize":0.001},{"filterType":"MIN_NOTIONAL","notional":"100"}]}]}"#,
];
/// Pieces that are likely to matter.
const TOKENS: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-",
    ".",
    "e5",
    "E-3",
    " ",
    "\\u0041",
    "\"e\":",
    "\"s\":",
    "\"b\":[",
    "\"u\":0,",
    "\"data\":{",
    "\"pu\":",
    "é",
    "\u{0}",
    "[[",
    "]]",
    "00",
];
const NUMBERS: &[&str] = &[
    "0",
    "00",
    "1",
    "-1",
    "0.0",
    ".5",
    "5.",
    "1e3",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999999999",
    "0.00000000000000000001",
    "16777217",
    "123456789012345",
    "1234567890123456",
    "12345678.12345678",
    "1.2.3",
];

/// A small seeded generator (Steele, Lea and Flood 2014, `SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let (one, other) = (self.below(length + 1), self.below(length + 1));
        one.min(other)..one.max(other)
    }

    /// Damages `text` in one way; now and then in none.
    fn damage(&mut self, text: &mut Vec<u8>, others: &[Vec<u8>]) {
        let at = self.below(text.len() + 1);
        match self.below(10) {
            0 if at < text.len() => text[at] ^= 1 << self.below(8),
            1 if at < text.len() => text[at] = u8::try_from(self.below(256)).unwrap(),
            2 => text.truncate(at),
            3 => drop(text.drain(self.range(text.len().min(24)))),
            4 => drop(text.splice(at..at, self.pick(TOKENS).bytes())),
            5 => {
                let piece = text[self.range(text.len())].to_vec();
                text.splice(at..at, piece);
            }
            6 => {
                let other = self.pick(others);
                let tail = &other[self.below(other.len())..];
                text.truncate(at);
                text.extend_from_slice(tail);
            }
            7 => {
                let range = self.range(text.len());
                text[range].reverse();
            }
            8 | 9 => self.mangle_number(text),
            _ => {}
        }
    }

    /// Puts another number in the place of one.
    fn mangle_number(&mut self, text: &mut Vec<u8>) {
        let part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let from = self.below(text.len().max(1));
        let Some(start) = text.iter().skip(from).position(part).map(|place| place + from) else {
            return;
        };
        let end =
            text[start..].iter().position(|byte| !part(byte)).map_or(text.len(), |n| start + n);
        let number = *self.pick(NUMBERS);
        text.splice(start..end, number.bytes());
    }
}

/// Runs `check` on damaged copies of the samples for so many seconds.
fn mutate(samples: &[Vec<u8>], seconds: u64, seed: u64, mut check: impl FnMut(&[u8])) {
    let mut dice = Dice(seed);
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut rounds = 0_u64;
    let mut text = Vec::new();
    while Instant::now() < deadline {
        for _ in 0..64 {
            text.clone_from(dice.pick(samples));
            for _ in 0..=dice.below(3) {
                dice.damage(&mut text, samples);
            }
            check(&text);
            rounds += 1;
        }
    }
    assert!(rounds > 1_000, "only {rounds} rounds with seed {seed}");
}

/// The samples written here and up to 300 recorded frames with `word` in them.
fn samples(written: &[&str], word: &str) -> Vec<Vec<u8>> {
    let mut samples: Vec<Vec<u8>> = written.iter().map(|text| text.as_bytes().to_vec()).collect();
    if let Some(path) = data("binance-raw/usdm_btcusdt_20230404_markprice.txt.zst") {
        let mut reader = CaptureReader::open(&path).unwrap();
        while let Some(line) = reader.next_line().unwrap() {
            let text = std::str::from_utf8(line.text).unwrap();
            if text.contains(word) && text.len() < 3_000 && samples.len() < 300 {
                samples.push(line.text.to_vec());
            }
        }
    }
    samples
}

/// Both readers agree on damaged frames of this kind, in futures' and spot's eyes.
fn frames(written: &[&str], word: &str, seconds: u64, seed: u64) {
    let mut readers = [Market::LinearPerpetual, Market::Spot].map(|market| {
        let decoder = Decoder::new(market, &known());
        (decoder.clone(), decoder)
    });
    let mut accepted = 0_u64;
    mutate(&samples(written, word), seconds, seed, |frame| {
        for (fast, slow) in &mut readers {
            let careful = slow.decode_slow(frame);
            let Some(message) = fast.decode_fast(frame) else { continue };
            let text = || String::from_utf8_lossy(frame).into_owned();
            let is_depth = matches!(message, Message::Depth(_));
            assert_eq!(Ok(message), careful, "seed {seed}: {}", text());
            assert!(!is_depth || fast.levels() == slow.levels(), "seed {seed}: {}", text());
            accepted += 1;
        }
    });
    assert!(accepted > 0 || written == CONTROL, "no damaged frame was readable with seed {seed}");
}

#[test]
fn damaged_depth_frames_never_split_the_readers() {
    frames(DEPTH, "depthUpdate", 5, 1);
}

#[test]
fn damaged_trades_never_split_the_readers() {
    frames(TRADE, "\"trade\"", 2, 2);
}

#[test]
fn damaged_aggregate_trades_never_split_the_readers() {
    frames(AGGREGATE_TRADE, "aggTrade", 2, 3);
}

#[test]
fn damaged_book_tickers_never_split_the_readers() {
    frames(BOOK_TICKER, "bookTicker", 3, 4);
}

#[test]
fn damaged_mark_prices_never_split_the_readers() {
    frames(MARK_PRICE, "markPrice", 3, 5);
}

#[test]
fn damaged_answers_never_split_the_readers() {
    frames(CONTROL, "nothing of the kind", 2, 6);
}

#[test]
fn damaged_snapshots_are_refused_or_make_sense() {
    let instruments = known();
    let samples: Vec<Vec<u8>> = SNAPSHOT.iter().map(|text| text.as_bytes().to_vec()).collect();
    mutate(&samples, 2, 7, |body| {
        let read = read_snapshot(body, instruments.get(InstrumentId::new(2)));
        for level in read.iter().flat_map(|(_, levels)| levels.bids.iter().chain(&levels.asks)) {
            assert!(level.price.get() > 0 && level.quantity.get() >= 0);
        }
    });
}

#[test]
fn damaged_lists_of_instruments_are_refused_or_make_sense() {
    let samples: Vec<Vec<u8>> = EXCHANGE_INFO.iter().map(|text| text.as_bytes().to_vec()).collect();
    mutate(&samples, 2, 8, |body| {
        for listed in read_exchange_info(Market::LinearPerpetual, body)
            .iter()
            .flat_map(|info| &info.instruments)
        {
            assert!(!listed.spec.lot_size.decimal().is_zero());
        }
    });
}

#[test]
fn damaged_recordings_end_with_an_error_that_names_the_line() {
    let frames = [DEPTH, TRADE, SNAPSHOT].concat();
    let lines = frames.iter().zip(1_700_000_000_000_000_000_u64..);
    let text = lines
        .fold(String::new(), |text, (frame, time)| text + &time.to_string() + " " + frame + "\n");
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    mutate(&[text.into_bytes(), packed], 3, 9, |file| {
        let name = Path::new("damaged");
        let Ok(mut reader) = CaptureReader::new(name, Cursor::new(file.to_vec())) else { return };
        let mut lines = 0;
        let error = loop {
            match reader.next_line() {
                Ok(Some(line)) => {
                    assert!(line.number > lines && line.text.starts_with(b"{"));
                    lines = line.number;
                }
                Ok(None) => return,
                Err(error) => break error,
            }
        };
        match error {
            CaptureError::Truncated { line, .. } | CaptureError::BadLine { line, .. } => {
                assert!(line > lines);
            }
            CaptureError::Read { line, .. } => assert!(line >= lines),
            other => panic!("not about a line: {other}"),
        }
    });
}

/// Checks what the engine relies on: no change of a book without a snapshot before.
#[derive(Default)]
struct OnlyInSync {
    in_sync: bool,
    asked: Option<Request>,
    events: u64,
}

impl MarketSink for OnlyInSync {
    fn event(&mut self, event: MarketEvent<'_>) {
        self.events += 1;
        match event.data {
            domain::MarketData::BookSnapshot { .. } => self.in_sync = true,
            domain::MarketData::BookDiff { .. } => assert!(self.in_sync),
            domain::MarketData::BookLost(_) => {
                assert!(self.in_sync);
                self.in_sync = false;
            }
            _ => {}
        }
    }

    fn request(&mut self, request: Request) {
        self.asked = Some(request);
    }
}

/// The `u` of a frame, as far as it can be told.
fn update_id(frame: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(frame).ok()?;
    let (_, rest) = text.split_once("\"u\":")?;
    rest.split(',').next()?.parse().ok()
}

#[test]
fn a_feed_of_damaged_frames_goes_on_and_never_changes_a_lost_book() {
    let wait = domain::Span::from_millis(1);
    let resync = ResyncPolicy { min_interval: wait, longest_wait: wait, ..ResyncPolicy::default() };
    let config = BinanceConfig { resync, ..BinanceConfig::default() };
    let mut feed = BinanceFeed::new(config, &known());
    let connection = feed.connection_of(Market::LinearPerpetual).unwrap();
    let mut out = OnlyInSync::default();
    let (mut now, mut sent, mut refused, mut newest) = (Timestamp::from_millis(1), 0, 0, 0);
    feed.on_open(connection, now, &mut out);
    let snapshot = |update_id: u64| {
        format!(r#"{{"lastUpdateId":{update_id},"bids":[["1.0","1"]],"asks":[["2.0","1"]]}}"#)
    };
    mutate(&samples(DEPTH, "depthUpdate"), 3, 10, |frame| {
        now = now + domain::Span::from_millis(20);
        sent += 1;
        newest = update_id(frame).unwrap_or(newest);
        refused += u64::from(feed.on_frame(connection, frame, now, &mut out).is_err());
        feed.on_clock(now, &mut out);
        if let Some(request) = out.asked.take() {
            let body = snapshot(newest);
            feed.on_response(&request, Ok(body.as_bytes()), now, &mut out).unwrap();
        }
    });
    let counters = feed.health().counters;
    assert_eq!((counters.frames, counters.parse_errors), (sent, refused));
    assert!(out.events > 1_000, "only {} events", out.events);
}

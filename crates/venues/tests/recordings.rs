//! The translator against everything that was ever recorded.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod support;

use support::{Books, RECORDINGS, data, known};
use venues::{
    MarketFeed, Request,
    binance::{BinanceConfig, BinanceFeed, decode::Decoder},
    capture::{CaptureFacts, CaptureReader},
};

/// Plays one recording: each snapshot line answers the requests that are waiting.
fn play(file: &str) -> Option<(Books, BinanceFeed, usize)> {
    let path = data(&format!("binance-raw/{file}"))?;
    let facts = CaptureFacts::read(&path).unwrap();
    let instruments = known();
    let instrument = instruments.find("binance", facts.market, &facts.symbol).unwrap().id();
    let mut feed = BinanceFeed::new(BinanceConfig::default(), &instruments);
    let connection = feed.connection_of(facts.market).unwrap();
    let mut books = Books::new(instruments.len());
    let mut reader = CaptureReader::open(&path).unwrap();
    let mut opened = false;
    while let Some(line) = reader.next_line().unwrap() {
        if !opened {
            feed.on_open(connection, line.time, &mut books);
            opened = true;
        }
        feed.on_clock(line.time, &mut books);
        if line.text.starts_with(br#"{"lastUpdateId""#) {
            let request = Request::DepthSnapshot { instrument, url: String::new() };
            feed.on_response(&request, Ok(line.text), line.time, &mut books).unwrap();
        } else {
            feed.on_frame(connection, line.text, line.time, &mut books).unwrap();
        }
    }
    Some((books, feed, instrument.index()))
}

fn check(file: &str) {
    let Some((books, feed, at)) = play(file) else { return };
    let counters = feed.health().counters;
    let frames = RECORDINGS.iter().find(|(name, _)| *name == file).unwrap().1;
    assert_eq!(counters.frames, frames);
    assert_eq!((counters.parse_errors, counters.sequence_gaps, counters.resyncs), (0, 0, 0));
    assert_eq!((counters.ignored_frames, counters.snapshots_failed), (0, 0));
    assert!(counters.slow_frames <= 5, "{} frames needed the slow reader", counters.slow_frames);
    assert_eq!((books.snapshots, books.losses.len()), (1, 0));
    let (differ, compared) = books.differences(at);
    assert!(compared > 3_000, "only {compared} best prices were compared");
    assert_eq!(differ, 0, "of {compared} best prices");
    assert!(books.trades > 1_000);
}

#[test]
fn usdm_btc_2024_is_read_without_error_and_its_book_equals_its_quotes() {
    check("usdm_btcusdt_20240808.txt.zst");
}

#[test]
fn usdm_eth_2024_is_read_without_error_and_its_book_equals_its_quotes() {
    check("usdm_ethusdt_20240808.txt.zst");
}

#[test]
fn spot_btc_2024_is_read_without_error_and_its_book_equals_its_quotes() {
    check("spot_btcusdt_20240808.txt.zst");
}

#[test]
fn spot_eth_2024_is_read_without_error_and_its_book_equals_its_quotes() {
    check("spot_ethusdt_20240808.txt.zst");
}

#[test]
fn coinm_btc_2024_is_read_without_error_and_its_book_equals_its_quotes() {
    check("cm_btcusd_perp_20240808.txt.zst");
}

#[test]
fn coinm_eth_2024_is_read_without_error_and_its_book_equals_its_quotes() {
    check("cm_ethusd_perp_20240808.txt.zst");
}

#[test]
fn usdm_btc_2023_is_read_without_error_and_its_book_equals_its_quotes() {
    check("usdm_btcusdt_20230404_markprice.txt.zst");
    let Some((books, ..)) = play("usdm_btcusdt_20230404_markprice.txt.zst") else { return };
    assert_eq!(books.marks, 99);
}

#[test]
fn both_readers_agree_on_every_recorded_frame() {
    for (file, _) in RECORDINGS {
        let Some(path) = data(&format!("binance-raw/{file}")) else { return };
        let market = CaptureFacts::read(&path).unwrap().market;
        let mut fast = Decoder::new(market, &known());
        let mut slow = fast.clone();
        let mut reader = CaptureReader::open(&path).unwrap();
        while let Some(line) = reader.next_line().unwrap() {
            let text = || String::from_utf8_lossy(line.text).into_owned();
            let Some(message) = fast.decode_fast(line.text) else { continue };
            assert_eq!(Ok(message), slow.decode_slow(line.text), "{}", text());
            assert_eq!(fast.levels(), slow.levels(), "{}", text());
        }
    }
}

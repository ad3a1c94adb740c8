//! Frames of other years and other recorders: older message versions, other symbols.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod support;

use std::io::Read;

use domain::{Instruments, Market, Money, Qty, Timestamp, instrument::InstrumentSpec};
use support::{Books, data};
use venues::{
    ConnectionId, MarketFeed, Request,
    binance::{BinanceConfig, BinanceFeed, read_exchange_info},
};

fn text(path: &str) -> Option<String> {
    let bytes = std::fs::read(data(path)?).unwrap();
    let mut text = String::new();
    if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        zstd::Decoder::new(&bytes[..]).unwrap().read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text)
}

/// What stands before and after the first `": "`.
fn timed(line: &str) -> Option<(&str, &str)> {
    line.split_once(": ").filter(|(_, rest)| rest.starts_with('{'))
}

/// One frame as a feed handler recorded it in 2021: time and text.
fn received(line: &str) -> Option<(Timestamp, &str)> {
    let (seconds, frame) = timed(line)?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let nanos: i64 = format!("{whole}{fraction:0<9}").parse().ok()?;
    Some((Timestamp::from_nanos(nanos), frame))
}

/// Plays a recording of four symbols, its instruments from the list of that day, its
/// snapshots at the times they came.
fn check(market: Market, files: [&str; 3], frames: u64, compared: usize) {
    let [Some(list), Some(snapshots), Some(stream)] =
        files.map(|file| text(&format!("cryptofeed-raw/{file}")))
    else {
        return;
    };
    let list = timed(list.lines().next().unwrap()).unwrap().1;
    let info = read_exchange_info(market, list.as_bytes()).unwrap();
    assert!(info.instruments.len() > 100 && info.left_out.len() < 40);
    let symbol = |line: &str| {
        let (_, rest) = line.split_once("symbol=")?;
        Some(rest.split('&').next()?.to_owned())
    };
    let spec = |line| Some(info.find(&symbol(line)?).unwrap().spec.clone());
    let instruments = Instruments::new(snapshots.lines().filter_map(spec)).unwrap();
    assert_eq!(instruments.len(), 4);

    let mut feed = BinanceFeed::new(BinanceConfig::default(), &instruments);
    let mut books = Books::new(instruments.len());
    let mut answers = snapshots
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(" -> ")?;
            let (time, body) = received(rest)?;
            let instrument = instruments.find("binance", market, &symbol(line)?)?.id();
            Some((time, Request::DepthSnapshot { instrument, url: String::new() }, body))
        })
        .peekable();
    for (time, frame) in stream.lines().filter_map(received) {
        while let Some((_, request, body)) = answers.next_if(|(due, ..)| *due <= time) {
            feed.on_response(&request, Ok(body.as_bytes()), time, &mut books).unwrap();
        }
        feed.on_frame(ConnectionId::new(0), frame.as_bytes(), time, &mut books).unwrap();
    }
    let counters = feed.health().counters;
    assert_eq!((counters.frames, counters.parse_errors), (frames, 0));
    assert_eq!((counters.sequence_gaps, counters.venue_errors), (0, 0));
    assert_eq!((books.snapshots, books.losses.len()), (4, 0));
    let checked: Vec<_> = (0..4).map(|at| books.differences(at)).collect();
    assert_eq!(checked.iter().map(|(differ, _)| differ).sum::<usize>(), 0, "{checked:?}");
    assert!(checked.iter().map(|(_, count)| count).sum::<usize>() >= compared, "{checked:?}");
}

#[test]
fn spot_frames_of_2021_keep_four_books_equal_to_their_quotes() {
    let files = ["BINANCE.0.zst", "BINANCE.http.0.0.zst", "BINANCE.ws.1.0.zst"];
    check(Market::Spot, files, 265, 100);
}

#[test]
fn usdm_frames_of_2021_keep_four_books_equal_to_their_quotes() {
    let files =
        ["BINANCE_FUTURES.0.zst", "BINANCE_FUTURES.http.0.0.zst", "BINANCE_FUTURES.ws.1.0.zst"];
    check(Market::LinearPerpetual, files, 1_535, 500);
}

#[test]
fn single_frames_of_many_years_are_read_without_error() {
    let spec = |market, symbol: &str| InstrumentSpec {
        venue: "binance".into(),
        market,
        symbol: symbol.into(),
        base: "X".into(),
        quote: "Y".into(),
        tick_size: "0.00000001".parse().unwrap(),
        lot_size: "0.00000001".parse().unwrap(),
        min_quantity: Qty::ZERO,
        max_quantity: Qty::ZERO,
        min_notional: Money::ZERO,
    };
    for (file, market, symbols, events) in [
        ("binance.jsonl", Market::Spot, ["BNBBTC", "BTCUSDT", "GNTBTC", "BTCUSDC"], 3),
        (
            "binance-futures.jsonl",
            Market::LinearPerpetual,
            ["BTCUSDT", "ETHUSDT", "BTCBUSD_210129", "X"],
            7,
        ),
    ] {
        let Some(frames) = text(&format!("wire-samples/{file}")) else { return };
        let instruments = Instruments::new(symbols.map(|symbol| spec(market, symbol))).unwrap();
        let mut feed = BinanceFeed::new(BinanceConfig::default(), &instruments);
        let mut books = Books::new(instruments.len());
        for frame in frames.lines() {
            let now = Timestamp::from_millis(1);
            feed.on_frame(ConnectionId::new(0), frame.as_bytes(), now, &mut books).unwrap();
        }
        assert_eq!(feed.health().counters.parse_errors, 0);
        let quotes: usize = books.quotes.iter().map(Vec::len).sum();
        let count = quotes as u64 + books.trades + books.marks;
        assert_eq!(count, events, "{file}");
    }
}

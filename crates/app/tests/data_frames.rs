//! Recordings of raw frames in the catalogue give the very events that a replay of them gives.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod support_cli;

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use domain::{Instruments, MarketData, MarketEvent, Timestamp};
use history::{Catalogue, InstrumentKey, Kind, Selection};
use sha2::{Digest, Sha256};
use support_cli::{Program, folder};
use venues::{
    binance::{BinanceConfig, BinanceFeed, VENUE, known_instrument},
    capture::{CaptureFacts, EventSink, Played, Player, Track},
};

/// Every event as text, hashed, with how many there were and the first ones for messages.
#[derive(Default)]
struct Told {
    hash: Sha256,
    count: u64,
    first: Vec<String>,
}

impl EventSink for Told {
    fn event(&mut self, received: Timestamp, event: MarketEvent<'_>) {
        let mut text = format!("{} ", received.as_nanos());
        // The venue writes zeros behind the digits of a mark price; the number is the same.
        let _ = match &event.data {
            MarketData::Mark(mark) => write!(
                text,
                "{:?} {:?} mark {} {:?} {:?} {:?}",
                event.instrument,
                event.exchange_time,
                mark.mark.decimal().normalize(),
                mark.index.map(|index| index.decimal().normalize()),
                mark.funding_rate.map(|rate| rate.decimal().normalize()),
                mark.next_funding
            ),
            _ => write!(text, "{event:?}"),
        };
        self.hash.update(&text);
        self.count += 1;
        if self.count <= 2_000 {
            self.first.push(text);
        }
    }
}

fn replayed(files: &[PathBuf]) -> Told {
    let facts: Vec<_> = files.iter().map(|file| CaptureFacts::read(file).unwrap()).collect();
    let specs = facts.iter().map(|one| known_instrument(one.market, &one.symbol).unwrap());
    let instruments = Instruments::new(specs).unwrap();
    let feed = BinanceFeed::new(BinanceConfig::default(), &instruments);
    let track = |(one, file): (&CaptureFacts, &PathBuf)| Track {
        path: file.clone(),
        instrument: instruments.find(VENUE, one.market, &one.symbol).unwrap().id(),
        connection: feed.connection_of(one.market).unwrap(),
    };
    let tracks = facts.iter().zip(files).map(track).collect();
    let mut player = Player::new(Box::new(feed), tracks).unwrap();
    let mut told = Told::default();
    while player.play(&mut told).unwrap() != Played::Finished {}
    told
}

fn imported(files: &[PathBuf], dir: &Path) -> Told {
    let data = dir.join("history");
    let mut program = Program::line("data import --format frames --data").and(&data);
    for file in files {
        program = program.and(file);
    }
    program.run().exits(0);
    let key = |file: &PathBuf| {
        let facts = CaptureFacts::read(file).unwrap();
        InstrumentKey::new(VENUE, facts.market, &facts.symbol).unwrap()
    };
    let selection = Selection {
        instruments: files.iter().map(key).collect(),
        kinds: vec![Kind::Trades, Kind::AggregateTrades, Kind::Quotes, Kind::Depth, Kind::Marks],
        ..Selection::default()
    };
    let mut history = selection.open(&Catalogue::open(&data).unwrap()).unwrap();
    let mut told = Told::default();
    while let Some((time, event)) = history.next().unwrap() {
        told.event(time, event);
    }
    told
}

fn assert_same(files: &[PathBuf], least: u64) {
    let dir = folder();
    let (replayed, imported) = (replayed(files), imported(files, dir.path()));
    for (number, (one, other)) in replayed.first.iter().zip(&imported.first).enumerate() {
        assert_eq!(one, other, "event {number}");
    }
    assert_eq!(replayed.count, imported.count);
    assert_eq!(replayed.hash.finalize(), imported.hash.finalize());
    assert!(imported.count > least, "{}", imported.count);
}

/// The first lines of a recording as a file of their own.
fn beginning(name: &str, lines: usize, dir: &Path) -> Option<PathBuf> {
    let recording = testkit::recorded(Path::new("binance-raw").join(name))?;
    let plain = zstd::Decoder::new(fs::File::open(recording).unwrap()).unwrap();
    let mut text = String::new();
    for line in BufReader::new(plain).lines().take(lines) {
        text += &line.unwrap();
        text.push('\n');
    }
    let file = dir.join(name.trim_end_matches(".zst"));
    fs::write(&file, text).unwrap();
    Some(file)
}

#[test]
fn a_recording_with_books_trades_quotes_and_marks_comes_out_as_it_went_in() {
    let name = "binance-raw/usdm_btcusdt_20230404_markprice.txt.zst";
    let Some(file) = testkit::recorded(name) else { return };
    assert_same(&[file], 10_000);
}

#[test]
fn several_recordings_at_once_keep_the_order_in_which_a_replay_merges_them() {
    let dir = folder();
    let names = [
        "spot_ethusdt_20240808.txt.zst",
        "usdm_ethusdt_20240808.txt.zst",
        "cm_ethusd_perp_20240808.txt.zst",
    ];
    let files: Option<Vec<_>> =
        names.iter().map(|name| beginning(name, 3_000, dir.path())).collect();
    let Some(files) = files else { return };
    assert_same(&files, 8_000);
}

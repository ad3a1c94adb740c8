//! Damaged recordings: every break is found, every loss ends in a good book.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod support;

use domain::event::BookLoss;
use support::{Books, RECORDINGS, data, known};
use venues::{
    BookSync, FeedHealth,
    binance::{BinanceConfig, BinanceFeed},
    capture::{CaptureFacts, FaultCounts, FaultPlan, Played, Player, Track},
};

struct Played3 {
    books: Books,
    health: FeedHealth,
    counts: FaultCounts,
}

/// Plays recordings together, damaged by this plan if any.
fn play(files: &[&str], faults: Option<(FaultPlan, u64)>) -> Option<Played3> {
    let instruments = known();
    let feed = BinanceFeed::new(BinanceConfig::default(), &instruments);
    let mut tracks = Vec::new();
    for file in files {
        let path = data(&format!("binance-raw/{file}"))?;
        let facts = CaptureFacts::read(&path).unwrap();
        let one = instruments.find("binance", facts.market, &facts.symbol).unwrap();
        let connection = feed.connection_of(facts.market).unwrap();
        tracks.push(Track { path, instrument: one.id(), connection });
    }
    let mut player = Player::new(Box::new(feed), tracks).unwrap();
    if let Some((plan, seed)) = faults {
        player = player.with_faults(plan, seed).unwrap();
    }
    let mut books = Books::new(instruments.len());
    let mut last = domain::Timestamp::EPOCH;
    while let Played::Line(time) = player.play(&mut books).unwrap() {
        assert!(time >= last, "time went back");
        last = time;
    }
    Some(Played3 { books, health: player.health(), counts: player.fault_counts() })
}

fn check(file: &str, seed: u64) {
    let plan = FaultPlan { drop: 12, duplicate: 9, swap: 11 };
    let Some(Played3 { books, health, counts }) = play(&[file], Some((plan, seed))) else { return };
    let counters = health.counters;
    assert_eq!(counts, FaultCounts { gaps: 23, duplicates: 9 }, "seed {seed}");
    assert_eq!(counters.sequence_gaps, counts.gaps, "seed {seed}");
    assert_eq!(counters.duplicates, counts.duplicates, "seed {seed}");
    assert_eq!(counters.parse_errors, 0);
    assert!(books.losses.iter().all(|(_, loss)| *loss == BookLoss::Gap));
    assert!(books.losses.len() > 5, "only {} losses with seed {seed}", books.losses.len());
    // Every loss was followed by a snapshot, and what came after it is right again.
    assert_eq!(counters.resyncs, books.losses.len() as u64);
    assert_eq!(books.snapshots, counters.resyncs + 1);
    for at in 0..books.tops.len() {
        let (differ, compared) = books.differences(at);
        assert_eq!(differ, 0, "of {compared} best prices of instrument {at}, seed {seed}");
    }
    assert!(health.instruments.iter().any(|one| one.book == BookSync::Synced));
}

#[test]
fn damage_to_usdm_recordings_is_found_and_repaired() {
    check("usdm_btcusdt_20240808.txt.zst", 1);
    check("usdm_ethusdt_20240808.txt.zst", 2);
    check("usdm_btcusdt_20230404_markprice.txt.zst", 3);
}

#[test]
fn damage_to_spot_recordings_is_found_and_repaired() {
    check("spot_btcusdt_20240808.txt.zst", 4);
    check("spot_ethusdt_20240808.txt.zst", 5);
}

#[test]
fn damage_to_coinm_recordings_is_found_and_repaired() {
    check("cm_btcusd_perp_20240808.txt.zst", 6);
    check("cm_ethusd_perp_20240808.txt.zst", 7);
}

#[test]
fn the_six_recordings_of_one_day_play_together_without_error() {
    let files: Vec<&str> = RECORDINGS[..6].iter().map(|(file, _)| *file).collect();
    let Some(Played3 { books, health, counts }) = play(&files, None) else { return };
    let frames: u64 = RECORDINGS[..6].iter().map(|(_, frames)| frames).sum();
    assert_eq!((health.counters.frames, health.counters.parse_errors), (frames, 0));
    assert_eq!((health.counters.sequence_gaps, books.snapshots), (0, 6));
    assert_eq!(counts, FaultCounts::default());
    for at in 0..6 {
        let (differ, compared) = books.differences(at);
        assert!(differ == 0 && compared > 3_000, "{differ} of {compared}, instrument {at}");
    }
}

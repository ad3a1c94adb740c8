//! Frames in, events and counts out.

use domain::{Instruments, Market};

use super::{Said, Session, at, known};
use crate::{
    ConnectionId, MarketFeed, Request,
    binance::{BinanceConfig, BinanceFeed},
};

const TRADE: &str =
    r#"{"e":"trade","E":1,"s":"BTCUSDT","t":41,"p":"0.01","q":"100","T":1,"m":true}"#;

#[test]
fn a_snapshot_is_asked_for_where_the_configuration_says() {
    let mut session = Session::new(Market::Spot);
    session.diff(10, 101, 110, 0);
    let url = "http://here/api/v3/depth?symbol=BTCUSDT&limit=1000".into();
    let expected = Request::DepthSnapshot { instrument: super::SPOT, url };
    assert_eq!(session.said.requests, [expected]);
}

#[test]
fn trades_a_replaced_connection_repeats_are_dropped() {
    let mut session = Session::new(Market::Spot);
    session.frame(10, TRADE).unwrap();
    session.frame(20, TRADE).unwrap();
    session.frame(30, &TRADE.replace("\"t\":41", "\"t\":42")).unwrap();
    session.frame(40, &TRADE.replace("\"t\":41", "\"t\":40")).unwrap();
    assert_eq!(session.said.take(), ["trade 41", "trade 42"]);
    assert_eq!(session.feed.health().counters.duplicates, 2);
    // A new connection may belong to a venue that counts anew.
    session.feed.on_open(session.connection, at(50), &mut session.said);
    session.frame(60, TRADE).unwrap();
    assert_eq!(session.said.take(), ["trade 41"]);
}

#[test]
fn every_frame_is_counted_once_for_what_it_was() {
    let mut session = Session::new(Market::Spot);
    session.frame(1, r#"{"result":null,"id":1}"#).unwrap();
    session.frame(2, r#"{"code":0,"msg":"Unknown property","id":5}"#).unwrap();
    session.frame(3, r#"{"e":"kline","E":1,"s":"BTCUSDT","k":{"i":"1m"}}"#).unwrap();
    session.frame(4, TRADE).unwrap();
    assert!(session.frame(5, "{").is_err());
    let counters = session.feed.health().counters;
    assert_eq!((counters.frames, counters.parse_errors), (5, 1));
    assert_eq!((counters.ignored_frames, counters.venue_errors), (1, 1));
    assert_eq!(counters.slow_frames, 2);
}

#[test]
fn a_connection_nobody_planned_is_an_error_and_not_a_panic() {
    let mut session = Session::new(Market::Spot);
    let stranger = ConnectionId::new(99);
    assert!(session.feed.on_frame(stranger, b"{}", at(1), &mut session.said).is_err());
    session.feed.on_open(stranger, at(2), &mut session.said);
    session.feed.on_close(stranger, at(3), &mut session.said);
}

#[test]
fn each_market_reads_only_its_own_symbols() {
    let mut session = Session::new(Market::Spot);
    let coin = session.feed.connection_of(Market::InversePerpetual).unwrap();
    session.feed.on_frame(coin, TRADE.as_bytes(), at(1), &mut session.said).unwrap();
    assert_eq!(session.said.take(), [""; 0]);
    assert_eq!(session.feed.health().counters.ignored_frames, 1);
}

#[test]
fn instruments_of_other_venues_are_left_alone() {
    let mut specs: Vec<_> = known().iter().map(|one| one.spec().clone()).collect();
    specs[0].venue = "kraken".into();
    let instruments = Instruments::new(specs).unwrap();
    let mut feed = BinanceFeed::new(BinanceConfig::default(), &instruments);
    assert!(!feed.connections()[0].url.contains("btcusdt"));
    assert_eq!(feed.health().instruments.len(), 5);
    let mut said = Said::default();
    let loss = domain::event::BookLoss::Crossed;
    feed.resync(super::SPOT, loss, at(1), &mut said);
    assert_eq!(said.take(), [""; 0]);
}

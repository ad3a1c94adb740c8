//! Silence is noticed, and so is what never came.

use domain::Market;

use super::{Session, USDM, at};
use crate::{ConnectionId, MarketFeed, Request};

const QUOTE: &str = r#"{"e":"bookTicker","u":7,"E":1,"T":1,"s":"BTCUSDT","b":"25.3","B":"31.2","a":"25.4","A":"40.6"}"#;

#[test]
fn a_silent_connection_is_reported_once_for_each_of_its_instruments_until_it_speaks() {
    let mut session = Session::new(Market::LinearPerpetual);
    session.frame(1_000, QUOTE).unwrap();
    session.clock(11_000);
    assert_eq!(session.said.take(), ["quote 7"]);
    session.clock(11_001);
    session.clock(20_000);
    // BTC and ETH are on this connection.
    assert_eq!(session.said.take(), ["silent", "silent"]);
    let health = session.feed.health();
    assert!(health.instruments[USDM.index()].silent && !health.instruments[0].silent);
    session.frame(20_001, QUOTE).unwrap();
    assert_eq!(session.said.take(), ["live", "live", "quote 7"]);
}

#[test]
fn an_instrument_is_live_only_when_all_its_connections_are() {
    let mut session = Session::new(Market::LinearPerpetual);
    let market_root = ConnectionId::new(2);
    session.feed.on_open(market_root, at(0), &mut session.said);
    session.clock(10_001);
    assert_eq!(session.said.take(), ["silent", "silent"]);
    session.frame(10_002, QUOTE).unwrap();
    assert_eq!(session.said.take(), ["quote 7"]);
    let answer = br#"{"result":null,"id":1}"#;
    session.feed.on_frame(market_root, answer, at(10_003), &mut session.said).unwrap();
    assert_eq!(session.said.take(), ["live", "live"]);
}

#[test]
fn a_connection_that_stays_closed_falls_silent_and_a_new_one_ends_that() {
    let mut session = Session::new(Market::Spot);
    let connection = session.connection;
    session.feed.on_close(connection, at(1_000), &mut session.said);
    session.clock(10_001);
    assert_eq!(session.said.take(), ["silent", "silent"]);
    session.feed.on_open(connection, at(12_000), &mut session.said);
    assert_eq!(session.said.take(), ["live", "live"]);
}

#[test]
fn streams_that_never_sent_anything_are_named() {
    let mut session = Session::new(Market::LinearPerpetual);
    session.frame(9_000, QUOTE).unwrap();
    session.clock(10_000);
    let missing =
        |session: &Session| session.feed.health().instruments[USDM.index()].missing_streams.clone();
    assert_eq!(missing(&session), [""; 0]);
    session.clock(10_001);
    assert_eq!(missing(&session), ["btcusdt@depth@100ms"]);
    session.diff(10_002, 1, 2, 0);
    assert_eq!(missing(&session), [""; 0]);
}

#[test]
fn a_shutdown_asks_for_a_replacement_of_its_connection() {
    let mut session = Session::new(Market::Spot);
    session.frame(10, r#"{"e":"serverShutdown","E":1770123456789}"#).unwrap();
    assert_eq!(session.said.requests, [Request::Replace { connection: session.connection }]);
}

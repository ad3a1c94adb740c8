//! A venue that hangs up, sends rubbish, or goes away; a port that is taken; a polite end.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use sandbox::{MarketSource, Mischief, Sandbox, SandboxConfig, SandboxHandle};
use storage::read_state;

use crate::support_process::{Place, Venue, books::Books, settings};

const FILLS: &str = "algopioneer_fills_total";
const ORDERS: &str = "strategy_orders_submitted_total";

/// How long an orderly end may take.
const END: Duration = Duration::from_secs(5);

/// A pretended exchange in this process, with faults the command line does not offer.
fn faulty_venue(mischief: Mischief) -> (SandboxHandle, Vec<String>) {
    let source = MarketSource::Simulated { seed: 3, rate: 200 };
    let handle =
        Sandbox::start(SandboxConfig { source, mischief, ..SandboxConfig::default() }).unwrap();
    let settings = settings(&serde_json::to_value(handle.urls()).unwrap());
    (handle, settings)
}

#[test]
fn a_session_under_load_ends_in_order_within_five_seconds() {
    let venue = Venue::start(&["--rate", "3000"]);
    let place = Place::new();
    for layout in ["fused", "pipelined"] {
        let passive = ["--layout", layout, "--set", "strategy.params.order_style=\"passive\""];
        let mut session = place.run(&venue.settings(), &passive);
        session.await_metric(ORDERS, 3.0);
        let asked = Instant::now();
        let summary = session.stop().assert_code(0).json();
        assert!(asked.elapsed() < END, "{layout} took {:?}", asked.elapsed());
        assert_eq!(summary["ended"], "interrupted");
        let state = read_state(&place.path()).unwrap();
        assert_eq!(state.open_orders, [], "{layout}: open orders are cancelled before the end");
        place.assert_sound();
    }
    let books = Books::read(&place.path());
    assert!(books.runs.values().all(|run| run.ended));
}

#[test]
fn a_venue_that_hangs_up_every_two_seconds_is_followed_again_each_time() {
    let venue = Venue::start(&["--hang-up-every", "2"]);
    let place = Place::new();
    let mut session = place.run(&venue.settings(), &[]);
    session.await_metric("algopioneer_reconnects_total", 3.0);
    session.await_metric("algopioneer_resyncs_total", 8.0);
    let orders = session.await_metric(ORDERS, 1.0);
    session.await_metric(ORDERS, orders + 1.0);
    let asked = Instant::now();
    let summary = session.stop().assert_code(0).json();
    assert!(asked.elapsed() < END, "took {:?}", asked.elapsed());
    assert!(summary["resyncs"].as_u64().unwrap() >= 4, "{summary:#}");
    assert_eq!(summary["parse_errors"], 0);
    place.assert_sound();
    // Also checks that no order left while its book was out of sync.
    let books = Books::read(&place.path());
    assert!(books.lost >= 4 && books.snapshots >= books.lost, "{books:?}");
    assert!(!books.orders.is_empty());
}

#[test]
fn unreadable_frames_are_counted_and_cost_at_most_a_resync() {
    let mischief = Mischief { garbage_every: Some(50), ..Mischief::default() };
    let (venue, settings) = faulty_venue(mischief);
    let place = Place::new();
    let mut session = place.run(&settings, &[]);
    session.await_metric("algopioneer_parse_errors_total", 10.0);
    let orders = session.await_metric(ORDERS, 1.0);
    session.await_metric(ORDERS, orders + 1.0);
    let summary = session.stop().assert_code(0).json();
    assert!(summary["parse_errors"].as_u64().unwrap() >= 10, "{summary:#}");
    place.assert_sound();
    Books::read(&place.path());
    venue.stop();
}

#[test]
fn a_venue_that_disappears_stops_trading_until_it_is_back() {
    let venue = Venue::start(&["--seed", "1"]);
    let (address, settings) = (venue.address(), venue.settings());
    let place = Place::new();
    let mut session = place.run(&settings, &[]);
    session.await_metric(FILLS, 1.0);
    session.await_ready(true);
    venue.kill();
    session.await_ready(false);
    let orders = session.await_metric(ORDERS, 1.0);
    let (_, waits) = session.page("/ready").unwrap();
    assert!(waits.contains("in sync") || waits.contains("silent"), "{waits}");
    assert_eq!(session.page("/health").unwrap().0, 200, "the session itself lives");

    let venue = Venue::start(&["--seed", "2", "--listen", &address]);
    session.await_ready(true);
    session.await_metric(ORDERS, orders + 1.0);
    venue.kill();
    session.await_ready(false);
    let asked = Instant::now();
    session.stop().assert_code(0);
    assert!(asked.elapsed() < END, "took {:?}", asked.elapsed());
    place.assert_sound();
    let books = Books::read(&place.path());
    assert!(books.lost >= 8, "four books were lost twice: {books:?}");
}

#[test]
fn a_venue_that_is_not_there_or_a_port_that_is_taken_ends_the_start_with_a_reason() {
    let (venue, settings) = faulty_venue(Mischief::default());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("http.listen=\"{}\"", taken.local_addr().unwrap());
    let place = Place::new();
    let refused = place.run(&settings, &["--set", &port]).wait().assert_code(1);
    refused.assert_says(&["cannot listen on", "http.listen"]);
    venue.stop();
    let refused = place.run(&settings, &[]).wait().assert_code(1);
    refused.assert_says(&["error:", "127.0.0.1"]);
    assert!(Books::read(&place.path()).runs.is_empty(), "no run began");
}
